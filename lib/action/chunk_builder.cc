// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/chunk_builder.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

namespace action {

namespace {

// The first of the samples that a chunk stands for.
int FirstOfStep(int hop) {
  return (kChunkFrames - hop) / 2;
}

// From a chunk to the next one.
int FromStartToStart(int hop, int next_hop) {
  return FirstOfStep(hop) + hop - FirstOfStep(next_hop);
}

int Checked(int hop) {
  if (hop >= 1 && hop <= kChunkFrames) return hop;
  throw std::invalid_argument("hop is " + std::to_string(hop) + "; it must be 1 to 16 samples");
}

// Between the numbers of two runs, so that no frame of one follows on one of the other.
constexpr uint64_t kBetweenRuns = 1000;

}  // namespace

const char *NameOf(FeatureMode mode) {
  return mode == FeatureMode::kContinual ? "continual" : "windowed";
}

ChunkContext ContextOf(FeatureMode mode) {
  return mode == FeatureMode::kContinual ? kContinualContext : ChunkContext{};
}

ChunkBuilder::ChunkBuilder(int hop, ChunkContext context) : context_(context), hop_(Checked(hop)), next_hop_(hop) {}

void ChunkBuilder::SetHop(int hop) {
  next_hop_ = Checked(hop);
}

// The chunk that begins at start_, of a run that has frames until `run_end` as far as is known.
Chunk ChunkBuilder::Build(int64_t run_end) const {
  Chunk chunk;
  chunk.before = static_cast<int>(std::min<int64_t>(context_.before, start_));
  chunk.after = static_cast<int>(std::min<int64_t>(context_.after, run_end - start_ - kChunkFrames));
  chunk.first_frame = run_number_ + static_cast<uint64_t>(start_ - chunk.before);
  const auto from = pixels_.begin() + static_cast<ptrdiff_t>(start_ - chunk.before - first_) * kFrameBytes;
  const ptrdiff_t bytes = static_cast<ptrdiff_t>(chunk.before + kChunkFrames + chunk.after) * kFrameBytes;
  chunk.pixels.reserve(static_cast<size_t>(bytes));
  chunk.pixels.assign(from, from + std::min(bytes, pixels_.end() - from));
  while (std::ssize(chunk.pixels) < bytes)
    chunk.pixels.insert(chunk.pixels.end(), pixels_.end() - kFrameBytes, pixels_.end());

  const std::span times = std::span(times_).subspan(static_cast<size_t>(start_ - first_));
  const std::span window = times.first(std::min<size_t>(times.size(), kChunkFrames));
  chunk.frame_count = static_cast<int>(window.size());
  chunk.time = window.front();
  chunk.time.end = window.back().end;
  const auto first = static_cast<size_t>(FirstOfStep(hop_));
  const size_t next = first + static_cast<size_t>(hop_);
  chunk.step = window[std::min(first, window.size() - 1)];
  chunk.step.end = next < window.size() ? window[next].timestamp : chunk.time.end;
  chunk.discont = discont_;
  return chunk;
}

// To the next chunk; what no chunk needs any more goes.
void ChunkBuilder::Advance() {
  discont_ = false;
  covered_ = start_ + kChunkFrames;
  start_ += FromStartToStart(hop_, next_hop_);
  hop_ = next_hop_;
  const int64_t passed = std::clamp<int64_t>(start_ - context_.before - first_, 0, std::ssize(times_));
  pixels_.erase(pixels_.begin(), pixels_.begin() + static_cast<ptrdiff_t>(passed) * kFrameBytes);
  times_.erase(times_.begin(), times_.begin() + static_cast<ptrdiff_t>(passed));
  first_ += passed;
}

std::optional<Chunk> ChunkBuilder::Add(std::span<const uint8_t, kFrameBytes> rgb, const FrameTime &time) {
  pixels_.insert(pixels_.end(), rgb.begin(), rgb.end());
  times_.push_back(time);
  if (count() < start_ + kChunkFrames + context_.after) return std::nullopt;
  Chunk chunk = Build(count());
  Advance();
  return chunk;
}

std::vector<Chunk> ChunkBuilder::Finish(uint64_t end) {
  std::vector<Chunk> chunks;
  // Where the run ends, with the frames that are repeated.
  const auto run_end = [&] {
    int64_t start = start_, covered = covered_;
    for (int hop = hop_; covered < count(); hop = next_hop_) {
      covered = start + kChunkFrames;
      start += FromStartToStart(hop, next_hop_);
    }
    return covered;
  }();
  while (covered_ < count()) {
    chunks.push_back(Build(run_end));
    if (chunks.back().padded()) chunks.back().time.end = chunks.back().step.end = end;
    Advance();
  }
  Reset();
  return chunks;
}

void ChunkBuilder::Reset() {
  // Even: layer 2 has every second frame, and at an even hop the same ones in each run.
  run_number_ += static_cast<uint64_t>(count() / 2 * 2) + kBetweenRuns;
  hop_ = next_hop_;
  pixels_.clear();
  times_.clear();
  first_ = start_ = covered_ = 0;
  discont_ = true;
}

}  // namespace action
