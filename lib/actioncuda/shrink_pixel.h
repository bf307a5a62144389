// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What one thread of a GPU does to shrink a picture: one pixel of the 112 x 112, from the picture as the decoder left
// it. The arithmetic is that of libswscale and OpenCV, step by step, so that the bytes are the same.
#ifndef ACTIONCUDA_SHRINK_PIXEL_H_
#define ACTIONCUDA_SHRINK_PIXEL_H_

#include "actioncuda/gpu_function.h"

namespace action {

// The shares of one output pixel in one dimension (see AreaResize): input pixels first, first + 1, ..., and their
// weights.
struct ShrinkSpan {
  int32_t first;
  int32_t count;
  int32_t weights;  // the first one's place among the weights of this dimension
};

// The chroma of one row of pixels: rows first, first + 1, ... of chroma samples, weighted. The weights add to 4096.
struct ShrinkChromaRow {
  static constexpr int kRows = 4;
  int32_t first;
  int32_t weights[kRows];
};

// YUV to RGB. libswscale has two ways to do it, which round differently.
struct ShrinkColours {
  // In vector instructions. y_offset in eighths; the rest have 13 bits behind the point.
  int32_t y_offset, y;
  int32_t red_v, green_u, green_v, blue_u;
  // With tables: chroma is a number of steps of luma first, with 16 bits behind the point, as the rest has here.
  int32_t table_start, table_y;
  int32_t table_red_v, table_green_u, table_green_v, table_blue_u;
};

enum class ShrinkKind : int32_t {
  kRgb,           // bytes of one plane
  kYuv,           // each chroma sample stands for 2 x 2 pixels
  kYuvSmoothRows  // each chroma sample stands for 2 pixels of a row; see ShrinkChromaRow
};

// The whole task, as the kernel takes it. Addresses are the GPU's.
struct ShrinkTask {
  uint64_t y, u, v;  // first samples; kRgb: `y` is the first pixel
  int32_t y_stride, chroma_stride;
  int32_t y_step, chroma_step;  // bytes from one sample, or pixel, to the next
  int32_t chroma_rows;
  int32_t red, green, blue;  // kRgb: where in a pixel
  ShrinkKind kind;
  int32_t wide;  // samples have 16 bits, of which the upper ten count
  ShrinkColours colours;
  int32_t table_from;  // rows of the picture from this one on are converted with tables
  // The picture is turned before it is shrunk: x of it = x_x * x + x_y * y + x_0 of the turned one, y likewise.
  int32_t x_x, x_y, x_0, y_x, y_y, y_0;
  uint64_t columns, rows;                // ShrinkSpan [side]
  uint64_t column_weights, row_weights;  // float
  uint64_t chroma_of_rows;               // ShrinkChromaRow, of each row of the picture; kYuvSmoothRows alone
  uint64_t out;                          // uint8_t [side, side, 3]
  int32_t side;
};

ACTION_GPU_FUNCTION int ShrinkClamp(int value) {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

// A sample with 7 bits behind the point, as libswscale keeps it between its steps.
ACTION_GPU_FUNCTION int ShrinkSample(const ShrinkTask &task, uint64_t plane, int stride, int step, int x, int y) {
  const uint64_t at = plane + static_cast<uint64_t>(static_cast<int64_t>(y) * stride + static_cast<int64_t>(x) * step);
  if (task.wide != 0) return *AtGpuAddress<const uint16_t>(at) >> 6 << 5;
  return *AtGpuAddress<const uint8_t>(at) << 7;
}

// Of a pixel: with 3 bits behind the point; for tables, none.
ACTION_GPU_FUNCTION int ShrinkChroma(const ShrinkTask &task, uint64_t plane, int x, int y, bool by_table) {
  const int column = x >> 1;
  if (task.kind == ShrinkKind::kYuv) {
    const int sample = ShrinkSample(task, plane, task.chroma_stride, task.chroma_step, column, y >> 1);
    return by_table ? (sample + (1 << 6)) >> 7 : sample >> 4;
  }
  const ShrinkChromaRow *rows = AtGpuAddress<const ShrinkChromaRow>(task.chroma_of_rows) + y;
  int sum = by_table ? 1 << 18 : 4;  // a half, of each
  for (int i = 0; i < ShrinkChromaRow::kRows; ++i) {
    const int row = rows->first + i < task.chroma_rows ? rows->first + i : task.chroma_rows - 1;
    const int product = ShrinkSample(task, plane, task.chroma_stride, task.chroma_step, column, row) * rows->weights[i];
    sum += by_table ? product : product >> 16;
  }
  return by_table ? ShrinkClamp(sum >> 19) : sum;
}

// From tables: luma and chroma in steps of luma.
ACTION_GPU_FUNCTION float ShrinkFromTable(const ShrinkColours &colours, int steps) {
  return static_cast<float>(ShrinkClamp((colours.table_start + steps * colours.table_y + (1 << 15)) >> 16));
}

ACTION_GPU_FUNCTION int ShrinkChromaSteps(int chroma, int factor) {
  return (chroma * factor >> 16) - (factor >> 9);
}

// The colours of one pixel of the picture, 0 to 255, whole numbers.
ACTION_GPU_FUNCTION void ShrinkColoursAt(const ShrinkTask &task, int x, int y, float rgb[3]) {
  if (task.kind == ShrinkKind::kRgb) {
    const uint8_t *pixel =
        AtGpuAddress<const uint8_t>(task.y + static_cast<uint64_t>(static_cast<int64_t>(y) * task.y_stride +
                                                                   static_cast<int64_t>(x) * task.y_step));
    rgb[0] = pixel[task.red];
    rgb[1] = pixel[task.green];
    rgb[2] = pixel[task.blue];
    return;
  }
  const ShrinkColours &colours = task.colours;
  const bool by_table = y >= task.table_from;
  const int sample = ShrinkSample(task, task.y, task.y_stride, task.y_step, x, y);
  const int u = ShrinkChroma(task, task.u, x, y, by_table);
  const int v = ShrinkChroma(task, task.v, x, y, by_table);
  if (by_table) {
    const int luma = (sample + (1 << 6)) >> 7;
    rgb[0] = ShrinkFromTable(colours, luma + ShrinkChromaSteps(v, colours.table_red_v));
    rgb[1] = ShrinkFromTable(
        colours, luma + ShrinkChromaSteps(u, colours.table_green_u) + ShrinkChromaSteps(v, colours.table_green_v));
    rgb[2] = ShrinkFromTable(colours, luma + ShrinkChromaSteps(u, colours.table_blue_u));
    return;
  }
  const int half = task.kind == ShrinkKind::kYuv ? 0 : 4, middle = 128 * 8;
  const int grey = ((sample >> 4) + half - colours.y_offset) * colours.y >> 16;
  rgb[0] = static_cast<float>(ShrinkClamp(grey + ((v - middle) * colours.red_v >> 16)));
  rgb[1] = static_cast<float>(
      ShrinkClamp(grey + ((u - middle) * colours.green_u >> 16) + ((v - middle) * colours.green_v >> 16)));
  rgb[2] = static_cast<float>(ShrinkClamp(grey + ((u - middle) * colours.blue_u >> 16)));
}

// Sums in OpenCV's order: along each row, then down.
ACTION_GPU_FUNCTION void ShrinkPixel(const ShrinkTask &task, int out_x, int out_y) {
  const ShrinkSpan columns = AtGpuAddress<const ShrinkSpan>(task.columns)[out_x];
  const ShrinkSpan rows = AtGpuAddress<const ShrinkSpan>(task.rows)[out_y];
  const float *column_weights = AtGpuAddress<const float>(task.column_weights) + columns.weights;
  const float *row_weights = AtGpuAddress<const float>(task.row_weights) + rows.weights;
  float total[3] = {0, 0, 0};
  for (int r = 0; r < rows.count; ++r) {
    const int y = rows.first + r;
    float sum[3] = {0, 0, 0};
    for (int c = 0; c < columns.count; ++c) {
      const int x = columns.first + c;
      float rgb[3];
      ShrinkColoursAt(task, task.x_x * x + task.x_y * y + task.x_0, task.y_x * x + task.y_y * y + task.y_0, rgb);
      for (int i = 0; i < 3; ++i)
        sum[i] += rgb[i] * column_weights[c];
    }
    for (int i = 0; i < 3; ++i)
      total[i] += row_weights[r] * sum[i];
  }
  uint8_t *out = AtGpuAddress<uint8_t>(task.out) + (out_y * task.side + out_x) * 3;
  // Added to this, a number up to 255 has its whole part, rounded to even, in its lowest bits.
  const float rounding = 1.5F * (1 << 23);
  for (int i = 0; i < 3; ++i) {
    const float shifted = total[i] + rounding;
    out[i] = static_cast<uint8_t>(ShrinkClamp(static_cast<int>(shifted - rounding)));
  }
}

}  // namespace action

#endif  // ACTIONCUDA_SHRINK_PIXEL_H_
