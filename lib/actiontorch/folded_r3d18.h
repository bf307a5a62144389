// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// R3D-18 as what is computed: convolutions with their batch norms folded in. No LibTorch.
#ifndef ACTIONTORCH_FOLDED_R3D18_H_
#define ACTIONTORCH_FOLDED_R3D18_H_

#include <array>
#include <optional>
#include <vector>

#include "action/checkpoint/checkpoint.h"

namespace action {

using Size3 = std::array<int, 3>;  // time, height, width

struct FoldedConvolution {
  int inputs = 0;   // channels
  int outputs = 0;  // channels
  Size3 kernel{};
  Size3 stride{};
  Size3 padding{};
  std::vector<float> weight;  // [outputs, inputs, time, height, width]
  std::vector<float> bias;    // [outputs]

  Size3 OutputSize(const Size3 &input) const;
};

// relu(conv2(relu(conv1(x))) + (downsample(x) or x))
struct FoldedBlock {
  FoldedConvolution conv1;
  FoldedConvolution conv2;
  std::optional<FoldedConvolution> downsample;
};

// torchvision's video.r3d_18 in eval mode without `fc`: relu(stem(x)), the blocks, the mean over time and pixels.
struct FoldedR3d18 {
  FoldedConvolution stem;
  std::vector<FoldedBlock> blocks;
};

// w' = w g / sqrt(v + eps), b' = beta - m g / sqrt(v + eps), in double. The weights have passed CheckR3d18.
FoldedR3d18 Fold(const StateDict &weights);

}  // namespace action

#endif  // ACTIONTORCH_FOLDED_R3D18_H_
