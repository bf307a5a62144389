// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/area_resize.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace action {
namespace {

// OpenCV leaves out shares below this.
constexpr double kSmallestShare = 1e-3;

// Rows whose sum 16 bits hold.
constexpr ptrdiff_t kRowsOfASum = 65535 / 255;

// Vectors of what SSE2 and NEON have instructions for.
static_assert(std::endian::native == std::endian::little);
typedef float Floats __attribute__((vector_size(16)));
typedef uint8_t Bytes __attribute__((vector_size(16)));
typedef uint16_t Shorts __attribute__((vector_size(16)));
typedef int32_t Ints __attribute__((vector_size(16)));
constexpr int kBytesAtOnce = 16;
constexpr int kVectorsAtOnce = 4;  // a cache line

template <typename Vector, typename From>
inline Vector Load(const From *from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}

// Widened by interleaving zeros.
inline Shorts Low(Bytes bytes) {
  return reinterpret_cast<Shorts>(
      __builtin_shufflevector(bytes, Bytes{}, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
}

inline Shorts High(Bytes bytes) {
  return reinterpret_cast<Shorts>(
      __builtin_shufflevector(bytes, Bytes{}, 8, 16, 9, 17, 10, 18, 11, 19, 12, 20, 13, 21, 14, 22, 15, 23));
}

inline Floats Low(Shorts shorts) {
  const auto ints = reinterpret_cast<Ints>(__builtin_shufflevector(shorts, Shorts{}, 0, 8, 1, 9, 2, 10, 3, 11));
  return __builtin_convertvector(ints, Floats);
}

inline Floats High(Shorts shorts) {
  const auto ints = reinterpret_cast<Ints>(__builtin_shufflevector(shorts, Shorts{}, 4, 8, 5, 9, 6, 10, 7, 11));
  return __builtin_convertvector(ints, Floats);
}

// Three channels and one that nobody looks at.
inline Floats LoadPixel(const uint8_t *from) {
  int32_t four;
  std::memcpy(&four, from, sizeof four);
  return Low(Low(reinterpret_cast<Bytes>(Ints{four, 0, 0, 0})));
}

// The sums in OpenCV's order: along each row, then down.
Floats PixelOfOpenCv(const uint8_t *from, ptrdiff_t stride, const AreaResize::Span &rows,
                     const AreaResize::Span &columns) {
  Floats total = {};
  for (auto row = rows.begin; row != rows.end; ++row) {
    Floats sum = {};
    for (auto column = columns.begin; column != columns.end; ++column)
      sum += LoadPixel(from + row->in * stride + column->in * ptrdiff_t{3}) * column->weight;
    total += row->weight * sum;
  }
  return total;
}

// sums[0..16) = or += bytes * weight.
template <bool kFirst>
inline void AddScaled(Shorts low, Shorts high, float weight, float *sums) {
  Floats parts[4] = {Low(low) * weight, High(low) * weight, Low(high) * weight, High(high) * weight};
  if constexpr (!kFirst) {
    for (int i = 0; i < 4; ++i)
      parts[i] += Load<Floats>(sums + i * 4);
  }
  std::memcpy(sums, parts, sizeof parts);
}

// sums[0..count) = or += the sum of `rows` rows, times weight.
template <bool kFirst>
void AddRows(const uint8_t *from, ptrdiff_t stride, ptrdiff_t rows, float weight, ptrdiff_t count, float *sums) {
  constexpr ptrdiff_t kBlock = kVectorsAtOnce * kBytesAtOnce;
  ptrdiff_t at = 0;
  for (; at + kBlock <= count; at += kBlock) {
    Shorts low[kVectorsAtOnce] = {}, high[kVectorsAtOnce] = {};
    const uint8_t *row = from + at;
    for (ptrdiff_t r = 0; r < rows; ++r, row += stride) {
#pragma GCC unroll 4
      for (int i = 0; i < kVectorsAtOnce; ++i) {
        const auto bytes = Load<Bytes>(row + i * kBytesAtOnce);
        low[i] += Low(bytes);
        high[i] += High(bytes);
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < kVectorsAtOnce; ++i)
      AddScaled<kFirst>(low[i], high[i], weight, sums + at + i * kBytesAtOnce);
  }
  for (; at < count; ++at) {
    int sum = 0;
    for (ptrdiff_t r = 0; r < rows; ++r)
      sum += from[r * stride + at];
    sums[at] = static_cast<float>(sum) * weight + (kFirst ? 0.0F : sums[at]);
  }
}

// OpenCV divides twice: the factor first, then 1 by it.
double Scale(int size, int out_size) {
  return 1.0 / (static_cast<double>(out_size) / size);
}

bool IsWhole(double ratio) {
  return std::abs(ratio - std::round(ratio)) < 2.220446049250313e-16;  // DBL_EPSILON, as OpenCV decides
}

// Numbers from 0 to 255 and this one added have their integer part, rounded to even as lrint() does, in the low byte.
constexpr float kRounding = 1.5F * (1 << 23);

// Writes the bytes of a pixel; false when one of them may round to either side.
inline bool Round(Floats pixel, float doubt, uint8_t *to) {
  const Floats shifted = pixel + kRounding;
  const Floats off = pixel - (shifted - kRounding);
  const auto bytes = reinterpret_cast<Bytes>(shifted);
  to[0] = bytes[8];
  to[1] = bytes[4];
  to[2] = bytes[0];
  const Ints doubtful = (off > 0.5F - doubt) | (off < doubt - 0.5F);
  return (doubtful[0] | doubtful[1] | doubtful[2]) == 0;
}

}  // namespace

bool AreaResize::Covers(int width, int height, int out_width, int out_height) {
  const double across = Scale(width, out_width), down = Scale(height, out_height);
  return across >= 1 && down >= 1 && !(IsWhole(across) && IsWhole(down));
}

AreaResize::AreaResize(int width, int height, int out_width, int out_height)
    : across_(WeightsOf(width, out_width)),
      down_(WeightsOf(height, out_height)),
      row_(static_cast<size_t>(width) * 3 + 1) {
  // A sum of n products of numbers that are not negative, in any order, is off by less than (n + 1) roundings of its
  // size, each of 2^-24 (N. Higham, Accuracy and Stability of Numerical Algorithms, 4.2). Two dimensions, 255 at most,
  // and two computations that are compared.
  const auto roundings = static_cast<double>(across_.longest + down_.longest + 4);
  doubt_ = static_cast<float>(2 * 256 * roundings * 0x1p-24);
}

AreaResize::Line AreaResize::WeightsOf(int size, int out_size) {
  const double scale = Scale(size, out_size);
  Line line;
  std::vector<size_t> ends;
  std::vector<float> whole;
  for (int out = 0; out < out_size; ++out) {
    const double begin = out * scale, end = begin + scale;
    const double covered = std::min(scale, size - begin);
    const int last = std::min(static_cast<int>(std::floor(end)), size - 1);
    const int first = std::min(static_cast<int>(std::ceil(begin)), last);
    whole.push_back(static_cast<float>(1.0 / covered));
    if (first - begin > kSmallestShare)
      line.shares.push_back({first - 1, static_cast<float>((first - begin) / covered)});
    for (int in = first; in < last; ++in)
      line.shares.push_back({in, whole.back()});
    if (end - last > kSmallestShare)
      line.shares.push_back({last, static_cast<float>(std::min(std::min(end - last, 1.0), covered) / covered)});
    ends.push_back(line.shares.size());
  }
  const PixelWeight *begin = line.shares.data();
  for (size_t i = 0; i < ends.size(); ++i) {
    const PixelWeight *end = line.shares.data() + ends[i];
    const auto is_whole = [weight = whole[i]](const PixelWeight &share) { return share.weight == weight; };
    const PixelWeight *inner = std::find_if(begin, end, is_whole);
    line.spans.push_back({begin, end, inner, std::find_if_not(inner, end, is_whole)});
    line.longest = std::max(line.longest, static_cast<size_t>(end - begin));
    begin = end;
  }
  return line;
}

// Makes row_: the means of each column.
void AreaResize::AddDown(const uint8_t *from, ptrdiff_t stride, const Span &rows) {
  const auto count = static_cast<ptrdiff_t>(row_.size() - 1);
  bool first = true;
  for (const PixelWeight *share = rows.begin; share != rows.end;) {
    const bool inner = share >= rows.inner_begin && share < rows.inner_end;
    const ptrdiff_t together = inner ? std::min(rows.inner_end - share, kRowsOfASum) : 1;
    (first ? AddRows<true> : AddRows<false>)(from + share->in * stride, stride, together, share->weight, count,
                                             row_.data());
    first = false;
    share += together;
  }
}

void AreaResize::AddAcross(const uint8_t *from, ptrdiff_t stride, const Span &rows, uint8_t *to) const {
  const auto pixel = [this](const PixelWeight *share) { return Load<Floats>(row_.data() + share->in * ptrdiff_t{3}); };
  for (const Span &columns : across_.spans) {
    Floats sum = {}, inner = {};
    for (const PixelWeight *share = columns.begin; share != columns.inner_begin; ++share)
      sum += pixel(share) * share->weight;
    for (const PixelWeight *share = columns.inner_end; share != columns.end; ++share)
      sum += pixel(share) * share->weight;
    for (const PixelWeight *share = columns.inner_begin; share != columns.inner_end; ++share)
      inner += pixel(share);
    if (columns.inner_begin != columns.inner_end) sum += inner * columns.inner_begin->weight;
    if (!Round(sum, doubt_, to)) Round(PixelOfOpenCv(from, stride, rows, columns), 0, to);
    to += 3;
  }
}

void AreaResize::Run(const uint8_t *from, ptrdiff_t stride, uint8_t *to) {
  for (const Span &rows : down_.spans) {
    AddDown(from, stride, rows);
    AddAcross(from, stride, rows, to);
    to += across_.spans.size() * 3;
  }
}

}  // namespace action
