// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/stream_clock.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace action {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr uint64_t kLatest = uint64_t{4'000'000'000} * kSecond;  // beyond it, sums do not fit
constexpr int64_t kSmallestJumpBack = kSecond;                   // less is jitter, as for GapDetector
constexpr size_t kMostPieces = 1024;                             // thousands of them without a flush are no real stream
constexpr int64_t kWallTolerance = kSecond / 100;

int64_t Scaled(int64_t time, double rate) {
  return rate == 1.0 ? time : std::llround(static_cast<double>(time) * rate);
}

int64_t Or(uint64_t time, uint64_t otherwise) {
  return static_cast<int64_t>(time != kNoTime ? time : otherwise);
}

}  // namespace

void StreamClock::SetOrigin(TimeOrigin origin) {
  if (started_ || origin == origin_) return;
  origin_ = origin;
  zero_.reset();
}

void StreamClock::BeginSegment(double rate) {
  rate_ = rate;
  new_segment_ = true;
}

std::optional<StreamClock::Place> StreamClock::Add(const StreamFrame &frame) {
  const int64_t stream = Or(frame.stream_time, frame.timestamp), running = Or(frame.running_time, frame.timestamp);
  const auto largest = std::max({frame.timestamp, static_cast<uint64_t>(stream), static_cast<uint64_t>(running)});
  if (largest > kLatest) return std::nullopt;
  const bool first = !started_;
  const auto in = [stream](const Piece &piece) { return piece.position + (stream - piece.stream); };
  const bool jumped_back = !new_segment_ && !pieces_.empty() && in(pieces_.back()) < newest_ - kSmallestJumpBack;
  const bool begins_piece = new_segment_ || pieces_.empty() || jumped_back;
  if (begins_piece) {
    Piece piece;
    piece.running = piece.running_end = running;
    piece.stream = stream;
    piece.timestamp = static_cast<int64_t>(frame.timestamp);
    piece.rate = rate_;
    const int64_t missing = first ? 0 : std::max<int64_t>(0, Scaled(running - pieces_.back().running_end, rate_));
    const int64_t begin = origin_ == TimeOrigin::kFirstFrame ? 0 : stream;
    piece.position = first ? begin : end_ + (missing < kSmallestGap ? 0 : missing);
    if (!zero_) zero_ = origin_ == TimeOrigin::kFirstFrame ? stream : 0;
    piece.timeline = stream - *zero_;
    if (!first && timeline_end_ && piece.timeline < *timeline_end_) {
      piece.timeline = *timeline_end_ + (piece.position - end_);
    }
    BeginPiece(piece);
  }
  Piece &piece = pieces_.back();
  Place place;
  place.position = in(piece);
  place.timeline = piece.timeline + (place.position - piece.position);
  place.previous_end = first ? place.position : end_;
  place.first = first;
  place.jumped_back = jumped_back;
  const bool jumps_in_file = begins_piece && piece.timeline - timeline_end_.value_or(0) >= kSmallestGap;
  place.connected = first || (place.position - end_ < kSmallestGap && !jumps_in_file);

  const bool new_stream = std::exchange(new_stream_, false);
  place.cut = !first && (new_stream || jumped_back || place.position - end_ >= kLabelLasts);

  if (!first && place.position > newest_) interval_ = place.position - newest_;
  started_ = true;
  newest_ = place.position;
  const int64_t duration = frame.duration > 0 ? static_cast<int64_t>(frame.duration) : interval_;
  end_ = place.position + duration;
  piece.running_end = running + Scaled(duration, 1 / piece.rate);
  timeline_end_ = place.timeline + duration;
  return place;
}

void StreamClock::BeginPiece(const Piece &piece) {
  new_segment_ = false;
  pieces_.push_back(piece);
  // A piece is needed while a segment of the timeline that begins in it is open.
  if (pieces_.size() > kMostPieces) {
    pieces_.pop_front();
    chunk_piece_ = chunk_piece_ > 0 ? chunk_piece_ - 1 : 0;
  }
}

// The newest that begins no later; the oldest when none does.
const StreamClock::Piece &StreamClock::PieceAt(int64_t position) const {
  const auto begins_before = [position](const Piece &piece) { return piece.position <= position; };
  const auto found = std::find_if(pieces_.rbegin(), pieces_.rend(), begins_before);
  return found != pieces_.rend() ? *found : pieces_.front();
}

// Running time alone does not tell: it may have jumped back, and then two pieces have it. Chunks come in order, so the
// one to be found lies after the chunk before in the same piece, or in a later piece; and where nothing connects it
// with that chunk, in the piece that begins with it if there is one.
std::optional<int64_t> StreamClock::PositionOfChunk(const FrameTime &first_frame, bool discont) {
  if (pieces_.empty() || first_frame.timestamp == kNoTime) return std::nullopt;
  const int64_t running = Or(first_frame.running_time, first_frame.timestamp);
  const auto find_from = [this](size_t from, const auto &fits) {
    const auto begin = pieces_.begin() + static_cast<ptrdiff_t>(std::min(from, pieces_.size()));
    const auto found = std::find_if(begin, pieces_.end(), fits);
    return found != pieces_.end() ? std::optional(static_cast<size_t>(found - pieces_.begin())) : std::nullopt;
  };
  const auto begins = [running](const Piece &piece) { return std::abs(piece.running - running) < kSmallestGap; };
  const auto contains = [running](const Piece &piece) {
    return running >= piece.running - kSmallestGap && running <= piece.running_end + kSmallestGap;
  };
  std::optional<size_t> found;
  if (discont && last_chunk_) found = find_from(chunk_piece_ + 1, begins);
  const bool after_last = !last_chunk_ || running >= *last_chunk_;
  if (!found) found = find_from(after_last ? chunk_piece_ : chunk_piece_ + 1, contains);
  if (!found) {  // in none: its first frame did not come this far
    const auto begins_before = [running](const Piece &piece) { return piece.running <= running; };
    const auto newest = std::find_if(pieces_.rbegin(), pieces_.rend(), begins_before);
    found = newest != pieces_.rend() ? static_cast<size_t>(pieces_.rend() - newest) - 1 : 0;
  }
  chunk_piece_ = *found;
  last_chunk_ = running;
  return PositionInChunk(first_frame);
}

std::optional<int64_t> StreamClock::PositionInChunk(const FrameTime &frame) const {
  if (pieces_.empty() || frame.timestamp == kNoTime) return std::nullopt;
  const Piece &piece = pieces_[chunk_piece_];
  return piece.position + (Or(frame.stream_time, frame.timestamp) - piece.stream);
}

void StreamClock::SetWallClock(int64_t unix_time, const std::string &source) {
  const int64_t offset = unix_time - newest_;
  if (has_wall_clock_from(source) && std::abs(wall_.back().offset - offset) < kWallTolerance) return;
  wall_.push_back({newest_, offset, source});
  if (wall_.size() > kMostPieces) wall_.pop_front();
}

// By one clock, as it was at the start: when it is set right in the middle, the end still comes after the start.
WallClock StreamClock::WallOf(int64_t start, int64_t end) const {
  const auto before = [start](const WallAnchor &anchor) { return anchor.position <= start; };
  const auto found = std::find_if(wall_.rbegin(), wall_.rend(), before);
  const WallAnchor &anchor = found != wall_.rend() ? *found : wall_.front();
  return {start + anchor.offset, end + anchor.offset, anchor.source};
}

std::optional<StreamClock::Times> StreamClock::TimesOf(int64_t start, int64_t end) const {
  if (pieces_.empty()) return std::nullopt;
  const Piece &first = PieceAt(start), &last = PieceAt(end - 1);
  const int64_t into = start - first.position;
  Times times;
  times.start = first.timeline + into;
  times.end = last.timeline + (end - last.position);
  times.timestamp = first.timestamp + into;
  times.stream_time = first.stream + into;
  times.running_time = first.running + Scaled(into, 1 / first.rate);
  if (!wall_.empty()) times.wall_clock = WallOf(start, end);
  return times;
}

std::optional<int64_t> StreamClock::StreamTimeAt(int64_t position) const {
  if (pieces_.empty()) return std::nullopt;
  const Piece &piece = PieceAt(position);
  return piece.stream + (position - piece.position);
}

void StreamClock::Flush() {
  pieces_.clear();
  wall_.clear();
  chunk_piece_ = 0;
  last_chunk_.reset();
  new_stream_ = false;
  new_segment_ = true;
  started_ = false;
  filler_.Reset();
  timeline_end_.reset();
}

}  // namespace action
