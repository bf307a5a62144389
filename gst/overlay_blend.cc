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

}  // namespace

void BlendComposition(GstVideoOverlayComposition *composition, GstVideoFrame *frame) {
  const int frame_width = GST_VIDEO_FRAME_WIDTH(frame);
  for (guint i = 0; i < gst_video_overlay_composition_n_rectangles(composition); ++i) {
    GstVideoOverlayRectangle *rectangle = gst_video_overlay_composition_get_rectangle(composition, i);
    int x = 0, y = 0;
    guint width = 0, height = 0;
    gst_video_overlay_rectangle_get_render_rectangle(rectangle, &x, &y, &width, &height);
    const int left = std::clamp(x, 0, frame_width) / kAlignment * kAlignment;
    const int end = std::clamp(x + static_cast<int>(width), left, frame_width);
    const int right = std::min((end + kAlignment - 1) / kAlignment * kAlignment, frame_width);
    // Converted to the frame's kind of colours once, and kept with the rectangle.
    GstBuffer *pixels =
        GST_VIDEO_INFO_IS_YUV(&frame->info)
            ? gst_video_overlay_rectangle_get_pixels_ayuv(rectangle, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE)
            : gst_video_overlay_rectangle_get_pixels_argb(rectangle, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
    const RectanglePtr moved(
        gst_video_overlay_rectangle_new_raw(pixels, x, y, width, height, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE));
    std::optional<GstVideoFrame> columns;
    if (right - left < frame_width) columns = Columns(*frame, left, right - left);
    if (columns) gst_video_overlay_rectangle_set_render_rectangle(moved.get(), x - left, y, width, height);
    const CompositionPtr one(gst_video_overlay_composition_new(moved.get()));
    gst_video_overlay_composition_blend(one.get(), columns ? &*columns : frame);
  }
}

}  // namespace action
