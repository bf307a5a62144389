// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// R3D-18 in fp32 with the convolutions of cpu_convolution.h. No LibTorch.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "action/processors.h"
#include "actiontorch/continual_layers.h"
#include "actiontorch/cpu_convolution.h"
#include "actiontorch/folded_r3d18.h"
#include "actiontorch/normalisation.h"
#include "actiontorch/r3d18.h"

namespace action {
namespace {

constexpr Size3 kInputSize = {kChunkFrames, kFrameSide, kFrameSide};
constexpr int kBorder = 1;  // of every 3x3x3 convolution

// Rows and columns that tiles of 4x4 reach beyond a picture of this side.
int AfterTiles(int side) {
  return (kTileSide - side % kTileSide) % kTileSide;
}

class VectorR3d18 : public R3d18 {
 public:
  VectorR3d18(const FoldedR3d18 &folded, const ConvolutionKernels &kernels, int threads)
      : kernels_(kernels),
        threads_(threads > 0 ? threads : processors_.Count()),
        follows_(threads == 0),
        team_(threads_),
        workspace_(team_),
        stem_border_(folded.stem.padding[1]),
        input_(kInputSize, 3, stem_border_) {
    stem_ = NewWinogradTimeConvolution(kernels, folded.stem);
    Size3 size = folded.stem.OutputSize(kInputSize);
    AddActivations(size, folded.stem.outputs);
    for (const FoldedBlock &from : folded.blocks) {
      Block block;
      block.conv1 = NewConvolution(from.conv1, size);
      if (from.downsample) {
        block.downsample = NewDirectConvolution(kernels, *from.downsample);
        size = from.conv1.OutputSize(size);
        AddActivations(size, from.conv1.outputs);
      }
      block.conv2 = NewConvolution(from.conv2, size);
      block.level = levels_.size() - 1;
      blocks_.push_back(std::move(block));
    }
    for (size_t channel = 0; channel < kMean.size(); ++channel) {
      for (size_t value = 0; value < 256; ++value)
        normalised_[channel][value] = (static_cast<float>(value) / 255.0f - kMean[channel]) / kStd[channel];
    }
  }

  void Forward(std::span<const uint8_t *const> chunks, std::span<float> features) override {
    FollowProcessors();
    for (size_t i = 0; i < chunks.size(); ++i) {
      const uint8_t *chunk = chunks[i];
      team_.ForEach(kChunkFrames, [&](int frame, int) {
        Normalise(chunk + static_cast<ptrdiff_t>(frame) * kFrameBytes, input_, frame);
      });
      Run(features.subspan(i * kFeatureSize, kFeatureSize));
    }
  }

  void ForwardContinual(const Chunk &chunk, std::unique_ptr<KeptFrames> &kept, std::span<float> features) override {
    FollowProcessors();
    if (!kept) kept = NewContinualLayers();
    const auto load = [this](const uint8_t *pixels, Activation &to) { Normalise(pixels, to, 0); };
    RunBlocks(kSharedBlocks, static_cast<ContinualLayers &>(*kept).Run(chunk, load, workspace_), features);
  }

  void ForwardNormalised(std::span<const float> input, int n, std::span<float> features) override {
    const float *from = input.data();
    for (int i = 0; i < n; ++i) {
      for (int channel = 0; channel < 3; ++channel) {
        for (int frame = 0; frame < kChunkFrames; ++frame) {
          for (int y = 0; y < kFrameSide; ++y) {
            float *to = input_.At(frame, y, 0) + channel;
            for (int x = 0; x < kFrameSide; ++x)
              to[x * 3] = *from++;
          }
        }
      }
      Run(features.subspan(static_cast<size_t>(i) * kFeatureSize, kFeatureSize));
    }
  }

  std::string Description() const override {
    return std::string(kernels_.name) + ", " + std::to_string(team_.size()) + " threads";
  }

 private:
  struct Block {
    std::unique_ptr<CpuConvolution> conv1;
    std::unique_ptr<CpuConvolution> conv2;
    std::unique_ptr<CpuConvolution> downsample;  // null: the shortcut is the input itself
    size_t level = 0;                            // of what comes out
  };
  // What goes into a block and comes out of it, and what is between its convolutions.
  struct Level {
    Activation trunk;
    Activation between;
  };

  // Winograd pays where there are enough pixels: at 7x7 its weights, five times as large, take as long to read as the
  // multiplications that they save.
  std::unique_ptr<CpuConvolution> NewConvolution(const FoldedConvolution &folded, const Size3 &input) const {
    if (folded.stride == Size3{1, 1, 1} && input[1] > 2 * kTileSide) return NewWinogradConvolution(kernels_, folded);
    if (folded.stride == Size3{1, 1, 1} && input[0] == 2) return NewTwoFrameConvolution(kernels_, folded);
    return NewDirectConvolution(kernels_, folded);
  }

  void AddActivations(const Size3 &size, int channels) {
    const auto make = [&] { return Activation(size, channels, kBorder, AfterTiles(size[1])); };
    levels_.push_back({make(), make()});
  }

  // A frame's pixels to (rgb / 255 - mean) / std.
  void Normalise(const uint8_t *from, Activation &activation, int frame) const {
    for (int y = 0; y < kFrameSide; ++y) {
      float *to = activation.At(frame, y, 0);
      for (int x = 0; x < kFrameSide; ++x, from += 3, to += 3) {
        for (size_t channel = 0; channel < 3; ++channel)
          to[channel] = normalised_[channel][from[channel]];
      }
    }
  }

  std::unique_ptr<ContinualLayers> NewContinualLayers() const {
    using Layer = FrameChain::Layer;
    std::vector<Layer> first{{stem_.get(), Layer::kSource, Layer::kNone}};
    std::vector<Layer> then;
    for (size_t i = 0; i < kSharedBlocks; ++i) {
      const Block &block = blocks_[i];
      std::vector<Layer> &layers = block.level == 0 ? first : then;
      const int trunk = static_cast<int>(layers.size()) - 1;
      if (block.downsample) {
        layers.push_back({block.conv1.get(), Layer::kSource, Layer::kNone, 2});
        layers.push_back({block.downsample.get(), Layer::kSource, Layer::kNone, 2, 1, false});
        layers.push_back({block.conv2.get(), 0, 1});
      } else {
        layers.push_back({block.conv1.get(), trunk, Layer::kNone});
        layers.push_back({block.conv2.get(), trunk + 1, trunk});
      }
    }
    const auto queue_of = [](const Activation &like) -> FrameChain::NewQueue {
      return [size = like.size(), channels = like.channels()](int capacity) {
        return FrameQueue(size, channels, kBorder, AfterTiles(size[1]), capacity);
      };
    };
    return std::make_unique<ContinualLayers>(
        std::move(first), std::move(then),
        ContinualLayers::Queues{
            [border = stem_border_](int capacity) { return FrameQueue(kInputSize, 3, border, 0, capacity); },
            queue_of(levels_[0].trunk), queue_of(levels_[1].trunk)});
  }

  void FollowProcessors() {
    if (!follows_) return;
    const int usable = processors_.Count();
    if (std::exchange(threads_, usable) == usable) return;
    team_.Resize(usable);
    workspace_.members.resize(static_cast<size_t>(team_.size()));
  }

  void Run(std::span<float> features) {
    stem_->Run(input_, nullptr, true, levels_[0].trunk, workspace_);
    RunBlocks(0, levels_[0].trunk, features);
  }

  // The rest of the network from this block on.
  void RunBlocks(size_t first, const Activation &input, std::span<float> features) {
    const Activation *in = &input;
    for (size_t i = first; i < blocks_.size(); ++i) {
      const Block &block = blocks_[i];
      auto &[trunk, between] = levels_[block.level];
      block.conv1->Run(*in, nullptr, true, between, workspace_);
      if (block.downsample) block.downsample->Run(*in, nullptr, false, trunk, workspace_);
      // In place: each pixel of the shortcut is read before it is written.
      block.conv2->Run(between, &trunk, true, trunk, workspace_);
      in = &trunk;
    }
    const Activation &last = levels_.back().trunk;
    const Size3 size = last.size();
    std::ranges::fill(features, 0.0f);
    for (int frame = 0; frame < size[0]; ++frame) {
      for (int y = 0; y < size[1]; ++y) {
        for (int x = 0; x < size[2]; ++x) {
          const float *pixel = last.At(frame, y, x);
          for (size_t channel = 0; channel < features.size(); ++channel)
            features[channel] += pixel[channel];
        }
      }
    }
    for (float &feature : features)
      feature /= static_cast<float>(size[0] * size[1] * size[2]);
  }

  const ConvolutionKernels &kernels_;
  ProcessorWatch processors_;
  int threads_;  // that the team should have
  const bool follows_;
  ThreadTeam team_;
  Workspace workspace_;
  const int stem_border_;
  Activation input_;
  std::unique_ptr<CpuConvolution> stem_;
  std::vector<Block> blocks_;
  std::vector<Level> levels_;  // one each time that pictures shrink
  std::array<std::array<float, 256>, 3> normalised_{};
};

}  // namespace

std::unique_ptr<R3d18> NewVectorR3d18(const StateDict &weights, int threads) {
  const ConvolutionKernels *kernels = KernelsOfThisProcessor();
  return kernels != nullptr ? std::make_unique<VectorR3d18>(Fold(weights), *kernels, threads) : nullptr;
}

}  // namespace action
