// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "train/drawing.h"

#include <cairo-svg.h>
#include <glib.h>
#include <pango/pangocairo.h>

#include <cmath>
#include <memory>

#include "action/deleter.h"
#include "action/error.h"
#include "action/io/atomic_file.h"
#include "common/html.h"

namespace action {
namespace {

using SurfacePtr = std::unique_ptr<cairo_surface_t, Deleter<cairo_surface_destroy>>;
using CairoPtr = std::unique_ptr<cairo_t, Deleter<cairo_destroy>>;
using LayoutPtr = std::unique_ptr<PangoLayout, Deleter<g_object_unref>>;

cairo_status_t Append(void *text, const unsigned char *data, unsigned length) {
  static_cast<std::string *>(text)->append(reinterpret_cast<const char *>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

void DrawOn(cairo_surface_t *surface, const Diagram &diagram) {
  const CairoPtr c(cairo_create(surface));
  cairo_set_source_rgb(c.get(), 1, 1, 1);
  cairo_paint(c.get());
  diagram.draw(c.get());
}

}  // namespace

void SetColour(cairo_t *c, const Colour &colour) {
  cairo_set_source_rgb(c, colour.r, colour.g, colour.b);
}

void DrawText(cairo_t *c, double x, double y, double align, const std::string &text, const char *font, bool upwards) {
  constexpr double kPi = 3.14159265358979323846;
  const LayoutPtr layout(pango_cairo_create_layout(c));
  PangoFontDescription *description = pango_font_description_from_string(font);
  pango_layout_set_font_description(layout.get(), description);
  pango_font_description_free(description);
  pango_layout_set_text(layout.get(), text.c_str(), -1);
  int width = 0, height = 0;
  pango_layout_get_pixel_size(layout.get(), &width, &height);
  cairo_save(c);
  cairo_translate(c, x, y);
  if (upwards) cairo_rotate(c, -kPi / 2);
  cairo_move_to(c, -align * width, -height / 2.0);
  pango_cairo_show_layout(c, layout.get());
  cairo_restore(c);
}

void WritePng(const std::string &path, const Diagram &diagram) {
  const SurfacePtr surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(std::ceil(diagram.width)),
                                                      static_cast<int>(std::ceil(diagram.height))));
  DrawOn(surface.get(), diagram);
  std::string png;
  const cairo_status_t status = cairo_surface_write_to_png_stream(surface.get(), Append, &png);
  if (status != CAIRO_STATUS_SUCCESS) throw Error("cannot draw " + path + ": " + cairo_status_to_string(status));
  AtomicFile file(path);
  file.Write(png);
  file.Commit();
}

std::string ImageOf(const Diagram &diagram, const std::string &alt) {
  std::string svg;
  const SurfacePtr surface(cairo_svg_surface_create_for_stream(Append, &svg, diagram.width, diagram.height));
  cairo_svg_surface_set_document_unit(surface.get(), CAIRO_SVG_UNIT_PX);
  DrawOn(surface.get(), diagram);
  cairo_surface_finish(surface.get());
  const std::unique_ptr<char, Deleter<g_free>> base64(
      g_base64_encode(reinterpret_cast<const guchar *>(svg.data()), svg.size()));
  return "<img alt=\"" + HtmlEscaped(alt) + "\" width=\"" + std::to_string(std::lround(diagram.width)) +
         "\" height=\"" + std::to_string(std::lround(diagram.height)) + "\" src=\"data:image/svg+xml;base64," +
         base64.get() + "\">\n";
}

}  // namespace action
