// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/space_to_depth.h"

#include <array>
#include <cstddef>

namespace action {
namespace {

constexpr int kFrames = 4;                  // that a channel can come from
constexpr int kSide = 2;                    // of the pixels that become channels: the stride
constexpr Size3 kKernel = {3, 7, 7};        // of the stem
constexpr Size3 kPadding = {1, 3, 3};       // of the stem
constexpr int kTaps = (7 + kSide) / kSide;  // in height and width, over pixels that became channels

}  // namespace

FoldedConvolution SpaceToDepth(const FoldedConvolution &stem) {
  FoldedConvolution to = stem;
  to.inputs = kFrames * kSide * kSide * stem.inputs;
  to.kernel = {1, kTaps, kTaps};
  to.stride = {1, 1, 1};
  to.padding = {0, 0, 0};
  to.weight.assign(static_cast<size_t>(to.outputs) * static_cast<size_t>(to.inputs) * kTaps * kTaps, 0.0f);
  const float *from = stem.weight.data();
  for (int output = 0; output < stem.outputs; ++output) {
    for (int input = 0; input < stem.inputs; ++input) {
      for (int t = 0; t < kKernel[0]; ++t) {
        for (int y = 0; y < kKernel[1]; ++y) {
          for (int x = 0; x < kKernel[2]; ++x) {
            const int channel = ((t * kSide + y % kSide) * kSide + x % kSide) * stem.inputs + input;
            const int row = (output * to.inputs + channel) * kTaps + y / kSide;
            to.weight[static_cast<size_t>(row * kTaps + x / kSide)] = *from++;
          }
        }
      }
    }
  }
  return to;
}

Size3 SpaceToDepthSize(const Size3 &x) {
  return {x[0], x[1] / kSide + kPadding[1], x[2] / kSide + kPadding[2]};
}

at::Tensor SpaceToDepth(const at::Tensor &x) {
  const std::array<int64_t, 8> padding = {0,           0,           kPadding[2], kPadding[2],
                                          kPadding[1], kPadding[1], kPadding[0], kFrames - 1 - kPadding[0]};
  const at::Tensor padded = at::constant_pad_nd(x.contiguous(), padding);
  const int64_t n = x.size(0), time = x.size(1), channels = x.size(4);
  const int64_t height = padded.size(2) / kSide, width = padded.size(3) / kSide;
  const auto stride = [&padded](int dimension) { return padded.stride(dimension); };
  // Each frame, row and column over again for each channel that comes from it.
  const at::Tensor patches = padded.as_strided(
      {n, time, height, width, kFrames, kSide, kSide, channels},
      {stride(0), stride(1), kSide * stride(2), kSide * stride(3), stride(1), stride(2), stride(3), stride(4)});
  const int64_t depth = kFrames * kSide * kSide * channels;
  return patches.contiguous().view({n, time, height, width, depth}).permute({0, 4, 1, 2, 3});
}

}  // namespace action
