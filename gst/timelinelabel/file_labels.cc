// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timelinelabel/file_labels.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "action/timeline/timeline_format.h"

namespace action {
namespace {

constexpr int64_t kFileResolution = GST_MSECOND / 2;  // times in files are rounded to the millisecond

}  // namespace

FileLabels::FileLabels(const std::string &location, TimeOrigin origin) : clock_(origin) {
  TimelineFile file = ReadAnyTimeline(location).file;
  segments_ = std::move(file.runs.back().segments);
  warnings_ = std::move(file.warnings);
  if (segments_.empty()) warnings_.push_back("the timeline " + location + " holds no segment: no frame gets a label");
}

const Segment *FileLabels::SegmentOf(GstBuffer *frame) {
  const auto place = clock_.Add(frame);
  if (!place) return nullptr;
  timeline_time_ = place->timeline;
  const int64_t time = timeline_time_ + kFileResolution;
  const auto after = std::ranges::upper_bound(segments_, time, {}, &Segment::start);
  if (after == segments_.begin()) return nullptr;
  const Segment &segment = *std::prev(after);
  return time < segment.end ? &segment : nullptr;
}

MetaLabel FileLabels::LabelOf(const Segment &segment) const {
  MetaLabel label = MetaLabelOf(segment);
  const int64_t now = clock_.stream().StreamTimeAt(clock_.stream().newest_position()).value_or(0);
  label.segment_start = static_cast<GstClockTime>(std::max<int64_t>(0, now - (timeline_time_ - segment.start)));
  return label;
}

}  // namespace action
