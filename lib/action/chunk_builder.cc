// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/chunk_builder.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace action {

namespace {

// The first of the samples that a chunk stands for.
int FirstOfStep(int hop) {
  return (kChunkFrames - hop) / 2;
}

int Checked(int hop) {
  if (hop >= 1 && hop <= kChunkFrames) return hop;
  throw std::invalid_argument("hop is " + std::to_string(hop) + "; it must be 1 to 16 samples");
}

}  // namespace

ChunkBuilder::ChunkBuilder(int hop) : hop_(Checked(hop)), next_hop_(hop) {
  pixels_.reserve(kChunkBytes);
}

void ChunkBuilder::SetHop(int hop) {
  next_hop_ = Checked(hop);
}

Chunk ChunkBuilder::Build() const {
  Chunk chunk;
  chunk.pixels = pixels_;
  chunk.frame_count = static_cast<int>(times_.size());
  chunk.time = times_.front();
  chunk.time.end = times_.back().end;
  const auto first = static_cast<size_t>(FirstOfStep(hop_));
  const size_t next = first + static_cast<size_t>(hop_);
  chunk.step = times_[std::min(first, times_.size() - 1)];
  chunk.step.end = next < times_.size() ? times_[next].timestamp : chunk.time.end;
  chunk.discont = discont_;
  return chunk;
}

std::optional<Chunk> ChunkBuilder::Add(std::span<const uint8_t, kFrameBytes> rgb, const FrameTime &time) {
  pixels_.insert(pixels_.end(), rgb.begin(), rgb.end());
  times_.push_back(time);
  ++fresh_;
  if (times_.size() < kChunkFrames) return std::nullopt;

  Chunk chunk = Build();
  discont_ = false;
  fresh_ = 0;
  const int passed = FirstOfStep(hop_) + hop_ - FirstOfStep(next_hop_);
  pixels_.erase(pixels_.begin(), pixels_.begin() + static_cast<ptrdiff_t>(passed) * kFrameBytes);
  times_.erase(times_.begin(), times_.begin() + passed);
  hop_ = next_hop_;
  return chunk;
}

std::optional<Chunk> ChunkBuilder::Finish(uint64_t end) {
  std::optional<Chunk> last;
  if (fresh_ > 0) {
    Chunk chunk = Build();
    chunk.time.end = chunk.step.end = end;
    while (chunk.pixels.size() < kChunkBytes) {
      chunk.pixels.insert(chunk.pixels.end(), pixels_.end() - kFrameBytes, pixels_.end());
    }
    last = std::move(chunk);
  }
  Reset();
  return last;
}

void ChunkBuilder::Reset() {
  hop_ = next_hop_;
  pixels_.clear();
  times_.clear();
  fresh_ = 0;
  discont_ = true;
}

}  // namespace action
