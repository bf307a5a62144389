// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "demo/video_writer.h"

#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "action/atomic_file.h"
#include "action/error.h"

namespace action {
namespace {

// Frames that wait for the encoder.
constexpr size_t kQueue = 4;

std::string PartOf(const std::string &path) {
  return path + ".part";
}

}  // namespace

VideoWriter::VideoWriter(std::string path, int width, int height, int fps)
    : path_(std::move(path)), frame_bytes_(static_cast<size_t>(4) * width * height), fps_(fps) {
  for (const char *element : {"appsrc", "videoconvert", "x264enc", "h264parse", "mp4mux", "filesink"}) {
    if (!gst_registry_check_feature_version(gst_registry_get(), element, 1, 0, 0)) {
      throw Error(std::string("the GStreamer element ") + element +
                  " is not installed; gst-action-doctor says which package has it");
    }
  }
  // One thread: the same pictures give the same file. A keyframe every second.
  const std::string line =
      "appsrc name=source format=time block=true ! videoconvert ! video/x-raw,format=I420 "
      "! x264enc threads=1 speed-preset=veryfast key-int-max=" +
      std::to_string(fps) + " ! h264parse ! mp4mux ! filesink name=file";
  GError *problem = nullptr;
  pipeline_.reset(gst_parse_launch(line.c_str(), &problem));
  if (problem != nullptr) {
    const Error error(path_ + ": " + problem->message);
    g_error_free(problem);
    throw error;
  }
  source_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "source"));
  const ElementPtr file(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "file"));
  g_object_set(file.get(), "location", PartOf(path_).c_str(), nullptr);
  GstVideoInfo info;
  gst_video_info_set_format(&info, G_BYTE_ORDER == G_LITTLE_ENDIAN ? GST_VIDEO_FORMAT_BGRx : GST_VIDEO_FORMAT_xRGB,
                            width, height);
  info.fps_n = fps;
  info.fps_d = 1;
  GstCaps *caps = gst_video_info_to_caps(&info);
  g_object_set(source_.get(), "caps", caps, "max-bytes", static_cast<guint64>(kQueue * frame_bytes_), nullptr);
  gst_caps_unref(caps);
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

VideoWriter::~VideoWriter() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  std::error_code ignored;
  if (!finished_) std::filesystem::remove(PartOf(path_), ignored);
}

void VideoWriter::Add(const std::function<void(uint8_t *pixels)> &draw) {
  GstBuffer *buffer = gst_buffer_new_allocate(nullptr, frame_bytes_, nullptr);
  GstMapInfo map;
  if (buffer == nullptr || !gst_buffer_map(buffer, &map, GST_MAP_WRITE)) throw Error(path_ + ": out of memory");
  draw(map.data);
  gst_buffer_unmap(buffer, &map);
  GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(frames_, GST_SECOND, fps_);
  GST_BUFFER_DURATION(buffer) = gst_util_uint64_scale(frames_ + 1, GST_SECOND, fps_) - GST_BUFFER_PTS(buffer);
  ++frames_;
  if (gst_app_src_push_buffer(GST_APP_SRC(source_.get()), buffer) != GST_FLOW_OK) {
    AwaitEnd();
    throw Error(path_ + ": the encoder takes no more pictures");
  }
}

void VideoWriter::Finish() {
  gst_app_src_end_of_stream(GST_APP_SRC(source_.get()));
  AwaitEnd();
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  SyncToDisk(PartOf(path_));
  std::error_code problem;
  std::filesystem::rename(PartOf(path_), path_, problem);
  if (problem) throw Error(path_ + ": " + problem.message());
  finished_ = true;
}

void VideoWriter::AwaitEnd() const {
  const std::unique_ptr<GstBus, Deleter<gst_object_unref>> bus(gst_element_get_bus(pipeline_.get()));
  const std::unique_ptr<GstMessage, Deleter<gst_message_unref>> message(gst_bus_timed_pop_filtered(
      bus.get(), GST_CLOCK_TIME_NONE, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_ERROR) return;
  GError *problem = nullptr;
  gst_message_parse_error(message.get(), &problem, nullptr);
  const Error error(path_ + ": " + problem->message);
  g_error_free(problem);
  throw error;
}

}  // namespace action
