// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include <algorithm>
#include <array>
#include <memory>

#include "actiontorch/convolution_parts.h"
#include "actiontorch/cpu_convolution.h"

namespace action {
namespace {

class DirectConvolution : public WindowConvolution {
 public:
  DirectConvolution(const ConvolutionKernels &kernels, const FoldedConvolution &folded)
      : WindowConvolution(kernels, folded) {
    // One segment: a line of the kernel.
    const int taps = kernel_[0] * kernel_[1] * kernel_[2];
    weights_ = PackPanels(kernels, outputs_, taps * folded.inputs, [&](int output, int k) {
      return folded
          .weight[static_cast<size_t>((output * folded.inputs + k % folded.inputs) * taps + k / folded.inputs)];
    });
  }

  void Run(const Activation &in, const Activation *residual, bool relu, Activation &out,
           Workspace &workspace) const override {
    const Size3 size = out.size();
    const int lines = LinesOfGroup(size, kGroupPixels);
    for (Buffer &buffer : workspace.members)
      buffer.Reserve(static_cast<size_t>(lines * size[2] * kernels_.panel));
    ForEachGroup(workspace.team, outputs_ / kernels_.panel, size[0], size, lines,
                 [&](int panel, int frame, int top, int pixels, int member) {
                   RunGroup(in, residual, relu, out, panel, frame, top, pixels,
                            workspace.members[static_cast<size_t>(member)].data());
                 });
  }

 private:
  static constexpr int kGroupPixels = 224;
  static constexpr int kMostSegments = 32;
  static constexpr size_t kChunkFloats = 64 * 1024;  // of weights, kept in the second-level cache

  void RunGroup(const Activation &in, const Activation *residual, bool relu, Activation &out, int panel, int frame,
                int top, int pixels, float *sums) const {
    // Frames before the first and behind the last are zeros and left out.
    const int first_frame =
        frame * stride_[0] - PaddingInTime(in.size()[0], out.size()[0], kernel_[0], stride_[0], padding_[0]);
    const int from = std::max(0, -first_frame);
    const int to = std::min(kernel_[0], in.size()[0] - first_frame);
    std::array<ptrdiff_t, kMostSegments> segments;
    int count = 0;
    for (int t = from; t < to; ++t) {
      for (int y = 0; y < kernel_[1]; ++y)
        segments[static_cast<size_t>(count++)] = t * in.frame_stride() + y * in.row_stride();
    }
    const auto segment_floats = static_cast<size_t>(length_) * static_cast<size_t>(kernels_.panel);
    const float *weights = weights_.data() + static_cast<size_t>(panel * kernel_[0] * kernel_[1]) * segment_floats +
                           static_cast<size_t>(from * kernel_[1]) * segment_floats;
    const int step = std::max(1, static_cast<int>(kChunkFloats / segment_floats));
    const Picture picture = PictureAt(in.At(0, 0, 0) + first_frame * in.frame_stride(), in, out);
    for (int s = 0; s < count; s += step) {
      MultiplyPixels(kernels_, picture, top, pixels, segments.data() + s, std::min(step, count - s), length_,
                     weights + static_cast<size_t>(s) * segment_floats, sums, s > 0);
    }
    FinishPanel(sums, panel, top, pixels, relu, residual, frame, out);
  }

  Buffer weights_;  // [panel][time][height][width * inputs][kernels.panel]
};

}  // namespace

std::unique_ptr<CpuConvolution> NewDirectConvolution(const ConvolutionKernels &kernels,
                                                     const FoldedConvolution &folded) {
  return std::make_unique<DirectConvolution>(kernels, folded);
}

}  // namespace action
