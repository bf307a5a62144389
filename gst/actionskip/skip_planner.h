// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which pictures need no decoding.
#ifndef GST_ACTION_ACTIONSKIP_SKIP_PLANNER_H_
#define GST_ACTION_ACTIONSKIP_SKIP_PLANNER_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "action/fraction.h"
#include "action/frame_sampler.h"

namespace action {

// Pictures come in the order of decoding, with times of both orders. It samples them in the order in which they are
// shown, as r3dfeatures will, and says which ones neither it nor any other picture needs. As soon as something is not
// as it should be, it keeps everything that follows.
class SkipPlanner {
 public:
  // rate: of the source; must be known.
  SkipPlanner(Sampling sampling, Fraction rate, Fraction sample_rate) : sampler_(sampling, rate, sample_rate) {}

  struct Picture {
    int64_t pts = 0, dts = 0, duration = 0;  // ns
    bool referenced = true;
  };
  struct Skipped {
    int64_t pts = 0, duration = 0;  // ns
  };
  // What becomes of a picture.
  struct Plan {
    bool keep = true;
    std::vector<Skipped> skipped;  // before it, in the order of showing
  };

  // The next picture. Returns what is decided by now, in the order of decoding, from the oldest undecided picture on.
  std::vector<Plan> Add(const Picture &picture);
  // No more pictures come: the rest is kept.
  std::vector<Plan> Finish();
  // Why it keeps everything; null: it does not.
  const char *gave_up() const { return gave_up_; }

 private:
  struct Waiting {
    Picture picture;
    bool decided = false;
    Plan plan;
  };
  void Decide(Waiting &next);
  void KeepAll();
  std::vector<Plan> TakeDecided();

  FrameSampler sampler_;
  std::deque<Waiting> waiting_;   // in the order of decoding
  std::vector<Skipped> skipped_;  // since the last one that is kept
  std::optional<int64_t> last_shown_;
  std::optional<int64_t> last_dts_;
  const char *gave_up_ = nullptr;
};

}  // namespace action

#endif  // GST_ACTION_ACTIONSKIP_SKIP_PLANNER_H_
