// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "overlay_blend.h"

#include <algorithm>
#include <optional>

#include "overlay_composer.h"

namespace action {
namespace {

// A multiple of every format's chroma subsampling.
constexpr int kAlignment = 16;

// The columns from x on, `width` of them, as a frame of their own over the same memory. Nothing where the place of a
// pixel in memory is not simply told by its coordinates.
std::optional<GstVideoFrame> Columns(const GstVideoFrame &frame, int x, int width) {
  const GstVideoFormatInfo *format = frame.info.finfo;
  if (GST_VIDEO_FORMAT_INFO_IS_COMPLEX(format) || GST_VIDEO_FORMAT_INFO_IS_TILED(format) ||
      GST_VIDEO_FORMAT_INFO_HAS_PALETTE(format)) {
    return std::nullopt;
  }
  GstVideoFrame columns = frame;
  columns.info.width = width;
  for (guint component = 0; component < GST_VIDEO_FORMAT_INFO_N_COMPONENTS(format); ++component) {
    const guint plane = GST_VIDEO_FORMAT_INFO_PLANE(format, component);
    const int stride = GST_VIDEO_FORMAT_INFO_PSTRIDE(format, component);
    if (stride <= 0) return std::nullopt;
    columns.data[plane] = static_cast<guint8 *>(frame.data[plane]) +
                          static_cast<ptrdiff_t>(x >> GST_VIDEO_FORMAT_INFO_W_SUB(format, component)) * stride;
  }
  return columns;
}

// What decoders and cameras give: 8 bits of YUV, no alpha.
bool IsPlainYuv(const GstVideoInfo &info) {
  switch (GST_VIDEO_INFO_FORMAT(&info)) {
    case GST_VIDEO_FORMAT_I420:
    case GST_VIDEO_FORMAT_YV12:
    case GST_VIDEO_FORMAT_NV12:
    case GST_VIDEO_FORMAT_NV21:
    case GST_VIDEO_FORMAT_Y42B:
    case GST_VIDEO_FORMAT_NV16:
    case GST_VIDEO_FORMAT_YUY2:
    case GST_VIDEO_FORMAT_UYVY:
    case GST_VIDEO_FORMAT_Y41B:
    case GST_VIDEO_FORMAT_Y444:
      return !GST_VIDEO_INFO_IS_INTERLACED(&info);
    default:
      return false;
  }
}

constexpr int kPixelBytes = 4, kOpaque = 255;  // of AYUV: alpha comes first

// Blends one component of AYUV pixels, every kColumns-th, over `count` values that lie kStride bytes apart. With
// constants, and in 16 bits, a loop that compilers turn into vectors.
template <int kColumns, int kStride>
void BlendValues(const guint8 *pixels, guint component, guint8 *to, int count) {
  for (ptrdiff_t i = 0; i < count; ++i) {
    const guint8 *pixel = pixels + i * kColumns * kPixelBytes;
    guint8 &value = to[i * kStride];
    const auto sum = static_cast<guint16>(pixel[1 + component] * pixel[0] + value * (kOpaque - pixel[0]));
    value = static_cast<guint8>(static_cast<guint16>(sum + 1 + (sum >> 8)) >> 8);  // sum / 255, for all it may be
  }
}

using BlendFunction = void(const guint8 *pixels, guint component, guint8 *to, int count);

// For how the formats of IsPlainYuv lay their components out.
BlendFunction *BlendFor(int columns, int stride) {
  if (columns == 1) return stride == 1 ? BlendValues<1, 1> : BlendValues<1, 2>;
  if (columns == 4) return BlendValues<4, 1>;
  return stride == 1 ? BlendValues<2, 1> : stride == 2 ? BlendValues<2, 2> : BlendValues<2, 4>;
}

// AYUV pixels over a frame of IsPlainYuv, in place. GStreamer blends the frame with its chroma repeated and keeps the
// chroma of the first pixel of those that share one, so only these pixels' need be computed.
void BlendPlainYuv(const guint8 *pixels, ptrdiff_t stride, int x, int y, int width, int height, GstVideoFrame *frame) {
  const GstVideoFormatInfo *format = frame->info.finfo;
  const int left = std::max(x, 0), right = std::min(x + width, GST_VIDEO_FRAME_WIDTH(frame));
  const int top = std::max(y, 0), bottom = std::min(y + height, GST_VIDEO_FRAME_HEIGHT(frame));
  for (guint component = 0; component < GST_VIDEO_FORMAT_INFO_N_COMPONENTS(format); ++component) {
    const int columns = 1 << GST_VIDEO_FORMAT_INFO_W_SUB(format, component);
    const int rows = 1 << GST_VIDEO_FORMAT_INFO_H_SUB(format, component);
    const int pixel_stride = GST_VIDEO_FRAME_COMP_PSTRIDE(frame, component);
    BlendFunction *blend = BlendFor(columns, pixel_stride);
    const int first = (left + columns - 1) / columns * columns;
    const int count = (right - first + columns - 1) / columns;
    for (int row = (top + rows - 1) / rows * rows; row < bottom; row += rows) {
      guint8 *to = static_cast<guint8 *>(GST_VIDEO_FRAME_COMP_DATA(frame, component)) +
                   static_cast<ptrdiff_t>(row / rows) * GST_VIDEO_FRAME_COMP_STRIDE(frame, component) +
                   static_cast<ptrdiff_t>(first / columns) * pixel_stride;
      blend(pixels + (row - y) * stride + static_cast<ptrdiff_t>(first - x) * kPixelBytes, component, to, count);
    }
  }
}

// False where the pixels cannot be read.
bool BlendPlainYuv(GstBuffer *ayuv, int x, int y, GstVideoFrame *frame) {
  GstVideoMeta *meta = gst_buffer_get_video_meta(ayuv);
  GstMapInfo map;
  gint stride = 0;
  gpointer pixels = nullptr;
  if (meta == nullptr || !gst_video_meta_map(meta, 0, &map, &pixels, &stride, GST_MAP_READ)) return false;
  BlendPlainYuv(static_cast<const guint8 *>(pixels), stride, x, y, static_cast<int>(meta->width),
                static_cast<int>(meta->height), frame);
  gst_video_meta_unmap(meta, 0, &map);
  return true;
}

}  // namespace

void BlendComposition(GstVideoOverlayComposition *composition, GstVideoFrame *frame) {
  const int frame_width = GST_VIDEO_FRAME_WIDTH(frame);
  for (guint i = 0; i < gst_video_overlay_composition_n_rectangles(composition); ++i) {
    GstVideoOverlayRectangle *rectangle = gst_video_overlay_composition_get_rectangle(composition, i);
    int x = 0, y = 0;
    guint width = 0, height = 0;
    gst_video_overlay_rectangle_get_render_rectangle(rectangle, &x, &y, &width, &height);
    // Converted to the frame's kind of colours once, and kept with the rectangle.
    GstBuffer *pixels =
        GST_VIDEO_INFO_IS_YUV(&frame->info)
            ? gst_video_overlay_rectangle_get_pixels_ayuv(rectangle, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE)
            : gst_video_overlay_rectangle_get_pixels_argb(rectangle, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
    if (IsPlainYuv(frame->info) && BlendPlainYuv(pixels, x, y, frame)) continue;
    const RectanglePtr moved(
        gst_video_overlay_rectangle_new_raw(pixels, x, y, width, height, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE));
    const int left = std::clamp(x, 0, frame_width) / kAlignment * kAlignment;
    const int end = std::clamp(x + static_cast<int>(width), left, frame_width);
    const int right = std::min((end + kAlignment - 1) / kAlignment * kAlignment, frame_width);
    std::optional<GstVideoFrame> columns;
    if (right - left < frame_width) columns = Columns(*frame, left, right - left);
    if (columns) gst_video_overlay_rectangle_set_render_rectangle(moved.get(), x - left, y, width, height);
    const CompositionPtr one(gst_video_overlay_composition_new(moved.get()));
    gst_video_overlay_composition_blend(one.get(), columns ? &*columns : frame);
  }
}

}  // namespace action
