// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the convolutions of the CPU network share with each other and show to nobody.
#ifndef ACTIONTORCH_CONVOLUTION_PARTS_H_
#define ACTIONTORCH_CONVOLUTION_PARTS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "actiontorch/cpu_convolution.h"

namespace action {

inline int CeilDiv(int a, int b) {
  return (a + b - 1) / b;
}

// Cuts `count` rows into pieces of nearly equal size, none above kRowsAtOnce: 14 is 5 + 5 + 4.
template <typename Body>
void ForEachPiece(int count, Body &&body) {
  const int pieces = CeilDiv(count, kRowsAtOnce);
  for (int i = 0; i < pieces; ++i) {
    const int from = count * i / pieces;
    body(from, count * (i + 1) / pieces - from);
  }
}

// Weights as `multiply` reads them: [panel][k][kernels.panel], k in the order of an input row in memory.
template <typename At>
Buffer PackPanels(const ConvolutionKernels &kernels, int outputs, int depth, At &&at) {
  Buffer packed(static_cast<size_t>(outputs) * static_cast<size_t>(depth));
  float *to = packed.data();
  for (int panel = 0; panel < outputs; panel += kernels.panel) {
    for (int k = 0; k < depth; ++k) {
      for (int j = 0; j < kernels.panel; ++j)
        *to++ = at(panel + j, k);
    }
  }
  return packed;
}

// Frames of zeros before the first of `in`: `padding`, or none where `in` has all that `out` reads.
inline int PaddingInTime(int in_frames, int out_frames, int kernel, int stride, int padding) {
  return in_frames == (out_frames - 1) * stride + kernel ? 0 : padding;
}

// Tiles in time: so many outputs from as many inputs as there are points.
struct TimeTile {
  int frames;
  int points;
  std::array<int, kTimePoints> weights;  // which of F(4, 3)'s points each one's weights are
  decltype(ConvolutionKernels::transform_frames) transform;
  decltype(ConvolutionKernels::combine_frames) combine;
};

// The tile that computes `frames` of output with the fewest multiplications.
inline TimeTile TileFor(int frames, const ConvolutionKernels &kernels) {
  if (frames <= kShortTileFrames)
    return {
        kShortTileFrames, kShortTileFrames + 2, {0, 1, 2, 5}, kernels.transform_few_frames, kernels.combine_few_frames};
  return {kTileFrames, kTimePoints, {0, 1, 2, 3, 4, 5}, kernels.transform_frames, kernels.combine_frames};
}

// The input frames of a tile, `frame_floats` apart; `zeros` stands for those before the first and behind the last.
inline std::array<const float *, kTimePoints> FramesOfTile(const TimeTile &time, int tile, const float *first,
                                                           int frames, int padding, ptrdiff_t frame_floats,
                                                           const float *zeros) {
  std::array<const float *, kTimePoints> inputs{};
  for (int i = 0; i < time.points; ++i) {
    const int frame = tile * time.frames - padding + i;
    inputs[static_cast<size_t>(i)] = frame >= 0 && frame < frames ? first + frame * frame_floats : zeros;
  }
  return inputs;
}

// Lines of an output picture that a thread takes at once: about `pixels` of them.
inline int LinesOfGroup(const Size3 &size, int pixels) {
  return std::clamp(pixels / size[2], 1, size[1]);
}

// Shares out every group of `lines` lines, in each of `frames` (or tiles in time) and panels: body(panel, frame, top,
// pixels, member).
template <typename Body>
void ForEachGroup(ThreadTeam &team, int panels, int frames, const Size3 &size, int lines, Body &&body) {
  const int groups = CeilDiv(size[1], lines);
  team.ForEach(panels * frames * groups, [&](int i, int member) {
    const int top = i % groups * lines;
    body(i / groups / frames, i / groups % frames, top, (std::min(size[1], top + lines) - top) * size[2], member);
  });
}

// Where the outputs of a picture read it: `origin` is the pixel at 0, 0, of `channels` floats.
struct Picture {
  const float *origin;
  ptrdiff_t row_stride;
  int channels;
  Size3 stride;
  Size3 padding;
  int output_width;

  const float *WindowOf(int line, int column) const {
    return origin + (line * stride[1] - padding[1]) * row_stride +
           static_cast<ptrdiff_t>(column * stride[2] - padding[2]) * channels;
  }
};

// `multiply` for `pixels` outputs that follow each other from line `top` on; `sums`: [pixels][kernels.panel].
inline void MultiplyPixels(const ConvolutionKernels &kernels, const Picture &picture, int top, int pixels,
                           const ptrdiff_t *segments, int segment_count, int length, const float *weights, float *sums,
                           bool add) {
  ForEachPiece(pixels, [&](int pixel, int rows) {
    const float *row[kRowsAtOnce];
    for (int r = 0; r < rows; ++r)
      row[r] = picture.WindowOf(top + (pixel + r) / picture.output_width, (pixel + r) % picture.output_width);
    kernels.multiply(row, rows, segments, segment_count, length, weights, sums + pixel * kernels.panel, kernels.panel,
                     add);
  });
}

// Sums of one panel, as `MultiplyPixels` leaves them, to finished pixels of a frame of `out`.
inline void FinishPixels(const ConvolutionKernels &kernels, const float *sums, int top, int pixels, int channel,
                         const Finish &finish, const Activation *residual, int frame, Activation &out) {
  const int width = out.size()[2];
  for (int pixel = 0; pixel < pixels; ++pixel) {
    const int y = top + pixel / width, x = pixel % width;
    kernels.finish_pixel(sums + pixel * kernels.panel, kernels.panel, finish,
                         residual != nullptr ? residual->At(frame, y, x) + channel : nullptr,
                         out.At(frame, y, x) + channel);
  }
}

// What the convolutions have in common whose pixels read a window of the picture and are summed panel by panel.
class WindowConvolution : public CpuConvolution {
 protected:
  WindowConvolution(const ConvolutionKernels &kernels, const FoldedConvolution &folded)
      : kernels_(kernels),
        kernel_(folded.kernel),
        stride_(folded.stride),
        padding_(folded.padding),
        outputs_(folded.outputs),
        length_(folded.kernel[2] * folded.inputs),
        bias_(folded.bias) {}

  // A picture that lies as those of `in` do, read for one of `out`.
  Picture PictureAt(const float *origin, const Activation &in, const Activation &out) const {
    return {origin, in.row_stride(), in.channels(), stride_, padding_, out.size()[2]};
  }

  // FinishPixels, with the bias of this panel.
  void FinishPanel(const float *sums, int panel, int top, int pixels, bool relu, const Activation *residual, int frame,
                   Activation &out) const {
    const int channel = panel * kernels_.panel;
    FinishPixels(kernels_, sums, top, pixels, channel, {bias_.data() + channel, relu}, residual, frame, out);
  }

  const ConvolutionKernels &kernels_;
  const Size3 kernel_, stride_, padding_;
  const int outputs_;
  const int length_;  // floats of a kernel's line, whose pixels lie side by side
  const std::vector<float> bias_;
};

}  // namespace action

#endif  // ACTIONTORCH_CONVOLUTION_PARTS_H_
