// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/continual_layers.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "action/chunk_builder.h"

namespace action {
namespace {

// Behind the last layer: a chunk, what lies behind the chunk when the run ends, and some more, so that frames are
// seldom moved.
constexpr int kLastCapacity = kChunkFrames + 3 * ContinualLayers::kAtOnce;

}  // namespace

FrameQueue::FrameQueue(const Size3 &size, int channels, int border, int after, int capacity)
    : frames_({capacity, size[1], size[2]}, channels, border, after) {}

void FrameQueue::Restart(int64_t first) {
  first_ = first - 1;
  count_ = 0;
  AppendZeros(first_);
}

Activation FrameQueue::Append(int count, int64_t needed) {
  if (count_ + count > frames_.size()[0]) {
    const int passed = std::clamp(static_cast<int>(needed - first_), 0, count_);
    count_ -= passed;
    first_ += passed;
    const ptrdiff_t frame = frames_.frame_stride();
    std::memmove(frames_.data(), frames_.data() + passed * frame, static_cast<size_t>(count_ * frame) * sizeof(float));
  }
  if (count_ + count > frames_.size()[0]) throw std::logic_error("more frames than a FrameQueue was made for");
  count_ += count;
  return frames_.Frames(count_ - count, count);
}

void FrameQueue::AppendZeros(int64_t needed) {
  Activation zeros = Append(1, needed);
  std::fill_n(zeros.data(), zeros.frame_stride(), 0.0f);
}

Activation FrameQueue::Frames(int64_t from, int64_t to) const {
  return frames_.Frames(static_cast<int>(from - first_), static_cast<int>(to - from));
}

ContinualLayers::ContinualLayers(std::vector<Layer> layers, FrameQueue pixels,
                                 const std::function<FrameQueue(int capacity)> &outputs)
    : layers_(std::move(layers)) {
  queues_.push_back(std::move(pixels));
  for (size_t i = 0; i < layers_.size(); ++i)
    queues_.push_back(outputs(i + 1 < layers_.size() ? kCapacity : kLastCapacity));
}

// The oldest frame of a queue that somebody reads still.
int64_t ContinualLayers::Needed(size_t queue) const {
  if (queue == layers_.size()) return chunk_;
  int64_t needed = queues_[queue].end();
  for (size_t i = 0; i < layers_.size(); ++i) {
    const int64_t next = queues_[i + 1].end();
    if (layers_[i].input + 1 == static_cast<int>(queue)) needed = std::min(needed, next - 1);
    if (layers_[i].shortcut + 1 == static_cast<int>(queue)) needed = std::min(needed, next);
  }
  return needed;
}

// All that can be: a frame needs the one behind it.
void ContinualLayers::Produce(size_t layer, Workspace &workspace) {
  const Layer &made_by = layers_[layer];
  const FrameQueue &in = queues_[static_cast<size_t>(made_by.input + 1)];
  FrameQueue &out = Output(layer);
  while (out.end() < in.end() - 1) {
    const int64_t from = out.end(), to = std::min(from + kAtOnce, in.end() - 1);
    const Activation read = in.Frames(from - 1, to + 1);
    Activation written = out.Append(static_cast<int>(to - from), Needed(layer + 1));
    if (made_by.shortcut == Layer::kNone) {
      made_by.convolution->Run(read, nullptr, true, written, workspace);
    } else {
      const Activation added = queues_[static_cast<size_t>(made_by.shortcut + 1)].Frames(from, to);
      made_by.convolution->Run(read, &added, true, written, workspace);
    }
  }
}

Activation ContinualLayers::Run(const ContinualChunk &chunk, const Load &load, Workspace &workspace) {
  FrameQueue &pixels = queues_.front();
  const auto first = static_cast<int64_t>(chunk.first_frame);
  const int64_t end = first + chunk.before + kChunkFrames + chunk.after;
  const int reach = static_cast<int>(layers_.size());
  const int64_t seen = pixels.end() - (ended_ ? 1 : 0);  // without the zeros
  chunk_ = first + chunk.before;
  const bool follows = begun_ && first <= seen && chunk_ >= right_from_ && (!ended_ || end <= seen);
  if (!follows) {
    for (FrameQueue &queue : queues_)
      queue.Restart(first);
    right_from_ = chunk.before < reach ? first : chunk_;
    begun_ = true;
    ended_ = false;
  }
  int64_t next = follows ? seen : first;
  do {
    const int64_t from = next;
    for (; next < std::min(from + kAtOnce, end); ++next) {
      Activation to = pixels.Append(1, Needed(0));
      load(chunk.pixels + static_cast<ptrdiff_t>(next - first) * kFrameBytes, to);
    }
    const bool ends = next >= end && chunk.after < reach && !ended_;
    if (ends) pixels.AppendZeros(Needed(0));
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
      Produce(layer, workspace);
      if (ends) Output(layer).AppendZeros(Needed(layer + 1));
    }
    ended_ = ended_ || ends;
  } while (next < end);
  right_from_ = std::max(right_from_, chunk_);
  return queues_.back().Frames(chunk_, chunk_ + kChunkFrames);
}

}  // namespace action
