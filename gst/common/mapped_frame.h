// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A video buffer that is mapped as long as this lives.
#ifndef GST_ACTION_COMMON_MAPPED_FRAME_H_
#define GST_ACTION_COMMON_MAPPED_FRAME_H_

#include <gst/video/video.h>

namespace action {

class MappedFrame {
 public:
  MappedFrame(const GstVideoInfo &info, GstBuffer *buffer, GstMapFlags flags)
      : mapped_(gst_video_frame_map(&frame_, &info, buffer, flags) != FALSE) {}
  ~MappedFrame() {
    if (mapped_) gst_video_frame_unmap(&frame_);
  }
  MappedFrame(const MappedFrame &) = delete;
  MappedFrame &operator=(const MappedFrame &) = delete;

  // False: it could not be mapped, and there is no frame.
  explicit operator bool() const { return mapped_; }
  GstVideoFrame &get() { return frame_; }

 private:
  GstVideoFrame frame_{};
  const bool mapped_;
};

}  // namespace action

#endif  // GST_ACTION_COMMON_MAPPED_FRAME_H_
