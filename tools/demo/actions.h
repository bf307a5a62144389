// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The twelve actions of the demo, as moving pictures.
#ifndef GST_ACTION_DEMO_ACTIONS_H_
#define GST_ACTION_DEMO_ACTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "demo/bench.h"

namespace action {

// What one action looks like: the parts and tools it is about and both hands, `seconds` after it began.
using DrawAction = void (*)(cairo_t *cairo, const Take &take, double seconds);

struct DemoAction {
  std::string label;  // FAMILY_what_CATEGORY
  int clips;          // how many of the dataset's clips show it
  DrawAction draw;
};

// In families; the last one, adjust_jig_rnva, has a single clip.
const std::vector<DemoAction> &DemoActions();
// Throws Error.
const DemoAction &FindDemoAction(const std::string &label);

// The frames of one take of one action.
class Recording {
 public:
  Recording(const DemoAction &action, const Take &take, int width, int height);

  // 4 bytes a pixel, blue first, the fourth without meaning; rows without gaps. What is `seconds` after it began.
  void Draw(double seconds, uint8_t *pixels);

 private:
  void LookThroughCamera(cairo_t *cairo) const;

  const DemoAction &action_;
  const Take take_;
  const int width_, height_;
  CairoSurfacePtr still_;  // all that does not move
};

}  // namespace action

#endif  // GST_ACTION_DEMO_ACTIONS_H_
