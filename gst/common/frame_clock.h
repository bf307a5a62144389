// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// StreamClock for elements: follows a stream by its events and frames.
#ifndef GST_ACTION_COMMON_FRAME_CLOCK_H_
#define GST_ACTION_COMMON_FRAME_CLOCK_H_

#include <gst/gst.h>

#include <optional>

#include "action/timeline/stream_clock.h"

namespace action {

// For TimestampFiller: a buffer's PTS and duration, where it has them.
std::optional<uint64_t> TimestampOf(GstBuffer *buffer);
std::optional<uint64_t> DurationOf(GstBuffer *buffer);

// Not for two threads at once.
class FrameClock {
 public:
  explicit FrameClock(TimeOrigin origin);

  // What it has to know: STREAM_START, SEGMENT, CAPS, FLUSH_STOP. Others do nothing.
  void OnEvent(GstEvent *event);
  // The frame that comes next. Nothing where there is no time to tell: the segment is not of GST_FORMAT_TIME, or
  // playback is backward. The clock's TimestampFiller gives frames without PTS theirs.
  std::optional<StreamClock::Place> Add(GstBuffer *frame);

  StreamClock &stream() { return stream_; }
  const StreamClock &stream() const { return stream_; }

 private:
  StreamClock stream_;
  GstSegment segment_;
};

}  // namespace action

#endif  // GST_ACTION_COMMON_FRAME_CLOCK_H_
