// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/torch_network.h"

#include <array>
#include <optional>
#include <utility>

#include "action/chunk_builder.h"
#include "actiontorch/normalisation.h"
#include "actiontorch/r3d18.h"
#include "actiontorch/space_to_depth.h"

namespace action {
namespace {

at::Tensor ToTorch(const std::vector<float> &values, at::IntArrayRef shape) {
  return at::from_blob(const_cast<float *>(values.data()), shape, at::kFloat).clone();
}

std::array<int64_t, 3> Wide(const Size3 &size) {
  return {size[0], size[1], size[2]};
}

// LibTorch 2 wants to know the input's size, or it reorders weights in every pass; LibTorch 1.13 does not take it.
template <typename... Rest>
at::Tensor ReorderWeight(const at::Tensor &weight, const std::array<int64_t, 3> &padding,
                         const std::array<int64_t, 3> &stride, const std::array<int64_t, 5> &input_size) {
  const std::array<int64_t, 3> dilation = {1, 1, 1};
  return [&](auto... tail) {
    if constexpr (requires {
                    at::mkldnn_reorder_conv3d_weight(weight, padding, stride, dilation, 1, input_size, tail...);
                  }) {
      return at::mkldnn_reorder_conv3d_weight(weight, padding, stride, dilation, 1, input_size, tail...);
    } else {
      return at::mkldnn_reorder_conv3d_weight(weight, padding, stride, dilation, 1, tail...);
    }
  }();
}

}  // namespace

struct TorchNetwork::Convolution {
  // `input`: the size of what it will be given.
  Convolution(const FoldedConvolution &folded, const Size3 &input, const Layout &layout)
      : stride_(Wide(folded.stride)), padding_(Wide(folded.padding)), fused_(layout.fused) {
    const auto [time, height, width] = Wide(folded.kernel);
    weight_ = ToTorch(folded.weight, {folded.outputs, folded.inputs, time, height, width});
    bias_ = ToTorch(folded.bias, {folded.outputs});
    if (layout.blocked) {
      const std::array<int64_t, 5> input_size = {1, folded.inputs, input[0], input[1], input[2]};
      weight_ = ReorderWeight<>(weight_.to_mkldnn(layout.type), padding_, stride_, input_size);
      bias_ = bias_.to_mkldnn(layout.type);
    } else {
      weight_ = weight_.to(layout.device, layout.type).contiguous(at::MemoryFormat::ChannelsLast3d);
      bias_ = bias_.to(layout.device, layout.type);
    }
  }

  at::Tensor operator()(const at::Tensor &x) const {
    return at::convolution(x, weight_, bias_, stride_, padding_, kDilation, false, {0, 0, 0}, 1);
  }
  at::Tensor Relu(const at::Tensor &x) const {
    if (fused_) return at::cudnn_convolution_relu(x, weight_, bias_, stride_, padding_, kDilation, 1);
    at::Tensor out = (*this)(x);
    return at::relu_(out);
  }
  at::Tensor AddRelu(const at::Tensor &x, const at::Tensor &added) const {
    if (fused_) return at::cudnn_convolution_add_relu(x, weight_, added, 1.0, bias_, stride_, padding_, kDilation, 1);
    at::Tensor out = (*this)(x);
    out.add_(added);
    return at::relu_(out);
  }

 private:
  static constexpr std::array<int64_t, 3> kDilation = {1, 1, 1};
  at::Tensor weight_;
  at::Tensor bias_;
  std::array<int64_t, 3> stride_;
  std::array<int64_t, 3> padding_;
  bool fused_;
};

struct TorchNetwork::Block {
  Convolution conv1;
  Convolution conv2;
  std::optional<Convolution> downsample;

  at::Tensor operator()(const at::Tensor &x) const {
    return conv2.AddRelu(conv1.Relu(x), downsample ? (*downsample)(x) : x);
  }
};

TorchNetwork::TorchNetwork(const FoldedR3d18 &folded, const Layout &layout) : layout_(layout) {
  mean_ = at::tensor(at::ArrayRef<float>(kMean)).to(layout.device);
  std_ = at::tensor(at::ArrayRef<float>(kStd)).to(layout.device);
  scale_ = 1.0 / (255.0 * std_);
  shift_ = -mean_ / std_;
  const Size3 input = {kChunkFrames, kFrameSide, kFrameSide};
  if (layout.space_to_depth) {
    stem_.emplace_back(SpaceToDepth(folded.stem), SpaceToDepthSize(input), layout);
  } else {
    stem_.emplace_back(folded.stem, input, layout);
  }
  Size3 size = folded.stem.OutputSize(input);
  for (const FoldedBlock &from : folded.blocks) {
    const Size3 out = from.conv1.OutputSize(size);
    Block block{Convolution(from.conv1, size, layout), Convolution(from.conv2, out, layout), std::nullopt};
    if (from.downsample) block.downsample.emplace(*from.downsample, size, layout);
    size = out;
    blocks_.push_back(std::move(block));
  }
}

TorchNetwork::~TorchNetwork() = default;

at::Tensor TorchNetwork::Normalised(const at::Tensor &pixels) const {
  at::Tensor x = pixels.to(at::kFloat);
  if (layout_.type == at::kFloat) {
    x.div_(255.0).sub_(mean_).div_(std_);  // the reference's order of operations
  } else {
    x = at::addcmul(shift_, x, scale_).to(layout_.type);  // in one pass, since it is rounded anyway
  }
  return x;
}

at::Tensor TorchNetwork::FromPixels(const at::Tensor &pixels) const {
  return FromFrames(Normalised(pixels));
}

at::Tensor TorchNetwork::FromChunk(const Chunk &chunk) const {
  const at::Tensor pixels =
      at::from_blob(const_cast<uint8_t *>(chunk.pixels.data()),
                    {1, chunk.before + kChunkFrames + chunk.after, kFrameSide, kFrameSide, 3}, at::kByte);
  return FromFrames(Normalised(pixels.to(layout_.device)), chunk.before);
}

at::Tensor TorchNetwork::FromNormalised(const at::Tensor &x) const {
  return FromFrames(x.permute({0, 2, 3, 4, 1}).to(layout_.type));
}

at::Tensor TorchNetwork::Dense(const at::Tensor &x) const {
  return layout_.blocked ? x.to_dense(layout_.type) : x;
}

at::Tensor TorchNetwork::LaidOut(const at::Tensor &x) const {
  return layout_.blocked ? x.contiguous().to_mkldnn(layout_.type) : x.contiguous(at::MemoryFormat::ChannelsLast3d);
}

// A block of stride 2 with the frames of odd numbers in the middle of its first convolution: behind a frame of zeros
// they have even ones. What is made of the zeros is left out again.
at::Tensor TorchNetwork::FromOdd(const Block &block, const at::Tensor &x) const {
  const at::Tensor moved = LaidOut(at::constant_pad_nd(Dense(x), {0, 0, 0, 0, 1, 0}));
  const auto cut = [this](const at::Tensor &y) {
    const at::Tensor dense = Dense(y);
    return LaidOut(dense.narrow(2, 1, dense.size(2) - 1));
  };
  return block.conv2.AddRelu(cut(block.conv1.Relu(moved)), cut((*block.downsample)(moved)));
}

// The shared blocks over all frames; what comes out in the places of the 16 from `first` on.
at::Tensor TorchNetwork::Shared(const at::Tensor &frames, int first) const {
  at::Tensor x = frames;
  int place = first;
  for (size_t i = 0; i < kSharedBlocks; ++i) {
    const Block &block = blocks_[i];
    x = block.downsample && place % 2 == 1 ? FromOdd(block, x) : block(x);
    if (block.downsample) place /= 2;
  }
  return LaidOut(Dense(x).narrow(2, place, kChunkFrames / 2));
}

// frames: [n, 16 or more, 112, 112, 3]
at::Tensor TorchNetwork::FromFrames(const at::Tensor &frames, int first) const {
  at::Tensor x = layout_.space_to_depth ? SpaceToDepth(frames) : frames.permute({0, 4, 1, 2, 3});
  x = LaidOut(x);
  x = stem_.front().Relu(x);
  const bool context = frames.size(1) > kChunkFrames;
  if (context) x = Shared(x, first);
  for (size_t i = context ? kSharedBlocks : 0; i < blocks_.size(); ++i)
    x = blocks_[i](x);
  x = layout_.blocked ? x.to_dense(at::kFloat) : x.to(at::kFloat);
  return x.mean({2, 3, 4});
}

std::string Layout::Description() const {
  return std::string(blocked ? "LibTorch with oneDNN, " : "LibTorch, ") + c10::toString(type) + " on " + device.str();
}

at::Device TorchDevice(Device device) {
  if (device.kind == Device::Kind::kCuda) return {at::kCUDA, static_cast<c10::DeviceIndex>(device.index)};
  return at::kCPU;
}

Error Readable(const char *doing, const c10::Error &error) {
  const std::string what = error.what_without_backtrace();
  std::string line = what.substr(0, what.find('\n'));
  const bool memory = line.find("alloc") != std::string::npos || line.find("out of memory") != std::string::npos;
  if (memory) line = line.substr(0, line.find(" GPU "));  // an account of the whole card follows
  return Error(std::string(doing) + " failed in LibTorch" + (memory ? " for lack of memory" : "") + ": " + line);
}

}  // namespace action
