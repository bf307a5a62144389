// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/segment_list.h"

#include <cmath>
#include <iterator>

namespace action {

void SegmentList::Add(const Segment &added) {
  // Steps of a part, by its share of the time.
  const auto part = [](Segment whole, int64_t start, int64_t end) {
    const double share = static_cast<double>(end - start) / static_cast<double>(whole.duration());
    if (whole.wall_clock) {
      whole.wall_clock->start += start - whole.start;
      whole.wall_clock->end += end - whole.end;
    }
    whole.num_frames = std::llround(static_cast<double>(whole.num_frames) * share);
    whole.start = start;
    whole.end = end;
    return whole;
  };
  // The first that may reach into it is the last that begins before.
  auto at = segments_.lower_bound(added.start);
  if (at != segments_.begin() && std::prev(at)->second.end > added.start) --at;
  while (at != segments_.end() && at->second.start < added.end) {
    const Segment old = at->second;
    at = segments_.erase(at);
    if (old.start < added.start) segments_.emplace(old.start, part(old, old.start, added.start));
    if (old.end > added.end) segments_.emplace(added.end, part(old, added.end, old.end));
  }
  segments_.insert_or_assign(added.start, added);
}

std::vector<Segment> SegmentList::Connected() const {
  std::vector<Segment> connected;
  for (const auto &[start, segment] : segments_) {
    if (!connected.empty() && start - connected.back().end >= kSmallestGap) {
      Segment gap = GapSegment(connected.back().end, start);
      gap.stand_in = segment.stand_in;
      connected.push_back(gap);
    }
    connected.push_back(segment);
  }
  return connected;
}

}  // namespace action
