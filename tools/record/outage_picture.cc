// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/outage_picture.h"

#include <gst/video/video.h>
#include <pango/pangocairo.h>

#include <memory>

#include "action/deleter.h"

namespace action {
namespace {

using ConverterPtr = std::unique_ptr<GstVideoConverter, Deleter<gst_video_converter_free>>;
using SurfacePtr = std::unique_ptr<cairo_surface_t, Deleter<cairo_surface_destroy>>;
using CairoPtr = std::unique_ptr<cairo_t, Deleter<cairo_destroy>>;
using LayoutPtr = std::unique_ptr<PangoLayout, Deleter<g_object_unref>>;
using FontPtr = std::unique_ptr<PangoFontDescription, Deleter<pango_font_description_free>>;

constexpr double kShade = 0.55;
constexpr double kTextHeight = 1.0 / 14;  // of the picture's height

// A mapped frame.
class Mapped {
 public:
  Mapped(const GstVideoInfo &info, GstBuffer *buffer, GstMapFlags flags)
      : mapped_(gst_video_frame_map(&frame_, &info, buffer, flags) != FALSE) {}
  ~Mapped() {
    if (mapped_) gst_video_frame_unmap(&frame_);
  }
  Mapped(const Mapped &) = delete;
  Mapped &operator=(const Mapped &) = delete;
  GstVideoFrame *get() { return mapped_ ? &frame_ : nullptr; }

 private:
  GstVideoFrame frame_{};
  const bool mapped_;
};

void Draw(GstVideoFrame *frame, const std::string &text) {
  const int width = GST_VIDEO_FRAME_WIDTH(frame), height = GST_VIDEO_FRAME_HEIGHT(frame);
  const SurfacePtr surface(
      cairo_image_surface_create_for_data(static_cast<unsigned char *>(GST_VIDEO_FRAME_PLANE_DATA(frame, 0)),
                                          CAIRO_FORMAT_RGB24, width, height, GST_VIDEO_FRAME_PLANE_STRIDE(frame, 0)));
  const CairoPtr cairo(cairo_create(surface.get()));
  cairo_set_source_rgba(cairo.get(), 0, 0, 0, kShade);
  cairo_paint(cairo.get());
  const LayoutPtr layout(pango_cairo_create_layout(cairo.get()));
  const FontPtr font(pango_font_description_from_string("Sans"));
  pango_font_description_set_absolute_size(font.get(), height * kTextHeight * PANGO_SCALE);
  pango_layout_set_font_description(layout.get(), font.get());
  pango_layout_set_text(layout.get(), text.c_str(), -1);
  pango_layout_set_width(layout.get(), width * PANGO_SCALE);
  pango_layout_set_alignment(layout.get(), PANGO_ALIGN_CENTER);
  int text_height = 0;
  pango_layout_get_pixel_size(layout.get(), nullptr, &text_height);
  cairo_move_to(cairo.get(), 0, (height - text_height) / 2.0);
  cairo_set_source_rgb(cairo.get(), 1, 1, 1);
  pango_cairo_show_layout(cairo.get(), layout.get());
  cairo_surface_flush(surface.get());
}

}  // namespace

BufferPtr OutagePicture(GstBuffer *picture, GstCaps *caps, const std::string &text) {
  GstVideoInfo info, rgb;
  if (!gst_video_info_from_caps(&info, caps)) return nullptr;
  gst_video_info_set_format(&rgb, GST_VIDEO_FORMAT_BGRx, GST_VIDEO_INFO_WIDTH(&info), GST_VIDEO_INFO_HEIGHT(&info));
  rgb.fps_n = info.fps_n;
  rgb.fps_d = info.fps_d;
  rgb.par_n = info.par_n;
  rgb.par_d = info.par_d;
  const ConverterPtr there(gst_video_converter_new(&info, &rgb, nullptr));
  const ConverterPtr back(gst_video_converter_new(&rgb, &info, nullptr));
  if (!there || !back) return nullptr;
  BufferPtr drawn(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&rgb), nullptr));
  BufferPtr result(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr));
  {
    Mapped from(info, picture, GST_MAP_READ), to(rgb, drawn.get(), GST_MAP_READWRITE);
    if (from.get() == nullptr || to.get() == nullptr) return nullptr;
    gst_video_converter_frame(there.get(), from.get(), to.get());
    Draw(to.get(), text);
  }
  Mapped from(rgb, drawn.get(), GST_MAP_READ), to(info, result.get(), GST_MAP_WRITE);
  if (from.get() == nullptr || to.get() == nullptr) return nullptr;
  gst_video_converter_frame(back.get(), from.get(), to.get());
  return result;
}

}  // namespace action
