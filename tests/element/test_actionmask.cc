// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// actionmask in every format that it takes: what GStreamer's own unpacking functions find in the frames afterwards.
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "action/deleter.h"
#include "common/glib_ptr.h"

namespace action {
namespace {

using HarnessPtr = std::unique_ptr<GstHarness, Deleter<gst_harness_teardown>>;

constexpr int kWidth = 43, kHeight = 27;

std::vector<std::string> Formats() {
  std::vector<std::string> formats;
  GstElementFactory *factory = gst_element_factory_find("actionmask");
  const auto *pads =
      static_cast<const GstStaticPadTemplate *>(gst_element_factory_get_static_pad_templates(factory)->data);
  const CapsPtr caps(gst_static_pad_template_get_caps(const_cast<GstStaticPadTemplate *>(pads)));
  const GValue *list = gst_structure_get_value(gst_caps_get_structure(caps.get(), 0), "format");
  for (guint i = 0; i < gst_value_list_get_size(list); ++i)
    formats.emplace_back(g_value_get_string(gst_value_list_get_value(list, i)));
  gst_object_unref(factory);
  return formats;
}

// Four components of 16 bits for each pixel: A, then Y U V or R G B.
std::vector<uint16_t> Unpacked(const GstVideoInfo &info, GstBuffer *buffer) {
  std::vector<uint16_t> pixels(static_cast<size_t>(4 * kWidth * kHeight));
  GstVideoFrame frame;
  EXPECT_TRUE(gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ));
  const GstVideoFormatInfo *to = gst_video_format_get_info(info.finfo->unpack_format);
  const bool wide = GST_VIDEO_FORMAT_INFO_BITS(to) > 8;
  std::vector<uint8_t> line(static_cast<size_t>(8 * kWidth));
  for (int y = 0; y < kHeight; ++y) {
    info.finfo->unpack_func(info.finfo, GST_VIDEO_PACK_FLAG_TRUNCATE_RANGE, line.data(), frame.data, frame.info.stride,
                            0, y, kWidth);
    for (int i = 0; i < 4 * kWidth; ++i) {
      const auto at = static_cast<size_t>(i);
      pixels[static_cast<size_t>(y * 4 * kWidth) + at] =
          wide ? reinterpret_cast<const uint16_t *>(line.data())[at] : static_cast<uint16_t>(line[at] << 8);
    }
  }
  gst_video_frame_unmap(&frame);
  return pixels;
}

BufferPtr RandomFrame(const GstVideoInfo &info) {
  std::minstd_rand random(7);
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr));
  GstMapInfo map;
  gst_buffer_map(buffer.get(), &map, GST_MAP_WRITE);
  for (gsize i = 0; i < map.size; ++i)
    map.data[i] = static_cast<uint8_t>(random() >> 8);
  gst_buffer_unmap(buffer.get(), &map);
  GST_BUFFER_PTS(buffer.get()) = 0;
  return buffer;
}

TEST(ActionMask, EveryFormat) {
  const std::vector<std::string> formats = Formats();
  ASSERT_GT(formats.size(), 30u);
  for (const std::string &format : formats) {
    SCOPED_TRACE(format);
    GstVideoInfo info;
    gst_video_info_set_format(&info, gst_video_format_from_string(format.c_str()), kWidth, kHeight);
    const HarnessPtr harness(gst_harness_new_parse("actionmask regions=\"0.25,0.25,0.5,0.5; 0,0.95,1,0.05\""));
    gst_harness_set_src_caps(harness.get(), gst_video_info_to_caps(&info));
    const BufferPtr frame = RandomFrame(info);
    const std::vector<uint16_t> before = Unpacked(info, frame.get());
    // Somebody else has the frame too: for him, it stays what it is.
    ASSERT_EQ(gst_harness_push(harness.get(), gst_buffer_ref(frame.get())), GST_FLOW_OK);
    const BufferPtr masked(gst_harness_pull(harness.get()));
    ASSERT_TRUE(masked);
    EXPECT_EQ(Unpacked(info, frame.get()), before);
    const std::vector<uint16_t> after = Unpacked(info, masked.get());
    const bool rgb = GST_VIDEO_INFO_IS_RGB(&info), gray = GST_VIDEO_INFO_IS_GRAY(&info);
    int wrong = 0;
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const auto at = static_cast<size_t>(4 * (y * kWidth + x));
        const auto inside = [x, y](int margin) {
          const bool middle = x >= 10 - margin && x <= 32 + margin && y >= 6 - margin && y <= 20 + margin;
          return middle || y >= 25 - margin;
        };
        if (inside(0)) {
          const int luma = rgb || gray ? 0 : 16 << 8, chroma = rgb ? 0 : 128 << 8;
          const int expected[4] = {before[at], luma, chroma, chroma};
          for (size_t i = 0; i < 4; ++i)
            wrong += std::abs(after[at + i] - expected[i]) > 64 ? 1 : 0;
        } else if (!inside(3)) {  // further than any chroma sample reaches
          for (size_t i = 0; i < 4; ++i)
            wrong += after[at + i] != before[at + i] ? 1 : 0;
        }
      }
    }
    EXPECT_EQ(wrong, 0);
  }
}

TEST(ActionMask, NothingPassesUnmasked) {
  const HarnessPtr harness(gst_harness_new("actionmask"));
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY8, 16, 16);
  gst_harness_set_src_caps(harness.get(), gst_video_info_to_caps(&info));
  const auto push = [&] { return gst_harness_push(harness.get(), gst_buffer_new_allocate(nullptr, 256, nullptr)); };
  EXPECT_EQ(push(), GST_FLOW_OK);
  gst_harness_set(harness.get(), "actionmask", "regions", "0,0,1,1", nullptr);
  EXPECT_EQ(push(), GST_FLOW_OK);
  const BufferPtr first(gst_harness_pull(harness.get())), second(gst_harness_pull(harness.get()));
  GstMapInfo map;
  gst_buffer_map(second.get(), &map, GST_MAP_READ);
  EXPECT_EQ(std::string(reinterpret_cast<const char *>(map.data), map.size), std::string(256, '\0'));
  gst_buffer_unmap(second.get(), &map);
  // A mistake in the middle of it stops the picture.
  gst_harness_set(harness.get(), "actionmask", "regions", "0,0,1", nullptr);
  EXPECT_EQ(push(), GST_FLOW_ERROR);
}

}  // namespace
}  // namespace action

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
