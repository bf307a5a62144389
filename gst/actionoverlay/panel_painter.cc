// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionoverlay/panel_painter.h"

#include <pango/pangocairo.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "action/deleter.h"

namespace action {
namespace {

constexpr int kSmallestFont = 6;           // pixels
constexpr double kLeastWidthWithEdge = 4;  // pixels, of a segment in the strip

using LayoutPtr = std::unique_ptr<PangoLayout, Deleter<g_object_unref>>;
using FontPtr = std::unique_ptr<PangoFontDescription, Deleter<pango_font_description_free>>;
using SurfacePtr = std::unique_ptr<cairo_surface_t, Deleter<cairo_surface_destroy>>;
using CairoPtr = std::unique_ptr<cairo_t, Deleter<cairo_destroy>>;

void SetColour(cairo_t *cr, Argb colour) {
  const auto channel = [colour](int shift) { return ((colour >> shift) & 0xff) / 255.0; };
  cairo_set_source_rgba(cr, channel(16), channel(8), channel(0), channel(24));
}

struct Box {
  double x, y, width, height;
};

void Fill(cairo_t *cr, const Box &box, Argb colour) {
  SetColour(cr, colour);
  cairo_rectangle(cr, box.x, box.y, box.width, box.height);
  cairo_fill(cr);
}

template <typename Paint>
Picture PaintPicture(int width, int height, Paint &&paint) {
  Picture picture{width, height, std::vector<uint8_t>(static_cast<size_t>(width) * static_cast<size_t>(height) * 4)};
  const SurfacePtr surface(
      cairo_image_surface_create_for_data(picture.pixels.data(), CAIRO_FORMAT_ARGB32, width, height, width * 4));
  const CairoPtr cr(cairo_create(surface.get()));
  paint(cr.get());
  cairo_surface_flush(surface.get());
  return picture;
}

// A line that is too wide is made smaller by itself, down to this share of its size, and then cut: the others stay
// readable.
constexpr double kLeastShare = 0.65;

// A panel's lines at one font size.
struct Measured {
  std::vector<LayoutPtr> layouts;
  std::vector<int> heights;
  std::vector<int> gaps;  // above each line
  int text_width = 0;
  int text_height = 0;
  int padding = 0;
  int bar = 0;

  int width() const { return bar + 2 * padding + text_width; }
  int height() const { return 2 * padding + text_height; }
};

void SetFont(PangoLayout *layout, const PanelLine &line, const std::string &font, double pixels) {
  const FontPtr description(pango_font_description_from_string(font.c_str()));
  pango_font_description_set_absolute_size(description.get(), std::max<double>(kSmallestFont, pixels) * PANGO_SCALE);
  if (line.bold) pango_font_description_set_weight(description.get(), PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description(layout, description.get());
}

Measured Measure(PangoContext *context, std::span<const PanelLine> lines, const std::string &font, int pixels,
                 int max_width) {
  Measured measured;
  measured.padding = std::max(2, pixels / 2);
  measured.bar = std::max(3, pixels / 2);
  const int room = max_width - measured.bar - 2 * measured.padding;
  for (const PanelLine &line : lines) {
    LayoutPtr layout(pango_layout_new(context));
    const double size = std::round(pixels * line.size);
    SetFont(layout.get(), line, font, size);
    pango_layout_set_single_paragraph_mode(layout.get(), TRUE);
    pango_layout_set_text(layout.get(), line.text.data(), static_cast<int>(line.text.size()));
    int width = 0, height = 0;
    pango_layout_get_pixel_size(layout.get(), &width, &height);
    if (width > room && room > 0) {
      SetFont(layout.get(), line, font, std::floor(size * std::max(kLeastShare, static_cast<double>(room) / width)));
      pango_layout_get_pixel_size(layout.get(), &width, &height);
    }
    measured.text_width = std::max(measured.text_width, width);
    // A box keeps clear of the underscores and tails of the line above it.
    const int gap = line.behind != 0 && !measured.heights.empty() ? std::max(2, pixels / 5) : 0;
    measured.text_height += gap + height;
    measured.heights.push_back(height);
    measured.gaps.push_back(gap);
    measured.layouts.push_back(std::move(layout));
  }
  return measured;
}

}  // namespace

void PanelPainter::ContextDeleter::operator()(PangoContext *context) const {
  g_object_unref(context);
}

PanelPainter::PanelPainter() {
  PangoFontMap *fonts = pango_cairo_font_map_new();
  context_.reset(pango_font_map_create_context(fonts));  // holds the map
  g_object_unref(fonts);
}

PanelPainter::~PanelPainter() = default;

Picture PanelPainter::PaintPanel(std::span<const PanelLine> lines, const PanelStyle &style, int max_width,
                                 int max_height) {
  int pixels = std::max(style.font_pixels, kSmallestFont);
  Measured measured = Measure(context_.get(), lines, style.font, pixels, max_width);
  while (pixels > kSmallestFont && measured.height() > max_height) {
    pixels = std::max(kSmallestFont, pixels * 9 / 10);
    measured = Measure(context_.get(), lines, style.font, pixels, max_width);
  }
  const int width = std::clamp(measured.width(), 1, std::max(1, max_width));
  const int height = std::clamp(measured.height(), 1, std::max(1, max_height));
  std::string unreadable;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (pango_layout_get_unknown_glyphs_count(measured.layouts[i].get()) > 0) unreadable = lines[i].text;
  }
  Picture picture = PaintPicture(width, height, [&](cairo_t *cr) {
    Fill(cr, {0, 0, static_cast<double>(width), static_cast<double>(height)}, style.background);
    Fill(cr, {0, 0, static_cast<double>(measured.bar), static_cast<double>(height)}, style.bar);
    double y = measured.padding;
    const int x = measured.bar + measured.padding;
    const int room = std::max(1, width - x - measured.padding);
    for (size_t i = 0; i < lines.size(); ++i) {
      PangoLayout *layout = measured.layouts[i].get();
      pango_layout_set_width(layout, room * PANGO_SCALE);
      pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
      y += measured.gaps[i];
      if (lines[i].behind != 0) {
        int text_width = 0;
        pango_layout_get_pixel_size(layout, &text_width, nullptr);
        const double edge = measured.padding / 2.0;
        Fill(cr, {x - edge, y, text_width + 2 * edge, static_cast<double>(measured.heights[i])}, lines[i].behind);
      }
      SetColour(cr, lines[i].colour);
      cairo_move_to(cr, x, y);
      pango_cairo_show_layout(cr, layout);
      y += measured.heights[i];
    }
  });
  picture.unreadable = std::move(unreadable);
  return picture;
}

Picture PanelPainter::PaintStrip(std::span<const StripPart> parts, std::optional<double> cursor, int width, int height,
                                 Argb background) {
  return PaintPicture(std::max(1, width), std::max(1, height), [&](cairo_t *cr) {
    Fill(cr, {0, 0, static_cast<double>(width), static_cast<double>(height)}, background);
    const double top = std::max(1, height / 6);
    for (const StripPart &part : parts) {
      const double from = std::round(part.from * width), to = std::round(part.to * width);
      Fill(cr, {from, top, to - from, height - top}, part.colour);
      // Where one segment ends and the next begins; among narrow ones it would be all that is seen.
      if (to - from >= kLeastWidthWithEdge) Fill(cr, {from, top, 1, height - top}, background);
    }
    if (!cursor) return;
    const double thickness = std::max(2, height / 6);
    const double x = std::clamp(*cursor * width - thickness / 2, 0.0, width - thickness);
    Fill(cr, {x, 0, thickness, static_cast<double>(height)}, 0xffffffff);
  });
}

}  // namespace action
