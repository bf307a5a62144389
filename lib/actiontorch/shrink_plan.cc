// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/shrink_plan.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string_view>
#include <utility>

#include "action/error.h"
#include "actiontorch/area_resize.h"
#include "actiontorch/preprocess.h"

namespace action {

// How a format lies in memory.
struct ShrinkPlan::Layout {
  const char *name;  // libavutil's
  int step;          // bytes from one sample of luma, or pixel, to the next
  bool wide;
  // RGB: where in a pixel. YUV: chroma_step > 0; `second` and `third` are the planes of U and V, and _at where in them
  // they begin.
  int first, second, third;
  int chroma_step, second_at, third_at;

  bool is_rgb() const { return chroma_step == 0; }
};

const ShrinkPlan::Layout ShrinkPlan::kLayouts[] = {
    {"nv12", 1, false, 0, 1, 1, 2, 0, 1},  {"nv21", 1, false, 0, 1, 1, 2, 1, 0},
    {"p010le", 2, true, 0, 1, 1, 4, 0, 2}, {"yuv420p", 1, false, 0, 1, 2, 1, 0, 0},
    {"rgb24", 3, false, 0, 1, 2, 0, 0, 0}, {"bgr24", 3, false, 2, 1, 0, 0, 0, 0},
    {"rgba", 4, false, 0, 1, 2, 0, 0, 0},  {"rgb0", 4, false, 0, 1, 2, 0, 0, 0},
    {"bgra", 4, false, 2, 1, 0, 0, 0, 0},  {"bgr0", 4, false, 2, 1, 0, 0, 0, 0},
    {"argb", 4, false, 1, 2, 3, 0, 0, 0},  {"0rgb", 4, false, 1, 2, 3, 0, 0, 0},
    {"abgr", 4, false, 3, 2, 1, 0, 0, 0},  {"0bgr", 4, false, 3, 2, 1, 0, 0, 0},
};

namespace {

// libswscale's numbers for its matrix (ff_yuv2rgb_c_init_tables). What is limited to 219 or 224 steps is stretched to
// 255.
ShrinkColours ColoursOf(const int *coefficients, bool full_range) {
  const int64_t one = 1 << 16;
  const int64_t luma = full_range ? one : one * 255 / 219;
  const std::array<int64_t, 4> chroma = {coefficients[0], -coefficients[2], -coefficients[3], coefficients[1]};
  ShrinkColours colours{};
  colours.y_offset = full_range ? 0 : 16 * 8;
  const auto in_13_bits = [](int64_t value) { return static_cast<int32_t>(((value << 13) + (1 << 15)) >> 16); };
  colours.y = in_13_bits(luma);
  colours.table_y = static_cast<int32_t>(luma);
  // Its tables begin 384 values, or as many steps as that takes, before 0.
  colours.table_start =
      static_cast<int32_t>((full_range ? 384 : 326) * luma - (384 << 16) - (full_range ? 0 : 16 << 16));
  const std::array<int32_t *, 4> vectors = {&colours.red_v, &colours.green_u, &colours.green_v, &colours.blue_u};
  const std::array<int32_t *, 4> tables = {&colours.table_red_v, &colours.table_green_u, &colours.table_green_v,
                                           &colours.table_blue_u};
  for (size_t i = 0; i < chroma.size(); ++i) {
    const int64_t value = full_range ? chroma[i] * 224 / 255 : chroma[i];
    *vectors[i] = in_13_bits(value);
    *tables[i] = static_cast<int32_t>(((value << 16) + 0x8000) / luma);
  }
  return colours;
}

// Mitchell and Netravali's cubic with B = 0 and C = 0.6, libswscale's for SWS_BICUBIC.
double Cubic(double distance) {
  const double d = std::abs(distance), c = 0.6;
  if (d < 1) return (2 - c) * d * d * d + (c - 3) * d * d + 1;
  return d < 2 ? -c * (d * d * d - 5 * d * d + 8 * d - 4) : 0;
}

// Chroma samples lie between two rows of pixels. As libswscale's filter is made: rows that are not there count as the
// one at the edge; rounded to 4096ths, an error going on to the next weight.
std::vector<ShrinkChromaRow> ChromaRows(int height) {
  std::vector<ShrinkChromaRow> rows;
  const int last = height / 2 - 1;
  for (int y = 0; y < height; ++y) {
    const double centre = (y + 0.5) / 2 - 0.5;
    const int from = static_cast<int>(std::floor(centre)) - 1;
    std::map<int, double> shares;
    double total = 0;
    for (int at = from; at < from + ShrinkChromaRow::kRows; ++at) {
      // A division that rounds towards zero makes it forget one at the top.
      if (at == from && (y == 0 || y == 2)) continue;
      const double weight = Cubic(at - centre);
      shares[std::clamp(at, 0, last)] += weight;
      total += weight;
    }
    ShrinkChromaRow row{shares.begin()->first, {}};
    double error = 0;
    for (const auto &[at, share] : shares) {
      const double weight = share / total * 4096 + error;
      const auto rounded = static_cast<int32_t>(std::lround(weight));
      row.weights[at - row.first] = rounded;
      error = weight - rounded;
    }
    rows.push_back(row);
  }
  return rows;
}

// From places in the turned picture to places in the picture.
void SetTurn(ShrinkTask &task, Orientation orientation, int width, int height) {
  task.x_x = task.x_y = task.x_0 = task.y_x = task.y_y = task.y_0 = 0;
  (SwapsSides(orientation) ? task.x_y : task.x_x) = 1;
  (SwapsSides(orientation) ? task.y_x : task.y_y) = 1;
  const auto mirror_x = [&] {
    task.x_x = -task.x_x;
    task.x_y = -task.x_y;
    task.x_0 = width - 1;
  };
  const auto mirror_y = [&] {
    task.y_x = -task.y_x;
    task.y_y = -task.y_y;
    task.y_0 = height - 1;
  };
  switch (orientation) {
    case Orientation::kIdentity:
    case Orientation::kUlLr:
      break;
    case Orientation::k90R:
    case Orientation::kVert:
      mirror_y();
      break;
    case Orientation::k90L:
    case Orientation::kHoriz:
      mirror_x();
      break;
    case Orientation::k180:
    case Orientation::kUrLl:
      mirror_x();
      mirror_y();
      break;
  }
}

template <typename T>
size_t Append(std::vector<uint8_t> &bytes, const std::vector<T> &values) {
  const size_t at = bytes.size();
  bytes.resize(at + values.size() * sizeof(T));
  std::memcpy(bytes.data() + at, values.data(), values.size() * sizeof(T));
  return at;
}

// The spans and weights of one dimension of the region, and where each was put.
std::pair<size_t, size_t> AppendLine(std::vector<uint8_t> &bytes, int begin, int size) {
  const AreaResize::Line line = AreaResize::WeightsOf(size, kFrameSide);
  std::vector<ShrinkSpan> spans;
  std::vector<float> weights;
  for (const AreaResize::Span &span : line.spans) {
    spans.push_back(
        {begin + span.begin->in, static_cast<int32_t>(span.end - span.begin), static_cast<int32_t>(weights.size())});
    for (const AreaResize::PixelWeight *share = span.begin; share != span.end; ++share)
      weights.push_back(share->weight);
  }
  const size_t spans_at = Append(bytes, spans);
  return {spans_at, Append(bytes, weights)};
}

// A picture with all that differs between conversions: noise, and colours that are out of range.
struct TestPicture {
  TestPicture(const Frame &like, bool wide, bool planar) {
    frame = like;
    frame.width = frame.height = kFrameSide;
    frame.orientation = Orientation::kIdentity;
    std::mt19937 random(1);
    const int sample = wide ? 2 : 1;
    for (size_t plane = 0; plane < (planar ? 3U : 2U); ++plane) {
      const int rows = plane == 0 ? kFrameSide : kFrameSide / 2;
      frame.strides[plane] = sample * (plane > 0 && planar ? kFrameSide / 2 : kFrameSide);
      bytes[plane].resize(static_cast<size_t>(frame.strides[plane] * rows));
      for (uint8_t &byte : bytes[plane])
        byte = static_cast<uint8_t>(random());
      frame.planes[plane] = bytes[plane].data();
    }
  }
  Frame frame;
  std::array<std::vector<uint8_t>, 3> bytes;
};

}  // namespace

const ShrinkPlan::Layout &ShrinkPlan::LayoutOf(const Frame &frame) {
  const auto *layout = std::ranges::find(kLayouts, std::string_view(frame.pixel_format),
                                         [](const Layout &one) { return std::string_view(one.name); });
  if (layout == std::end(kLayouts))
    throw Error(std::string("the format ") + frame.pixel_format + " is not shrunk on the GPU");
  return *layout;
}

ShrinkPlan::Conversion ShrinkPlan::FindConversion(const Layout &layout, const Frame &frame, Colorimetry colorimetry) {
  if (layout.is_rgb()) return Conversion::kVectors;
  const TestPicture test(frame, layout.wide, layout.second != layout.third);
  std::vector<uint8_t> expected(kFrameBytes), actual(kFrameBytes);
  NewPreprocessor(colorimetry, {})->Process(test.frame, std::span<uint8_t, kFrameBytes>(expected));
  for (const Conversion conversion : {Conversion::kVectors, Conversion::kTables, Conversion::kSmoothEnds,
                                      Conversion::kSmooth, Conversion::kSmoothTables}) {
    const ShrinkPlan plan(layout, test.frame, colorimetry, {}, conversion);
    const ShrinkTask task = plan.TaskFor(test.frame, reinterpret_cast<uintptr_t>(plan.tables_.data()),
                                         reinterpret_cast<uintptr_t>(actual.data()));
    for (int y = 0; y < kFrameSide; ++y) {
      for (int x = 0; x < kFrameSide; ++x)
        ShrinkPixel(task, x, y);
    }
    if (std::ranges::equal(expected, actual, [](int a, int b) { return std::abs(a - b) <= 1; })) return conversion;
  }
  throw Error(std::string("this libswscale converts ") + frame.pixel_format + " as the GPU does not");
}

ShrinkPlan::ShrinkPlan(const Frame &frame, Colorimetry colorimetry, const Region &region)
    : ShrinkPlan(LayoutOf(frame), frame, colorimetry, region, FindConversion(LayoutOf(frame), frame, colorimetry)) {}

ShrinkPlan::ShrinkPlan(const Layout &layout, const Frame &frame, Colorimetry colorimetry, const Region &region,
                       Conversion conversion)
    : layout_(&layout) {
  const bool swaps = SwapsSides(frame.orientation);
  const cv::Rect area = frame.width < 1 || frame.height < 1
                            ? cv::Rect()
                            : AreaOf(region, swaps ? frame.height : frame.width, swaps ? frame.width : frame.height);
  // OpenCV has another way to enlarge, libswscale for chroma that ends with half a sample.
  const bool odd = !layout.is_rgb() && (frame.width % 2 != 0 || frame.height % 2 != 0);
  if (area.width < kFrameSide || area.height < kFrameSide || odd) {
    throw Error("a picture of " + std::to_string(frame.width) + "x" + std::to_string(frame.height) +
                " is not shrunk on the GPU: " + (odd ? "its size is odd" : "it, or its region, is too small"));
  }
  const auto columns = AppendLine(tables_, area.x, area.width), rows = AppendLine(tables_, area.y, area.height);
  task_.columns = columns.first;
  task_.column_weights = columns.second;
  task_.rows = rows.first;
  task_.row_weights = rows.second;
  task_.side = kFrameSide;
  task_.wide = layout.wide ? 1 : 0;
  task_.y_step = layout.step;
  SetTurn(task_, frame.orientation, frame.width, frame.height);
  if (layout.is_rgb()) {
    task_.kind = ShrinkKind::kRgb;
    task_.red = layout.first;
    task_.green = layout.second;
    task_.blue = layout.third;
    return;
  }
  const bool smooth = conversion != Conversion::kVectors && conversion != Conversion::kTables;
  task_.kind = smooth ? ShrinkKind::kYuvSmoothRows : ShrinkKind::kYuv;
  task_.chroma_step = layout.chroma_step;
  task_.chroma_rows = frame.height / 2;
  task_.chroma_of_rows = smooth ? Append(tables_, ChromaRows(frame.height)) : 0;
  task_.colours = ColoursOf(CoefficientsOf(frame, colorimetry), TakesFullRange(frame, colorimetry));
  const bool tables = conversion == Conversion::kTables || conversion == Conversion::kSmoothTables;
  task_.table_from = tables ? 0 : conversion == Conversion::kSmoothEnds ? frame.height - 2 : INT_MAX;
}

ShrinkTask ShrinkPlan::TaskFor(const Frame &frame, uint64_t tables, uint64_t out) const {
  const auto plane = [&](int i) { return reinterpret_cast<uintptr_t>(frame.planes[static_cast<size_t>(i)]); };
  ShrinkTask task = task_;
  for (uint64_t *at : {&task.columns, &task.column_weights, &task.rows, &task.row_weights, &task.chroma_of_rows})
    *at += tables;
  task.out = out;
  task.y = plane(0);
  task.y_stride = frame.strides[0];
  if (layout_->is_rgb()) return task;
  task.u = plane(layout_->second) + static_cast<uintptr_t>(layout_->second_at);
  task.v = plane(layout_->third) + static_cast<uintptr_t>(layout_->third_at);
  task.chroma_stride = frame.strides[1];
  if (layout_->second != layout_->third && frame.strides[1] != frame.strides[2])
    throw Error("a picture whose chroma planes have different strides is not shrunk on the GPU");
  return task;
}

}  // namespace action
