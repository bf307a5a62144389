// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the processors could do at best: prints how many thousand million fp32 multiplications with an addition they do
// a second in registers alone, all at once, with AVX2 and (0: they have it not) AVX-512.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "action/processors.h"

namespace {

constexpr int kSums = 12;  // that do not wait for each other: latency times units, and some more
constexpr long kSteps = 30'000'000;

// The sums of one thread; they stay finite.
#define BURN(name, isa, bytes)                                                            \
  __attribute__((target(isa))) float name() {                                             \
    typedef float Vector __attribute__((vector_size(bytes)));                             \
    Vector sums[kSums], x = Vector{} + 0.999f, y = Vector{} + 0.001f;                     \
    for (Vector & sum : sums)                                                             \
      sum = Vector{};                                                                     \
    for (long step = 0; step < kSteps; ++step) {                                          \
      _Pragma("GCC unroll 12") for (int i = 0; i < kSums; ++i) sums[i] = sums[i] * x + y; \
      __asm__ volatile("" : "+x"(x), "+x"(y));                                            \
    }                                                                                     \
    float all = 0;                                                                        \
    for (const Vector &sum : sums)                                                        \
      all += sum[0];                                                                      \
    return all;                                                                           \
  }

BURN(BurnAvx2, "avx2,fma", 32)
BURN(BurnAvx512, "avx512f", 64)

double Rate(float (*burn)(), int lanes) {
  const int threads = action::UsableProcessors();
  std::vector<double> rates;
  for (int repetition = 0; repetition < 3; ++repetition) {
    std::vector<float> results(static_cast<size_t>(threads));
    const auto start = std::chrono::steady_clock::now();
    {
      std::vector<std::jthread> team;
      for (float &result : results)
        team.emplace_back([&result, burn] { result = burn(); });
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    rates.push_back(static_cast<double>(kSteps) * kSums * lanes * threads / seconds * 1e-9);
  }
  std::ranges::sort(rates);
  return rates[1];
}

}  // namespace

int main() {
  std::printf("{\"avx2\": %.1f, \"avx512\": %.1f}\n", Rate(BurnAvx2, 8),
              __builtin_cpu_supports("avx512f") ? Rate(BurnAvx512, 16) : 0.0);
  return 0;
}
