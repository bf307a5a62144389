// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "demo/video_writer.h"

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include <filesystem>
#include <memory>
#include <system_error>

#include "action/deleter.h"
#include "action/error.h"
#include "action/io/atomic_file.h"

namespace action {
namespace {

using ElementPtr = std::unique_ptr<GstElement, Deleter<gst_object_unref>>;

// A pipeline that encodes into a file, and no file in the end unless Keep was called.
class Encoder {
 public:
  Encoder(std::string path, const VideoFormat &format, const std::function<bool(uint8_t *pixels)> &draw)
      : path_(std::move(path)), part_(path_ + ".part"), format_(format), draw_(draw) {
    for (const char *element : {"appsrc", "queue", "videoconvert", "x264enc", "h264parse", "mp4mux", "filesink"}) {
      if (!gst_registry_check_feature_version(gst_registry_get(), element, 1, 0, 0)) {
        throw Error(std::string("the GStreamer element ") + element +
                    " is not installed; gst-action-doctor says which package has it");
      }
    }
    // One thread, and no lookahead, which in x264's vector code depends on memory that nobody wrote: the same pictures
    // give the same video. A keyframe every second.
    const std::string line =
        "appsrc name=source format=time ! queue max-size-buffers=4 ! videoconvert ! video/x-raw,format=I420 "
        "! x264enc pass=qual quantizer=20 threads=1 rc-lookahead=0 mb-tree=false b-adapt=false speed-preset=veryfast "
        "key-int-max=" +
        std::to_string(format.fps) + " ! h264parse ! mp4mux ! filesink name=file";
    GError *problem = nullptr;
    pipeline_.reset(gst_parse_launch(line.c_str(), &problem));
    if (problem != nullptr) Fail(problem);
    const ElementPtr file(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "file"));
    g_object_set(file.get(), "location", part_.c_str(), nullptr);
    const ElementPtr source(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "source"));
    GstVideoInfo info;
    gst_video_info_set_format(&info, G_BYTE_ORDER == G_LITTLE_ENDIAN ? GST_VIDEO_FORMAT_BGRx : GST_VIDEO_FORMAT_xRGB,
                              format.width, format.height);
    info.fps_n = format.fps;
    info.fps_d = 1;
    GstCaps *caps = gst_video_info_to_caps(&info);
    g_object_set(source.get(), "caps", caps, nullptr);
    gst_caps_unref(caps);
    frame_bytes_ = GST_VIDEO_INFO_SIZE(&info);
    g_signal_connect(source.get(), "need-data", G_CALLBACK(OnNeedData), this);
  }

  ~Encoder() {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    std::error_code ignored;
    if (!kept_) std::filesystem::remove(part_, ignored);
  }
  Encoder(const Encoder &) = delete;
  Encoder &operator=(const Encoder &) = delete;

  // Until the last frame is written.
  void Run() {
    const std::unique_ptr<GstBus, Deleter<gst_object_unref>> bus(gst_element_get_bus(pipeline_.get()));
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    const std::unique_ptr<GstMessage, Deleter<gst_message_unref>> message(gst_bus_timed_pop_filtered(
        bus.get(), GST_CLOCK_TIME_NONE, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_ERROR) return;
    GError *problem = nullptr;
    gst_message_parse_error(message.get(), &problem, nullptr);
    Fail(problem);
  }

  void Keep() {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    SyncToDisk(part_);
    std::error_code problem;
    std::filesystem::rename(part_, path_, problem);
    if (problem) throw Error(path_ + ": " + problem.message());
    kept_ = true;
  }

 private:
  // In the source's thread, whenever it has nothing to send.
  static void OnNeedData(GstAppSrc *source, guint, gpointer user) {
    auto *self = static_cast<Encoder *>(user);
    GstBuffer *buffer = gst_buffer_new_allocate(nullptr, self->frame_bytes_, nullptr);
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_WRITE);
    const bool drawn = self->draw_(map.data);
    gst_buffer_unmap(buffer, &map);
    if (!drawn) {
      gst_buffer_unref(buffer);
      gst_app_src_end_of_stream(source);
      return;
    }
    const auto at = [&](uint64_t frame) { return gst_util_uint64_scale(frame, GST_SECOND, self->format_.fps); };
    GST_BUFFER_PTS(buffer) = at(self->frames_);
    GST_BUFFER_DURATION(buffer) = at(self->frames_ + 1) - at(self->frames_);
    ++self->frames_;
    gst_app_src_push_buffer(source, buffer);  // an error is on the bus
  }

  [[noreturn]] void Fail(GError *problem) const {
    const Error error(path_ + ": " + problem->message);
    g_error_free(problem);
    throw error;
  }

  const std::string path_, part_;
  const VideoFormat format_;
  const std::function<bool(uint8_t *pixels)> &draw_;
  size_t frame_bytes_ = 0;
  uint64_t frames_ = 0;
  bool kept_ = false;
  ElementPtr pipeline_;
};

}  // namespace

void WriteVideo(const std::string &path, const VideoFormat &format, const std::function<bool(uint8_t *pixels)> &draw) {
  Encoder encoder(path, format, draw);
  encoder.Run();
  encoder.Keep();
}

}  // namespace action
