// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionoverlay/overlay_blend.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "action/deleter.h"
#include "common/cuda_memory.h"
#include "common/glib_ptr.h"
#include "common/mapped_frame.h"

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

using ConverterPtr = std::unique_ptr<GstVideoConverter, Deleter<gst_video_converter_free>>;

// Pixels of straight ARGB as AYUV of this colorimetry. gst_video_overlay_rectangle_get_pixels_ayuv knows BT.601 alone,
// and in GStreamer 1.22 divides Y, U and V of premultiplied pixels by alpha, which makes black purple.
BufferPtr ToAyuv(GstBuffer *argb, const GstVideoColorimetry &colorimetry) {
  const GstVideoMeta *meta = gst_buffer_get_video_meta(argb);
  if (meta == nullptr) return {};
  GstVideoInfo from, to;
  gst_video_info_set_format(&from, meta->format, meta->width, meta->height);
  gst_video_info_set_format(&to, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_YUV, meta->width, meta->height);
  to.colorimetry = colorimetry;
  if (colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_UNKNOWN || colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_RGB) {
    to.colorimetry.matrix = GST_VIDEO_COLOR_MATRIX_BT601;
  }
  BufferPtr ayuv(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&to), nullptr));
  gst_buffer_add_video_meta(ayuv.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_YUV,
                            meta->width, meta->height);
  const ConverterPtr converter(
      gst_video_converter_new(&from, &to,
                              gst_structure_new("options", GST_VIDEO_CONVERTER_OPT_DITHER_METHOD,
                                                GST_TYPE_VIDEO_DITHER_METHOD, GST_VIDEO_DITHER_NONE, nullptr)));
  if (!converter) return {};
  MappedFrame in(from, argb, GST_MAP_READ);
  if (!in) return {};
  {
    MappedFrame out(to, ayuv.get(), GST_MAP_WRITE);
    if (!out) return {};
    gst_video_converter_frame(converter.get(), &in.get(), &out.get());
  }
  return ayuv;
}

RectanglePtr Convert(GstVideoOverlayRectangle *rectangle, const GstVideoInfo &info) {
  GstBuffer *straight = gst_video_overlay_rectangle_get_pixels_raw(rectangle, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
  const GstVideoMeta *meta = gst_buffer_get_video_meta(straight);
  const bool is_rgb = meta != nullptr && meta->format == GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB;
  int x = 0, y = 0;
  guint width = 0, height = 0;
  gst_video_overlay_rectangle_get_render_rectangle(rectangle, &x, &y, &width, &height);
  BufferPtr pixels;
  if (!GST_VIDEO_INFO_IS_RGB(&info) && is_rgb) pixels = ToAyuv(straight, info.colorimetry);
  if (!pixels) pixels.reset(gst_buffer_ref(straight));
  RectanglePtr converted(
      gst_video_overlay_rectangle_new_raw(pixels.get(), x, y, width, height, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE));
  gst_video_overlay_rectangle_set_global_alpha(converted.get(),
                                               gst_video_overlay_rectangle_get_global_alpha(rectangle));
  return converted;
}

// Its pixels are those of the frame: nothing has to be scaled or faded.
bool IsAsShown(GstVideoOverlayRectangle *rectangle) {
  guint width = 0, height = 0;
  gst_video_overlay_rectangle_get_render_rectangle(rectangle, nullptr, nullptr, &width, &height);
  const GstVideoMeta *meta = gst_buffer_get_video_meta(
      gst_video_overlay_rectangle_get_pixels_raw(rectangle, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE));
  return meta != nullptr && meta->format == GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_YUV && meta->width == width &&
         meta->height == height && gst_video_overlay_rectangle_get_global_alpha(rectangle) >= 1;
}

// A rectangle of Convert's.
void BlendRectangle(GstVideoOverlayRectangle *rectangle, GstVideoFrame *frame) {
  const int frame_width = GST_VIDEO_FRAME_WIDTH(frame);
  int x = 0, y = 0;
  guint width = 0, height = 0;
  gst_video_overlay_rectangle_get_render_rectangle(rectangle, &x, &y, &width, &height);
  GstBuffer *pixels = gst_video_overlay_rectangle_get_pixels_raw(rectangle, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
  if (IsAsShown(rectangle) && IsPlainYuv(frame->info) && BlendPlainYuv(pixels, x, y, frame)) return;
  const RectanglePtr moved(gst_video_overlay_rectangle_copy(rectangle));
  const int left = std::clamp(x, 0, frame_width) / kAlignment * kAlignment;
  const int end = std::clamp(x + static_cast<int>(width), left, frame_width);
  const int right = std::min((end + kAlignment - 1) / kAlignment * kAlignment, frame_width);
  std::optional<GstVideoFrame> columns;
  if (right - left < frame_width) columns = Columns(*frame, left, right - left);
  if (columns) gst_video_overlay_rectangle_set_render_rectangle(moved.get(), x - left, y, width, height);
  const CompositionPtr one(gst_video_overlay_composition_new(moved.get()));
  gst_video_overlay_composition_blend(one.get(), columns ? &*columns : frame);
}

}  // namespace

void AttachOverlay(GstBuffer *buffer, GstVideoOverlayComposition *composition) {
  GstVideoOverlayCompositionMeta *meta = gst_buffer_get_video_overlay_composition_meta(buffer);
  if (meta == nullptr) {
    gst_buffer_add_video_overlay_composition_meta(buffer, composition);
    return;
  }
  const CompositionPtr both(gst_video_overlay_composition_copy(meta->overlay));
  for (guint i = 0; i < gst_video_overlay_composition_n_rectangles(composition); ++i) {
    gst_video_overlay_composition_add_rectangle(both.get(),
                                                gst_video_overlay_composition_get_rectangle(composition, i));
  }
  gst_buffer_remove_video_overlay_composition_meta(buffer, meta);
  gst_buffer_add_video_overlay_composition_meta(buffer, both.get());
}

void OverlayBlender::ConvertAll(GstVideoOverlayComposition *composition, const GstVideoInfo &info) {
  const bool same =
      format_ == GST_VIDEO_INFO_FORMAT(&info) && gst_video_colorimetry_is_equal(&colorimetry_, &info.colorimetry);
  if (!same) converted_.clear();
  format_ = GST_VIDEO_INFO_FORMAT(&info);
  colorimetry_ = info.colorimetry;
  std::vector<Converted> converted;
  for (guint i = 0; i < gst_video_overlay_composition_n_rectangles(composition); ++i) {
    GstVideoOverlayRectangle *rectangle = gst_video_overlay_composition_get_rectangle(composition, i);
    const guint number = gst_video_overlay_rectangle_get_seqnum(rectangle);
    const auto known = std::ranges::find(converted_, number, &Converted::of);
    converted.push_back({number, known != converted_.end()
                                     ? RectanglePtr(gst_video_overlay_rectangle_ref(known->rectangle.get()))
                                     : Convert(rectangle, info)});
  }
  converted_ = std::move(converted);
}

void OverlayBlender::Blend(GstVideoOverlayComposition *composition, GstVideoFrame *frame) {
  ConvertAll(composition, frame->info);
  for (const Converted &converted : converted_)
    BlendRectangle(converted.rectangle.get(), frame);
}

bool OverlayBlender::Blend(GstVideoOverlayComposition *composition, GstBuffer *buffer, const GstVideoInfo &info) {
  if (BlendOnGpu(composition, buffer, info)) return true;
  if (!ComesWholeToMainMemory(buffer)) return false;
  MappedFrame frame(info, buffer, GST_MAP_READWRITE);
  if (!frame) return false;
  Blend(composition, &frame.get());
  return true;
}

// False: nothing was done, since the frame is not there, has another format, or the GPU cannot do it.
bool OverlayBlender::BlendOnGpu(GstVideoOverlayComposition *composition, GstBuffer *buffer, const GstVideoInfo &info) {
  if (!IsPlainYuv(info) || !cuda_.Reaches(buffer)) return false;
  ConvertAll(composition, info);
  std::vector<GstVideoOverlayRectangle *> rectangles;
  for (const Converted &converted : converted_) {
    if (!IsAsShown(converted.rectangle.get())) return false;
    rectangles.push_back(converted.rectangle.get());
  }
  return cuda_.Blend(rectangles, buffer, info);
}

}  // namespace action
