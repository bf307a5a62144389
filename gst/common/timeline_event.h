// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The contract between timelinelabel and who shows a whole timeline (actionoverlay's strip): a downstream event.
//
// `action-timeline`: sticky, before the first frame. Fields:
//   location        string    the file
//   time-origin     string    what counts as 0: "first-frame" or "stream" (stream time 0)
//   stand-in        boolean   a segment was made with stand-in weights: not a measurement
//   start, end      GBytes    int64, little endian, ns, timeline time: of each segment
//   fine-action     GStrv     of each segment
//   value-category  GStrv     VA, RNVA, NVA or UNKNOWN
//   state           GStrv     measured, absent, unknown or gap
#ifndef GST_ACTION_COMMON_TIMELINE_EVENT_H_
#define GST_ACTION_COMMON_TIMELINE_EVENT_H_

#include <gst/gst.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "action/timeline/step.h"
#include "action/timeline/stream_clock.h"

namespace action {

inline constexpr const char *kTimelineEvent = "action-timeline";

struct TimelineFacts {
  std::string location;
  TimeOrigin time_origin = TimeOrigin::kFirstFrame;
  std::vector<Segment> segments;  // start, end, fine_action, category, state, stand_in
};

// Returns a full reference.
GstEvent *NewTimelineEvent(const std::string &location, TimeOrigin origin, std::span<const Segment> segments);
// Nothing when the structure is not what it should be.
std::optional<TimelineFacts> ParseTimeline(const GstStructure *structure);

}  // namespace action

#endif  // GST_ACTION_COMMON_TIMELINE_EVENT_H_
