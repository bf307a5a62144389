// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Compiled with ACTION_KERNELS=Avx512Kernels and -mavx512f, and again for AVX2. No header of the standard library: what
// is instantiated here may only run on processors that have been asked.
#include "actiontorch/convolution_kernels.h"

namespace action {
namespace {

constexpr int kLanes = ACTION_VECTOR_BYTES / 4;
constexpr int kPanelVectors = ACTION_PANEL_VECTORS;
constexpr int kPanel = kLanes * kPanelVectors;

// GCC's and Clang's vector type; unaligned, and it may alias the floats it is read from.
typedef float Vector __attribute__((vector_size(ACTION_VECTOR_BYTES)));
typedef float Unaligned __attribute__((vector_size(ACTION_VECTOR_BYTES), aligned(4), may_alias));

inline __attribute__((always_inline)) Vector Load(const float *from) {
  return *reinterpret_cast<const Unaligned *>(from);
}

inline __attribute__((always_inline)) void Store(float *to, Vector value) {
  *reinterpret_cast<Unaligned *>(to) = value;
}

inline __attribute__((always_inline)) Vector Relu(Vector value) {
  const Vector zero = {};
  return value < zero ? zero : value;  // what is no number stays none, as in LibTorch
}

template <int kRows>
void MultiplyRows(const float *const *rows, const ptrdiff_t *segments, int segment_count, int length,
                  const float *weights, float *out, ptrdiff_t out_stride, bool add) {
  Vector sums[kRows][kPanelVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kPanelVectors; ++v) {
      if (add)
        sums[r][v] = Load(out + r * out_stride + v * kLanes);
      else
        sums[r][v] = Vector{};
    }
  }
  for (int s = 0; s < segment_count; ++s) {
    const float *from[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
      from[r] = rows[r] + segments[s];
    for (int k = 0; k < length; ++k, weights += kPanel) {
      Vector w[kPanelVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kPanelVectors; ++v)
        w[v] = Load(weights + v * kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const Vector x = from[r][k] - Vector{};
#pragma GCC unroll 8
        for (int v = 0; v < kPanelVectors; ++v)
          sums[r][v] += x * w[v];
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kPanelVectors; ++v)
      Store(out + r * out_stride + v * kLanes, sums[r][v]);
  }
}

void Multiply(const float *const *rows, int count, const ptrdiff_t *segments, int segment_count, int length,
              const float *weights, float *out, ptrdiff_t out_stride, bool add) {
  using Function = void(const float *const *, const ptrdiff_t *, int, int, const float *, float *, ptrdiff_t, bool);
  static Function *const kByRows[kRowsAtOnce] = {MultiplyRows<1>, MultiplyRows<2>, MultiplyRows<3>,
                                                 MultiplyRows<4>, MultiplyRows<5>, MultiplyRows<6>};
  kByRows[count - 1](rows, segments, segment_count, length, weights, out, out_stride, add);
}

// One dimension of F(4, 3) at the points 0, 1, -1, 2, -2 and infinity.
inline __attribute__((always_inline)) void PatchLine(const Vector in[kPatchSide], Vector out[kPatchSide]) {
  const Vector a = in[4] - 4.0f * in[2];
  const Vector b = in[3] - 4.0f * in[1];
  const Vector c = in[4] - in[2];
  const Vector d = 2.0f * (in[3] - in[1]);
  out[0] = 4.0f * in[0] - 5.0f * in[2] + in[4];
  out[1] = a + b;
  out[2] = a - b;
  out[3] = c + d;
  out[4] = c - d;
  out[5] = 4.0f * in[1] - 5.0f * in[3] + in[5];
}

inline __attribute__((always_inline)) void TileLine(const Vector in[kPatchSide], Vector out[kTileSide]) {
  const Vector a = in[1] + in[2], b = in[1] - in[2];
  const Vector c = in[3] + in[4], d = in[3] - in[4];
  out[0] = in[0] + a + c;
  out[1] = b + 2.0f * d;
  out[2] = a + 4.0f * c;
  out[3] = b + 8.0f * d + in[5];
}

void TransformPatch(const float *patch, ptrdiff_t row_stride, ptrdiff_t pixel_stride, int channels, float *points,
                    ptrdiff_t point_stride) {
  for (int channel = 0; channel < channels; channel += kLanes) {
    Vector columns[kPatchSide][kPatchSide];
    for (int x = 0; x < kPatchSide; ++x) {
      Vector in[kPatchSide], out[kPatchSide];
      for (int y = 0; y < kPatchSide; ++y)
        in[y] = Load(patch + y * row_stride + x * pixel_stride + channel);
      PatchLine(in, out);
      for (int y = 0; y < kPatchSide; ++y)
        columns[y][x] = out[y];
    }
    for (int y = 0; y < kPatchSide; ++y) {
      Vector out[kPatchSide];
      PatchLine(columns[y], out);
      for (int x = 0; x < kPatchSide; ++x)
        Store(points + (y * kPatchSide + x) * point_stride + channel, out[x]);
    }
  }
}

// One dimension of F(2, 3) at the points 0, 1, -1 and infinity, for weights at these points of F(4, 3), which are those
// of F(2, 3) times 1/4, -1/3, -1/3 and 1.
inline __attribute__((always_inline)) void ShortPatchLine(const Vector in[], Vector out[]) {
  out[0] = 4.0f * (in[0] - in[2]);
  out[1] = -3.0f * (in[1] + in[2]);
  out[2] = 3.0f * (in[1] - in[2]);
  out[3] = in[3] - in[1];
}

inline __attribute__((always_inline)) void ShortTileLine(const Vector in[], Vector out[]) {
  out[0] = in[0] + in[1] + in[2];
  out[1] = in[1] - in[2] + in[3];
}

using Line = void(const Vector *, Vector *);

template <int kPoints, Line kLine>
void TransformFrames(const float *const *frames, int count, float *points, ptrdiff_t point_stride) {
  for (int i = 0; i < count; i += kLanes) {
    Vector in[kPoints], out[kPoints];
    for (int frame = 0; frame < kPoints; ++frame)
      in[frame] = Load(frames[frame] + i);
    kLine(in, out);
    for (int point = 0; point < kPoints; ++point)
      Store(points + point * point_stride + i, out[point]);
  }
}

template <int kPoints, int kFrames, Line kLine>
void CombineFrames(const float *points, ptrdiff_t point_stride, int count, float *const *frames, int used) {
  for (int i = 0; i < count; i += kLanes) {
    Vector in[kPoints], out[kFrames];
    for (int point = 0; point < kPoints; ++point)
      in[point] = Load(points + point * point_stride + i);
    kLine(in, out);
    for (int frame = 0; frame < used; ++frame)
      Store(frames[frame] + i, out[frame]);
  }
}

void TransformTile(const float *points, ptrdiff_t point_stride, int channels, const Finish &finish,
                   const float *residual, ptrdiff_t residual_row, ptrdiff_t residual_pixel, float *tile,
                   ptrdiff_t row_stride, ptrdiff_t pixel_stride, int rows, int columns) {
  for (int channel = 0; channel < channels; channel += kLanes) {
    Vector half[kTileSide][kPatchSide];
    for (int x = 0; x < kPatchSide; ++x) {
      Vector in[kPatchSide], out[kTileSide];
      for (int y = 0; y < kPatchSide; ++y)
        in[y] = Load(points + (y * kPatchSide + x) * point_stride + channel);
      TileLine(in, out);
      for (int y = 0; y < kTileSide; ++y)
        half[y][x] = out[y];
    }
    const Vector bias = Load(finish.bias + channel);
    for (int y = 0; y < rows; ++y) {
      Vector out[kTileSide];
      TileLine(half[y], out);
      for (int x = 0; x < columns; ++x) {
        Vector value = out[x] + bias;
        if (residual != nullptr) value += Load(residual + y * residual_row + x * residual_pixel + channel);
        Store(tile + y * row_stride + x * pixel_stride + channel, finish.relu ? Relu(value) : value);
      }
    }
  }
}

void FinishPixel(const float *sums, int channels, const Finish &finish, const float *residual, float *out) {
  for (int channel = 0; channel < channels; channel += kLanes) {
    Vector value = Load(sums + channel) + Load(finish.bias + channel);
    if (residual != nullptr) value += Load(residual + channel);
    Store(out + channel, finish.relu ? Relu(value) : value);
  }
}

}  // namespace

const ConvolutionKernels *ACTION_KERNELS() {
  constexpr int kShortPoints = kShortTileFrames + 2;
  static const ConvolutionKernels kernels = {ACTION_KERNELS_NAME,
                                             kPanel,
                                             Multiply,
                                             TransformPatch,
                                             TransformFrames<kTimePoints, PatchLine>,
                                             CombineFrames<kTimePoints, kTileFrames, TileLine>,
                                             TransformFrames<kShortPoints, ShortPatchLine>,
                                             CombineFrames<kShortPoints, kShortTileFrames, ShortTileLine>,
                                             TransformTile,
                                             FinishPixel};
  return &kernels;
}

}  // namespace action
