// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/timeline_event.h"

#include <algorithm>
#include <string_view>

#include "common/structure_fields.h"

namespace action {
namespace {

constexpr const char *kFirstFrameOrigin = "first-frame";
constexpr const char *kStreamOrigin = "stream";

}  // namespace

GstEvent *NewTimelineEvent(const std::string &location, TimeOrigin origin, std::span<const Segment> segments) {
  std::vector<int64_t> starts, ends;
  std::vector<std::string> fine, categories, states;
  for (const Segment &segment : segments) {
    starts.push_back(segment.start);
    ends.push_back(segment.end);
    fine.push_back(segment.fine_action);
    categories.emplace_back(NameOf(segment.category));
    states.emplace_back(NameOf(segment.state));
  }
  const bool stand_in = std::ranges::any_of(segments, &Segment::stand_in);
  GstStructure *structure =
      gst_structure_new(kTimelineEvent, "location", G_TYPE_STRING, location.c_str(), "time-origin", G_TYPE_STRING,
                        origin == TimeOrigin::kStream ? kStreamOrigin : kFirstFrameOrigin, "stand-in", G_TYPE_BOOLEAN,
                        stand_in, "fine-action", G_TYPE_STRV, ToStrv(fine).get(), "value-category", G_TYPE_STRV,
                        ToStrv(categories).get(), "state", G_TYPE_STRV, ToStrv(states).get(), nullptr);
  SetNumbers(structure, "start", starts);
  SetNumbers(structure, "end", ends);
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, structure);
}

std::optional<TimelineFacts> ParseTimeline(const GstStructure *structure) {
  const char *location = gst_structure_get_string(structure, "location");
  const char *origin = gst_structure_get_string(structure, "time-origin");
  const auto fine = FromStrv(structure, "fine-action");
  const auto categories = FromStrv(structure, "value-category"), states = FromStrv(structure, "state");
  gboolean stand_in = FALSE;
  if (location == nullptr || origin == nullptr || !fine || !categories || !states ||
      !gst_structure_get_boolean(structure, "stand-in", &stand_in) || categories->size() != fine->size() ||
      states->size() != fine->size()) {
    return std::nullopt;
  }
  const auto starts = GetNumbers<int64_t>(structure, "start", fine->size());
  const auto ends = GetNumbers<int64_t>(structure, "end", fine->size());
  if (!starts || !ends) return std::nullopt;
  TimelineFacts facts;
  facts.location = location;
  facts.time_origin = std::string_view(origin) == kStreamOrigin ? TimeOrigin::kStream : TimeOrigin::kFirstFrame;
  for (size_t i = 0; i < fine->size(); ++i) {
    Segment segment;
    segment.start = (*starts)[i];
    segment.end = (*ends)[i];
    segment.fine_action = (*fine)[i];
    segment.category = CategoryNamed((*categories)[i]);
    segment.state = StateNamed((*states)[i]);
    segment.stand_in = stand_in != FALSE;
    facts.segments.push_back(segment);
  }
  return facts;
}

}  // namespace action
