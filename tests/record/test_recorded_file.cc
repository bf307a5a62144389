// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a recorded file makes of times that are not as they should be.
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "common/encoder.h"
#include "common/glib_ptr.h"
#include "record/pipeline.h"
#include "record/recorded_file.h"

namespace action {
namespace {

namespace fs = std::filesystem;

struct Encoded {
  CapsPtr caps;
  std::vector<BufferPtr> frames;  // without B frames, a keyframe every ten
};

std::optional<Encoded> NewEncoded(int frames) {
  const std::unique_ptr<GstElementFactory, Deleter<gst_object_unref>> encoder(gst_element_factory_find("x264enc"));
  if (!encoder) return std::nullopt;
  const ElementPtr pipeline = ParsePipeline(
      "videotestsrc num-buffers=" + std::to_string(frames) +
      " ! video/x-raw,width=64,height=48,framerate=10/1 ! x264enc tune=zerolatency key-int-max=10 ! h264parse ! "
      "video/x-h264,stream-format=avc,alignment=au ! appsink name=sink sync=false");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  Encoded encoded;
  GstAppSink *sink = GST_APP_SINK(FindElement(pipeline.get(), "sink"));
  GstClockTime first = GST_CLOCK_TIME_NONE;
  while (const MiniObjectOf<GstSample> sample{gst_app_sink_pull_sample(sink)}) {
    encoded.caps.reset(gst_caps_ref(gst_sample_get_caps(sample.get())));
    BufferPtr frame(gst_buffer_copy(gst_sample_get_buffer(sample.get())));
    if (!GST_CLOCK_TIME_IS_VALID(first)) first = GST_BUFFER_PTS(frame.get());
    GST_BUFFER_PTS(frame.get()) -= first;
    GST_BUFFER_DTS(frame.get()) = GST_CLOCK_TIME_NONE;  // as RTP has none
    encoded.frames.push_back(std::move(frame));
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return encoded;
}

uint32_t NumberAt(const std::string &data, size_t at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i)
    number = number << 8 | static_cast<uint8_t>(data.at(at + i));
  return number;
}

// The composition offsets in all fragments (`trun`, ISO/IEC 14496-12, 8.8.8), in units of the track's time scale.
std::vector<int32_t> CompositionOffsets(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  const std::string data((std::istreambuf_iterator<char>(file)), {});
  std::vector<int32_t> offsets;
  for (size_t at = data.find("trun"); at != std::string::npos; at = data.find("trun", at + 4)) {
    const uint32_t flags = NumberAt(data, at + 4) & 0xffffff, samples = NumberAt(data, at + 8);
    size_t entry = at + 12 + ((flags & 1) != 0 ? 4 : 0) + ((flags & 4) != 0 ? 4 : 0);
    for (uint32_t i = 0; i < samples; ++i) {
      for (const uint32_t field : {0x100U, 0x200U, 0x400U})
        entry += (flags & field) != 0 ? 4 : 0;
      if ((flags & 0x800) == 0) continue;
      offsets.push_back(static_cast<int32_t>(NumberAt(data, entry)));
      entry += 4;
    }
  }
  return offsets;
}

// A frame that is shown before it is decoded makes ffmpeg show all frames later, and the sound is early then.
TEST(RecordedFile, NoFrameIsShownBeforeItIsDecoded) {
  gst_init(nullptr, nullptr);
  const auto encoded = NewEncoded(50);
  if (!encoded) GTEST_SKIP() << "x264enc is not installed";
  ASSERT_EQ(encoded->frames.size(), 50U);
  std::string folder = (fs::temp_directory_path() / "gst-action-file-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  for (const bool sound : {false, true}) {
    const std::string path = folder + (sound ? "/sound.mp4" : "/silent.mp4");
    const std::unique_ptr<GMainLoop, Deleter<g_main_loop_unref>> loop(g_main_loop_new(nullptr, FALSE));
    std::optional<RecordedFile::End> ended;
    RecordedFile file({path, "", false, sound ? ChooseAudioEncoder() : "", false}, encoded->caps.get(), 0,
                      [&](RecordedFile::End how, const std::optional<Error> &) {
                        ended = how;
                        g_main_loop_quit(loop.get());
                      });
    for (size_t i = 0; i < encoded->frames.size(); ++i) {
      const BufferPtr frame(gst_buffer_copy(encoded->frames[i].get()));
      if (i == 25) GST_BUFFER_PTS(frame.get()) -= 240 * GST_MSECOND;
      ASSERT_TRUE(file.Push(frame.get()));
      file.FillSound(GST_BUFFER_PTS(frame.get()));
    }
    file.Close(5 * GST_SECOND);
    file.FillSound(5 * GST_SECOND);
    g_main_loop_run(loop.get());
    EXPECT_EQ(ended, RecordedFile::End::kClosed);
    for (const int32_t offset : CompositionOffsets(path))
      EXPECT_GE(offset, 0) << path;
    EXPECT_GT(fs::file_size(path), 1000U);
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace action
