// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include <algorithm>
#include <array>
#include <memory>

#include "actiontorch/convolution_parts.h"
#include "actiontorch/cpu_convolution.h"

namespace action {
namespace {

// F(4, 3) in time, the plain sum in space: what the 7x7 kernels of a stem leave to gain.
class WinogradTimeConvolution : public WindowConvolution {
 public:
  WinogradTimeConvolution(const ConvolutionKernels &kernels, const FoldedConvolution &folded)
      : WindowConvolution(kernels, folded) {
    const int taps = kernel_[1] * kernel_[2];  // of a picture
    const int depth = taps * folded.inputs;
    weights_ = PackPanels(kernels, outputs_, kTimePoints * depth, [&](int output, int k) {
      const int input = k % folded.inputs, tap = k % depth / folded.inputs;
      const float *weight = folded.weight.data() + (output * folded.inputs + input) * kTaps * taps + tap;
      const double *point = kKernelPoints[k / depth];
      return static_cast<float>(point[0] * weight[0] + point[1] * weight[taps] + point[2] * weight[2 * taps]);
    });
  }

  void Run(const Activation &in, const Activation *residual, bool relu, Activation &out,
           Workspace &workspace) const override {
    const Size3 size = out.size();
    const TimeTile time = TileFor(size[0], kernels_);
    const int time_tiles = CeilDiv(size[0], time.frames);
    const ptrdiff_t picture_floats = in.frame_stride();
    workspace.points.Reserve(static_cast<size_t>((time_tiles * time.points + 1) * picture_floats));
    TransformInput(in, size[0], time, time_tiles, workspace);

    const int lines = LinesOfGroup(size, kGroupPixels);
    const ptrdiff_t sum_floats = static_cast<ptrdiff_t>(lines) * size[2] * kernels_.panel;
    for (Buffer &buffer : workspace.members)
      buffer.Reserve(static_cast<size_t>(sum_floats * (kTimePoints + kTileFrames)));
    const auto run_group = [&](int panel, int tile, int top, int pixels, int member) {
      float *sums = workspace.members[static_cast<size_t>(member)].data();
      const float *origin =
          workspace.points.data() + tile * time.points * picture_floats + (in.At(0, 0, 0) - in.data());
      Picture picture = PictureAt(origin, in, out);
      std::array<ptrdiff_t, kMostLines> segments;
      for (int y = 0; y < kernel_[1]; ++y)
        segments[static_cast<size_t>(y)] = y * in.row_stride();
      const ptrdiff_t point_weights = static_cast<ptrdiff_t>(kernel_[1]) * length_ * kernels_.panel;
      for (int point = 0; point < time.points; ++point, picture.origin += picture_floats) {
        const int weights = panel * kTimePoints + time.weights[static_cast<size_t>(point)];
        MultiplyPixels(kernels_, picture, top, pixels, segments.data(), kernel_[1], length_,
                       weights_.data() + weights * point_weights, sums + point * sum_floats, false);
      }
      const int first = tile * time.frames;
      const int used = std::min(time.frames, size[0] - first);
      float *frames = sums + time.points * sum_floats;
      std::array<float *, kTileFrames> to{};
      for (int frame = 0; frame < used; ++frame)
        to[static_cast<size_t>(frame)] = frames + frame * sum_floats;
      time.combine(sums, sum_floats, pixels * kernels_.panel, to.data(), used);
      for (int frame = 0; frame < used; ++frame)
        FinishPanel(frames + frame * sum_floats, panel, top, pixels, relu, residual, first + frame, out);
    };
    ForEachGroup(workspace.team, outputs_ / kernels_.panel, time_tiles, size, lines, run_group);
  }

 private:
  static constexpr int kTaps = 3;  // in time
  static constexpr int kGroupPixels = 112;
  static constexpr int kMostLines = 16;  // of a kernel
  static constexpr int kPieceFloats = 4096;

  // Pictures with their borders to [time tile][point], and behind them one picture of zeros, which stands for the
  // frames before the first and behind the last.
  void TransformInput(const Activation &in, int out_frames, const TimeTile &time, int time_tiles,
                      Workspace &workspace) const {
    const ptrdiff_t picture_floats = in.frame_stride();
    float *points = workspace.points.data();
    float *zeros = points + time_tiles * time.points * picture_floats;
    std::fill_n(zeros, picture_floats, 0.0f);
    const int pieces = CeilDiv(static_cast<int>(picture_floats), kPieceFloats);
    const int padding = PaddingInTime(in.size()[0], out_frames, kTaps, 1, 1);
    workspace.team.ForEach(time_tiles * pieces, [&](int i, int) {
      const ptrdiff_t offset = static_cast<ptrdiff_t>(i % pieces) * kPieceFloats;
      const int tile = i / pieces;
      const auto frames =
          FramesOfTile(time, tile, in.data() + offset, in.size()[0], padding, picture_floats, zeros + offset);
      time.transform(frames.data(), static_cast<int>(std::min<ptrdiff_t>(kPieceFloats, picture_floats - offset)),
                     points + tile * time.points * picture_floats + offset, picture_floats);
    });
  }

  Buffer weights_;  // [panel][point][height][width * inputs][kernels.panel]
};

}  // namespace

std::unique_ptr<CpuConvolution> NewWinogradTimeConvolution(const ConvolutionKernels &kernels,
                                                           const FoldedConvolution &folded) {
  return std::make_unique<WinogradTimeConvolution>(kernels, folded);
}

}  // namespace action
