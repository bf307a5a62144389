// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timelinesmooth/timeline_tracker.h"

#include <algorithm>
#include <utility>

namespace action {
namespace {

constexpr size_t kMostBreaks = 1024;  // a stream without steps must not grow
// So long after the last step a live label stays when those after it are lost; ns.
constexpr int64_t kLabelHold = 5'000'000'000;

}  // namespace

TimelineTracker::TimelineTracker(const SmoothingSettings &settings, TimeOrigin origin, bool study,
                                 std::vector<ElementRow> elements, const std::string &elements_path)
    : settings_(settings),
      study_(study),
      elements_(std::move(elements)),
      elements_path_(elements_path),
      clock_(origin),
      timeline_(settings, study) {}

void TimelineTracker::SetSmoothing(const SmoothingSettings &settings) {
  settings_ = settings;
  timeline_.SetSettings(settings);
}

SmootherStats TimelineTracker::stats() const {
  SmootherStats stats = timeline_.stats();
  stats.forced += forced_;
  return stats;
}

bool TimelineTracker::SetLabels(const GstStructure *labels_event) {
  auto labels = ParseLabels(labels_event);
  if (!labels) return false;
  if (!elements_.empty()) {
    ForgetElements(labels->labels);
    ApplyElements(elements_, elements_path_, labels->labels);
  }
  CloseHole();
  held_.reset();
  labels_ = std::move(labels);
  timeline_.SetLabels(labels_->labels, labels_->stand_in, labels_->unknown_threshold);
  return true;
}

void TimelineTracker::NoteNetwork() {
  if (!labels_ && clock().started()) looked_at_ = false;
}

// ---- Frames

std::optional<int64_t> TimelineTracker::AddFrame(GstBuffer *buffer) {
  const std::optional<StreamClock::Place> place = clock_.Add(buffer);
  if (!place) return std::nullopt;
  const int64_t position = place->position;
  const bool run_ended = std::exchange(run_ended_, false);
  if (place->first || run_ended) {
    timeline_.Begin(position);
    known_until_ = place->first ? position : timeline_.known_until();
  } else if (!place->connected) {
    if (breaks_.size() == kMostBreaks) breaks_.pop_front();
    breaks_.push_back({place->previous_end, position});
  }
  if (!std::exchange(looked_at_, true) && timeline_.running()) timeline_.Miss(position, position);
  if (place->cut) {
    newest_.reset();
    held_.reset();
    newest_from_ = position;
  }
  return position;
}

// ---- Steps

// Ends the run that the step does not belong to, if there is a hole before it.
void TimelineTracker::BeginRunsUpTo(const ReceivedChunk &chunk, int64_t chunk_begin, bool lost) {
  if (chunk.facts.discont) {
    // Of a change of size or of a segment that follows on there is no break: the run goes on.
    const auto is_here = [chunk_begin](const Break &b) { return std::abs(b.begin - chunk_begin) < kSmallestGap; };
    const auto found = std::ranges::find_if(breaks_, is_here);
    if (found != breaks_.end()) {
      if (lost && timeline_.running() && timeline_.step_end() < found->end) {
        timeline_.Miss(timeline_.step_end(), found->end);
      }
      timeline_.End(found->end);
      timeline_.Begin(found->begin);
    }
  }
  while (!breaks_.empty() && breaks_.front().begin <= chunk_begin)
    breaks_.pop_front();
}

TimelineTracker::StepResult TimelineTracker::AddStep(const GstStructure *step_event) {
  if (!labels_) return StepResult::kNotAStep;
  auto received = ParseStep(step_event, labels_->labels);
  if (!received || !clock().started()) return StepResult::kNotAStep;
  const ReceivedChunk &chunk = received->chunk;
  const auto begin = clock().PositionOfChunk(chunk.facts.time, chunk.facts.discont);
  const auto time = clock().PositionInChunk(chunk.facts.step);
  if (!begin || !time) return StepResult::kNotAStep;
  const FrameTime &step = chunk.facts.step;
  const int64_t end = *time + (step.end != kNoTime ? static_cast<int64_t>(step.end - step.timestamp) : 0);

  const uint64_t missing = next_index_ && chunk.facts.index > *next_index_ ? chunk.facts.index - *next_index_ : 0;
  const bool lost = missing > 0;
  next_index_ = chunk.facts.index + 1;
  if (chunk.facts.discont) CloseHole();  // what was lost before it stays lost
  const int64_t before = timeline_.step_end();
  BeginRunsUpTo(chunk, *begin, lost);
  const bool same_run = timeline_.step_end() == before;
  const int64_t known = hole_ ? hole_->end : before;
  if (lost && same_run && *time > known) Lose(known, *time, missing);
  if (chunk.dropped) {
    Lose(*time, end, 1);
  } else {
    // A hole that is bridged goes to its two neighbours in equal parts.
    const bool bridged = hole_ && hole_->steps <= bridge_;
    const int64_t from = bridged ? hole_->start + (hole_->end - hole_->start) / 2 : *time;
    hole_.reset();
    timeline_.Add({from, end, received->coarse, std::move(received->fine), std::move(received->fine_scores)});
  }
  Collect();
  return lost ? StepResult::kLost : StepResult::kTaken;
}

// So many steps of the current run did not come. A few, which the windows of their neighbours cover, wait for the next
// step; what is more is a gap.
void TimelineTracker::Lose(int64_t start, int64_t end, uint64_t steps) {
  if (newest_) {
    held_ = newest_;
    held_until_ = timeline_.step_end() + kLabelHold;
  }
  if (!hole_) hole_ = Hole{start, start, 0};
  const bool was_bridged = hole_->steps <= bridge_ && timeline_.has_steps();
  hole_->steps += steps;
  hole_->end = std::max(hole_->end, end);
  if (was_bridged && hole_->steps <= bridge_) return;
  timeline_.Miss(was_bridged ? hole_->start : start, hole_->end);
  hole_->steps = std::max(hole_->steps, bridge_ + 1);
}

// Nothing follows on the hole that could bridge it.
void TimelineTracker::CloseHole() {
  const auto hole = std::exchange(hole_, std::nullopt);
  if (hole && hole->steps <= bridge_) timeline_.Miss(hole->start, hole->end);
}

GstClockTime TimelineTracker::stream_end() const {
  if (!clock().started()) return GST_CLOCK_TIME_NONE;
  const auto time = clock().StreamTimeAt(clock().newest_position());
  return static_cast<GstClockTime>(std::max<int64_t>(0, *time + clock().end() - clock().newest_position()));
}

void TimelineTracker::EndRun() {
  if (!clock().started() || run_ended_) return;
  CloseHole();
  held_.reset();
  timeline_.End(clock().end());
  run_ended_ = true;
  Collect();
}

void TimelineTracker::Finish() {
  FinishAt(clock().end());
}

void TimelineTracker::Interrupt() {
  // Frames after the last step have come, but nobody looked at them: steps that were on their way are lost.
  FinishAt(run_ended_ ? clock().end() : std::min(clock().end(), timeline_.step_end()));
}

void TimelineTracker::FinishAt(int64_t end) {
  if (!clock().started()) return;
  CloseHole();
  timeline_.End(end);
  timeline_.Finish();
  Collect();
  known_until_ = INT64_MAX;
}

void TimelineTracker::Flush() {
  clock().Flush();
  breaks_.clear();
  frame_labels_.clear();
  newest_.reset();
  newest_from_ = INT64_MIN;
  looked_at_ = true;
  run_ended_ = false;
  next_index_.reset();  // steps that were on their way are not lost, but flushed
  hole_.reset();
  held_.reset();
  last_written_end_.reset();
  known_until_ = INT64_MIN;
  forced_ += timeline_.stats().forced;
  timeline_ = Timeline(settings_, study_);
  if (labels_) timeline_.SetLabels(labels_->labels, labels_->stand_in, labels_->unknown_threshold);
}

// ---- What comes of it

void TimelineTracker::Collect() {
  for (FrameLabel &label : timeline_.TakeLabels())
    frame_labels_.push_back(std::move(label));
  known_until_ = timeline_.known_until();
  const auto newest = timeline_.Newest();
  newest_ = newest && newest->time >= newest_from_ ? std::optional(ToMeta(newest->segment, true)) : std::nullopt;
  // Without a classifier there is no timeline, not even one of gaps.
  for (const Segment &segment : timeline_.Take()) {
    if (!labels_) continue;
    FinishedSegment finished = ToFinished(segment);
    if (finished.segment.duration() < kSmallestGap) continue;  // nothing in a file whose times are milliseconds
    if (last_written_end_ && finished.segment.start - *last_written_end_ >= kSmallestGap) {
      FinishedSegment gap;
      gap.segment = GapSegment(*last_written_end_, finished.segment.start);
      finished_.push_back(gap);
    }
    last_written_end_ = finished.segment.end;
    finished_.push_back(std::move(finished));
  }
}

FinishedSegment TimelineTracker::ToFinished(const Segment &segment) const {
  FinishedSegment finished;
  finished.segment = segment;
  if (labels_ && segment.state != SegmentState::kGap) finished.segment.poor_accuracy = labels_->poor_accuracy;
  const auto times = clock().TimesOf(segment.start, segment.end);
  if (!times) return finished;
  finished.segment.start = times->start;
  finished.segment.end = times->end;
  finished.segment.wall_clock = times->wall_clock;
  finished.stream_time = static_cast<GstClockTime>(times->stream_time);
  finished.timestamp = static_cast<GstClockTime>(times->timestamp);
  finished.running_time = static_cast<GstClockTime>(times->running_time);
  return finished;
}

MetaLabel TimelineTracker::ToMeta(const Segment &segment, bool provisional) const {
  MetaLabel label = MetaLabelOf(segment);
  label.provisional = provisional;
  if (const auto start = clock().StreamTimeAt(segment.start)) label.segment_start = static_cast<GstClockTime>(*start);
  return label;
}

std::optional<MetaLabel> TimelineTracker::LabelAt(int64_t position) {
  while (frame_labels_.size() > 1 && frame_labels_[1].time <= position)
    frame_labels_.pop_front();
  if (position >= known_until_) {
    if (!newest_ && held_ && position < held_until_) return held_;
    return newest_;
  }
  if (frame_labels_.empty() || frame_labels_.front().time > position) return std::nullopt;
  const Segment &segment = frame_labels_.front().segment;
  return ToMeta(segment, segment.state != SegmentState::kGap);
}

std::vector<FinishedSegment> TimelineTracker::PendingSegments() const {
  std::vector<FinishedSegment> pending;
  if (!labels_ || !clock().started()) return pending;
  for (const Segment &segment : timeline_.Pending()) {
    FinishedSegment finished = ToFinished(segment);
    if (finished.segment.duration() >= kSmallestGap) pending.push_back(std::move(finished));
  }
  return pending;
}

std::vector<FinishedSegment> TimelineTracker::TakeSegments() {
  return std::exchange(finished_, {});
}

}  // namespace action
