// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the diagrams of a training report are drawn with.
#ifndef GST_ACTION_TRAIN_DRAWING_H_
#define GST_ACTION_TRAIN_DRAWING_H_

#include <cairo.h>

#include <functional>
#include <string>

namespace action {

struct Colour {
  double r, g, b;
};

inline constexpr Colour kInk{0.2, 0.2, 0.2}, kGrid{0.87, 0.87, 0.87}, kBlue{0.12, 0.36, 0.66};

void SetColour(cairo_t *c, const Colour &colour);

// align: 0 left, 0.5 centred, 1 right of x; y is the middle of the line. upwards: turned a quarter to the left.
void DrawText(cairo_t *c, double x, double y, double align, const std::string &text, const char *font = "sans 8",
              bool upwards = false);

// A diagram: its size in pixels, and what draws it. Its ground is white.
struct Diagram {
  double width = 0, height = 0;
  std::function<void(cairo_t *)> draw;
};

// Throws Error naming the file.
void WritePng(const std::string &path, const Diagram &diagram);

// As an <img> that holds it as SVG: a document of its own, whose names cannot be those of another in the page. alt:
// what it shows, for who cannot see it.
std::string ImageOf(const Diagram &diagram, const std::string &alt);

}  // namespace action

#endif  // GST_ACTION_TRAIN_DRAWING_H_
