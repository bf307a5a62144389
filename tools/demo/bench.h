// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A workbench seen from above, drawn: what stands on it, and the hands of the worker.
#ifndef GST_ACTION_DEMO_BENCH_H_
#define GST_ACTION_DEMO_BENCH_H_

#include <cairo.h>

#include <memory>
#include <string>

#include "action/deleter.h"

namespace action {

using CairoPtr = std::unique_ptr<cairo_t, Deleter<cairo_destroy>>;
using CairoSurfacePtr = std::unique_ptr<cairo_surface_t, Deleter<cairo_surface_destroy>>;

// The bench is drawn in units of which it is 400 wide and 300 high; the worker stands at the lower edge.
inline constexpr double kBenchWidth = 400;
inline constexpr double kBenchHeight = 300;

struct Rgb {
  double red = 0, green = 0, blue = 0;
};

inline constexpr double kPi = 3.14159265358979323846;
inline constexpr Rgb kBlack{0, 0, 0}, kSteel{0.66, 0.69, 0.72}, kDarkSteel{0.42, 0.45, 0.49};

void SetColour(cairo_t *cairo, const Rgb &colour, double alpha = 1);

// What differs from one recording of an action to the next. All of it follows from two names: that of the shift (the
// same worker, camera and lamp) and that of the moment.
struct Take {
  Take(const std::string &shift, const std::string &moment);

  Rgb lamp;              // its colour
  double lamp_strength;  // alpha of that colour over the picture
  double dimness;        // alpha of black at the edges, which the lamp does not reach
  double lamp_x, lamp_y;
  Rgb skin, sleeve;
  double pace;            // 1: at the usual pace
  double reach;           // size of movements, 1: usual
  double phase;           // where in its movement the action begins, seconds
  double spot_x, spot_y;  // where the part lies, against its usual place
};

// Whose hands, and what they hold on to.
enum class Side { kLeft, kRight };

// An arm from the worker to (x, y), where the palm is, and its shadow. turn: radians, 0 with fingers away from the
// worker; grip: 0 an open hand, 1 a fist.
void DrawHand(cairo_t *cairo, const Take &take, Side side, double x, double y, double turn, double grip);

// The bench without anything that moves: wood, mat, bins of parts, tools, jig.
void DrawBench(cairo_t *cairo);

// The light of a take, over all that was drawn.
void DrawLight(cairo_t *cairo, const Take &take);

// Shapes that things are made of.
void Disc(cairo_t *cairo, double x, double y, double radius, const Rgb &colour);
void Ring(cairo_t *cairo, double x, double y, double radius, double width, const Rgb &colour);
void Line(cairo_t *cairo, double x1, double y1, double x2, double y2, double width, const Rgb &colour,
          double alpha = 1);
void Box(cairo_t *cairo, double x, double y, double width, double height, double radius, const Rgb &colour,
         double alpha = 1);

}  // namespace action

#endif  // GST_ACTION_DEMO_BENCH_H_
