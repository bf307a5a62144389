// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "train/reliability.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace action {
namespace {

constexpr double kWidth = 340, kHeight = 320;         // pixels
constexpr double kSide = 260, kLeft = 46, kTop = 10;  // of the plot
constexpr Colour kIdeal{0.53, 0.53, 0.53}, kBefore{0.69, 0.69, 0.69}, kAfter = kBlue;

double X(double share) {
  return kLeft + share * kSide;
}

double Y(double share) {
  return kTop + (1 - share) * kSide;
}

void DrawAxes(cairo_t *c) {
  for (int tenth = 0; tenth <= 10; tenth += 2) {
    const double share = tenth / 10.0;
    SetColour(c, kGrid);
    cairo_set_line_width(c, 1);
    cairo_move_to(c, X(share), Y(0));
    cairo_line_to(c, X(share), Y(1));
    cairo_move_to(c, X(0), Y(share));
    cairo_line_to(c, X(1), Y(share));
    cairo_stroke(c);
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "0.%d", tenth);
    const std::string label = tenth == 10 ? "1.0" : text.data();
    SetColour(c, kInk);
    DrawText(c, X(share), Y(0) + 11, 0.5, label);
    DrawText(c, X(0) - 6, Y(share), 1, label);
  }
  DrawText(c, X(0.5), Y(0) + 32, 0.5, "confidence");
  DrawText(c, 11, Y(0.5), 0.5, "share that was right", "sans 8", true);
  SetColour(c, kIdeal);
  const std::array<double, 2> dashes = {4, 3};
  cairo_set_dash(c, dashes.data(), static_cast<int>(dashes.size()), 0);
  cairo_move_to(c, X(0), Y(0));
  cairo_line_to(c, X(1), Y(1));
  cairo_stroke(c);
  cairo_set_dash(c, nullptr, 0, 0);
}

void DrawBins(cairo_t *c, const std::vector<ReliabilityBin> &bins, const Colour &colour, size_t total) {
  SetColour(c, colour);
  cairo_set_line_width(c, 1.5);
  for (const ReliabilityBin &bin : bins) {
    if (bin.count > 0) cairo_line_to(c, X(bin.confidence), Y(bin.accuracy));
  }
  cairo_stroke(c);
  for (const ReliabilityBin &bin : bins) {
    if (bin.count == 0) continue;
    const double radius = 2.5 + 7 * std::sqrt(static_cast<double>(bin.count) / static_cast<double>(total));
    cairo_arc(c, X(bin.confidence), Y(bin.accuracy), radius, 0, 7);
    cairo_fill(c);
  }
}

}  // namespace

Diagram ReliabilityOf(std::span<const ScoredPrediction> calibrated, std::span<const ScoredPrediction> uncalibrated) {
  const size_t total = std::max<size_t>(1, calibrated.size());
  const std::vector<ReliabilityBin> before = Reliability(uncalibrated), after = Reliability(calibrated);
  return {kWidth, kHeight, [before, after, total](cairo_t *c) {
            DrawAxes(c);
            DrawBins(c, before, kBefore, total);
            DrawBins(c, after, kAfter, total);
          }};
}

}  // namespace action
