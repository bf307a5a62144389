// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// R3D-18 in fp32 with the convolutions of cpu_convolution.h. No LibTorch.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

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
      : kernels_(kernels), team_(threads), workspace_(team_), input_(kInputSize, 3, folded.stem.padding[1]) {
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
      blocks_.push_back(std::move(block));
    }
    for (size_t channel = 0; channel < kMean.size(); ++channel) {
      for (size_t value = 0; value < 256; ++value)
        normalised_[channel][value] = (static_cast<float>(value) / 255.0f - kMean[channel]) / kStd[channel];
    }
  }

  void Forward(std::span<const uint8_t *const> chunks, std::span<float> features) override {
    for (size_t i = 0; i < chunks.size(); ++i) {
      const uint8_t *chunk = chunks[i];
      team_.ForEach(kChunkFrames, [&](int frame, int) {
        const uint8_t *from = chunk + static_cast<ptrdiff_t>(frame) * kFrameBytes;
        for (int y = 0; y < kFrameSide; ++y) {
          float *to = input_.At(frame, y, 0);
          for (int x = 0; x < kFrameSide; ++x, from += 3, to += 3) {
            for (size_t channel = 0; channel < 3; ++channel)
              to[channel] = normalised_[channel][from[channel]];
          }
        }
      });
      Run(features.subspan(i * kFeatureSize, kFeatureSize));
    }
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

  void Run(std::span<float> features) {
    stem_->Run(input_, nullptr, true, levels_[0].trunk, workspace_);
    size_t level = 0;
    for (const Block &block : blocks_) {
      const Activation &in = levels_[level].trunk;
      if (block.downsample) ++level;
      auto &[trunk, between] = levels_[level];
      block.conv1->Run(in, nullptr, true, between, workspace_);
      if (block.downsample) block.downsample->Run(in, nullptr, false, trunk, workspace_);
      // In place: each pixel of the shortcut is read before it is written.
      block.conv2->Run(between, &trunk, true, trunk, workspace_);
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
  ThreadTeam team_;
  Workspace workspace_;
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
