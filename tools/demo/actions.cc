// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "demo/actions.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "action/error.h"

namespace action {
namespace {

// The middle of the jig, where most work is done.
constexpr double kMiddleX = 200, kMiddleY = 158;
// The camera sees so much less than the whole bench.
constexpr double kZoom = 1.2;

constexpr Rgb kWhite{0.96, 0.96, 0.94}, kRubber{0.12, 0.12, 0.13}, kBrass{0.80, 0.64, 0.28};
constexpr Rgb kCardboard{0.74, 0.57, 0.36};

// A movement to and fro, -1 to 1, `period` seconds long.
double Swing(double seconds, double period, double ahead = 0) {
  return std::sin(2 * kPi * (seconds / period + ahead));
}

// A movement that rests at both of its ends: from 0 to 1 and back in `period` seconds.
double Trip(double seconds, double period) {
  const double wave = std::clamp(1.6 * Swing(seconds, period), -1.0, 1.0);
  return 0.5 + 0.5 * std::sin(wave * kPi / 2);
}

// Draws what `draw` draws around (0, 0), at (x, y) and turned.
template <typename Drawing>
void At(cairo_t *cairo, double x, double y, double turn, Drawing draw) {
  cairo_save(cairo);
  cairo_translate(cairo, x, y);
  cairo_rotate(cairo, turn);
  draw();
  cairo_restore(cairo);
}

void Shadow(cairo_t *cairo, double x, double y, double radius) {
  cairo_arc(cairo, x + 7, y + 8, radius, 0, 2 * kPi);
  SetColour(cairo, kBlack, 0.3);
  cairo_fill(cairo);
}

// A wheel is pressed on its hub and turned to and fro until it sits.
void MountWheel(cairo_t *cairo, const Take &take, double seconds) {
  const double turn = 0.7 * take.reach * Swing(seconds, 1.6);
  const double x = kMiddleX + take.spot_x + 3 * Swing(seconds, 0.9),
               y = kMiddleY + take.spot_y + 4 * Swing(seconds, 1.1, 0.2);
  Shadow(cairo, x, y, 72);
  Disc(cairo, x, y, 72, kRubber);
  At(cairo, x, y, turn, [&] {
    for (int i = 0; i < 24; ++i) {
      At(cairo, 0, 0, 2 * kPi * i / 24, [&] { Line(cairo, 64, -3, 71, 3, 3, {0.26, 0.26, 0.27}); });
    }
    Disc(cairo, 0, 0, 52, kSteel);
    for (int i = 0; i < 5; ++i) {
      At(cairo, 0, 0, 2 * kPi * i / 5, [&] { Box(cairo, 18, -11, 28, 22, 9, kRubber); });
    }
    Disc(cairo, 0, 0, 17, kDarkSteel);
    for (int i = 0; i < 5; ++i)
      Disc(cairo, 10.5 * std::cos(2 * kPi * i / 5), 10.5 * std::sin(2 * kPi * i / 5), 2.6, kBlack);
  });
  DrawHand(cairo, take, Side::kLeft, x - 68 * std::cos(turn * 0.8), y + 16 - 60 * std::sin(turn * 0.8),
           0.5 + turn * 0.8, 0.55);
  DrawHand(cairo, take, Side::kRight, x + 68 * std::cos(turn * 0.8), y + 16 + 60 * std::sin(turn * 0.8),
           -0.5 + turn * 0.8, 0.55);
}

// A white cover plate is slid into place.
void MountPanel(cairo_t *cairo, const Take &take, double seconds) {
  const double slide = 26 * take.reach * Swing(seconds, 2.2);
  const double x = kMiddleX + take.spot_x + slide, y = kMiddleY - 4 + take.spot_y + 6 * Swing(seconds, 1.3);
  const double turn = 0.06 * Swing(seconds, 1.7);
  At(cairo, x, y, turn, [&] {
    Box(cairo, -98, -50, 210, 118, 5, kBlack, 0.3);
    Box(cairo, -105, -58, 210, 116, 5, kWhite);
    for (int i = 0; i < 6; ++i)
      Box(cairo, -58 + 20.0 * i, -30, 11, 60, 4, {0.62, 0.64, 0.66});
    for (const double corner_x : {-96.0, 96.0}) {
      for (const double corner_y : {-49.0, 49.0})
        Disc(cairo, corner_x, corner_y, 4, kDarkSteel);
    }
  });
  DrawHand(cairo, take, Side::kLeft, x - 104, y + 22, 0.35 + turn, 0.5);
  DrawHand(cairo, take, Side::kRight, x + 104, y + 22, -0.35 + turn, 0.5);
}

// A gearbox cover: one hand holds, the other one turns a screwdriver, screw after screw.
void TurnScrew(cairo_t *cairo, const Take &take, double seconds) {
  constexpr std::array<std::array<double, 2>, 4> kScrews{{{-66, -46}, {66, -46}, {66, 46}, {-66, 46}}};
  const double x = kMiddleX + take.spot_x, y = kMiddleY - 8 + take.spot_y;
  Box(cairo, x - 78, y - 56, 174, 130, 14, kBlack, 0.3);
  Box(cairo, x - 86, y - 65, 172, 130, 14, {0.13, 0.33, 0.62});
  Box(cairo, x - 77, y - 56, 154, 112, 10, {0.20, 0.47, 0.80});
  for (int i = 0; i < 5; ++i)
    Box(cairo, x - 46 + 20.0 * i, y - 42, 12, 84, 6, {0.10, 0.28, 0.55});
  for (const auto &screw : kScrews)
    Disc(cairo, x + screw[0], y + screw[1], 6, kSteel);
  const auto &screw = kScrews[static_cast<size_t>(seconds / 2.4) % 4];
  const double wrist = 0.8 * take.reach * Swing(seconds, 0.55);
  const double at_x = x + screw[0], at_y = y + screw[1];
  DrawHand(cairo, take, Side::kLeft, x - 88, y + 52, 0.6, 0.35);
  Line(cairo, at_x, at_y, at_x + 22, at_y + 24, 4, kSteel);
  At(cairo, at_x + 34, at_y + 38, wrist - 0.75, [&] {
    Line(cairo, 0, -20, 0, 22, 16, {0.95, 0.70, 0.08});
    for (const double rib : {-5.0, 0.0, 5.0})
      Line(cairo, rib, -18, rib, 20, 1.6, {0.52, 0.34, 0.04});
  });
  DrawHand(cairo, take, Side::kRight, at_x + 46, at_y + 52, -0.7 + wrist, 0.9);
}

// A red hand wheel on a brass body, turned by both hands, hand over hand.
void TurnValve(cairo_t *cairo, const Take &take, double seconds) {
  const double x = kMiddleX + take.spot_x, y = kMiddleY + take.spot_y;
  const double turn = 2.1 * seconds;
  const double grasp = 0.7 * take.reach * Swing(seconds, 1.2);
  Box(cairo, x - 112, y - 16, 240, 50, 10, kBlack, 0.25);
  Box(cairo, x - 120, y - 22, 240, 44, 10, kBrass);
  Box(cairo, x - 126, y - 30, 24, 60, 4, {0.66, 0.51, 0.20});
  Box(cairo, x + 102, y - 30, 24, 60, 4, {0.66, 0.51, 0.20});
  Shadow(cairo, x, y, 50);
  At(cairo, x, y, turn, [&] {
    for (int i = 0; i < 4; ++i) {
      At(cairo, 0, 0, 2 * kPi * i / 4, [&] { Line(cairo, 8, 0, 48, 0, 9, {0.70, 0.10, 0.10}); });
    }
    Ring(cairo, 0, 0, 52, 13, {0.80, 0.13, 0.12});
    Ring(cairo, 0, 0, 55, 3, {0.92, 0.32, 0.28});
    Disc(cairo, 0, 0, 11, kDarkSteel);
  });
  DrawHand(cairo, take, Side::kLeft, x - 52 * std::cos(grasp), y + 14 - 46 * std::sin(grasp), 0.5 + grasp * 0.5, 0.7);
  DrawHand(cairo, take, Side::kRight, x + 52 * std::cos(grasp), y + 14 + 46 * std::sin(grasp), -0.5 + grasp * 0.5, 0.7);
}

// A large dial on a hose, read while one hand turns a knob.
void CheckGauge(cairo_t *cairo, const Take &take, double seconds) {
  const double x = kMiddleX - 14 + take.spot_x, y = kMiddleY - 10 + take.spot_y;
  Line(cairo, x, y + 60, x + 30, y + 110, 14, kRubber);
  Line(cairo, x + 30, y + 110, x + 150, y + 96, 14, kRubber);
  Shadow(cairo, x, y, 68);
  Disc(cairo, x, y, 68, kRubber);
  Disc(cairo, x, y, 60, kWhite);
  for (int i = 0; i <= 20; ++i) {
    const bool large = i % 5 == 0;
    At(cairo, x, y, 0.75 * kPi + 1.5 * kPi * i / 20,
       [&] { Line(cairo, large ? 43 : 48, 0, 54, 0, large ? 3.4 : 1.6, kBlack); });
  }
  At(cairo, x, y, 0.75 * kPi + 1.5 * kPi * (0.45 + 0.30 * Swing(seconds, 2.6) + 0.04 * Swing(seconds, 0.4)), [&] {
    Line(cairo, -12, 0, 46, 0, 4.5, {0.85, 0.10, 0.08});
  });
  Disc(cairo, x, y, 7, kDarkSteel);
  const double knob = 0.6 * take.reach * Swing(seconds, 2.6, 0.2);
  Disc(cairo, x + 92, y + 64, 17, kDarkSteel);
  DrawHand(cairo, take, Side::kRight, x + 94, y + 74, -0.2 + knob, 0.65);
  DrawHand(cairo, take, Side::kLeft, x - 84, y + 96, 0.3, 0.2);
}

// A welded plate: a lamp in one hand and the forefinger of the other follow the seam.
void CheckSeam(cairo_t *cairo, const Take &take, double seconds) {
  const double x = kMiddleX + take.spot_x, y = kMiddleY - 6 + take.spot_y;
  const double along = 96 * std::min(1.0, take.reach) * Swing(seconds, 4.2);
  Box(cairo, x - 122, y - 50, 262, 124, 4, kBlack, 0.3);
  Box(cairo, x - 130, y - 58, 260, 124, 4, {0.34, 0.35, 0.40});
  Box(cairo, x - 130, y + 4, 260, 62, 4, {0.28, 0.29, 0.34});
  for (double bead = -124; bead < 126; bead += 7)
    Ring(cairo, x + bead, y + 3 + 1.2 * std::sin(bead), 4.4, 2.4, {0.58, 0.50, 0.44});
  cairo_pattern_t *glow = cairo_pattern_create_radial(x + along, y, 4, x + along, y, 46);
  cairo_pattern_add_color_stop_rgba(glow, 0, 1, 1, 0.85, 0.95);
  cairo_pattern_add_color_stop_rgba(glow, 1, 1, 1, 0.85, 0);
  cairo_set_source(cairo, glow);
  cairo_arc(cairo, x + along, y, 46, 0, 2 * kPi);
  cairo_fill(cairo);
  cairo_pattern_destroy(glow);
  Line(cairo, x + along + 24, y + 30, x + along + 38, y + 52, 13, kRubber);
  DrawHand(cairo, take, Side::kRight, x + along + 44, y + 62, -0.55, 0.85);
  DrawHand(cairo, take, Side::kLeft, x + along - 26, y + 44, 0.45, 0.25);
}

// To the bins and back, one hand after the other, with small parts for a tray.
void FetchPart(cairo_t *cairo, const Take &take, double seconds) {
  const double right = Trip(seconds, 2.8), left = 1 - right;
  const double bin = 78.0 * (static_cast<int>(seconds / 5.6) % 2);
  const double heap_x = kMiddleX + take.spot_x, heap_y = kMiddleY + 26 + take.spot_y;
  Box(cairo, heap_x - 86, heap_y - 66, 186, 124, 8, kBlack, 0.3);
  Box(cairo, heap_x - 93, heap_y - 74, 186, 124, 8, {0.86, 0.72, 0.16});
  Box(cairo, heap_x - 85, heap_y - 66, 170, 108, 5, {0.24, 0.22, 0.18});
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 6; ++column) {
      Ring(cairo, heap_x - 68 + 27.0 * column, heap_y - 51 + 26.0 * row, 8, 5.5, {0.88, 0.89, 0.90});
    }
  }
  const auto hand = [&](Side side, double out, double target) {
    const double x = heap_x + (side == Side::kLeft ? -24 : 24) * take.reach + (target - heap_x) * out;
    const double y = heap_y + 22 + (58 - heap_y) * out;
    DrawHand(cairo, take, side, x, y, side == Side::kLeft ? 0.15 : -0.15, out > 0.5 ? 0.3 : 0.75);
  };
  hand(Side::kLeft, left, 84 + bin);
  hand(Side::kRight, right, 316 - bin);
}

// A cardboard box is pulled across the bench.
void FetchBox(cairo_t *cairo, const Take &take, double seconds) {
  const double x = kMiddleX - 20 + take.spot_x + 62 * take.reach * Swing(seconds, 3.4), y = kMiddleY - 14 + take.spot_y;
  const double turn = 0.10 * Swing(seconds, 3.4, 0.25);
  At(cairo, x, y, turn, [&] {
    Box(cairo, -72, -66, 168, 150, 3, kBlack, 0.32);
    Box(cairo, -84, -76, 168, 152, 3, kCardboard);
    Box(cairo, -76, -68, 152, 136, 2, {0.66, 0.49, 0.29});
    Line(cairo, -76, 0, 76, 0, 13, {0.85, 0.77, 0.60}, 0.9);
    Line(cairo, -76, 0, 76, 0, 1.4, {0.42, 0.30, 0.16});
    Box(cairo, 22, 22, 44, 34, 1, kWhite);
    for (int i = 0; i < 9; ++i)
      Line(cairo, 27 + 4.2 * i, 28, 27 + 4.2 * i, 48, i % 3 == 0 ? 2.4 : 1.1, kBlack);
  });
  DrawHand(cairo, take, Side::kLeft, x - 88, y + 34, 0.45 + turn, 0.3);
  DrawHand(cairo, take, Side::kRight, x + 88, y + 34, -0.45 + turn, 0.3);
}

// Two clamps of the jig are set with a long hex key.
void AdjustJig(cairo_t *cairo, const Take &take, double seconds) {
  const double turn = 0.9 * take.reach * Swing(seconds, 1.5);
  for (const double x : {146.0, 254.0}) {
    Box(cairo, x - 14, 110, 28, 92, 4, {0.16, 0.30, 0.52});
    Disc(cairo, x, 150 + 12 * Swing(seconds, 6), 9, kDarkSteel);
  }
  At(cairo, 254, 150 + 12 * Swing(seconds, 6), turn, [&] { Line(cairo, 0, 0, 58, 30, 7, kBlack); });
  DrawHand(cairo, take, Side::kRight, 254 + 56 * std::cos(turn) - 28 * std::sin(turn),
           160 + 56 * std::sin(turn) + 28 * std::cos(turn), -0.8 + turn * 0.6, 0.8);
  DrawHand(cairo, take, Side::kLeft, 134, 196, 0.4, 0.5);
}

// Wide strokes with a cloth over the whole bench.
void CleanBench(cairo_t *cairo, const Take &take, double seconds) {
  const double x = kMiddleX + 118 * take.reach * Swing(seconds, 1.7),
               y = kMiddleY + 8 + take.spot_y + 34 * Swing(seconds, 3.1);
  At(cairo, x, y - 10, 0.5 * Swing(seconds, 1.7, 0.25), [&] {
    cairo_move_to(cairo, -84, -58);
    cairo_curve_to(cairo, -30, -76, 34, -56, 86, -64);
    cairo_curve_to(cairo, 98, -16, 80, 22, 88, 62);
    cairo_curve_to(cairo, 30, 74, -34, 56, -82, 66);
    cairo_curve_to(cairo, -94, 14, -74, -14, -84, -58);
    SetColour(cairo, {0.93, 0.95, 0.97});
    cairo_fill_preserve(cairo);
    cairo_save(cairo);
    cairo_clip(cairo);
    for (double stripe = -80; stripe < 90; stripe += 26) {
      Line(cairo, stripe, -80, stripe + 6, 80, 10, {0.22, 0.48, 0.86}, 0.75);
      Line(cairo, -100, stripe, 100, stripe - 4, 10, {0.22, 0.48, 0.86}, 0.55);
    }
    cairo_restore(cairo);
  });
  DrawHand(cairo, take, Side::kRight, x + 6, y, -0.25, 0);
}

// A large wrench in the left hand is rubbed with an orange rag in the right one.
void CleanTool(cairo_t *cairo, const Take &take, double seconds) {
  const double x = kMiddleX + take.spot_x, y = kMiddleY + 4 + take.spot_y;
  const double rub = 44 * take.reach * Swing(seconds, 0.7);
  At(cairo, x, y, -0.4, [&] {
    Line(cairo, -118, 0, 118, 0, 26, {0.30, 0.32, 0.35});
    Line(cairo, -112, -5, 112, -5, 4, kSteel);
    Ring(cairo, -126, 0, 22, 15, {0.30, 0.32, 0.35});
    Ring(cairo, 126, 0, 22, 15, {0.30, 0.32, 0.35});
  });
  DrawHand(cairo, take, Side::kLeft, x - 76, y + 46, 0.6, 0.85);
  const double at_x = x + 30 + rub * std::cos(-0.4), at_y = y - 12 + rub * std::sin(-0.4);
  At(cairo, at_x, at_y, 0.3 * Swing(seconds, 0.7, 0.25), [&] {
    cairo_move_to(cairo, -58, -46);
    cairo_curve_to(cairo, -14, -66, 26, -42, 62, -52);
    cairo_curve_to(cairo, 76, 0, 56, 26, 66, 54);
    cairo_curve_to(cairo, 10, 66, -24, 46, -60, 56);
    cairo_curve_to(cairo, -72, 14, -50, -14, -58, -46);
    SetColour(cairo, {0.98, 0.50, 0.08});
    cairo_fill(cairo);
    for (const double fold : {-34.0, -4.0, 28.0})
      Line(cairo, fold, -36, fold + 10, 38, 5, {0.74, 0.30, 0.03});
  });
  DrawHand(cairo, take, Side::kRight, at_x + 6, at_y + 10, -0.5, 0.45);
}

// The hands rest at the edge of the bench.
void WaitIdle(cairo_t *cairo, const Take &take, double seconds) {
  DrawHand(cairo, take, Side::kLeft, 126 + take.spot_x, 272 + 1.2 * Swing(seconds, 3.6), 0.25, 0.3);
  DrawHand(cairo, take, Side::kRight, 274 + take.spot_x, 274 + 1.2 * Swing(seconds, 3.6), -0.25, 0.3);
}

}  // namespace

const std::vector<DemoAction> &DemoActions() {
  static const std::vector<DemoAction> actions = {
      {"mount_wheel_va", 3, MountWheel}, {"mount_panel_va", 3, MountPanel},   {"turn_screw_va", 3, TurnScrew},
      {"turn_valve_va", 3, TurnValve},   {"check_gauge_rnva", 2, CheckGauge}, {"check_seam_rnva", 2, CheckSeam},
      {"fetch_part_rnva", 2, FetchPart}, {"fetch_box_rnva", 2, FetchBox},     {"clean_bench_nva", 2, CleanBench},
      {"clean_tool_nva", 2, CleanTool},  {"wait_idle_nva", 2, WaitIdle},      {"adjust_jig_rnva", 1, AdjustJig},
  };
  return actions;
}

const DemoAction &FindDemoAction(const std::string &label) {
  for (const DemoAction &action : DemoActions()) {
    if (action.label == label) return action;
  }
  throw Error("no action of the demo is called " + label);
}

Recording::Recording(const DemoAction &action, const Take &take, int width, int height)
    : action_(action),
      take_(take),
      width_(width),
      height_(height),
      still_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)) {
  const CairoPtr cairo(cairo_create(still_.get()));
  LookThroughCamera(cairo.get());
  DrawBench(cairo.get());
}

void Recording::LookThroughCamera(cairo_t *cairo) const {
  cairo_scale(cairo, kZoom * width_ / kBenchWidth, kZoom * height_ / kBenchHeight);
  cairo_translate(cairo, kBenchWidth / 2 / kZoom - kMiddleX, kBenchHeight / 2 / kZoom - kMiddleY);
}

void Recording::Draw(double seconds, uint8_t *pixels) {
  const CairoSurfacePtr surface(
      cairo_image_surface_create_for_data(pixels, CAIRO_FORMAT_RGB24, width_, height_, 4 * width_));
  const CairoPtr cairo(cairo_create(surface.get()));
  cairo_set_source_surface(cairo.get(), still_.get(), 0, 0);
  cairo_paint(cairo.get());
  LookThroughCamera(cairo.get());
  action_.draw(cairo.get(), take_, take_.phase + seconds * take_.pace);
  DrawLight(cairo.get(), take_);
  cairo_surface_flush(surface.get());
}

}  // namespace action
