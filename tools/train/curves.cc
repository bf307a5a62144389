// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "train/curves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace action {
namespace {

constexpr int kColumns = 3;
constexpr double kPanelWidth = 320, kPanelHeight = 220;  // pixels
constexpr double kLeft = 52, kRight = 44, kTop = 30, kBottom = 30;
constexpr double kPlotWidth = kPanelWidth - kLeft - kRight, kPlotHeight = kPanelHeight - kTop - kBottom;

constexpr Colour kLoss = kBlue, kAccuracy{0.85, 0.45, 0.1};

struct Panel {
  std::string title;
  const TrainedHead *head;
};

std::vector<Panel> PanelsOf(const TwoStageModel &model) {
  std::vector<Panel> panels = {{"stage 1: coarse actions", &model.stage1}};
  for (const TrainedFamily &family : model.families) {
    if (family.head) panels.push_back({"stage 2: " + family.plan.name, &*family.head});
  }
  return panels;
}

void Line(cairo_t *c, std::span<const double> heights, const Colour &colour) {
  SetColour(c, colour);
  cairo_set_line_width(c, 1.6);
  for (size_t i = 0; i < heights.size(); ++i) {
    const double x =
        heights.size() > 1 ? kPlotWidth * static_cast<double>(i) / static_cast<double>(heights.size() - 1) : 0;
    const double y = kPlotHeight * (1 - std::clamp(heights[i], 0.0, 1.0));
    if (i == 0) {
      cairo_move_to(c, x, y);
    } else {
      cairo_line_to(c, x, y);
    }
  }
  cairo_stroke(c);
}

void Draw(cairo_t *c, const Panel &panel) {
  const std::vector<EpochFacts> &epochs = panel.head->epochs;
  // Whole powers of ten around the losses.
  double lowest = 1e300, highest = 1e-300;
  constexpr double kFloor = 1e-6;
  for (const EpochFacts &facts : epochs) {
    lowest = std::min(lowest, std::max(facts.loss, kFloor));
    highest = std::max(highest, std::max(facts.loss, kFloor));
  }
  const int bottom = static_cast<int>(std::floor(std::log10(lowest)));
  const int top = std::max(static_cast<int>(std::ceil(std::log10(highest))), bottom + 1);

  SetColour(c, kInk);
  DrawText(c, kPanelWidth / 2, 13, 0.5, panel.title, "sans bold 9");
  cairo_save(c);
  cairo_translate(c, kLeft, kTop);
  const int step = std::max((top - bottom + 3) / 4, 1);
  for (int power = bottom; power <= top; power += step) {
    const double y = kPlotHeight * (1 - static_cast<double>(power - bottom) / (top - bottom));
    SetColour(c, kGrid);
    cairo_set_line_width(c, 1);
    cairo_move_to(c, 0, y);
    cairo_line_to(c, kPlotWidth, y);
    cairo_stroke(c);
    SetColour(c, kLoss);
    std::array<char, 16> label{};
    std::snprintf(label.data(), label.size(), "1e%d", power);
    DrawText(c, -5, y, 1, label.data());
  }
  for (const int percent : {0, 50, 100}) {
    SetColour(c, kAccuracy);
    DrawText(c, kPlotWidth + 5, kPlotHeight * (1 - percent / 100.0), 0, std::to_string(percent) + " %");
  }
  std::vector<double> losses, accuracies;
  for (const EpochFacts &facts : epochs) {
    losses.push_back((std::log10(std::max(facts.loss, kFloor)) - bottom) / (top - bottom));
    accuracies.push_back(facts.accuracy);
  }
  Line(c, accuracies, kAccuracy);
  Line(c, losses, kLoss);
  SetColour(c, kInk);
  cairo_set_line_width(c, 1);
  cairo_rectangle(c, 0, 0, kPlotWidth, kPlotHeight);
  cairo_stroke(c);
  DrawText(c, 0, kPlotHeight + 12, 0, "epoch 1");
  DrawText(c, kPlotWidth, kPlotHeight + 12, 1, std::to_string(epochs.size()));
  SetColour(c, kLoss);
  DrawText(c, kPlotWidth / 2 - 6, kPlotHeight + 12, 1, "loss");
  SetColour(c, kAccuracy);
  DrawText(c, kPlotWidth / 2 + 6, kPlotHeight + 12, 0, "accuracy");
  cairo_restore(c);
}

}  // namespace

Diagram CurvesOf(const TwoStageModel &model) {
  const std::vector<Panel> panels = PanelsOf(model);
  const auto count = static_cast<int>(panels.size());
  const int rows = (count + kColumns - 1) / kColumns;
  return {kPanelWidth * std::min(count, kColumns), kPanelHeight * rows, [panels](cairo_t *c) {
            for (size_t i = 0; i < panels.size(); ++i) {
              cairo_save(c);
              cairo_translate(c, kPanelWidth * static_cast<double>(i % kColumns),
                              kPanelHeight * static_cast<double>(i / kColumns));
              Draw(c, panels[i]);
              cairo_restore(c);
            }
          }};
}

}  // namespace action
