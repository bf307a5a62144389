// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Pictures in, an H.264 file out.
#ifndef GST_ACTION_DEMO_VIDEO_WRITER_H_
#define GST_ACTION_DEMO_VIDEO_WRITER_H_

#include <gst/gst.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "action/deleter.h"

namespace action {

// Writes PATH.part and gives it its name when it is complete. Errors name the file.
class VideoWriter {
 public:
  VideoWriter(std::string path, int width, int height, int fps);
  // Not finished: nothing is left.
  ~VideoWriter();
  VideoWriter(const VideoWriter &) = delete;
  VideoWriter &operator=(const VideoWriter &) = delete;

  // draw: fills width x height pixels of 4 bytes, as Cairo's RGB24. Waits while the encoder is busy.
  void Add(const std::function<void(uint8_t *pixels)> &draw);
  void Finish();

 private:
  using ElementPtr = std::unique_ptr<GstElement, Deleter<gst_object_unref>>;

  // Returns when the pipeline has ended; throws what stopped it.
  void AwaitEnd() const;

  const std::string path_;
  const size_t frame_bytes_;
  const int fps_;
  uint64_t frames_ = 0;
  bool finished_ = false;
  ElementPtr pipeline_, source_;
};

}  // namespace action

#endif  // GST_ACTION_DEMO_VIDEO_WRITER_H_
