// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// GStreamer's times for StreamClock.
#ifndef GST_ACTION_COMMON_PLACE_FRAME_H_
#define GST_ACTION_COMMON_PLACE_FRAME_H_

#include <gst/gst.h>

#include <optional>

#include "action/timeline/stream_clock.h"

namespace action {

// For TimestampFiller: a buffer's PTS and duration, where it has them.
std::optional<uint64_t> TimestampOf(GstBuffer *buffer);
std::optional<uint64_t> DurationOf(GstBuffer *buffer);

// From SEGMENT events.
void BeginSegment(StreamClock &clock, const GstSegment &segment);
// From CAPS events: the length of frames that do not say theirs.
void SetFrameRate(StreamClock &clock, const GstCaps *caps);

// Nothing where there is no time to tell: the segment is not of GST_FORMAT_TIME, or playback is backward. The clock's
// TimestampFiller gives frames without PTS theirs.
std::optional<StreamClock::Place> PlaceFrame(StreamClock &clock, const GstSegment &segment, GstBuffer *buffer);

}  // namespace action

#endif  // GST_ACTION_COMMON_PLACE_FRAME_H_
