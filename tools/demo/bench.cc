// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "demo/bench.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "demo/random.h"

namespace action {
namespace {

constexpr double kShadow = 5;  // how far shadows fall, bench units

Rgb Mix(const Rgb &a, const Rgb &b, double share) {
  return {a.red + (b.red - a.red) * share, a.green + (b.green - a.green) * share, a.blue + (b.blue - a.blue) * share};
}

void RoundedRectangle(cairo_t *cairo, double x, double y, double width, double height, double radius) {
  cairo_new_sub_path(cairo);
  cairo_arc(cairo, x + width - radius, y + radius, radius, -kPi / 2, 0);
  cairo_arc(cairo, x + width - radius, y + height - radius, radius, 0, kPi / 2);
  cairo_arc(cairo, x + radius, y + height - radius, radius, kPi / 2, kPi);
  cairo_arc(cairo, x + radius, y + radius, radius, kPi, 1.5 * kPi);
  cairo_close_path(cairo);
}

void Wood(cairo_t *cairo) {
  constexpr Rgb kWood{0.71, 0.54, 0.36};
  constexpr double kPlank = 60;
  Random grain("wood");
  for (double y = -kPlank; y < kBenchHeight + kPlank; y += kPlank) {
    SetColour(cairo, Mix(kWood, {0.60, 0.44, 0.28}, grain.Between(0, 0.6)));
    cairo_rectangle(cairo, -60, y, kBenchWidth + 120, kPlank - 1);
    cairo_fill(cairo);
    for (int line = 0; line < 3; ++line) {
      const double at = y + grain.Between(4, kPlank - 4);
      const double from = grain.Between(-60, kBenchWidth);
      Line(cairo, from, at, from + grain.Between(40, 220), at + grain.Between(-2, 2), 1, {0.40, 0.28, 0.16}, 0.35);
    }
    Line(cairo, -60, y - 0.5, kBenchWidth + 60, y - 0.5, 1.2, {0.25, 0.17, 0.10});
  }
}

// A plastic bin with parts of one kind in it.
void Bin(cairo_t *cairo, double x, const Rgb &colour, const Rgb &part, Random &chance) {
  Box(cairo, x + kShadow, 8 + kShadow, 62, 52, 5, kBlack, 0.3);
  Box(cairo, x, 8, 62, 52, 5, colour);
  Box(cairo, x + 5, 13, 52, 42, 3, Mix(colour, kBlack, 0.45));
  for (int i = 0; i < 22; ++i) {
    const double at_x = x + chance.Between(11, 50), at_y = chance.Between(19, 49);
    Ring(cairo, at_x, at_y, 3.6, 2.4, part);
  }
}

void Screwdriver(cairo_t *cairo, double x, double y) {
  Line(cairo, x, y, x, y + 46, 3, kSteel);
  Line(cairo, x, y + 46, x, y + 74, 9, {0.86, 0.63, 0.10});
  Line(cairo, x, y + 50, x, y + 70, 2, {0.55, 0.38, 0.05});
}

void Wrench(cairo_t *cairo, double x, double y) {
  Line(cairo, x, y, x, y + 66, 6, kDarkSteel);
  Ring(cairo, x, y, 6, 4, kDarkSteel);
  Ring(cairo, x, y + 68, 6, 4, kDarkSteel);
}

// The plate that parts are held on, with its four clamps.
void Jig(cairo_t *cairo) {
  Box(cairo, 130 + kShadow, 95 + kShadow, 140, 130, 6, kBlack, 0.3);
  Box(cairo, 130, 95, 140, 130, 6, kSteel);
  Box(cairo, 135, 100, 130, 120, 4, {0.73, 0.76, 0.78});
  for (const double x : {150.0, 175.0, 200.0, 225.0, 250.0}) {
    for (const double y : {115.0, 147.0, 179.0, 205.0})
      Disc(cairo, x, y, 2.6, {0.30, 0.32, 0.35});
  }
  for (const double x : {138.0, 246.0}) {
    for (const double y : {97.0, 209.0})
      Box(cairo, x, y, 16, 14, 3, {0.16, 0.30, 0.52});
  }
}

}  // namespace

void SetColour(cairo_t *cairo, const Rgb &colour, double alpha) {
  cairo_set_source_rgba(cairo, colour.red, colour.green, colour.blue, alpha);
}

void Box(cairo_t *cairo, double x, double y, double width, double height, double radius, const Rgb &colour,
         double alpha) {
  RoundedRectangle(cairo, x, y, width, height, radius);
  SetColour(cairo, colour, alpha);
  cairo_fill(cairo);
}

void Disc(cairo_t *cairo, double x, double y, double radius, const Rgb &colour) {
  cairo_arc(cairo, x, y, radius, 0, 2 * kPi);
  SetColour(cairo, colour);
  cairo_fill(cairo);
}

void Ring(cairo_t *cairo, double x, double y, double radius, double width, const Rgb &colour) {
  cairo_arc(cairo, x, y, radius, 0, 2 * kPi);
  cairo_set_line_width(cairo, width);
  SetColour(cairo, colour);
  cairo_stroke(cairo);
}

void Line(cairo_t *cairo, double x1, double y1, double x2, double y2, double width, const Rgb &colour, double alpha) {
  cairo_move_to(cairo, x1, y1);
  cairo_line_to(cairo, x2, y2);
  cairo_set_line_width(cairo, width);
  cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
  SetColour(cairo, colour, alpha);
  cairo_stroke(cairo);
}

Take::Take(const std::string &shift, const std::string &moment) {
  Random chance("shift " + shift);
  constexpr Rgb kWarm{1.0, 0.78, 0.50}, kCold{0.72, 0.86, 1.0};
  constexpr std::array<Rgb, 4> kSkins{{{0.93, 0.74, 0.60}, {0.80, 0.58, 0.43}, {0.58, 0.39, 0.27}, {0.40, 0.27, 0.19}}};
  constexpr std::array<Rgb, 4> kSleeves{
      {{0.17, 0.27, 0.48}, {0.20, 0.28, 0.42}, {0.24, 0.31, 0.44}, {0.16, 0.24, 0.40}}};
  lamp = Mix(kWarm, kCold, chance.Between(0, 1));
  lamp_strength = chance.Between(0.02, 0.10);
  dimness = chance.Between(0.10, 0.32);
  lamp_x = chance.Between(120, 280);
  lamp_y = chance.Between(60, 180);
  skin = kSkins[static_cast<size_t>(chance.Whole(0, 3))];
  sleeve = kSleeves[static_cast<size_t>(chance.Whole(0, 3))];
  chance = Random("moment " + moment);
  pace = chance.Between(0.8, 1.25);
  reach = chance.Between(0.85, 1.15);
  phase = chance.Between(0, 10);
  spot_x = chance.Between(-3, 3);
  spot_y = chance.Between(-3, 3);
}

void DrawBench(cairo_t *cairo) {
  Wood(cairo);
  Box(cairo, 68, 72, 264, 190, 8, {0.16, 0.33, 0.30});
  Box(cairo, 74, 78, 252, 178, 5, {0.19, 0.38, 0.34});
  Random chance("bins");
  Bin(cairo, 52, {0.13, 0.35, 0.70}, {0.85, 0.86, 0.88}, chance);
  Bin(cairo, 130, {0.78, 0.16, 0.14}, {0.90, 0.75, 0.35}, chance);
  Bin(cairo, 208, {0.92, 0.75, 0.12}, {0.35, 0.36, 0.38}, chance);
  Bin(cairo, 286, {0.18, 0.52, 0.25}, {0.80, 0.50, 0.30}, chance);
  Box(cairo, 346, 84, 48, 96, 4, {0.28, 0.24, 0.22});
  Screwdriver(cairo, 358, 94);
  Wrench(cairo, 382, 98);
  Jig(cairo);
}

void DrawLight(cairo_t *cairo, const Take &take) {
  SetColour(cairo, take.lamp, take.lamp_strength);
  cairo_paint(cairo);
  cairo_pattern_t *dark = cairo_pattern_create_radial(take.lamp_x, take.lamp_y, 60, take.lamp_x, take.lamp_y, 330);
  cairo_pattern_add_color_stop_rgba(dark, 0, 0, 0, 0, 0);
  cairo_pattern_add_color_stop_rgba(dark, 1, 0, 0, 0, take.dimness);
  cairo_set_source(cairo, dark);
  cairo_paint(cairo);
  cairo_pattern_destroy(dark);
}

void DrawHand(cairo_t *cairo, const Take &take, Side side, double x, double y, double turn, double grip) {
  const double mirror = side == Side::kLeft ? 1 : -1;
  const double shoulder = side == Side::kLeft ? 110 : 290;
  // The forearm comes from the elbow at the lower edge; the wrist lies behind the palm.
  const double wrist_x = x - std::sin(turn) * 16, wrist_y = y + std::cos(turn) * 16;
  const double length = std::max(1.0, std::hypot(shoulder - wrist_x, 340 - wrist_y));
  const double cuff_x = wrist_x + (shoulder - wrist_x) * std::min(1.0, 22 / length);
  const double cuff_y = wrist_y + (340 - wrist_y) * std::min(1.0, 22 / length);
  const Rgb shade = Mix(take.skin, kBlack, 0.25);

  Line(cairo, wrist_x + kShadow, wrist_y + kShadow, shoulder + kShadow, 345, 40, kBlack, 0.22);
  Line(cairo, wrist_x, wrist_y, cuff_x, cuff_y, 23, take.skin);
  Line(cairo, cuff_x, cuff_y, shoulder, 345, 42, take.sleeve);
  Line(cairo, cuff_x, cuff_y, cuff_x + 0.1, cuff_y, 38, Mix(take.sleeve, {1, 1, 1}, 0.15));

  cairo_save(cairo);
  cairo_translate(cairo, x, y);
  cairo_rotate(cairo, turn);
  cairo_scale(cairo, mirror, 1);
  // From the little finger to the forefinger; the thumb is on the inner side.
  const double reach = 25 * (1 - 0.62 * grip);
  constexpr std::array<double, 4> kAcross{-13.0, -4.8, 3.6, 11.8};
  constexpr std::array<double, 4> kLong{0.78, 1.0, 1.06, 0.94};
  for (size_t i = 0; i < 4; ++i) {
    const double tip_x = kAcross[i] * (1.12 - 0.25 * grip), tip_y = -11 - reach * kLong[i];
    Line(cairo, kAcross[i], -8, tip_x, tip_y, 9.6, shade);
    Line(cairo, kAcross[i], -8, tip_x, tip_y, 7.8, take.skin);
  }
  Line(cairo, 12, 8, 23 - 9 * grip, -8 - 5 * grip, 10.6, shade);
  Line(cairo, 12, 8, 23 - 9 * grip, -8 - 5 * grip, 8.8, take.skin);
  Box(cairo, -18, -13, 36, 34, 13, shade);
  Box(cairo, -17, -12, 34, 32, 12, take.skin);
  if (grip > 0.5) {
    for (size_t i = 0; i < 4; ++i)
      Disc(cairo, kAcross[i], -12, 2.2, shade);
  }
  cairo_restore(cairo);
}

}  // namespace action
