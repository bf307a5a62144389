#include "actiontorch/area_resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace action {
namespace {

// OpenCV leaves out shares below this.
constexpr double kSmallestShare = 1e-3;

// A pixel: three channels and one that nobody looks at.
typedef float Pixel __attribute__((vector_size(16)));
typedef uint8_t Bytes __attribute__((vector_size(16)));
typedef uint16_t Shorts __attribute__((vector_size(16)));
typedef int32_t Ints __attribute__((vector_size(16)));

// Widened in two steps, interleaving zeros: what SSE2 and NEON have instructions for. (Little-endian.)
inline Pixel Load(const uint8_t *from) {
  int32_t four;
  std::memcpy(&four, from, sizeof four);
  const auto bytes = reinterpret_cast<Bytes>(Ints{four, 0, 0, 0});
  const auto shorts = reinterpret_cast<Shorts>(
      __builtin_shufflevector(bytes, Bytes{}, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  const auto ints = reinterpret_cast<Ints>(__builtin_shufflevector(shorts, Shorts{}, 0, 8, 1, 9, 2, 10, 3, 11));
  return __builtin_convertvector(ints, Pixel);
}

// OpenCV divides twice: the factor first, then 1 by it.
double Scale(int size, int out_size) {
  return 1.0 / (static_cast<double>(out_size) / size);
}

bool IsWhole(double ratio) {
  return std::abs(ratio - std::round(ratio)) < 2.220446049250313e-16;  // DBL_EPSILON, as OpenCV decides
}

uint8_t Rounded(float value) {
  return static_cast<uint8_t>(std::clamp(std::lrint(value), 0L, 255L));
}

}  // namespace

bool AreaResize::Covers(int width, int height, int out_width, int out_height) {
  const double across = Scale(width, out_width), down = Scale(height, out_height);
  return across >= 1 && down >= 1 && !(IsWhole(across) && IsWhole(down));
}

AreaResize::AreaResize(int width, int height, int out_width, int out_height)
    : across_(SharesOf(width, out_width)),
      down_(SharesOf(height, out_height)),
      sums_(static_cast<size_t>(out_width) * 4) {}

AreaResize::Line AreaResize::SharesOf(int size, int out_size) {
  const double scale = Scale(size, out_size);
  Line line;
  for (int out = 0; out < out_size; ++out) {
    const double begin = out * scale, end = begin + scale;
    const double covered = std::min(scale, size - begin);
    const int last = std::min(static_cast<int>(std::floor(end)), size - 1);
    const int first = std::min(static_cast<int>(std::ceil(begin)), last);
    if (first - begin > kSmallestShare)
      line.shares.push_back({first - 1, static_cast<float>((first - begin) / covered)});
    for (int in = first; in < last; ++in)
      line.shares.push_back({in, static_cast<float>(1.0 / covered)});
    if (end - last > kSmallestShare)
      line.shares.push_back({last, static_cast<float>(std::min(std::min(end - last, 1.0), covered) / covered)});
    line.ends.push_back(static_cast<int>(line.shares.size()));
  }
  return line;
}

// Adds kRows input rows, one after the other, to the sums of an output row; `first`: to nothing.
template <int kRows>
void AreaResize::AddRows(const uint8_t *from, ptrdiff_t stride, const Share *rows, bool first) {
  std::array<const uint8_t *, kRows> row;
  for (size_t r = 0; r < kRows; ++r)
    row[r] = from + rows[r].in * stride;
  const Share *share = across_.shares.data();
  float *sum = sums_.data();
  for (const int end : across_.ends) {
    // Independent chains of additions, one for each row, keep the adders busy.
    Pixel pixels[kRows] = {};
    for (const Share *last = across_.shares.data() + end; share != last; ++share) {
#pragma GCC unroll 4
      for (size_t r = 0; r < kRows; ++r)
        pixels[r] += Load(row[r] + share->in * 3) * share->weight;
    }
    Pixel total = {};
    if (!first) std::memcpy(&total, sum, sizeof total);
#pragma GCC unroll 4
    for (size_t r = 0; r < kRows; ++r)
      total += rows[r].weight * pixels[r];
    std::memcpy(sum, &total, sizeof total);
    sum += 4;
  }
}

void AreaResize::Run(const uint8_t *from, ptrdiff_t stride, uint8_t *to) {
  int begin = 0;
  for (const int end : down_.ends) {
    for (int at = begin; at < end;) {
      const Share *rows = down_.shares.data() + at;
      if (end - at >= 4) {
        AddRows<4>(from, stride, rows, at == begin);
        at += 4;
      } else if (end - at >= 2) {
        AddRows<2>(from, stride, rows, at == begin);
        at += 2;
      } else {
        AddRows<1>(from, stride, rows, at == begin);
        at += 1;
      }
    }
    begin = end;
    for (size_t x = 0; x < sums_.size(); x += 4) {
      *to++ = Rounded(sums_[x + 2]);
      *to++ = Rounded(sums_[x + 1]);
      *to++ = Rounded(sums_[x]);
    }
  }
}

}  // namespace action
