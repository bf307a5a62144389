// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The kernels for frames on a GPU, through its driver, against the same sources compiled for the processor: every byte
// must be the same. Needs nothing but the driver.
//
//   cuda-frames-check [REPEATS]     for the time of a picture; 200
//
// Run by tests/cuda-check.sh on a GPU, and by the tests with the fake
// driver.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "action/error.h"
#include "actioncuda/cuda_driver.h"
#include "actioncuda/cuda_kernels.h"

namespace {

using action::BlendTask;
using action::CudaAddress;
using action::CudaMemory;
using action::ShrinkKind;
using action::ShrinkSpan;
using action::ShrinkTask;
using Bytes = std::vector<uint8_t>;

constexpr int kSide = 112, kSmall = kSide * kSide * 3;

std::mt19937 generator(1);

Bytes Noise(size_t bytes) {
  Bytes noise(bytes);
  for (uint8_t &value : noise)
    value = static_cast<uint8_t>(generator());
  return noise;
}

uint64_t AddressOf(const void *at) {
  return reinterpret_cast<uintptr_t>(at);
}

// Even shares of `size` pixels: not OpenCV's to the bit, but as many, with fractions.
void MakeLine(int size, std::vector<ShrinkSpan> &spans, std::vector<float> &weights) {
  for (int i = 0; i < kSide; ++i) {
    const int first = i * size / kSide, end = (i + 1) * size / kSide + ((i + 1) * size % kSide != 0 ? 1 : 0);
    spans.push_back({first, end - first, static_cast<int>(weights.size())});
    for (int at = first; at < end; ++at)
      weights.push_back(1.0F / static_cast<float>(end - first) - 1e-4F * static_cast<float>(at % 3));
  }
}

struct Shrinking {
  Shrinking(ShrinkKind kind, int width, int height, bool wide, bool turned) {
    const int sample = wide ? 2 : 1;
    const auto pixels = static_cast<size_t>(width) * static_cast<size_t>(height);
    picture = Noise(kind == ShrinkKind::kRgb ? pixels * 4 : pixels * 3 / 2 * static_cast<size_t>(sample));
    task.kind = kind;
    task.wide = wide ? 1 : 0;
    task.side = kSide;
    task.y_step = kind == ShrinkKind::kRgb ? 4 : sample;
    task.y_stride = width * task.y_step;
    chroma = pixels * static_cast<size_t>(sample);
    task.chroma_step = 2 * sample;
    task.chroma_stride = width * sample;
    task.chroma_rows = height / 2;
    v = static_cast<size_t>(sample);
    task.red = 2, task.green = 1, task.blue = 0;
    task.colours = {128, 9539, 13075, -3209, -6660, 16525, -1457266, 76309, 89830, -22048, -45756, 113535};
    task.table_from = height - 2;
    for (int y = 0; y < height; ++y)
      chroma_rows.push_back({std::max(y / 2 - 2 + y % 2, 0), {-115, 985, 3572, -346}});
    MakeLine(turned ? height : width, columns, column_weights);
    MakeLine(turned ? width : height, rows, row_weights);
    if (turned) {  // clockwise
      task.x_y = 1;
      task.y_x = -1;
      task.y_0 = height - 1;
    } else {
      task.x_x = task.y_y = 1;
    }
  }

  ShrinkTask With(uint64_t at, uint64_t c, uint64_t cw, uint64_t r, uint64_t rw, uint64_t cr, uint64_t out) const {
    ShrinkTask full = task;
    full.y = at;
    full.u = at + chroma;
    full.v = full.u + v;
    full.columns = c, full.column_weights = cw, full.rows = r, full.row_weights = rw, full.chroma_of_rows = cr,
    full.out = out;
    return full;
  }

  ShrinkTask task{};
  Bytes picture;
  size_t chroma = 0, v = 0;
  std::vector<ShrinkSpan> columns, rows;
  std::vector<float> column_weights, row_weights;
  std::vector<action::ShrinkChromaRow> chroma_rows;
};

template <typename T>
CudaMemory Copy(const action::CudaDriver &driver, const std::vector<T> &values) {
  return CudaMemory(driver, values.data(), values.size() * sizeof(T));
}

// Bytes that differ; `microseconds`: of one picture, with its way back.
size_t CheckShrink(const action::CudaDriver &driver, const action::CudaKernels &kernels, const Shrinking &shrinking,
                   int repeats, double &microseconds) {
  Bytes expected(kSmall), actual(kSmall);
  const ShrinkTask here = shrinking.With(AddressOf(shrinking.picture.data()), AddressOf(shrinking.columns.data()),
                                         AddressOf(shrinking.column_weights.data()), AddressOf(shrinking.rows.data()),
                                         AddressOf(shrinking.row_weights.data()),
                                         AddressOf(shrinking.chroma_rows.data()), AddressOf(expected.data()));
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x)
      action::ShrinkPixel(here, x, y);
  }
  const CudaMemory picture = Copy(driver, shrinking.picture), columns = Copy(driver, shrinking.columns),
                   column_weights = Copy(driver, shrinking.column_weights), rows = Copy(driver, shrinking.rows),
                   row_weights = Copy(driver, shrinking.row_weights), chroma_rows = Copy(driver, shrinking.chroma_rows),
                   out(driver, kSmall);
  const ShrinkTask there = shrinking.With(picture.address(), columns.address(), column_weights.address(),
                                          rows.address(), row_weights.address(), chroma_rows.address(), out.address());
  kernels.Shrink(there);
  out.CopyTo(actual.data());
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < repeats; ++i) {
    kernels.Shrink(there);
    out.CopyTo(actual.data());
  }
  microseconds = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count() / repeats;
  size_t different = 0;
  for (size_t i = 0; i < expected.size(); ++i)
    different += expected[i] != actual[i] ? 1 : 0;
  return different;
}

size_t CheckBlend(const action::CudaDriver &driver, const action::CudaKernels &kernels) {
  const int width = 640, height = 360, panel_width = 200, panel_height = 90;
  const Bytes panel = Noise(static_cast<size_t>(panel_width * panel_height * 4));
  Bytes expected = Noise(static_cast<size_t>(width * height * 3 / 2)), actual(expected.size());
  const CudaMemory frame = Copy(driver, expected), pixels = Copy(driver, panel);
  const auto task_at = [&](uint64_t at, uint64_t of_panel, int x, int y) {
    BlendTask task{};
    const uint64_t chroma = at + static_cast<uint64_t>(width * height);
    task.components[0] = {at, width, 1, 1, 1};
    task.components[1] = {chroma, width, 2, 2, 2};
    task.components[2] = {chroma + 1, width, 2, 2, 2};
    task.pixels = of_panel;
    task.pixels_stride = panel_width * 4;
    task.x = x, task.y = y;
    task.left = x > 0 ? x : 0, task.top = y > 0 ? y : 0;
    task.right = x + panel_width < width ? x + panel_width : width;
    task.bottom = y + panel_height < height ? y + panel_height : height;
    return task;
  };
  const int places[][2] = {{10, 20}, {301, 123}, {-7, -9}, {width - 50, height - 31}};
  for (const auto &[x, y] : places) {
    const BlendTask here = task_at(AddressOf(expected.data()), AddressOf(panel.data()), x, y);
    for (int row = here.top; row < here.bottom; ++row) {
      for (int column = here.left; column < here.right; ++column)
        action::BlendPixel(here, column, row);
    }
    kernels.Blend(task_at(frame.address(), pixels.address(), x, y));
  }
  frame.CopyTo(actual.data());
  size_t different = 0;
  for (size_t i = 0; i < expected.size(); ++i)
    different += expected[i] != actual[i] ? 1 : 0;
  return different;
}

int Run(int repeats) {
  const action::CudaDriver *driver = action::FindCudaDriver();
  if (driver == nullptr) {
    std::printf("FAILED: no NVIDIA driver, or the kernels were not built\n");
    return 1;
  }
  void *library = dlopen("libcuda.so.1", RTLD_NOW);
  const auto create = reinterpret_cast<int (*)(action::CudaContext *, unsigned, int)>(dlsym(library, "cuCtxCreate_v2"));
  action::CudaContext context = nullptr;
  driver->Check(create(&context, 0, 0), "no context");
  bool failed = false;
  {
    const action::CudaKernels kernels(*driver);
    const struct {
      const char *name;
      ShrinkKind kind;
      int width, height;
      bool wide, turned;
    } rows[] = {{"NV12 1080p", ShrinkKind::kYuvSmoothRows, 1920, 1080, false, false},
                {"NV12 1080p, turned", ShrinkKind::kYuvSmoothRows, 1920, 1080, false, true},
                {"P010 2160p", ShrinkKind::kYuvSmoothRows, 3840, 2160, true, false},
                {"chroma as it is, 720p", ShrinkKind::kYuv, 1280, 720, false, false},
                {"BGRx 1080p", ShrinkKind::kRgb, 1920, 1080, false, false}};
    std::printf("| to 112x112, on the GPU | us a picture | bytes that differ |\n| --- | --- | --- |\n");
    for (const auto &row : rows) {
      double microseconds = 0;
      const size_t different = CheckShrink(
          *driver, kernels, Shrinking(row.kind, row.width, row.height, row.wide, row.turned), repeats, microseconds);
      std::printf("| %s | %.0f | %zu |\n", row.name, microseconds, different);
      failed = failed || different > 0;
    }
    const size_t different = CheckBlend(*driver, kernels);
    std::printf("a panel blended into NV12: %zu bytes differ\n", different);
    failed = failed || different > 0;
  }
  if (failed) std::printf("FAILED: the GPU computes something else than the processor\n");
  return failed ? 1 : 0;
}

}  // namespace

int main(int count, char **arguments) {
  try {
    return Run(count > 1 ? std::atoi(arguments[1]) : 200);
  } catch (const action::Error &error) {
    std::printf("FAILED: %s\n", error.what());
    return 1;
  }
}
