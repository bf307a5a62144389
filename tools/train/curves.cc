// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "train/curves.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "action/deleter.h"
#include "action/error.h"
#include "action/io/atomic_file.h"

namespace action {
namespace {

using SurfacePtr = std::unique_ptr<cairo_surface_t, Deleter<cairo_surface_destroy>>;
using CairoPtr = std::unique_ptr<cairo_t, Deleter<cairo_destroy>>;
using LayoutPtr = std::unique_ptr<PangoLayout, Deleter<g_object_unref>>;

constexpr int kColumns = 3;
constexpr double kPanelWidth = 320, kPanelHeight = 220;  // pixels
constexpr double kLeft = 52, kRight = 44, kTop = 30, kBottom = 30;
constexpr double kPlotWidth = kPanelWidth - kLeft - kRight, kPlotHeight = kPanelHeight - kTop - kBottom;

struct Colour {
  double r, g, b;
};
constexpr Colour kInk{0.2, 0.2, 0.2}, kGrid{0.87, 0.87, 0.87}, kLoss{0.12, 0.36, 0.66}, kAccuracy{0.85, 0.45, 0.1};

void Set(cairo_t *c, const Colour &colour) {
  cairo_set_source_rgb(c, colour.r, colour.g, colour.b);
}

// align: 0 left, 0.5 centred, 1 right of x; y is the middle of the line.
void Text(cairo_t *c, double x, double y, double align, const std::string &text, const char *font = "sans 8") {
  const LayoutPtr layout(pango_cairo_create_layout(c));
  PangoFontDescription *description = pango_font_description_from_string(font);
  pango_layout_set_font_description(layout.get(), description);
  pango_font_description_free(description);
  pango_layout_set_text(layout.get(), text.c_str(), -1);
  int width = 0, height = 0;
  pango_layout_get_pixel_size(layout.get(), &width, &height);
  cairo_move_to(c, x - align * width, y - height / 2.0);
  pango_cairo_show_layout(c, layout.get());
}

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
  Set(c, colour);
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

  Set(c, kInk);
  Text(c, kPanelWidth / 2, 13, 0.5, panel.title, "sans bold 9");
  cairo_save(c);
  cairo_translate(c, kLeft, kTop);
  const int step = std::max((top - bottom + 3) / 4, 1);
  for (int power = bottom; power <= top; power += step) {
    const double y = kPlotHeight * (1 - static_cast<double>(power - bottom) / (top - bottom));
    Set(c, kGrid);
    cairo_set_line_width(c, 1);
    cairo_move_to(c, 0, y);
    cairo_line_to(c, kPlotWidth, y);
    cairo_stroke(c);
    Set(c, kLoss);
    std::array<char, 16> label{};
    std::snprintf(label.data(), label.size(), "1e%d", power);
    Text(c, -5, y, 1, label.data());
  }
  for (const int percent : {0, 50, 100}) {
    Set(c, kAccuracy);
    Text(c, kPlotWidth + 5, kPlotHeight * (1 - percent / 100.0), 0, std::to_string(percent) + " %");
  }
  std::vector<double> losses, accuracies;
  for (const EpochFacts &facts : epochs) {
    losses.push_back((std::log10(std::max(facts.loss, kFloor)) - bottom) / (top - bottom));
    accuracies.push_back(facts.accuracy);
  }
  Line(c, accuracies, kAccuracy);
  Line(c, losses, kLoss);
  Set(c, kInk);
  cairo_set_line_width(c, 1);
  cairo_rectangle(c, 0, 0, kPlotWidth, kPlotHeight);
  cairo_stroke(c);
  Text(c, 0, kPlotHeight + 12, 0, "epoch 1");
  Text(c, kPlotWidth, kPlotHeight + 12, 1, std::to_string(epochs.size()));
  Set(c, kLoss);
  Text(c, kPlotWidth / 2 - 6, kPlotHeight + 12, 1, "loss");
  Set(c, kAccuracy);
  Text(c, kPlotWidth / 2 + 6, kPlotHeight + 12, 0, "accuracy");
  cairo_restore(c);
}

struct Size {
  double width, height;
};

Size SizeFor(const std::vector<Panel> &panels) {
  const auto count = static_cast<int>(panels.size());
  const int rows = (count + kColumns - 1) / kColumns;
  return {kPanelWidth * std::min(count, kColumns), kPanelHeight * rows};
}

void Draw(cairo_t *c, const std::vector<Panel> &panels) {
  cairo_set_source_rgb(c, 1, 1, 1);
  cairo_paint(c);
  for (size_t i = 0; i < panels.size(); ++i) {
    cairo_save(c);
    cairo_translate(c, kPanelWidth * static_cast<double>(i % kColumns),
                    kPanelHeight * static_cast<double>(i / kColumns));
    Draw(c, panels[i]);
    cairo_restore(c);
  }
}

cairo_status_t Append(void *text, const unsigned char *data, unsigned length) {
  static_cast<std::string *>(text)->append(reinterpret_cast<const char *>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

void WriteCurvesPng(const std::string &path, const TwoStageModel &model) {
  const std::vector<Panel> panels = PanelsOf(model);
  const Size size = SizeFor(panels);
  const SurfacePtr surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(size.width), static_cast<int>(size.height)));
  const CairoPtr c(cairo_create(surface.get()));
  Draw(c.get(), panels);
  std::string png;
  const cairo_status_t status = cairo_surface_write_to_png_stream(surface.get(), Append, &png);
  if (status != CAIRO_STATUS_SUCCESS) throw Error("cannot draw " + path + ": " + cairo_status_to_string(status));
  AtomicFile file(path);
  file.Write(png);
  file.Commit();
}

std::string CurvesSvg(const TwoStageModel &model) {
  const std::vector<Panel> panels = PanelsOf(model);
  const Size size = SizeFor(panels);
  std::string svg;
  {
    const SurfacePtr surface(cairo_svg_surface_create_for_stream(Append, &svg, size.width, size.height));
    const CairoPtr c(cairo_create(surface.get()));
    Draw(c.get(), panels);
    cairo_surface_finish(surface.get());
  }
  return svg.substr(svg.find("<svg"));
}

}  // namespace action
