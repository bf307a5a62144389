// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// actionoverlay's colours against an independent computation: the panel and the strip that the product makes, laid over
// a ground of one colour in RGB by Cairo, must be what libswscale reads from the frame that the element gives back.
#include <cairo.h>
extern "C" {
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <array>

#include "actionoverlay/overlay_composer.h"
#include "labelled_stream.h"

namespace test {
namespace {

using action::BufferPtr;
using action::MetaLabel;

constexpr int kWidth = 320, kHeight = 240;
constexpr GstClockTime kLater = 30 * GST_SECOND;
constexpr int kTolerance = 6;  // levels: 8 bits of limited range, twice rounded
constexpr double kScale = 3;   // so that there are places without letters

struct Rgb {
  int r, g, b;
};

constexpr std::array<Rgb, 4> kGrounds = {{{0, 0, 0}, {128, 128, 128}, {255, 255, 255}, {40, 90, 200}}};

// Rows of RGB, three bytes a pixel, without padding.
struct RgbPicture {
  int width = 0, height = 0;
  std::vector<uint8_t> bytes;
  std::vector<bool> covered = {};  // by pixel: something lies there
  const uint8_t *at(int x, int y) const { return &bytes[static_cast<size_t>(3 * (y * width + x))]; }
};

MetaLabel Label() {
  MetaLabel label;
  label.coarse_action = "turn";
  label.fine_action = "turn_screw_rnva";
  label.category = action::ValueCategory::kRnva;
  label.confidence = 0.9;
  label.segment_start = 0;
  return label;
}

action::OverlaySettings Settings() {
  action::OverlaySettings settings;
  settings.show = action::kShowCoarse | action::kShowValue | action::kShowStrip;
  settings.scale = kScale;
  return settings;
}
constexpr const char *kElement = "actionoverlay show=coarse+value+strip scale=3";

// What the product lays over a frame, on a ground of one colour: Cairo does the laying.
RgbPicture Expected(int width, int height, Rgb ground) {
  action::OverlayComposer composer;
  composer.Set(Settings());
  composer.SetFrameSize(width, height);
  composer.Compose(Label(), false, 0, 0);
  GstVideoOverlayComposition *composition = composer.Compose(Label(), false, kLater, kLater);
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
  cairo_t *cr = cairo_create(surface);
  cairo_set_source_rgb(cr, ground.r / 255.0, ground.g / 255.0, ground.b / 255.0);
  cairo_paint(cr);
  RgbPicture picture{width, height, {}};
  picture.covered.resize(static_cast<size_t>(width * height));
  for (guint i = 0; i < gst_video_overlay_composition_n_rectangles(composition); ++i) {
    GstVideoOverlayRectangle *rectangle = gst_video_overlay_composition_get_rectangle(composition, i);
    int x = 0, y = 0;
    gst_video_overlay_rectangle_get_render_rectangle(rectangle, &x, &y, nullptr, nullptr);
    GstBuffer *pixels =
        gst_video_overlay_rectangle_get_pixels_argb(rectangle, GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
    const GstVideoMeta *meta = gst_buffer_get_video_meta(pixels);
    GstMapInfo map;
    gst_buffer_map(pixels, &map, GST_MAP_READ);
    cairo_surface_t *panel = cairo_image_surface_create_for_data(
        map.data, CAIRO_FORMAT_ARGB32, static_cast<int>(meta->width), static_cast<int>(meta->height), meta->stride[0]);
    cairo_set_source_surface(cr, panel, x, y);
    cairo_paint(cr);
    cairo_surface_destroy(panel);
    gst_buffer_unmap(pixels, &map);
    for (int row = y; row < y + static_cast<int>(meta->height); ++row)
      std::fill_n(picture.covered.begin() + row * width + x, meta->width, true);
  }
  cairo_destroy(cr);
  cairo_surface_flush(surface);
  for (int y = 0; y < height; ++y) {
    const auto *row = reinterpret_cast<const uint32_t *>(
        cairo_image_surface_get_data(surface) + static_cast<ptrdiff_t>(y) * cairo_image_surface_get_stride(surface));
    for (int x = 0; x < width; ++x) {
      for (const int shift : {16, 8, 0})
        picture.bytes.push_back(static_cast<uint8_t>(row[x] >> shift));
    }
  }
  cairo_surface_destroy(surface);
  return picture;
}

// Layout alone: between formats of one kind of colours and one colorimetry.
void Repack(GstVideoInfo from, GstBuffer *source, GstVideoInfo to, GstBuffer *target) {
  from.fps_n = to.fps_n = 0;
  from.fps_d = to.fps_d = 1;
  GstVideoFrame in, out;
  ASSERT_TRUE(gst_video_frame_map(&in, &from, source, GST_MAP_READ));
  ASSERT_TRUE(gst_video_frame_map(&out, &to, target, GST_MAP_WRITE));
  GstVideoConverter *converter =
      gst_video_converter_new(&from, &to,
                              gst_structure_new("options", GST_VIDEO_CONVERTER_OPT_DITHER_METHOD,
                                                GST_TYPE_VIDEO_DITHER_METHOD, GST_VIDEO_DITHER_NONE, nullptr));
  gst_video_converter_frame(converter, &in, &out);
  gst_video_converter_free(converter);
  gst_video_frame_unmap(&out);
  gst_video_frame_unmap(&in);
}

// The 8-bit format of three planes, or of RGB, that has the same colours: what libswscale reads.
GstVideoInfo PlainInfo(const GstVideoInfo &info) {
  GstVideoInfo plain;
  gst_video_info_set_format(&plain, GST_VIDEO_INFO_IS_RGB(&info) ? GST_VIDEO_FORMAT_RGB : GST_VIDEO_FORMAT_Y444,
                            static_cast<guint>(info.width), static_cast<guint>(info.height));
  plain.colorimetry = info.colorimetry;
  return plain;
}

int SwsMatrix(const GstVideoInfo &info) {
  switch (info.colorimetry.matrix) {
    case GST_VIDEO_COLOR_MATRIX_BT709:
      return SWS_CS_ITU709;
    case GST_VIDEO_COLOR_MATRIX_BT2020:
      return SWS_CS_BT2020;
    case GST_VIDEO_COLOR_MATRIX_SMPTE240M:
      return SWS_CS_SMPTE240M;
    default:
      return SWS_CS_ITU601;
  }
}

// libswscale between rows of RGB and three planes, with the frame's matrix and range.
void Swscale(const GstVideoInfo &plain, uint8_t *yuv, uint8_t *rgb, bool to_yuv) {
  const std::array<uint8_t *, 4> planes = {yuv, yuv + plain.offset[1], yuv + plain.offset[2], nullptr};
  const std::array<int, 4> strides = {plain.stride[0], plain.stride[1], plain.stride[2], 0};
  const std::array<uint8_t *, 4> packed = {rgb, nullptr, nullptr, nullptr};
  const std::array<int, 4> row = {3 * plain.width, 0, 0, 0};
  const AVPixelFormat from = to_yuv ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_YUV444P;
  const AVPixelFormat to = to_yuv ? AV_PIX_FMT_YUV444P : AV_PIX_FMT_RGB24;
  SwsContext *context = sws_getContext(plain.width, plain.height, from, plain.width, plain.height, to,
                                       SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP,
                                       nullptr, nullptr, nullptr);
  ASSERT_NE(context, nullptr);
  const int full = plain.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255 ? 1 : 0;
  const int *matrix = sws_getCoefficients(SwsMatrix(plain));
  sws_setColorspaceDetails(context, matrix, to_yuv ? 1 : full, matrix, to_yuv ? full : 1, 0, 1 << 16, 1 << 16);
  if (to_yuv) {
    sws_scale(context, packed.data(), row.data(), 0, plain.height, planes.data(), strides.data());
  } else {
    sws_scale(context, planes.data(), strides.data(), 0, plain.height, packed.data(), row.data());
  }
  sws_freeContext(context);
}

class OverlayColours : public LabelledStream {
 protected:
  void Begin(const std::string &format, int width, int height, const char *colorimetry = nullptr,
             const char *features = "") {
    std::string caps = std::string("video/x-raw") + features + ",format=" + format + ",width=" + std::to_string(width) +
                       ",height=" + std::to_string(height) + ",framerate=8/1";
    if (colorimetry != nullptr) caps += std::string(",colorimetry=") + colorimetry;
    GstCaps *parsed = gst_caps_from_string(caps.c_str());
    ASSERT_TRUE(gst_video_info_from_caps(&info_, parsed)) << caps;
    gst_harness_set_src_caps(harness_, parsed);
  }

  // Two labelled frames of one colour, of which the strip shows the time between them; gives back the second.
  GstBuffer *Drawn(Rgb ground) {
    FlushAndRestart();  // the strip begins anew
    gst_buffer_unref(gst_harness_push_and_pull(harness_, Ground(ground, 0)));
    return gst_harness_push_and_pull(harness_, Ground(ground, kLater));
  }

  // A labelled frame of one colour. Takes libswscale for the colour, GStreamer for the layout.
  GstBuffer *Ground(Rgb ground, GstClockTime pts) {
    const GstVideoInfo plain = PlainInfo(info_);
    std::vector<uint8_t> rgb;
    for (int i = 0; i < info_.width * info_.height; ++i)
      rgb.insert(rgb.end(),
                 {static_cast<uint8_t>(ground.r), static_cast<uint8_t>(ground.g), static_cast<uint8_t>(ground.b)});
    GstBuffer *source = gst_buffer_new_allocate(nullptr, plain.size, nullptr);
    GstMapInfo map;
    gst_buffer_map(source, &map, GST_MAP_WRITE);
    if (GST_VIDEO_INFO_IS_RGB(&info_)) {
      for (int y = 0; y < info_.height; ++y)
        std::copy_n(&rgb[static_cast<size_t>(3 * info_.width * y)], 3 * info_.width, map.data + plain.stride[0] * y);
    } else {
      Swscale(plain, map.data, rgb.data(), true);
    }
    gst_buffer_unmap(source, &map);
    GstBuffer *frame = gst_buffer_new_allocate(nullptr, info_.size, nullptr);
    Repack(plain, source, info_, frame);
    gst_buffer_unref(source);
    if (info_.finfo->format == GST_VIDEO_FORMAT_A420) {  // for which the converter makes frames half transparent
      gst_buffer_memset(frame, info_.offset[3], 255, static_cast<gsize>(info_.stride[3]) * info_.height);
    }
    GST_BUFFER_PTS(frame) = pts;
    action::SetLabel(frame, Label());
    return frame;
  }

  // Takes the frame.
  RgbPicture Read(GstBuffer *frame) {
    const GstVideoInfo plain = PlainInfo(info_);
    GstBuffer *target = gst_buffer_new_allocate(nullptr, plain.size, nullptr);
    Repack(info_, frame, plain, target);
    gst_buffer_unref(frame);
    RgbPicture picture{info_.width, info_.height, {}};
    picture.bytes.resize(static_cast<size_t>(3 * info_.width * info_.height));
    GstMapInfo map;
    gst_buffer_map(target, &map, GST_MAP_READ);
    if (GST_VIDEO_INFO_IS_RGB(&info_)) {
      for (int y = 0; y < info_.height; ++y)
        std::copy_n(map.data + plain.stride[0] * y, 3 * info_.width,
                    &picture.bytes[static_cast<size_t>(3 * info_.width * y)]);
    } else {
      Swscale(plain, map.data, picture.bytes.data(), false);
    }
    gst_buffer_unmap(target, &map);
    gst_buffer_unref(target);
    return picture;
  }

  // Where the expected picture is flat around a pixel, so that no format's chroma mixes it with another colour.
  static bool IsFlat(const RgbPicture &picture, int x, int y) {
    constexpr int kReach = 8;  // pixels: two chroma samples of the coarsest format (YUV9)
    const uint8_t *centre = picture.at(x, y);
    for (int dy = -kReach; dy <= kReach; dy += 2) {
      for (int dx = -kReach; dx <= kReach; dx += 2) {
        const int px = x + dx, py = y + dy;
        if (px < 0 || py < 0 || px >= picture.width || py >= picture.height) continue;
        if (!std::equal(centre, centre + 3, picture.at(px, py))) return false;
      }
    }
    return true;
  }

  // Compares flat places; says how many there were where the panel or the strip lies.
  static void Compare(const RgbPicture &got, const RgbPicture &expected, Rgb ground, int tolerance, bool gray) {
    int compared = 0, worst = 0, worst_x = 0, worst_y = 0;
    for (int y = 0; y < expected.height; ++y) {
      for (int x = 0; x < expected.width; ++x) {
        if (!IsFlat(expected, x, y)) continue;
        const uint8_t *e = expected.at(x, y), *g = got.at(x, y);
        compared += expected.covered[static_cast<size_t>(y * expected.width + x)] ? 1 : 0;
        int distance = 0;
        if (gray) {
          const double luma = 0.299 * e[0] + 0.587 * e[1] + 0.114 * e[2];
          distance = std::abs(static_cast<int>(std::lround(luma)) - g[1]);
        } else {
          for (int c = 0; c < 3; ++c)
            distance = std::max(distance, std::abs(e[c] - g[c]));
        }
        if (distance <= worst) continue;
        worst = distance;
        worst_x = x;
        worst_y = y;
      }
    }
    const uint8_t *e = expected.at(worst_x, worst_y), *g = got.at(worst_x, worst_y);
    EXPECT_LE(worst, tolerance) << "at " << worst_x << "," << worst_y << ": expected " << +e[0] << "," << +e[1] << ","
                                << +e[2] << ", found " << +g[0] << "," << +g[1] << "," << +g[2] << " on ground "
                                << ground.r << "," << ground.g << "," << ground.b;
    EXPECT_GT(compared, 200) << "too little was drawn to say anything";
  }

  void CheckOnEveryGround(int tolerance) {
    const bool gray = GST_VIDEO_INFO_IS_GRAY(&info_);
    for (const Rgb ground : kGrounds) {
      Compare(Read(Drawn(ground)), Expected(info_.width, info_.height, ground), ground, tolerance, gray);
    }
  }
};

// ---- Every raw format

class OverlayColoursIn : public OverlayColours, public testing::WithParamInterface<std::string> {};

// How far a colour may be off: what the format itself rounds away.
int ToleranceOf(GstVideoFormat format) {
  switch (format) {
    case GST_VIDEO_FORMAT_RGB10A2_LE:
    case GST_VIDEO_FORMAT_BGR10A2_LE:
    case GST_VIDEO_FORMAT_Y410:
      return 18;  // two bits of alpha, whose largest value GStreamer reads as 3/4
    case GST_VIDEO_FORMAT_RGB8P:
      return 52;  // 216 colours
    case GST_VIDEO_FORMAT_RGB15:
    case GST_VIDEO_FORMAT_BGR15:
    case GST_VIDEO_FORMAT_RGB16:
    case GST_VIDEO_FORMAT_BGR16:
      return 9;
    default:
      return kTolerance;
  }
}

TEST_P(OverlayColoursIn, AreThoseOfRgb) {
  Make(kElement);
  Begin(GetParam(), kWidth, kHeight);
  CheckOnEveryGround(ToleranceOf(gst_video_format_from_string(GetParam().c_str())));
}

INSTANTIATE_TEST_SUITE_P(Raw, OverlayColoursIn, testing::ValuesIn(RawFormats()),
                         [](const auto &test) { return test.param; });

// ---- Matrix and range

TEST_F(OverlayColours, FollowTheColorimetryOfTheFrames) {
  for (const char *format : {"I420", "NV12", "YUY2", "AYUV", "I420_10LE"}) {
    for (const char *colorimetry : {"bt601", "bt709", "bt2020", "smpte240m", "1:4:0:0", "1:3:0:0"}) {
      SCOPED_TRACE(std::string(format) + " " + colorimetry);
      Make(kElement);
      Begin(format, kWidth, kHeight, colorimetry);
      CheckOnEveryGround(kTolerance);
    }
  }
}

TEST_F(OverlayColours, OfHdFramesWithoutAWordAreBt709) {
  Make(kElement);
  Begin("I420", 1280, 720);
  EXPECT_EQ(info_.colorimetry.matrix, GST_VIDEO_COLOR_MATRIX_BT709);
  CheckOnEveryGround(kTolerance);
}

TEST_F(OverlayColours, ChangeWithTheCaps) {
  Make(kElement);
  Begin("I420", kWidth, kHeight, "bt601");
  CheckOnEveryGround(kTolerance);
  Begin("I420", kWidth, kHeight, "bt709");
  CheckOnEveryGround(kTolerance);
  Begin("RGB", kWidth, kHeight);
  CheckOnEveryGround(kTolerance);
}

// ---- Handed on as a composition, which whoever takes it blends with GStreamer's own function

TEST_F(OverlayColours, AsGStreamerBlendsWhatIsHandedOn) {
  for (const char *format : {"I420", "NV12", "YUY2", "RGB", "BGRA"}) {  // of BT.601, the only matrix that it knows
    SCOPED_TRACE(format);
    Make(kElement);
    gst_harness_set_sink_caps_str(harness_, "video/x-raw(memory:SystemMemory, meta:GstVideoOverlayComposition)");
    gst_harness_add_propose_allocation_meta(harness_, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, nullptr);
    Begin(format, kWidth, kHeight);
    for (const Rgb ground : kGrounds) {
      GstBuffer *drawn = Drawn(ground);
      GstVideoOverlayCompositionMeta *meta = gst_buffer_get_video_overlay_composition_meta(drawn);
      ASSERT_NE(meta, nullptr) << "handed on, not blended by actionoverlay";
      GstVideoOverlayComposition *composition = gst_video_overlay_composition_ref(meta->overlay);
      GstVideoFrame frame;
      ASSERT_TRUE(gst_video_frame_map(&frame, &info_, drawn, GST_MAP_READWRITE));
      gst_video_overlay_composition_blend(composition, &frame);
      gst_video_frame_unmap(&frame);
      gst_video_overlay_composition_unref(composition);
      constexpr int kOfItsMatrix = 15;  // levels: its coefficients have 8 bits
      Compare(Read(drawn), Expected(kWidth, kHeight, ground), ground, kOfItsMatrix, false);
    }
  }
}

}  // namespace
}  // namespace test
