// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The layers that a stream's chunks share (FeatureMode::kContinual): each frame goes through them once.
#ifndef ACTIONTORCH_CONTINUAL_LAYERS_H_
#define ACTIONTORCH_CONTINUAL_LAYERS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "actiontorch/cpu_convolution.h"
#include "actiontorch/r3d18.h"

namespace action {

// A stream's newest frames at one place of the network, counted as the stream's are.
class FrameQueue {
 public:
  // `shape`: frames of this size, with this border; more than `capacity` are never wanted at once.
  FrameQueue(const Size3 &size, int channels, int border, int after, int capacity);

  // Forgets all. The frame before number `first` is zeros.
  void Restart(int64_t first);
  // Places for `count` frames behind the last, to be written. Frames before number `needed` are forgotten.
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

// Convolutions of three frames each, in their order, along one stream. The network that has them outlives it.
class ContinualLayers : public KeptFrames {
 public:
  struct Layer {
    const CpuConvolution *convolution;
    int input;     // of which layer the output goes in; -1: the frames themselves
    int shortcut;  // what is added; kNone
    static constexpr int kNone = -2;
  };
  // Writes a frame's pixels (see Chunk) into the first frame of `to`.
  using Load = std::function<void(const uint8_t *pixels, Activation &to)>;

  // pixels, outputs: the size of one frame before the first layer, and behind each.
  ContinualLayers(std::vector<Layer> layers, FrameQueue pixels, const std::function<FrameQueue(int capacity)> &outputs);

  // What comes out in the places of the chunk's 16 frames; valid until the next call.
  Activation Run(const ContinualChunk &chunk, const Load &load, Workspace &workspace);

  static constexpr int kAtOnce = kTileFrames;  // frames that go through a layer together
  // Of `pixels`, and of what is between the layers: two that the next ones need, new ones, and at a run's end one more
  // for each layer, and the zeros.
  static constexpr int kCapacity = 2 + kAtOnce + 2 * kSharedBlocks + 1 + 1;

 private:
  void Produce(size_t layer, Workspace &workspace);
  int64_t Needed(size_t queue) const;
  FrameQueue &Output(size_t layer) { return queues_[layer + 1]; }

  const std::vector<Layer> layers_;
  std::vector<FrameQueue> queues_;  // the frames, and behind each layer
  int64_t right_from_ = 0;          // what comes out before it lacks context
  int64_t chunk_ = 0;               // the first frame of the newest chunk
  bool begun_ = false;
  bool ended_ = false;  // the run: zeros are behind its last frame
};

}  // namespace action

#endif  // ACTIONTORCH_CONTINUAL_LAYERS_H_
