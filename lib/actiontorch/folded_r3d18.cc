// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/folded_r3d18.h"

#include <cmath>
#include <string>
#include <utility>

namespace action {
namespace {

constexpr double kBatchNormEpsilon = 1e-5;  // torchvision's

FoldedConvolution FoldOne(const StateDict &weights, const std::string &conv, const std::string &norm,
                          const Size3 &stride, const Size3 &padding) {
  const Tensor &weight = *weights.Find(conv + ".weight");
  const auto values = [&](const char *name) { return weights.Find(norm + name)->ToFloats(); };
  const std::vector<float> gamma = values(".weight"), beta = values(".bias");
  const std::vector<float> mean = values(".running_mean"), variance = values(".running_var");

  FoldedConvolution folded;
  const auto side = [&weight](size_t i) { return static_cast<int>(weight.shape()[i]); };
  folded.outputs = side(0);
  folded.inputs = side(1);
  folded.kernel = {side(2), side(3), side(4)};
  folded.stride = stride;
  folded.padding = padding;
  folded.weight = weight.ToFloats();
  const size_t each = folded.weight.size() / static_cast<size_t>(folded.outputs);
  for (size_t o = 0; o < static_cast<size_t>(folded.outputs); ++o) {
    const double scale =
        static_cast<double>(gamma[o]) / std::sqrt(static_cast<double>(variance[o]) + kBatchNormEpsilon);
    for (size_t i = o * each; i < (o + 1) * each; ++i)
      folded.weight[i] = static_cast<float>(static_cast<double>(folded.weight[i]) * scale);
    folded.bias.push_back(static_cast<float>(static_cast<double>(beta[o]) - static_cast<double>(mean[o]) * scale));
  }
  return folded;
}

}  // namespace

Size3 FoldedConvolution::OutputSize(const Size3 &input) const {
  Size3 output{};
  for (size_t i = 0; i < output.size(); ++i)
    output[i] = (input[i] + 2 * padding[i] - kernel[i]) / stride[i] + 1;
  return output;
}

FoldedR3d18 Fold(const StateDict &weights) {
  FoldedR3d18 folded;
  folded.stem = FoldOne(weights, "stem.0", "stem.1", {1, 2, 2}, {1, 3, 3});
  for (int layer = 1; layer <= 4; ++layer) {
    for (int index = 0; index < 2; ++index) {
      const std::string name = "layer" + std::to_string(layer) + "." + std::to_string(index);
      const bool shrinks = layer > 1 && index == 0;
      const Size3 stride = shrinks ? Size3{2, 2, 2} : Size3{1, 1, 1};
      FoldedBlock block;
      block.conv1 = FoldOne(weights, name + ".conv1.0", name + ".conv1.1", stride, {1, 1, 1});
      block.conv2 = FoldOne(weights, name + ".conv2.0", name + ".conv2.1", {1, 1, 1}, {1, 1, 1});
      if (shrinks)
        block.downsample = FoldOne(weights, name + ".downsample.0", name + ".downsample.1", stride, {0, 0, 0});
      folded.blocks.push_back(std::move(block));
    }
  }
  return folded;
}

}  // namespace action
