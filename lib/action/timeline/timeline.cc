// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/timeline.h"

#include <algorithm>
#include <utility>

namespace action {

const char *NameOf(SegmentState state) {
  switch (state) {
    case SegmentState::kMeasured:
      return "measured";
    case SegmentState::kAbsent:
      return "absent";
    case SegmentState::kUnknown:
      return "unknown";
    case SegmentState::kGap:
      return "gap";
  }
  return "?";
}

SegmentState StateInStudy(const Segment &segment) {
  if (segment.state != SegmentState::kMeasured) return segment.state;
  switch (MeaningOf(segment.fine_action, segment.coarse_action)) {
    case Meaning::kAbsent:
      return SegmentState::kAbsent;
    case Meaning::kUnmeasured:
      return SegmentState::kUnknown;
    default:
      return segment.state;
  }
}

ValueCategory ValueInStudy(const Segment &segment) {
  const bool waiting = MeaningOf(segment.fine_action, segment.coarse_action) == Meaning::kWaiting;
  return waiting && segment.category == ValueCategory::kUnknown ? ValueCategory::kNva : segment.category;
}

Segment GapSegment(int64_t start, int64_t end) {
  return {start, end, kGapLabel, kGapLabel, ValueCategory::kUnknown, 0, SegmentState::kGap, 0, false, {}};
}

void Timeline::SetLabels(const LabelTable &labels, bool stand_in, double unknown_threshold) {
  labels_changed_ = labels_changed_ || (labels_ && *labels_ != labels);
  labels_ = labels;
  stand_in_ = stand_in;
  unknown_threshold_ = unknown_threshold;
  if (run_ && !labels_changed_) run_->SetUnknownThreshold(unknown_threshold);
}

void Timeline::Begin(int64_t time) {
  if (running()) End(time);
  if (end_ && time > *end_) {
    if (time - *end_ < kSmallestGap) {
      time = *end_;
    } else {
      AddGap(*end_, time);
    }
  } else if (end_ && time < *end_) {
    Finish();
  }
  start_ = end_ = step_end_ = known_until_ = time;
}

void Timeline::Add(Step step) {
  if (!running()) Begin(step.time);
  if (std::exchange(labels_changed_, false) && run_) {
    EndRun(step.time);
    start_ = step.time;
  }
  if (!run_) {
    if (gap_) segments_.push_back(*std::exchange(gap_, std::nullopt));
    run_labels_ = labels_;
    run_stand_in_ = stand_in_;
    settings_.unknown_threshold = unknown_threshold_;
    run_ = Run(NewSmoother(settings_, *run_labels_, *start_));
    const OrderOfWork order(*run_labels_);
    run_order_ = order.known() ? std::optional(order) : std::nullopt;
    last_element_.reset();
    start_.reset();
  }
  step.end = std::max(step.end, step.time);
  step_end_ = step.end;
  run_->Add(std::move(step));
  Collect();
}

void Timeline::Miss(int64_t start, int64_t end) {
  if (!running()) Begin(start);
  if (run_) {
    EndRun(start);
  } else {
    start = *start_;
  }
  end = std::max(start, end);
  AddGap(start, end);
  start_ = end_ = step_end_ = end;
}

void Timeline::End(int64_t time) {
  if (!running()) return;
  if (run_) {
    EndRun(time);
  } else if (time > *start_) {
    AddGap(*start_, time);
  }
  start_.reset();
  end_ = known_until_ = std::max(time, known_until_);
}

void Timeline::Finish() {
  if (gap_) segments_.push_back(*std::exchange(gap_, std::nullopt));
}

void Timeline::EndRun(int64_t time) {
  run_->Finish(time);
  Collect();
  forced_ += run_->stats().forced;
  run_ = {};
  known_until_ = end_.emplace(time);
}

void Timeline::Collect() {
  for (const LabelledSpan &span : run_->TakeSpans())
    segments_.emplace_back(SegmentOf(span)).deviation = DeviationOf(span);
  for (const StepLabel &label : run_->TakeLabels()) {
    frame_labels_.push_back(LabelOf(label));
    known_until_ = label.end;
  }
}

void Timeline::AddGap(int64_t start, int64_t end) {
  if (end <= start) return;
  if (!gap_) gap_ = GapSegment(start, end);
  gap_->end = end;
  frame_labels_.push_back({start, *gap_});
  known_until_ = end;
}

Segment Timeline::SegmentOf(const LabelledSpan &span) const {
  Segment segment;
  segment.start = span.start;
  segment.end = span.end;
  segment.num_frames = span.steps;
  segment.confidence = span.confidence;
  segment.stand_in = run_stand_in_;
  if (span.coarse == run_labels_->unknown_coarse()) {
    segment.coarse_action = segment.fine_action = kUnknownLabel;
    segment.state = SegmentState::kUnknown;
  } else {
    const FineLabel &fine = run_labels_->fine[static_cast<size_t>(span.fine)];
    segment.coarse_action = run_labels_->coarse[static_cast<size_t>(span.coarse)];
    segment.fine_action = fine.label;
    segment.category = fine.category;
    segment.name = fine.element.name;
    if (study_) segment.state = StateInStudy(segment);
  }
  return segment;
}

Deviation Timeline::DeviationOf(const LabelledSpan &span) {
  if (!run_order_) return Deviation::kNone;
  if (span.coarse == run_labels_->unknown_coarse()) {
    last_element_.reset();  // what was done there nobody knows
    return Deviation::kNone;
  }
  const auto fine = static_cast<size_t>(span.fine);
  const FineLabel &label = run_labels_->fine[fine];
  if (MeaningOf(label.label, label.coarse) == Meaning::kUnmeasured) last_element_.reset();
  if (!run_order_->HasPlace(fine)) return Deviation::kNone;
  const auto before = std::exchange(last_element_, fine);
  return before ? run_order_->DeviationOf(*before, fine) : Deviation::kNone;
}

SmootherStats Timeline::stats() const {
  SmootherStats stats = run_ ? run_->stats() : SmootherStats{};
  stats.forced += forced_;
  return stats;
}

FrameLabel Timeline::LabelOf(const StepLabel &label) const {
  return {label.time, SegmentOf({label.segment_start, label.end, label.coarse, label.fine, 0, label.confidence})};
}

std::vector<Segment> Timeline::Take() {
  return std::exchange(segments_, {});
}

std::vector<Segment> Timeline::Pending() const {
  Timeline ended(*this);
  ended.segments_.clear();
  ended.End(step_end_);
  ended.Finish();
  return ended.Take();
}

std::vector<FrameLabel> Timeline::TakeLabels() {
  return std::exchange(frame_labels_, {});
}

std::optional<FrameLabel> Timeline::Newest() const {
  if (!run_) return std::nullopt;
  const auto label = run_->Newest();
  return label ? std::optional(LabelOf(*label)) : std::nullopt;
}

}  // namespace action
