// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timeline_tracker.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace action {
namespace {

constexpr int64_t kNewestLasts = GST_SECOND;  // a hole after which the newest label says nothing any more
constexpr GstClockTime kLatest = G_GUINT64_CONSTANT(4) * 1000000000 * GST_SECOND;  // beyond it, sums do not fit
constexpr GstClockTime kLongest = 24 * 3600 * GST_SECOND;                          // of a frame
constexpr size_t kMostBreaks = 1024;  // a stream without steps must not grow
constexpr int64_t kWallTolerance = 10 * GST_MSECOND;

int64_t Scaled(int64_t time, double rate) {
  return rate == 1.0 ? time : std::llround(static_cast<double>(time) * rate);
}

}  // namespace

TimelineTracker::TimelineTracker(const SmoothingSettings &settings, bool from_first_frame, bool study,
                                 std::vector<ElementRow> elements, const std::string &elements_path)
    : settings_(settings),
      from_first_frame_(from_first_frame),
      study_(study),
      elements_(std::move(elements)),
      elements_path_(elements_path),
      timeline_(settings, study) {
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

void TimelineTracker::SetSmoothing(const SmoothingSettings &settings) {
  settings_ = settings;
  timeline_.SetSettings(settings);
}

SmootherStats TimelineTracker::stats() const {
  SmootherStats stats = timeline_.stats();
  stats.forced += forced_;
  return stats;
}

void TimelineTracker::SetSegment(const GstSegment &segment) {
  segment_ = segment;
  new_piece_ = true;
}

bool TimelineTracker::SetLabels(const GstStructure *labels_event) {
  auto labels = ParseLabels(labels_event);
  if (!labels) return false;
  if (!elements_.empty()) {
    ForgetElements(labels->labels);
    ApplyElements(elements_, elements_path_, labels->labels);
  }
  labels_ = std::move(labels);
  timeline_.SetLabels(labels_->labels, labels_->stand_in, labels_->unknown_threshold);
  return true;
}

// ---- Frames

std::optional<int64_t> TimelineTracker::AddFrame(GstBuffer *buffer) {
  if (segment_.format != GST_FORMAT_TIME || segment_.rate <= 0) return std::nullopt;
  // Without a time, where the frame before ended: as r3dfeatures does.
  const GstClockTime pts = GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : next_pts_;
  GstClockTime stream = gst_segment_to_stream_time(&segment_, GST_FORMAT_TIME, pts);
  GstClockTime running = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, pts);
  if (!GST_CLOCK_TIME_IS_VALID(stream)) stream = pts;
  if (!GST_CLOCK_TIME_IS_VALID(running)) running = pts;
  if (std::max({pts, stream, running}) > kLatest) return std::nullopt;
  const auto s = static_cast<int64_t>(stream), r = static_cast<int64_t>(running);

  const bool first = !in_run_;
  const auto place = [this](const Piece &p, int64_t at) { return p.position + (at - p.stream); };
  bool begins_piece = new_piece_ || pieces_.empty();
  if (!begins_piece) begins_piece = place(pieces_.back(), s) < last_frame_ - kSmallestGap;  // time went back by itself
  if (begins_piece) {
    Piece piece;
    piece.running = r;
    piece.stream = s;
    piece.pts = static_cast<int64_t>(pts);
    piece.rate = segment_.rate * std::abs(segment_.applied_rate);
    const int64_t hole = first ? 0 : std::max<int64_t>(0, Scaled(r - running_end_, piece.rate));
    piece.position = first ? (from_first_frame_ ? 0 : s) : last_end_ + (hole < kSmallestGap ? 0 : hole);
    if (!origin_) origin_ = from_first_frame_ ? s : 0;
    piece.timeline = s - *origin_;
    if (timeline_end_ && !first && piece.timeline < *timeline_end_) {
      piece.timeline = *timeline_end_ + (piece.position - last_end_);
    }
    Place(piece);
  }
  const Piece &piece = pieces_.back();
  const int64_t position = place(piece, s);

  if (first) {
    in_run_ = true;
    timeline_.Begin(position);
    known_until_ = position;
  } else {
    const bool jumps_in_file = begins_piece && piece.timeline - timeline_end_.value_or(0) >= kSmallestGap;
    if (std::exchange(run_ended_, false)) {
      timeline_.Begin(position);
      known_until_ = timeline_.known_until();
    } else if (position - last_end_ >= kSmallestGap || jumps_in_file) {
      if (breaks_.size() == kMostBreaks) breaks_.pop_front();
      breaks_.push_back({last_end_, position});
    }
    if (position - last_end_ >= kNewestLasts) newest_.reset();
    if (position > last_frame_) interval_ = position - last_frame_;
  }
  last_frame_ = position;
  int64_t duration = frame_duration_ > 0 ? frame_duration_ : interval_;
  if (GST_BUFFER_DURATION_IS_VALID(buffer) && GST_BUFFER_DURATION(buffer) <= kLongest) {
    duration = static_cast<int64_t>(GST_BUFFER_DURATION(buffer));
  }
  next_pts_ = pts + static_cast<GstClockTime>(duration);
  last_end_ = position + duration;
  running_end_ = r + Scaled(duration, 1 / piece.rate);
  timeline_end_ = piece.timeline + (last_end_ - piece.position);
  return position;
}

void TimelineTracker::Place(const Piece &piece) {
  new_piece_ = false;
  pieces_.push_back(piece);
  // A piece is needed while a segment that begins in it is open; thousands of them without a flush are no real stream.
  if (pieces_.size() > kMostBreaks) pieces_.pop_front();
}

const TimelineTracker::Piece *TimelineTracker::NewestPiece(int64_t Piece::*where, int64_t time) const {
  const auto begins_before = [where, time](const Piece &piece) { return piece.*where <= time; };
  const auto found = std::find_if(pieces_.rbegin(), pieces_.rend(), begins_before);
  if (found != pieces_.rend()) return &*found;
  return pieces_.empty() ? nullptr : &pieces_.front();
}

const TimelineTracker::Piece *TimelineTracker::PieceAt(int64_t position) const {
  return NewestPiece(&Piece::position, position);
}

const TimelineTracker::Piece *TimelineTracker::PieceOfStep(const FrameTime &time) const {
  return NewestPiece(&Piece::running,
                     static_cast<int64_t>(time.running_time != kNoTime ? time.running_time : time.timestamp));
}

std::optional<int64_t> TimelineTracker::PositionOf(const FrameTime &time) const {
  const Piece *piece = PieceOfStep(time);
  if (piece == nullptr || time.timestamp == kNoTime) return std::nullopt;
  const auto stream = static_cast<int64_t>(time.stream_time != kNoTime ? time.stream_time : time.timestamp);
  return piece->position + (stream - piece->stream);
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
  if (!received || !in_run_) return StepResult::kNotAStep;
  const ReceivedChunk &chunk = received->chunk;
  const auto begin = PositionOf(chunk.facts.time);
  const auto time = PositionOf(chunk.facts.step);
  if (!begin || !time) return StepResult::kNotAStep;
  const FrameTime &step = chunk.facts.step;
  const int64_t end = *time + (step.end != kNoTime ? static_cast<int64_t>(step.end - step.timestamp) : 0);

  const bool lost = next_index_ && chunk.facts.index > *next_index_;
  next_index_ = chunk.facts.index + 1;
  const int64_t before = timeline_.step_end();
  BeginRunsUpTo(chunk, *begin, lost);
  const bool same_run = timeline_.step_end() == before;
  if (lost && same_run && *time > before) timeline_.Miss(before, *time);
  if (chunk.dropped) {
    timeline_.Miss(*time, end);
  } else {
    timeline_.Add({*time, end, received->coarse, std::move(received->fine), std::move(received->fine_scores)});
  }
  Collect();
  return lost ? StepResult::kLost : StepResult::kTaken;
}

GstClockTime TimelineTracker::stream_end() const {
  if (!in_run_ || pieces_.empty()) return GST_CLOCK_TIME_NONE;
  return static_cast<GstClockTime>(std::max<int64_t>(0, pieces_.back().stream + (last_end_ - pieces_.back().position)));
}

void TimelineTracker::EndRun() {
  if (!in_run_ || run_ended_) return;
  timeline_.End(last_end_);
  run_ended_ = true;
  Collect();
}

void TimelineTracker::Finish() {
  FinishAt(last_end_);
}

void TimelineTracker::Interrupt() {
  // Frames after the last step have come, but nobody looked at them: steps that were on their way are lost.
  FinishAt(run_ended_ ? last_end_ : std::min(last_end_, timeline_.step_end()));
}

void TimelineTracker::FinishAt(int64_t end) {
  if (!in_run_) return;
  timeline_.End(end);
  timeline_.Finish();
  Collect();
  known_until_ = INT64_MAX;
}

void TimelineTracker::Flush() {
  pieces_.clear();
  breaks_.clear();
  frame_labels_.clear();
  wall_.clear();
  newest_.reset();
  new_piece_ = true;
  in_run_ = run_ended_ = false;
  next_pts_ = 0;
  next_index_.reset();  // steps that were on their way are not lost, but flushed
  timeline_end_.reset();
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
  newest_ = newest ? std::optional(ToMeta(newest->segment, true)) : std::nullopt;
  // Without a classifier there is no timeline, not even one of gaps.
  for (const Segment &segment : timeline_.Take()) {
    if (!labels_) continue;
    FinishedSegment finished = ToFinished(segment);
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
  const Piece *start = PieceAt(segment.start);
  const Piece *end = PieceAt(segment.end - 1);
  if (start == nullptr) return finished;
  const int64_t into = segment.start - start->position;
  finished.segment.start = start->timeline + into;
  finished.segment.end = end->timeline + (segment.end - end->position);
  finished.stream_time = static_cast<GstClockTime>(start->stream + into);
  finished.timestamp = static_cast<GstClockTime>(start->pts + into);
  finished.running_time = static_cast<GstClockTime>(start->running + Scaled(into, 1 / start->rate));
  if (!wall_.empty()) {
    const auto wall_at = [this](int64_t position) {
      const auto before = [position](const WallAnchor &anchor) { return anchor.position <= position; };
      const auto found = std::find_if(wall_.rbegin(), wall_.rend(), before);
      return position + (found != wall_.rend() ? *found : wall_.front()).offset;
    };
    finished.segment.wall_clock = WallClock{wall_at(segment.start), wall_at(segment.end), wall_.back().source};
  }
  return finished;
}

MetaLabel TimelineTracker::ToMeta(const Segment &segment, bool provisional) const {
  MetaLabel label = MetaLabelOf(segment);
  label.provisional = provisional;
  if (const Piece *piece = PieceAt(segment.start)) {
    label.segment_start = static_cast<GstClockTime>(piece->stream + (segment.start - piece->position));
  }
  return label;
}

std::optional<MetaLabel> TimelineTracker::LabelAt(int64_t position) {
  while (frame_labels_.size() > 1 && frame_labels_[1].time <= position)
    frame_labels_.pop_front();
  if (position >= known_until_) return newest_;
  if (frame_labels_.empty() || frame_labels_.front().time > position) return std::nullopt;
  const Segment &segment = frame_labels_.front().segment;
  return ToMeta(segment, segment.state != SegmentState::kGap);
}

void TimelineTracker::SetWallClock(int64_t unix_time, const char *source) {
  const WallAnchor anchor{last_frame_, unix_time - last_frame_, source};
  if (!wall_.empty() && wall_.back().source == anchor.source &&
      std::abs(wall_.back().offset - anchor.offset) < kWallTolerance) {
    return;
  }
  wall_.push_back(anchor);
  if (wall_.size() > kMostBreaks) wall_.pop_front();
}

std::vector<FinishedSegment> TimelineTracker::TakeSegments() {
  return std::exchange(finished_, {});
}

}  // namespace action
