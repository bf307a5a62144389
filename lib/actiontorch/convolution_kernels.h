// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The innermost loops of the CPU network, compiled once for each instruction set. Plain C types: the files that hold
// them are compiled with flags (-mavx512f) under which nothing that other files share may be instantiated.
#ifndef ACTIONTORCH_CONVOLUTION_KERNELS_H_
#define ACTIONTORCH_CONVOLUTION_KERNELS_H_

#include <stddef.h>
#include <stdint.h>

namespace action {

// Winograd's minimal filtering F(4, 3) (A. Lavin, S. Gray 2015, arXiv 1509.09308), in height, width and time: four
// outputs from six inputs take 6 multiplications where the plain sum takes 12; a tile of 4x4 outputs 36 for 144.
inline constexpr int kTileSide = 4;
inline constexpr int kPatchSide = 6;
inline constexpr int kPatchPoints = kPatchSide * kPatchSide;
inline constexpr int kTileFrames = 4;
inline constexpr int kTimePoints = 6;
// In time F(2, 3) too, for outputs of at most two frames: two of them from four inputs, at four points.
inline constexpr int kShortTileFrames = 2;
// G of the paper: the three values of a kernel's line to its points.
inline constexpr double kKernelPoints[kPatchSide][3] = {{1.0 / 4, 0, 0},
                                                        {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                                        {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                                        {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                                        {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                                        {0, 0, 1}};

// What counts and channels of the functions below are multiples of: a vector of the widest instruction set.
inline constexpr int kValuesAtOnce = 16;

// Rows that `multiply` works on at once: with `panel` outputs each, as many sums as registers hold.
inline constexpr int kRowsAtOnce = 6;

// What follows a convolution on one pixel: out = max(0, sum + bias + residual), or without the max.
struct Finish {
  const float *bias;  // [channels]
  bool relu;
};

struct ConvolutionKernels {
  const char *name;  // "AVX-512", "AVX2"
  int panel;         // output channels that `multiply` computes at once; divides 64

  // out[r][j] = sum over segments s and k < length of rows[r][segments[s] + k] * weights[(s * length + k) * panel + j],
  // for r < count <= kRowsAtOnce and j < panel; added to what `out` holds when `add`. `out_stride`: floats between
  // rows.
  void (*multiply)(const float *const *rows, int count, const ptrdiff_t *segments, int segment_count, int length,
                   const float *weights, float *out, ptrdiff_t out_stride, bool add);

  // A patch of 6x6 pixels of `channels` to its 36 points, `point_stride` floats apart.
  void (*transform_patch)(const float *patch, ptrdiff_t row_stride, ptrdiff_t pixel_stride, int channels, float *points,
                          ptrdiff_t point_stride);

  // `count` values of each of the frames that a tile in time reads to their points in time, `point_stride` floats
  // apart. And points in time to `count` values of the first `used` frames of the tile. Of F(4, 3), and of F(2, 3).
  void (*transform_frames)(const float *const *frames, int count, float *points, ptrdiff_t point_stride);
  void (*combine_frames)(const float *points, ptrdiff_t point_stride, int count, float *const *frames, int used);
  void (*transform_few_frames)(const float *const *frames, int count, float *points, ptrdiff_t point_stride);
  void (*combine_few_frames)(const float *points, ptrdiff_t point_stride, int count, float *const *frames, int used);

  // 36 points to the tile's upper left `rows` x `columns` pixels, finished. `residual` lies in memory as `tile` does
  // but with strides of its own; null: none.
  void (*transform_tile)(const float *points, ptrdiff_t point_stride, int channels, const Finish &finish,
                         const float *residual, ptrdiff_t residual_row, ptrdiff_t residual_pixel, float *tile,
                         ptrdiff_t row_stride, ptrdiff_t pixel_stride, int rows, int columns);

  // out[j] for j < channels. `residual` may be null.
  void (*finish_pixel)(const float *sums, int channels, const Finish &finish, const float *residual, float *out);
};

// Null where this build has none for the instruction set; whether the processor has it is for the caller to know.
const ConvolutionKernels *Avx512Kernels();
const ConvolutionKernels *Avx2Kernels();

}  // namespace action

#endif  // ACTIONTORCH_CONVOLUTION_KERNELS_H_
