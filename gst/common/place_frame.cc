// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/place_frame.h"

#include <cmath>

namespace action {

std::optional<uint64_t> TimestampOf(GstBuffer *buffer) {
  return GST_BUFFER_PTS_IS_VALID(buffer) ? std::optional(GST_BUFFER_PTS(buffer)) : std::nullopt;
}

std::optional<uint64_t> DurationOf(GstBuffer *buffer) {
  return GST_BUFFER_DURATION_IS_VALID(buffer) ? std::optional(GST_BUFFER_DURATION(buffer)) : std::nullopt;
}

void BeginSegment(StreamClock &clock, const GstSegment &segment) {
  clock.BeginSegment(segment.rate > 0 ? segment.rate * std::abs(segment.applied_rate) : 1);
}

void SetFrameRate(StreamClock &clock, const GstCaps *caps) {
  gint numerator = 0, denominator = 1;
  gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &numerator, &denominator);
  const bool known = numerator > 0 && denominator > 0;
  const guint64 duration = known ? gst_util_uint64_scale_int(GST_SECOND, denominator, numerator) : 0;
  clock.filler().SetFrameDuration(static_cast<int64_t>(duration));
}

std::optional<StreamClock::Place> PlaceFrame(StreamClock &clock, const GstSegment &segment, GstBuffer *buffer) {
  if (segment.format != GST_FORMAT_TIME || segment.rate <= 0) return std::nullopt;
  const TimestampFiller::Frame filled = clock.filler().Next(TimestampOf(buffer), DurationOf(buffer));
  StreamFrame frame;
  frame.timestamp = filled.timestamp;
  frame.stream_time = gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, frame.timestamp);
  frame.running_time = gst_segment_to_running_time(&segment, GST_FORMAT_TIME, frame.timestamp);
  if (filled.duration > 0) frame.duration = static_cast<uint64_t>(filled.duration);
  return clock.Add(frame);
}

}  // namespace action
