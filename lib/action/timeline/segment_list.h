// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Segments as they come, in any order.
#ifndef ACTION_TIMELINE_SEGMENT_LIST_H_
#define ACTION_TIMELINE_SEGMENT_LIST_H_

#include <cstdint>
#include <map>
#include <vector>

#include "action/export.h"
#include "action/timeline/step.h"

namespace action {

// A timeline in which what comes later replaces what was known of the same time.
class ACTION_API SegmentList {
 public:
  void Add(const Segment &segment);
  // In order of time; stretches that nothing is known of are gaps.
  std::vector<Segment> Connected() const;
  // Where the last one ends; 0 without any.
  int64_t end() const { return segments_.empty() ? 0 : segments_.rbegin()->second.end; }
  bool empty() const { return segments_.empty(); }

 private:
  std::map<int64_t, Segment> segments_;  // by start; none overlaps another
};

}  // namespace action

#endif  // ACTION_TIMELINE_SEGMENT_LIST_H_
