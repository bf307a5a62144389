// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// actionoverlay by itself: what it draws, where, and what it leaves alone.
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>

#include <algorithm>
#include <array>
#include <random>

#include "action/timeline/timeline_file.h"
#include "actionoverlay/overlay_blend.h"
#include "actionoverlay/overlay_composer.h"
#include "detections.h"
#include "device_memory.h"
#include "labelled_stream.h"

namespace test {
namespace {

using action::BufferPtr;
using action::CompositionPtr;
using action::MetaLabel;
using action::RectanglePtr;
using action::ValueCategory;

struct Rgb {
  int r, g, b;
  bool Near(const Rgb &other, int tolerance) const {
    return std::abs(r - other.r) <= tolerance && std::abs(g - other.g) <= tolerance &&
           std::abs(b - other.b) <= tolerance;
  }
};
std::ostream &operator<<(std::ostream &out, const Rgb &c) {
  return out << "(" << c.r << "," << c.g << "," << c.b << ")";
}

constexpr Rgb kVa{0, 255, 0}, kRnva{255, 140, 0}, kNva{255, 0, 0}, kUnknown{128, 128, 128};

MetaLabel Label(ValueCategory category = ValueCategory::kVa) {
  MetaLabel label;
  label.coarse_action = "turn";
  label.fine_action = "turn_screw_va";
  label.category = category;
  label.confidence = 0.9;
  label.segment_start = 0;
  return label;
}

class ActionOverlay : public LabelledStream {
 protected:
  void SetUp() override { Make("actionoverlay"); }

  // A grey picture, whatever the format.
  GstBuffer *GreyFrame(GstClockTime pts, const std::optional<MetaLabel> &label) {
    GstVideoInfo argb;
    gst_video_info_set_format(&argb, GST_VIDEO_FORMAT_ARGB, static_cast<guint>(info_.width),
                              static_cast<guint>(info_.height));
    GstBuffer *source = gst_buffer_new_allocate(nullptr, argb.size, nullptr);
    gst_buffer_memset(source, 0, 180, argb.size);
    for (gsize i = 0; i < argb.size; i += 4)
      gst_buffer_memset(source, i, 255, 1);  // opaque
    GstBuffer *buffer = NewFrame(pts);
    Convert(argb, source, info_, buffer);
    gst_buffer_unref(source);
    if (label) action::SetLabel(buffer, label);
    return buffer;
  }

  static void Convert(GstVideoInfo from, GstBuffer *source, GstVideoInfo to, GstBuffer *target) {
    from.fps_n = to.fps_n = 0;  // the converter wants them equal
    from.fps_d = to.fps_d = 1;
    GstVideoFrame in, out;
    gst_video_frame_map(&in, &from, source, GST_MAP_READ);
    gst_video_frame_map(&out, &to, target, GST_MAP_WRITE);
    GstVideoConverter *converter = gst_video_converter_new(&from, &to, nullptr);
    gst_video_converter_frame(converter, &in, &out);
    gst_video_converter_free(converter);
    gst_video_frame_unmap(&out);
    gst_video_frame_unmap(&in);
  }

  // The picture as rows of RGB. Takes the buffer.
  std::vector<std::vector<Rgb>> Pixels(GstBuffer *buffer) {
    GstVideoInfo rgb;
    gst_video_info_set_format(&rgb, GST_VIDEO_FORMAT_RGB, static_cast<guint>(info_.width),
                              static_cast<guint>(info_.height));
    GstBuffer *target = gst_buffer_new_allocate(nullptr, rgb.size, nullptr);
    Convert(info_, buffer, rgb, target);
    gst_buffer_unref(buffer);
    GstVideoFrame frame;
    gst_video_frame_map(&frame, &rgb, target, GST_MAP_READ);
    std::vector<std::vector<Rgb>> rows;
    for (int y = 0; y < info_.height; ++y) {
      const auto *p = static_cast<const guint8 *>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)) +
                      static_cast<ptrdiff_t>(y) * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
      std::vector<Rgb> row;
      for (int x = 0; x < info_.width; ++x)
        row.push_back({p[3 * x], p[3 * x + 1], p[3 * x + 2]});
      rows.push_back(std::move(row));
    }
    gst_video_frame_unmap(&frame);
    gst_buffer_unref(target);
    return rows;
  }

  std::vector<std::vector<Rgb>> Drawn(const std::optional<MetaLabel> &label, GstClockTime pts = 0) {
    return Pixels(gst_harness_push_and_pull(harness_, GreyFrame(pts, label)));
  }

  // Where the picture is not grey any more.
  struct Box {
    int left = 1 << 20, top = 1 << 20, right = -1, bottom = -1;
  };
  static Box Changed(const std::vector<std::vector<Rgb>> &rows) {
    Box box;
    for (int y = 0; y < static_cast<int>(rows.size()); ++y) {
      for (int x = 0; x < static_cast<int>(rows[0].size()); ++x) {
        if (rows[static_cast<size_t>(y)][static_cast<size_t>(x)].Near({180, 180, 180}, 30)) continue;
        box = {std::min(box.left, x), std::min(box.top, y), std::max(box.right, x), std::max(box.bottom, y)};
      }
    }
    return box;
  }
  // The colour of the bar at the panel's left edge.
  static Rgb Bar(const std::vector<std::vector<Rgb>> &rows) {
    const Box box = Changed(rows);
    if (box.right < 0) return {-1, -1, -1};
    return rows[static_cast<size_t>((box.top + box.bottom) / 2)][static_cast<size_t>(box.left + 2)];
  }
};

TEST_F(ActionOverlay, WithoutALabelTheFrameIsTheSame) {
  Start("I420");
  GstBuffer *in = GreyFrame(0, std::nullopt);
  GstBuffer *kept = gst_buffer_ref(in);
  GstBuffer *out = gst_harness_push_and_pull(harness_, in);
  EXPECT_EQ(in, out) << "not even a new GstBuffer";
  gst_buffer_unref(out);
  gst_buffer_unref(kept);
}

TEST_F(ActionOverlay, PanelHasTheColourOfTheCategory) {
  Start("RGB", 320, 240);
  EXPECT_TRUE(Bar(Drawn(Label(ValueCategory::kVa))).Near(kVa, 3));
  EXPECT_TRUE(Bar(Drawn(Label(ValueCategory::kRnva))).Near(kRnva, 3));
  EXPECT_TRUE(Bar(Drawn(Label(ValueCategory::kNva))).Near(kNva, 3));
  EXPECT_TRUE(Bar(Drawn(Label(ValueCategory::kUnknown))).Near(kUnknown, 3));
  g_object_set(element_, "color-unknown", 0xff1020f0u, nullptr);
  EXPECT_TRUE(Bar(Drawn(Label(ValueCategory::kUnknown))).Near({0x10, 0x20, 0xf0}, 3)) << "while playing";
}

TEST_F(ActionOverlay, PanelStandsInTheCornerThatIsAsked) {
  Start("RGB", 320, 240);
  const auto centre = [this](const char *position) {
    gst_util_set_object_arg(G_OBJECT(element_), "position", position);
    const Box box = Changed(Drawn(Label()));
    return std::array{(box.left + box.right) / 2 > 160, (box.top + box.bottom) / 2 > 120};
  };
  EXPECT_EQ(centre("top-left"), (std::array{false, false}));
  EXPECT_EQ(centre("top-right"), (std::array{true, false}));
  EXPECT_EQ(centre("bottom-left"), (std::array{false, true}));
  EXPECT_EQ(centre("bottom-right"), (std::array{true, true}));
}

TEST_F(ActionOverlay, WhatIsShownDecidesTheSize) {
  Start("RGB", 640, 480);
  const auto height = [this](const char *show) {
    gst_util_set_object_arg(G_OBJECT(element_), "show", show);
    const Box box = Changed(Drawn(Label()));
    return box.right < 0 ? 0 : box.bottom - box.top;
  };
  const int coarse = height("coarse"), two = height("coarse+fine"), three = height("coarse+fine+value");
  EXPECT_GT(coarse, 0);
  EXPECT_GT(two, coarse);
  EXPECT_GT(three, two);
  EXPECT_GT(height("coarse+strip"), 400) << "the strip lies along the bottom";
  gst_util_set_object_arg(G_OBJECT(element_), "show", "0");
  EXPECT_LT(Changed(Drawn(Label())).right, 0);
}

TEST_F(ActionOverlay, PanelFitsAndGrowsWithThePicture) {
  constexpr std::array<std::array<int, 2>, 7> kSizes = {
      {{64, 64}, {65, 49}, {161, 91}, {320, 240}, {202, 360}, {1920, 1080}, {3840, 2160}}};
  int last_height = 0;
  for (const auto &[width, height] : kSizes) {
    Make("actionoverlay show=coarse+fine+value+confidence+elapsed");
    Start("I420", width, height);
    MetaLabel label = Label();
    label.fine_action = "apply_greace_to_o_ring_of_the_left_valve_va";
    const auto rows = Drawn(label);
    const Box box = Changed(rows);
    ASSERT_GE(box.right, 0) << width << "x" << height;
    EXPECT_LT(box.right, width - 1) << width << "x" << height;
    EXPECT_LT(box.bottom, height - 1);
    EXPECT_TRUE(Bar(rows).Near(kVa, 60)) << Bar(rows) << " at " << width << "x" << height;
    if (width >= 320) {
      EXPECT_GE(box.bottom - box.top, last_height);
      last_height = box.bottom - box.top;
    }
    // Readable: letters are white on dark, and at least six pixels high.
    int bright = 0;
    for (int y = box.top; y <= box.bottom; ++y) {
      const auto &row = rows[static_cast<size_t>(y)];
      bright += std::any_of(row.begin() + box.left, row.begin() + box.right,
                            [](const Rgb &p) { return p.r > 170 && p.g > 170 && p.b > 170; })
                    ? 1
                    : 0;
    }
    EXPECT_GE(bright, 6) << width << "x" << height;
  }
}

TEST_F(ActionOverlay, AnyScript) {
  Start("RGB", 640, 480);
  MetaLabel label = Label();
  const Box ascii = Changed(Drawn(label));
  label.fine_action = "Schraube festziehen – 拧紧螺丝 – شد البرغي";
  const Box other = Changed(Drawn(label));
  EXPECT_GT(other.right, ascii.right);
}

TEST_F(ActionOverlay, LettersThatNoFontHasAreSaidOnce) {
  Start("RGB", 640, 480);
  MetaLabel label = Label();
  Drawn(label);
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "");
  label.fine_action = "\xF3\xB0\x80\x80";  // private use: no font has it
  Drawn(label);
  EXPECT_NE(WaitForMessage(GST_MESSAGE_WARNING, 0).find("no installed font has all letters of"), std::string::npos);
  label.fine_action += "2";
  Drawn(label);
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "");
}

TEST_F(ActionOverlay, AConfidenceThatNobodyGaveIsNotShown) {
  Make("actionoverlay show=confidence");
  Start("RGB", 320, 240);
  MetaLabel label = Label();
  EXPECT_GE(Changed(Drawn(label)).right, 0);
  label.confidence = 0;
  EXPECT_LT(Changed(Drawn(label)).right, 0);
}

TEST_F(ActionOverlay, StandInIsSaidInThePicture) {
  Start("RGB", 640, 480);
  const Box without = Changed(Drawn(Label()));
  Push(action::NewLabelsEvent({"model", true, Labels()}));
  EXPECT_GT(Changed(Drawn(Label())).bottom, without.bottom);
}

TEST_F(ActionOverlay, StripShowsWhatWentBefore) {
  Make("actionoverlay show=strip strip-duration=10000000000");
  Start("RGB", 400, 240);
  for (int i = 0; i < 5; ++i)
    Drawn(Label(ValueCategory::kVa), static_cast<GstClockTime>(i) * GST_SECOND);
  const auto rows = Drawn(Label(ValueCategory::kNva), 7 * GST_SECOND);
  const auto later = Drawn(Label(ValueCategory::kNva), 8 * GST_SECOND);
  const auto &bottom = later[238];
  EXPECT_TRUE(bottom[390].Near(kNva, 3)) << bottom[390] << " the last second";
  EXPECT_TRUE(bottom[300].Near(kVa, 3)) << bottom[300] << " 2.5 s ago";
  EXPECT_FALSE(bottom[40].Near(kVa, 60)) << "9 s ago there was nothing";
}

TEST_F(ActionOverlay, FollowsAChangeOfSize) {
  Start("RGB", 320, 240);
  const Box small = Changed(Drawn(Label()));
  SetCaps("RGB", 1280, 720);
  const Box large = Changed(Drawn(Label()));
  EXPECT_GT(large.bottom - large.top, 2 * (small.bottom - small.top));
  EXPECT_LT(large.right, 1279);
}

TEST_F(ActionOverlay, FlushSeekAndTheEndWithoutData) {
  Start("RGB", 320, 240);
  EXPECT_TRUE(PushEos());
  Make("actionoverlay show=coarse+strip");
  Start("RGB", 320, 240);
  Drawn(Label(ValueCategory::kVa), 50 * GST_SECOND);
  EXPECT_TRUE(Push(gst_event_new_flush_start()));
  EXPECT_EQ(PushFrame(0), GST_FLOW_FLUSHING);
  EXPECT_TRUE(Push(gst_event_new_flush_stop(TRUE)));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  Push(gst_event_new_segment(&segment));
  const auto rows = Drawn(Label(ValueCategory::kNva), GST_SECOND);
  EXPECT_FALSE(std::ranges::any_of(rows[238], [](const Rgb &p) { return p.Near(kVa, 60); })) << "nothing from before";
}

// ---- Every raw format

class EveryFormat : public ActionOverlay, public testing::WithParamInterface<std::string> {};

TEST_P(EveryFormat, IsDrawnInto) {
  const GstVideoFormat format = gst_video_format_from_string(GetParam().c_str());
  const GstVideoFormatInfo *facts = gst_video_format_get_info(format);
  // GStreamer 1.26 converts to and from these two only in whole tiles: of another width it spoils the last one.
  const bool whole_tiles = GetParam() == "MT2110R" || GetParam() == "MT2110T";
  Start(GetParam(), whole_tiles ? 176 : 161, 91);
  const auto rows = Drawn(Label());
  const Box box = Changed(rows);
  ASSERT_GE(box.right, 0);
  EXPECT_LT(box.right, 160);
  EXPECT_LT(box.bottom, 90);
  const bool coarse_colours = format == GST_VIDEO_FORMAT_RGB8P || GST_VIDEO_FORMAT_INFO_IS_GRAY(facts) ||
                              GST_VIDEO_FORMAT_INFO_W_SUB(facts, 1) > 1;
  const auto &middle = rows[static_cast<size_t>((box.top + box.bottom) / 2)];
  const bool green = std::ranges::any_of(middle, [](const Rgb &pixel) { return pixel.Near(kVa, 70); });
  EXPECT_TRUE(coarse_colours || green);
  const Rgb corner = rows[89][159];
  EXPECT_TRUE(corner.Near({180, 180, 180}, format == GST_VIDEO_FORMAT_RGB8P ? 60 : 12)) << "the rest is left alone";
}

// A frame of bytes that mean nothing, the same every time.
BufferPtr NoiseFrame(const GstVideoInfo &info) {
  GstBuffer *buffer = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  std::mt19937 random(1);
  std::generate_n(map.data, map.size, [&random] { return static_cast<guint8>(random()); });
  gst_buffer_unmap(buffer, &map);
  return BufferPtr(buffer);
}

// In the colours of a frame: what is blended; how colours are converted is another test (test_overlay_colours.cc).
RectanglePtr NoiseRectangle(const GstVideoInfo &frame, int x, int y, guint width, guint height,
                            bool transparent = false) {
  const GstVideoFormat format = GST_VIDEO_INFO_IS_RGB(&frame) ? GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB
                                                              : GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_YUV;
  GstVideoInfo info;
  gst_video_info_set_format(&info, format, width, height);
  const BufferPtr pixels = NoiseFrame(info);
  if (transparent) gst_buffer_memset(pixels.get(), 0, 0, GST_VIDEO_INFO_SIZE(&info));
  gst_buffer_add_video_meta(pixels.get(), GST_VIDEO_FRAME_FLAG_NONE, format, width, height);
  return RectanglePtr(
      gst_video_overlay_rectangle_new_raw(pixels.get(), x, y, width, height, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE));
}

TEST_P(EveryFormat, IsBlendedAsByGStreamer) {
  for (const auto &[width, height] : {std::pair{161, 45}, std::pair{96, 16}, std::pair{17, 9}}) {
    // GStreamer 1.22 exchanges the last chroma of a row of odd width each time that it packs it.
    if (GetParam() == "NV61" && width % 2 != 0) continue;
    GstVideoInfo info;
    gst_video_info_set_format(&info, gst_video_format_from_string(GetParam().c_str()), static_cast<guint>(width),
                              static_cast<guint>(height));
    for (const int x : {-5, 0, 3, 16, 31, 90, 150}) {
      const BufferPtr expected = NoiseFrame(info), got = NoiseFrame(info);
      const CompositionPtr composition(gst_video_overlay_composition_new(NoiseRectangle(info, x, 3, 40, 9).get()));
      gst_video_overlay_composition_add_rectangle(composition.get(), NoiseRectangle(info, 2, -2, 7, 30).get());
      // Packing clears what a pixel does not use of its bits: once in both, before they are compared.
      const CompositionPtr nothing(gst_video_overlay_composition_new(
          NoiseRectangle(info, 0, 0, static_cast<guint>(width), static_cast<guint>(height), true).get()));
      GstVideoFrame frame;
      gst_video_frame_map(&frame, &info, expected.get(), GST_MAP_READWRITE);
      gst_video_overlay_composition_blend(nothing.get(), &frame);
      gst_video_overlay_composition_blend(composition.get(), &frame);
      gst_video_frame_unmap(&frame);
      gst_video_frame_map(&frame, &info, got.get(), GST_MAP_READWRITE);
      gst_video_overlay_composition_blend(nothing.get(), &frame);
      action::OverlayBlender().Blend(composition.get(), &frame);
      gst_video_frame_unmap(&frame);
      GstMapInfo map;
      gst_buffer_map(expected.get(), &map, GST_MAP_READ);
      EXPECT_EQ(gst_buffer_memcmp(got.get(), 0, map.data, map.size), 0) << width << "x" << height << ", at " << x;
      gst_buffer_unmap(expected.get(), &map);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Raw, EveryFormat, testing::ValuesIn(RawFormats()),
                         [](const auto &test) { return test.param; });

// ---- Compositions

class Composition : public ActionOverlay {
 protected:
  // Downstream takes compositions, and says so in its answer to ALLOCATION or does not.
  void LetDownstreamTakeCompositions(bool in_allocation) {
    gst_harness_set_sink_caps_str(harness_,
                                  "video/x-raw(memory:SystemMemory, meta:GstVideoOverlayComposition); video/x-raw");
    if (in_allocation) {
      gst_harness_add_propose_allocation_meta(harness_, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, nullptr);
    }
  }
  static guint Rectangles(GstBuffer *buffer) {
    GstVideoOverlayCompositionMeta *meta = gst_buffer_get_video_overlay_composition_meta(buffer);
    return meta != nullptr ? gst_video_overlay_composition_n_rectangles(meta->overlay) : 0;
  }
};

TEST_F(Composition, IsHandedOnWhereDownstreamTakesIt) {
  LetDownstreamTakeCompositions(true);
  Start("RGB", 320, 240);
  GstBuffer *in = GreyFrame(0, Label());
  GstMemory *memory = gst_buffer_peek_memory(in, 0);
  GstBuffer *out = gst_harness_push_and_pull(harness_, in);
  EXPECT_EQ(Rectangles(out), 1u);
  EXPECT_EQ(gst_buffer_peek_memory(out, 0), memory);
  GstCaps *caps = gst_pad_get_current_caps(harness_->sinkpad);
  EXPECT_TRUE(gst_caps_features_contains(gst_caps_get_features(caps, 0), "meta:GstVideoOverlayComposition"));
  gst_caps_unref(caps);
  EXPECT_LT(Changed(Pixels(out)).right, 0) << "the picture is left as it is";
}

TEST_F(Composition, IsBlendedWhereDownstreamOnlySeemsToTakeIt) {
  LetDownstreamTakeCompositions(false);
  Start("RGB", 320, 240);
  GstBuffer *out = gst_harness_push_and_pull(harness_, GreyFrame(0, Label()));
  EXPECT_EQ(Rectangles(out), 0u);
  GstCaps *caps = gst_pad_get_current_caps(harness_->sinkpad);
  EXPECT_FALSE(gst_caps_features_contains(gst_caps_get_features(caps, 0), "meta:GstVideoOverlayComposition"));
  gst_caps_unref(caps);
  EXPECT_GE(Changed(Pixels(out)).right, 0);
}

TEST_F(Composition, ThatComesInIsExtended) {
  LetDownstreamTakeCompositions(true);
  GstCaps *caps = gst_caps_from_string(
      "video/x-raw(memory:SystemMemory, "
      "meta:GstVideoOverlayComposition),format=RGB,width=320,height=240,framerate=8/1");
  gst_video_info_set_format(&info_, GST_VIDEO_FORMAT_RGB, 320, 240);
  gst_harness_set_src_caps(harness_, caps);
  GstBuffer *buffer = GreyFrame(0, Label());
  GstBuffer *pixels = gst_buffer_new_allocate(nullptr, 16, nullptr);
  gst_buffer_memset(pixels, 0, 255, 16);
  gst_buffer_add_video_meta(pixels, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, 2, 2);
  GstVideoOverlayRectangle *rectangle =
      gst_video_overlay_rectangle_new_raw(pixels, 300, 200, 2, 2, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
  GstVideoOverlayComposition *theirs = gst_video_overlay_composition_new(rectangle);
  gst_buffer_add_video_overlay_composition_meta(buffer, theirs);
  GstBuffer *out = gst_harness_push_and_pull(harness_, buffer);
  EXPECT_EQ(Rectangles(out), 2u) << "theirs and ours";
  EXPECT_EQ(gst_video_overlay_composition_n_rectangles(theirs), 1u) << "what others hold is not changed";
  GstVideoOverlayCompositionMeta *meta = gst_buffer_get_video_overlay_composition_meta(out);
  gint x = 0, y = 0;
  gst_video_overlay_rectangle_get_render_rectangle(gst_video_overlay_composition_get_rectangle(meta->overlay, 0), &x,
                                                   &y, nullptr, nullptr);
  EXPECT_EQ(x, 300);
  EXPECT_EQ(y, 200);
  gst_buffer_unref(out);
  gst_video_overlay_composition_unref(theirs);
  gst_video_overlay_rectangle_unref(rectangle);
  gst_buffer_unref(pixels);
}

TEST(Composer, DrawsOnlyWhatHasChanged) {
  action::OverlayComposer composer;
  action::OverlaySettings settings;
  settings.show = action::kShowCoarse | action::kShowElapsed;
  composer.Set(settings);
  composer.SetFrameSize(320, 240);
  MetaLabel label = Label();
  action::CompositionPtr first(gst_video_overlay_composition_ref(composer.Compose(label, false, 0, 0)));
  label.confidence = 0.3;  // not shown
  EXPECT_EQ(composer.Compose(label, false, GST_SECOND / 2, 0), first.get());
  EXPECT_NE(composer.Compose(label, false, GST_SECOND, 0), first.get()) << "a second has passed";
  first.reset(gst_video_overlay_composition_ref(composer.Compose(label, false, GST_SECOND, 0)));
  label.coarse_action = "other";
  EXPECT_NE(composer.Compose(label, false, GST_SECOND, 0), first.get());
  EXPECT_EQ(composer.Compose(std::nullopt, false, GST_SECOND, 0), nullptr);
}

TEST(Composer, TheTimeInTheVideoIsThereWithoutALabelToo) {
  action::OverlayComposer composer;
  action::OverlaySettings settings;
  settings.show = action::kShowTime;
  composer.Set(settings);
  composer.SetFrameSize(320, 240);
  action::CompositionPtr first(gst_video_overlay_composition_ref(composer.Compose(std::nullopt, false, 0, 0)));
  EXPECT_EQ(composer.Compose(std::nullopt, false, 90 * GST_MSECOND, 0), first.get()) << "0:00.0 still";
  EXPECT_NE(composer.Compose(std::nullopt, false, 100 * GST_MSECOND, 0), first.get()) << "0:00.1";
  EXPECT_EQ(composer.Compose(std::nullopt, false, GST_CLOCK_TIME_NONE, 0), nullptr) << "nobody knows";
  // With a label it is one line more.
  const auto height = [](unsigned show) {
    action::OverlayComposer other;
    action::OverlaySettings shown;
    shown.show = show;
    other.Set(shown);
    other.SetFrameSize(640, 480);
    gint x = 0, y = 0;
    guint w = 0, h = 0;
    gst_video_overlay_rectangle_get_render_rectangle(
        gst_video_overlay_composition_get_rectangle(other.Compose(Label(), true, 65 * GST_SECOND, 0), 0), &x, &y, &w,
        &h);
    return h;
  };
  EXPECT_GT(height(action::kShowCoarse | action::kShowTime), height(action::kShowCoarse));
}

// One long name makes one line smaller, or cuts it, and leaves the others alone.
TEST_F(ActionOverlay, ALongNameDoesNotShrinkThePanel) {
  const auto panel = [this](const std::string &name) {
    Make("actionoverlay show=coarse+fine+value");
    Start("RGB", 640, 360);
    MetaLabel label = Label();
    label.fine_action = name;
    return Changed(Drawn(label));
  };
  const Box usual = panel("turn_screw_va"), longer = panel(std::string(130, 'm') + "_va");
  EXPECT_GT(longer.bottom - longer.top, 0.75 * (usual.bottom - usual.top));
  EXPECT_LT(longer.right, 640);
}

// Of 2,000 segments in 320 pixels none would be seen if each had a separator.
TEST_F(ActionOverlay, ManyShortSegmentsKeepTheirColour) {
  std::string text = "[";
  for (int i = 0; i < 2000; ++i) {
    text += (i > 0 ? "," : "") + std::string(R"({"start":)") + std::to_string(i) + R"(,"end":)" +
            std::to_string(i + 1) + R"(,"fine_action":")" + (i % 2 == 0 ? "a_va" : "b_va") + R"("})";
  }
  const std::string path = Folder() + "/many.json";
  std::ofstream(path) << text + "]";
  Make("actionoverlay show=strip timeline=" + path);
  Start("RGB", 320, 240);
  const auto rows = Drawn(std::nullopt, 0);
  int green = 0;
  for (const Rgb &pixel : rows[238])
    green += pixel.Near(kVa, 30) ? 1 : 0;
  EXPECT_GT(green, 300);
}

TEST(Composer, HoursHaveTheirOwnPlace) {
  // What is drawn decides: the same digits give the same rectangle.
  action::OverlaySettings settings;
  settings.show = action::kShowElapsed;
  const auto width = [&settings](GstClockTime seconds) {
    action::OverlayComposer composer;
    composer.Set(settings);
    composer.SetFrameSize(640, 480);
    const auto *composition = composer.Compose(Label(), false, seconds * GST_SECOND, 0);
    guint w = 0, h = 0;
    gint x = 0, y = 0;
    gst_video_overlay_rectangle_get_render_rectangle(
        gst_video_overlay_composition_get_rectangle(const_cast<GstVideoOverlayComposition *>(composition), 0), &x, &y,
        &w, &h);
    return w;
  };
  const guint minutes = width(59 * 60 + 59), hours = width(3600), ten_hours = width(10 * 3600 + 20 * 60 + 30);
  EXPECT_GT(hours, minutes) << "1:00:00 after 59:59";
  EXPECT_GT(ten_hours, hours) << "10:20:30";
}

// ---- A timeline file

TEST_F(ActionOverlay, FramesGetTheLabelsOfATimelineFile) {
  // The reference's seven keys; times rounded to the millisecond, a label outside ASCII.
  const std::string path = Folder() + "/reference.json";
  std::ofstream(path)
      << R"([{"start": 0.0, "end": 2.133, "duration": 2.133, "coarse_action": "turn", "fine_action": "turn_screw_va",)"
      << R"("value_category": "VA", "num_frames": 1}, {"start": 2.133, "end": 4.0, "duration": 1.867, "coarse_action":)"
      << R"("検査", "fine_action": "検査_rnva", "value_category": "RNVA", "num_frames": 1}])";
  Make("actionoverlay timeline=" + path);
  Start("RGB", 320, 240);
  const GstClockTime late = 5 * GST_SECOND;  // the first frame is time 0
  EXPECT_TRUE(Bar(Drawn(std::nullopt, late)).Near(kVa, 3));
  const auto label_at = [this, late](GstClockTime time) {
    gst_harness_push(harness_, GreyFrame(late + time, std::nullopt));
    return PullLabel();
  };
  EXPECT_EQ(label_at(2100000000), "turn");
  EXPECT_EQ(label_at(2133333333), "検査") << "the frame on the boundary, whose time the file rounds";
  EXPECT_FALSE(last_->provisional) << "every label is final";
  EXPECT_EQ(last_->fine_action, "検査_rnva");
  EXPECT_EQ(label_at(3999000000), "検査");
  EXPECT_EQ(label_at(4000000000), "-") << "the timeline ends";
}

TEST_F(ActionOverlay, FramesThatNobodyLabelsAreTold) {
  for (const bool short_one : {false, true}) {
    Make("actionoverlay");
    Start("GRAY8");
    for (int i = 0; i < (short_one ? 5 : 100); ++i)
      gst_buffer_unref(gst_harness_push_and_pull(harness_, NewFrame(static_cast<GstClockTime>(i) * kFrame)));
    if (short_one) {
      EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "");
      PushEos();
    }
    EXPECT_NE(WaitForMessage(GST_MESSAGE_WARNING, 0).find("No labels arrive"), std::string::npos);
    PushEos();
    EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "") << "once";
  }
  // While r3dfeatures loads its network nothing can be said.
  static bool loads = true;
  Make("actionoverlay");
  gst_pad_set_query_function(harness_->srcpad, [](GstPad *pad, GstObject *parent, GstQuery *query) -> gboolean {
    return (loads && action::AnswerBusyQuery(query, false, true)) || gst_pad_query_default(pad, parent, query);
  });
  Start("GRAY8");
  for (int i = 0; i < 200; ++i) {
    if (i == 150) {
      EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "");
      loads = false;
    }
    gst_buffer_unref(gst_harness_push_and_pull(harness_, NewFrame(static_cast<GstClockTime>(i) * kFrame)));
  }
  EXPECT_NE(WaitForMessage(GST_MESSAGE_WARNING, 0).find("No labels arrive"), std::string::npos);
  // Where labels were announced they may take their time.
  Make("actionoverlay");
  Start("GRAY8");
  PushLabels();
  for (int i = 0; i < 100; ++i)
    gst_buffer_unref(gst_harness_push_and_pull(harness_, NewFrame(static_cast<GstClockTime>(i) * kFrame)));
  PushEos();
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "");
}

TEST_F(ActionOverlay, LabelsOfATimelineFileAreDetectionsForStockElements) {
  SKIP_WITHOUT_ANALYTICS();
  const std::string path = Folder() + "/detections.json";
  std::ofstream(path) << R"([{"start": 0, "end": 2, "fine_action": "turn_screw_va"}])";
  Make("actionoverlay timeline=" + path);
  Start("RGB", 320, 240);
  gst_harness_push(harness_, GreyFrame(0, std::nullopt));
  GstBuffer *frame = gst_harness_pull(harness_);
  const std::vector<Detection> found = DetectionsOf(frame);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].classes, (std::vector<std::string>{"turn_screw_va", "turn", "VA"}));
  EXPECT_EQ((std::vector{found[0].x, found[0].y, found[0].width, found[0].height}), (std::vector{0, 0, 320, 240}));
  gst_buffer_unref(frame);
}

TEST_F(ActionOverlay, ElementsReplaceNamesAndValues) {
  const std::string timeline = Folder() + "/t.json", elements = Folder() + "/elements.csv";
  std::ofstream(timeline) << R"([{"start":0,"end":5,"fine_action":"a_va"},{"start":5,"end":9,"fine_action":"b_nva"}])";
  std::ofstream(elements) << "label,name,value\na_va,Apply grease,NVA\nelsewhere_va,Of another timeline,\n";
  Make("actionoverlay timeline=" + timeline + " elements=" + elements);
  Start("RGB", 320, 240);
  EXPECT_TRUE(Bar(Drawn(std::nullopt, 0)).Near(kNva, 3)) << "in the value's colour";
  gst_harness_push(harness_, GreyFrame(GST_SECOND, std::nullopt));
  PullLabel();
  EXPECT_EQ(last_->name, "Apply grease");
  EXPECT_EQ(last_->category, ValueCategory::kNva);
  EXPECT_EQ(last_->fine_action, "a_va");
  // Of another model: known when the labels come.
  Make("actionoverlay elements=" + elements);
  Start("RGB", 64, 64);
  PushLabels();
  const std::string unknown = WaitForMessage(GST_MESSAGE_ERROR);
  EXPECT_NE(unknown.find("line 3: the model has no label 'elsewhere_va'"), std::string::npos) << unknown;
  EXPECT_EQ(gst_harness_push(harness_, GreyFrame(0, std::nullopt)), GST_FLOW_ERROR);
  std::ofstream(elements) << "label,value\na_va,WASTE\n";
  const std::string said = ErrorOf("actionoverlay elements=" + elements, GST_STATE_PAUSED);
  EXPECT_NE(said.find("line 2: value is 'WASTE'"), std::string::npos) << said;
}

TEST_F(ActionOverlay, AFrameThatStandsOnARoundedUpBoundary) {
  const std::string path = Folder() + "/t.json";
  std::ofstream(path)
      << R"([{"start":0,"end":5.567,"fine_action":"a_va"},{"start":5.567,"end":9,"fine_action":"b_nva"}])";
  Make("actionoverlay timeline=" + path);
  Start("RGB", 64, 64);
  PushFrame(0);
  EXPECT_EQ(PullLabel(), "a");
  PushFrame(5566666666);
  EXPECT_EQ(PullLabel(), "b");
  EXPECT_EQ(last_->category, ValueCategory::kNva) << "by its suffix, where the file has no category";
}

TEST_F(ActionOverlay, ValuesThatContradictTheirLabelsAreTold) {
  const std::string path = Folder() + "/edited.json";
  std::ofstream(path) << R"([{"start":0,"end":9,"fine_action":"a_va","value_category":"NVA"}])";
  Make("actionoverlay timeline=" + path);
  Start("RGB", 320, 240);
  EXPECT_NE(WaitForMessage(GST_MESSAGE_WARNING, 0).find("has the value category NVA, but its label is a_va"),
            std::string::npos);
  EXPECT_TRUE(Bar(Drawn(std::nullopt, 0)).Near(kNva, 3)) << "as it stands";
}

TEST_F(ActionOverlay, TimelinesThatCannotBeRead) {
  const auto refused = [this](const std::string &name, const std::string &text) {
    const std::string path = Folder() + "/" + name;
    if (!text.empty()) std::ofstream(path) << text;
    const std::string error = ErrorOf("actionoverlay timeline=" + path, GST_STATE_PAUSED);
    EXPECT_NE(error.find(path), std::string::npos) << error;
    return error;
  };
  EXPECT_NE(refused("missing.json", "").find("cannot read"), std::string::npos);
  EXPECT_NE(refused("text.json", "hello").find("is not JSON"), std::string::npos);
  EXPECT_NE(refused("object.json", "{}").find("not a list"), std::string::npos);
  EXPECT_NE(refused("end.json", R"([{"start":0,"end":1,"fine_action":"a"},{"start":3,"end":2,"fine_action":"a"}])")
                .find("entry 2"),
            std::string::npos);
  EXPECT_NE(refused("key.json", R"([{"start":0,"fine_action":"a"}])").find("neither 'end' nor 'end_s'"),
            std::string::npos);
  EXPECT_NE(refused("huge.json", R"([{"start":0,"end":1e300,"fine_action":"a"}])").find("no time"), std::string::npos);
  EXPECT_NE(refused("line.jsonl", "{\"start\":0]\n{\"start\":0,\"end\":1,\"fine_action\":\"a\"}\n").find("line 1"),
            std::string::npos);
}

TEST_F(ActionOverlay, FramesInGpuMemoryThatCannotBeMappedAreSaidToBe) {
  const Device device;
  device->failing = true;
  for (const char *memory : {"memory:NVMM", "memory:CUDAMemory"}) {
    Make("actionoverlay");
    const std::string sink = "video/x-raw(" + std::string(memory) + ")";
    gst_harness_set_sink_caps_str(harness_, sink.c_str());
    GstCaps *caps = gst_caps_from_string((sink + ",format=RGBA,width=64,height=48,framerate=8/1").c_str());
    gst_video_info_set_format(&info_, GST_VIDEO_FORMAT_RGBA, 64, 48);
    gst_harness_set_src_caps(harness_, caps);
    for (int i = 0; i < 2; ++i) {
      GstBuffer *frame = device.Upload(GreyFrame(static_cast<GstClockTime>(i) * kFrame, Label()));
      GstBuffer *out = gst_harness_push_and_pull(harness_, frame);
      EXPECT_EQ(Device::BytesOf(out)[0], 180);
      gst_buffer_unref(out);
      EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0).find("GPU memory") != std::string::npos, i == 0) << "once";
    }
  }
}

// The same is drawn as into a frame in main memory, and frames without a label stay on the GPU.
TEST_F(ActionOverlay, DrawsIntoFramesOfAGpu) {
  const Device device;
  const auto drawn = [&](bool on_device, const std::optional<MetaLabel> &label) {
    Make("actionoverlay");
    const std::string sink = on_device ? "video/x-raw(memory:CUDAMemory)" : "video/x-raw";
    gst_harness_set_sink_caps_str(harness_, sink.c_str());
    GstCaps *caps = gst_caps_from_string((sink + ",format=NV12,width=320,height=240,framerate=8/1").c_str());
    gst_video_info_from_caps(&info_, caps);
    gst_harness_set_src_caps(harness_, caps);
    GstBuffer *frame = GreyFrame(0, label);
    GstBuffer *out = gst_harness_push_and_pull(harness_, on_device ? device.Upload(frame) : frame);
    std::vector<guint8> bytes(gst_buffer_get_size(out));
    if (on_device) {
      bytes = Device::BytesOf(out);
    } else {
      gst_buffer_extract(out, 0, bytes.data(), bytes.size());
    }
    gst_buffer_unref(out);
    return bytes;
  };
  const auto plain = drawn(false, Label());
  EXPECT_NE(plain, drawn(false, std::nullopt));
  EXPECT_EQ(drawn(true, Label()), plain);
  EXPECT_EQ(device->uploads, 1);
  EXPECT_EQ(drawn(true, std::nullopt), drawn(false, std::nullopt));
  EXPECT_EQ(device->uploads, 1);
  EXPECT_EQ(device->downloads, 1);
}

// DMA_DRM of GStreamer 1.24, which GstVideoInfo of 1.22 cannot read: its size is known, and who takes compositions gets
// one; else it is said that nothing is drawn.
TEST_F(ActionOverlay, FormatsThatCannotBeReadAreHandedOnWithTheirPanel) {
  const char *caps = "video/x-raw(memory:DMABuf%s),format=DMA_DRM,drm-format=NV12,width=320,height=240,framerate=8/1";
  for (const bool takes : {true, false}) {
    Make("actionoverlay");
    char text[200];
    std::snprintf(text, sizeof(text), caps, takes ? ",meta:GstVideoOverlayComposition" : "");
    if (takes) {
      gst_harness_add_propose_allocation_meta(harness_, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, nullptr);
    }
    gst_harness_set_sink_caps_str(harness_, text);
    std::snprintf(text, sizeof(text), caps, "");
    gst_harness_set_src_caps_str(harness_, text);
    GstBuffer *frame = gst_buffer_new_allocate(nullptr, 16, nullptr);
    GST_BUFFER_PTS(frame) = 0;
    action::SetLabel(frame, Label());
    GstBuffer *out = gst_harness_push_and_pull(harness_, frame);
    EXPECT_EQ(gst_buffer_get_video_overlay_composition_meta(out) != nullptr, takes);
    gst_buffer_unref(out);
    const std::string warning = WaitForMessage(GST_MESSAGE_WARNING, 0);
    EXPECT_EQ(warning.find("cannot draw into frames") != std::string::npos, !takes) << warning;
  }
}

gdouble OpacityOf(GstElement *element) {
  gdouble opacity = 0;
  g_object_get(element, "opacity", &opacity, nullptr);
  return opacity;
}

TEST_F(ActionOverlay, ControlledPropertiesFollowTheStream) {
  Make("actionoverlay");
  GstTimedValueControlSource *source = GST_TIMED_VALUE_CONTROL_SOURCE(gst_interpolation_control_source_new());
  g_object_set(source, "mode", GST_INTERPOLATION_MODE_LINEAR, nullptr);
  gst_object_add_control_binding(GST_OBJECT(element_), gst_direct_control_binding_new(GST_OBJECT(element_), "opacity",
                                                                                      GST_CONTROL_SOURCE(source)));
  gst_timed_value_control_source_set(source, 0, 0);
  gst_timed_value_control_source_set(source, GST_SECOND, 1);
  gst_object_unref(source);
  Start("RGB", 320, 240);
  for (int i = 0; i <= 8; ++i) {
    gst_buffer_unref(gst_harness_push_and_pull(harness_, GreyFrame(static_cast<GstClockTime>(i) * kFrame, Label())));
    EXPECT_NEAR(OpacityOf(element_), i / 8.0, 1e-9);
  }
}

}  // namespace
}  // namespace test

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  GstElement *load = gst_element_factory_make("actionoverlay", nullptr);  // registers the label meta
  if (load != nullptr) gst_object_unref(load);
  return RUN_ALL_TESTS();
}
