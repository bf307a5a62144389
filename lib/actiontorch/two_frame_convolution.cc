// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include <algorithm>
#include <array>
#include <memory>

#include "actiontorch/convolution_parts.h"
#include "actiontorch/cpu_convolution.h"

namespace action {
namespace {

// Of two frames a and b, with zeros around them, a kernel of three pictures k makes
//
//   first = k1*a + k2*b        second = k0*a + k1*b
//
// which are four convolutions of pictures, or three (A. Karatsuba's way to save one):
//
//   both = k1*(a + b)          first = both + (k2 - k1)*b        second = both + (k0 - k1)*a
class TwoFrameConvolution : public WindowConvolution {
 public:
  TwoFrameConvolution(const ConvolutionKernels &kernels, const FoldedConvolution &folded)
      : WindowConvolution(kernels, folded) {
    const int taps = kernel_[1] * kernel_[2];
    for (size_t product = 0; product < kProducts; ++product) {
      weights_[product] = PackPanels(kernels, outputs_, taps * folded.inputs, [&](int output, int k) {
        const float *weight = folded.weight.data() +
                              static_cast<ptrdiff_t>(output * folded.inputs + k % folded.inputs) * kFrames * taps +
                              k / folded.inputs;
        const float middle = weight[taps];
        return product == kBoth ? middle : (product == kFirst ? weight[2 * taps] : weight[0]) - middle;
      });
    }
  }

  void Run(const Activation &in, const Activation *residual, bool relu, Activation &out,
           Workspace &workspace) const override {
    const Size3 size = out.size();
    workspace.points.Reserve(static_cast<size_t>(in.frame_stride()));
    const float *a = in.data(), *b = a + in.frame_stride();
    float *both = workspace.points.data();
    for (ptrdiff_t i = 0; i < in.frame_stride(); ++i)
      both[i] = a[i] + b[i];

    const int panels = outputs_ / kernels_.panel;
    // As few groups as keep every thread busy: each reads its panel's weights anew.
    const int groups = std::clamp(CeilDiv(2 * workspace.team.size(), panels), 1, size[1]);
    const int lines = CeilDiv(size[1], groups);
    for (Buffer &buffer : workspace.members)
      buffer.Reserve(static_cast<size_t>(2 * lines * size[2] * kernels_.panel));
    const ptrdiff_t origin = in.At(0, 0, 0) - in.data();
    ForEachGroup(workspace.team, panels, 1, size, lines, [&](int panel, int, int top, int pixels, int member) {
      float *sums = workspace.members[static_cast<size_t>(member)].data();
      float *other = sums + static_cast<ptrdiff_t>(pixels) * kernels_.panel;
      const auto multiply = [&](size_t product, const float *frame, float *to, bool add) {
        Multiply(product, PictureAt(frame + origin, in, out), panel, top, pixels, to, add);
      };
      multiply(kBoth, both, sums, false);
      std::copy_n(sums, static_cast<ptrdiff_t>(pixels) * kernels_.panel, other);
      multiply(kFirst, b, sums, true);
      FinishPanel(sums, panel, top, pixels, relu, residual, 0, out);
      multiply(kSecond, a, other, true);
      FinishPanel(other, panel, top, pixels, relu, residual, 1, out);
    });
  }

 private:
  static constexpr int kFrames = 3;  // of a kernel
  enum Product : size_t { kBoth, kFirst, kSecond, kProducts };

  // Row by row of the kernel, so that its weights stay in the second-level cache for all pixels.
  void Multiply(size_t product, const Picture &picture, int panel, int top, int pixels, float *sums, bool add) const {
    const auto row_floats = static_cast<ptrdiff_t>(length_) * kernels_.panel;
    const float *weights = weights_[product].data() + panel * kernel_[1] * row_floats;
    for (int y = 0; y < kernel_[1]; ++y) {
      const ptrdiff_t segment = y * picture.row_stride;
      MultiplyPixels(kernels_, picture, top, pixels, &segment, 1, length_, weights + y * row_floats, sums,
                     add || y > 0);
    }
  }

  std::array<Buffer, kProducts> weights_;  // of each product [panel][height][width * inputs][kernels.panel]
};

}  // namespace

std::unique_ptr<CpuConvolution> NewTwoFrameConvolution(const ConvolutionKernels &kernels,
                                                       const FoldedConvolution &folded) {
  return std::make_unique<TwoFrameConvolution>(kernels, folded);
}

}  // namespace action
