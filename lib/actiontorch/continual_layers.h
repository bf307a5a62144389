// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The layers that a stream's chunks share (FeatureMode::kContinual): each frame goes through them once.
#ifndef ACTIONTORCH_CONTINUAL_LAYERS_H_
#define ACTIONTORCH_CONTINUAL_LAYERS_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "actiontorch/cpu_convolution.h"
#include "actiontorch/r3d18.h"

namespace action {

// A stream's newest frames at one place of the network, counted.
class FrameQueue {
 public:
  // Frames of this size, with this border; more than `capacity` are never wanted at once.
  FrameQueue(const Size3 &size, int channels, int border, int after, int capacity);

  // Forgets all. The frame before number `first` is zeros.
  void Restart(int64_t first);
  // Places for `count` frames behind the last, to be written. Frames before number `needed` are forgotten. Throws
  // std::logic_error when there is no room.
  Activation Append(int count, int64_t needed);
  void AppendZeros(int64_t needed);

  int64_t end() const { return first_ + count_; }
  // Frames from number `from` to the one before `to`, all of which are there.
  Activation Frames(int64_t from, int64_t to) const;

 private:
  Activation frames_;
  int64_t first_ = 0;
  int count_ = 0;
};

// Convolutions along one stream, whose frames come out of one queue. A convolution of stride 2 in time takes every
// second frame: those whose number is even (phase 0) or odd (phase 1); behind it frames are counted by twos.
class FrameChain {
 public:
  struct Layer {
    const CpuConvolution *convolution;
    int input;     // of which layer the output goes in; kSource
    int shortcut;  // whose output is added; kNone
    int stride = 1;
    int kernel = 3;  // frames
    bool relu = true;
    static constexpr int kSource = -1;
    static constexpr int kNone = -2;
  };
  // A queue of what comes out of the chain's layers, all of one size.
  using NewQueue = std::function<FrameQueue(int capacity)>;

  FrameChain(std::vector<Layer> layers, int phase, const NewQueue &new_queue, int last_capacity);

  // Begins with this number of the source, before which there are zeros.
  void Restart(int64_t first);
  // All frames that can be; `ended`: the source's last frame is zeros, and so is what follows. Those that come out
  // before number `needed` may be forgotten.
  void Produce(const FrameQueue &source, bool ended, int64_t needed, Workspace &workspace);
  // The oldest frame of the source that is read still.
  int64_t NeededOfSource() const;

  const FrameQueue &out() const { return queues_.back(); }
  // The number behind the chain of the first frame from `source` on.
  int64_t NumberOf(int64_t source) const;

 private:
  // The frame of the input that is in the middle of what a frame is made of.
  int64_t Middle(const Layer &layer, int64_t frame) const {
    return layer.stride * frame + (layer.stride == 2 ? phase_ : 0);
  }
  int64_t EndOf(const Layer &layer, const FrameQueue &in, bool ended) const;
  int64_t Needed(int queue) const;

  const std::vector<Layer> layers_;
  const int phase_;
  std::vector<FrameQueue> queues_;  // behind each layer
  bool ended_ = false;
};

// The stem and the blocks of layers 1 and 2. The network that has the convolutions outlives it.
class ContinualLayers : public KeptFrames {
 public:
  // pixels: of the frames themselves; every, second: behind the layers of stride 1, and behind those of stride 2.
  struct Queues {
    FrameChain::NewQueue pixels, every, second;
  };
  ContinualLayers(std::vector<FrameChain::Layer> first, std::vector<FrameChain::Layer> then, const Queues &queues);

  // Writes a frame's pixels (see Chunk) into the first frame of `to`.
  using Load = std::function<void(const uint8_t *pixels, Activation &to)>;
  // What comes out in the places of the chunk's 16 frames, 8 frames; valid until the next call.
  Activation Run(const Chunk &chunk, const Load &load, Workspace &workspace);

 private:
  bool Follows(const Chunk &chunk) const;
  void Restart(int64_t first);
  void Produce(Workspace &workspace);

  const std::vector<FrameChain::Layer> then_;
  const FrameChain::NewQueue new_second_;
  FrameQueue pixels_;
  FrameChain first_;
  std::array<std::unique_ptr<FrameChain>, 2> second_;  // by phase; there is one when a chunk began so
  int64_t chunk_ = 0;                                  // the first frame of the newest chunk
  bool ended_ = false;                                 // the run: zeros are behind its last frame
};

}  // namespace action

#endif  // ACTIONTORCH_CONTINUAL_LAYERS_H_
