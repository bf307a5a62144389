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

constexpr int kAtOnce = kTileFrames;  // frames that go through a layer together
// Between layers: two that the next ones need, new ones, one more for each layer when the run ends, and zeros.
constexpr int kCapacity = 2 + kAtOnce + 5 + 1;
// Behind the last: a chunk, what lies behind it when the run ends, zeros, new ones.
constexpr int kLastCapacity = kChunkFrames / 2 + 6 + 1 + kAtOnce;

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

FrameChain::FrameChain(std::vector<Layer> layers, int phase, const NewQueue &new_queue, int last_capacity)
    : layers_(std::move(layers)), phase_(phase) {
  for (size_t i = 0; i < layers_.size(); ++i)
    queues_.push_back(new_queue(i + 1 < layers_.size() ? kCapacity : last_capacity));
}

int64_t FrameChain::NumberOf(int64_t source) const {
  return layers_.front().stride == 2 ? (source - phase_ + 1) / 2 : source;
}

void FrameChain::Restart(int64_t first) {
  for (FrameQueue &queue : queues_)
    queue.Restart(NumberOf(first));
  ended_ = false;
}

// Frames before this number can be made of what is there.
int64_t FrameChain::EndOf(const Layer &layer, const FrameQueue &in, bool ended) const {
  if (layer.stride == 1) return in.end() - layer.kernel / 2;
  if (layer.kernel > 1) return (in.end() - phase_) / 2;
  return (in.end() - (ended ? 1 : 0) - phase_ + 1) / 2;
}

int64_t FrameChain::Needed(int queue) const {
  int64_t needed = queue == Layer::kSource ? INT64_MAX : queues_[static_cast<size_t>(queue)].end();
  for (size_t i = 0; i < layers_.size(); ++i) {
    const int64_t next = queues_[i].end();
    if (layers_[i].input == queue) needed = std::min(needed, Middle(layers_[i], next) - layers_[i].kernel / 2);
    if (layers_[i].shortcut == queue) needed = std::min(needed, next);
  }
  return needed;
}

int64_t FrameChain::NeededOfSource() const {
  return Needed(Layer::kSource);
}

void FrameChain::Produce(const FrameQueue &source, bool ended, int64_t needed, Workspace &workspace) {
  const auto needed_of = [&](size_t i) { return i + 1 < layers_.size() ? Needed(static_cast<int>(i)) : needed; };
  // A few frames of a layer at once. False: there was nothing to do.
  const auto produce = [&](size_t i) {
    const Layer &layer = layers_[i];
    FrameQueue &out = queues_[i];
    const FrameQueue &in = layer.input == Layer::kSource ? source : queues_[static_cast<size_t>(layer.input)];
    const int64_t from = out.end(), to = std::min(from + kAtOnce, EndOf(layer, in, ended));
    if (from >= to) return false;
    const int around = layer.kernel / 2;
    const Activation read = in.Frames(Middle(layer, from) - around, Middle(layer, to - 1) + around + 1);
    Activation written = out.Append(static_cast<int>(to - from), needed_of(i));
    if (layer.shortcut == Layer::kNone) {
      layer.convolution->Run(read, nullptr, layer.relu, written, workspace);
    } else {
      const Activation added = queues_[static_cast<size_t>(layer.shortcut)].Frames(from, to);
      layer.convolution->Run(read, &added, layer.relu, written, workspace);
    }
    return true;
  };
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < layers_.size(); ++i)
      more = produce(i) || more;
  }
  if (!ended || std::exchange(ended_, true)) return;
  for (size_t i = 0; i < layers_.size(); ++i) {
    while (produce(i)) {
    }
    queues_[i].AppendZeros(needed_of(i));
  }
}

ContinualLayers::ContinualLayers(std::vector<FrameChain::Layer> first, std::vector<FrameChain::Layer> then,
                                 const Queues &queues)
    : then_(std::move(then)),
      new_second_(queues.second),
      pixels_(queues.pixels(kCapacity)),
      first_(std::move(first), 0, queues.every, kCapacity) {}

// What is there of the stream is what this chunk goes on with.
bool ContinualLayers::Follows(const Chunk &chunk) const {
  const auto first = static_cast<int64_t>(chunk.first_frame);
  const int64_t seen = pixels_.end() - (ended_ ? 1 : 0);  // without the zeros
  return first <= seen && first + chunk.before >= chunk_ &&
         (!ended_ || first + chunk.before + kChunkFrames + chunk.after <= seen);
}

void ContinualLayers::Restart(int64_t first) {
  pixels_.Restart(first);
  first_.Restart(first);
  for (const auto &chain : second_) {
    if (chain) chain->Restart(first);
  }
  ended_ = false;
}

void ContinualLayers::Produce(Workspace &workspace) {
  int64_t needed = INT64_MAX;
  for (const auto &chain : second_) {
    if (chain) needed = std::min(needed, chain->NeededOfSource());
  }
  first_.Produce(pixels_, ended_, needed, workspace);
  for (const auto &chain : second_) {
    if (chain) chain->Produce(first_.out(), ended_, chain->NumberOf(chunk_), workspace);
  }
}

Activation ContinualLayers::Run(const Chunk &chunk, const Load &load, Workspace &workspace) {
  const auto first = static_cast<int64_t>(chunk.first_frame);
  const int64_t end = first + chunk.before + kChunkFrames + chunk.after;
  const bool follows = Follows(chunk);
  chunk_ = first + chunk.before;
  const auto phase = static_cast<int>(chunk_ % 2);
  auto &second = second_[static_cast<size_t>(phase)];
  const bool is_new = !second;  // the first of all, or a hop of an odd number: from now on there are both
  if (is_new) second = std::make_unique<FrameChain>(then_, phase, new_second_, kLastCapacity);
  if (!follows || is_new) Restart(first);
  for (int64_t next = pixels_.end() - (ended_ ? 1 : 0); next < end;) {
    const int64_t from = next;
    for (; next < std::min(from + kAtOnce, end); ++next) {
      Activation to = pixels_.Append(1, first_.NeededOfSource());
      load(chunk.pixels.data() + static_cast<ptrdiff_t>(next - first) * kFrameBytes, to);
    }
    Produce(workspace);
  }
  if (chunk.after < kContinualContext.after && !std::exchange(ended_, true)) {
    pixels_.AppendZeros(first_.NeededOfSource());
    Produce(workspace);
  }
  const int64_t from = second->NumberOf(chunk_);
  return second->out().Frames(from, from + kChunkFrames / 2);
}

}  // namespace action
