// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/frame_clock.h"

#include <cmath>

namespace action {

std::optional<uint64_t> TimestampOf(GstBuffer *buffer) {
  return GST_BUFFER_PTS_IS_VALID(buffer) ? std::optional(GST_BUFFER_PTS(buffer)) : std::nullopt;
}

std::optional<uint64_t> DurationOf(GstBuffer *buffer) {
  return GST_BUFFER_DURATION_IS_VALID(buffer) ? std::optional(GST_BUFFER_DURATION(buffer)) : std::nullopt;
}

FrameClock::FrameClock(TimeOrigin origin) : stream_(origin) {
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

void FrameClock::OnEvent(GstEvent *event) {
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
      stream_.BeginStream();
      break;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event, &segment_);
      stream_.BeginSegment(segment_.rate > 0 ? segment_.rate * std::abs(segment_.applied_rate) : 1);
      break;
    case GST_EVENT_CAPS: {
      GstCaps *caps = nullptr;
      gst_event_parse_caps(event, &caps);
      gint numerator = 0, denominator = 1;
      gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &numerator, &denominator);
      const bool known = numerator > 0 && denominator > 0;
      const guint64 duration = known ? gst_util_uint64_scale_int(GST_SECOND, denominator, numerator) : 0;
      stream_.filler().SetFrameDuration(static_cast<int64_t>(duration));
      break;
    }
    case GST_EVENT_FLUSH_STOP:
      gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
      stream_.Flush();
      break;
    default:
      break;
  }
}

std::optional<StreamClock::Place> FrameClock::Add(GstBuffer *frame) {
  if (segment_.format != GST_FORMAT_TIME || segment_.rate <= 0) return std::nullopt;
  const TimestampFiller::Frame filled = stream_.filler().Next(TimestampOf(frame), DurationOf(frame));
  StreamFrame times;
  times.timestamp = filled.timestamp;
  times.stream_time = gst_segment_to_stream_time(&segment_, GST_FORMAT_TIME, times.timestamp);
  times.running_time = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, times.timestamp);
  times.duration = static_cast<uint64_t>(filled.duration);
  return stream_.Add(times);
}

}  // namespace action
