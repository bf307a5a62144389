// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The convolutions of the CPU network against the sum as it is written in a textbook, in double.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <random>

#include "actiontorch/cpu_convolution.h"

namespace action {
namespace {

struct Case {
  Size3 size;
  int inputs;
  int outputs;
  Size3 kernel;
  Size3 stride;
  Size3 padding;
};

// What a convolution computes, one output at a time.
double Expected(const FoldedConvolution &folded, const Activation &in, const Activation *residual, bool relu,
                int output, int frame, int y, int x) {
  double sum = folded.bias[static_cast<size_t>(output)];
  size_t weight = static_cast<size_t>(output) * folded.weight.size() / static_cast<size_t>(folded.outputs);
  for (int input = 0; input < folded.inputs; ++input) {
    for (int dt = 0; dt < folded.kernel[0]; ++dt) {
      for (int dy = 0; dy < folded.kernel[1]; ++dy) {
        for (int dx = 0; dx < folded.kernel[2]; ++dx, ++weight) {
          const int at[3] = {frame * folded.stride[0] - folded.padding[0] + dt,
                             y * folded.stride[1] - folded.padding[1] + dy,
                             x * folded.stride[2] - folded.padding[2] + dx};
          bool inside = true;
          for (size_t i = 0; i < 3; ++i)
            inside = inside && at[i] >= 0 && at[i] < in.size()[i];
          if (inside)
            sum += static_cast<double>(folded.weight[weight]) * static_cast<double>(in.At(at[0], at[1], at[2])[input]);
        }
      }
    }
  }
  if (residual != nullptr) sum += static_cast<double>(residual->At(frame, y, x)[output]);
  return relu ? std::max(sum, 0.0) : sum;
}

template <typename Body>
void ForEachPixel(const Size3 &size, Body &&body) {
  for (int frame = 0; frame < size[0]; ++frame) {
    for (int y = 0; y < size[1]; ++y) {
      for (int x = 0; x < size[2]; ++x)
        body(frame, y, x);
    }
  }
}

using Make = std::unique_ptr<CpuConvolution>(const ConvolutionKernels &, const FoldedConvolution &);

class ConvolutionTest : public testing::TestWithParam<const ConvolutionKernels *> {
 protected:
  float Random() { return normal_(random_); }

  void Fill(Activation &activation) {
    ForEachPixel(activation.size(), [&](int frame, int y, int x) {
      for (int channel = 0; channel < activation.channels(); ++channel)
        activation.At(frame, y, x)[channel] = Random();
    });
  }

  FoldedConvolution MakeConvolution(const Case &c) {
    FoldedConvolution folded{c.inputs, c.outputs, c.kernel, c.stride, c.padding, {}, {}};
    const int each = c.inputs * c.kernel[0] * c.kernel[1] * c.kernel[2];
    for (int i = 0; i < c.outputs * each; ++i)
      folded.weight.push_back(Random() / std::sqrt(static_cast<float>(each)));
    for (int i = 0; i < c.outputs; ++i)
      folded.bias.push_back(Random());
    return folded;
  }

  // Compares with and without shortcut, and sees that the border stays zero.
  void Check(const Case &c, Make *make, double tolerance) {
    SCOPED_TRACE(testing::Message() << c.size[0] << "x" << c.size[1] << "x" << c.size[2] << ", " << c.inputs << " to "
                                    << c.outputs << " channels, kernel " << c.kernel[0] << "x" << c.kernel[1] << "x"
                                    << c.kernel[2]);
    const FoldedConvolution folded = MakeConvolution(c);
    const Size3 size = folded.OutputSize(c.size);
    Activation in(c.size, c.inputs, c.padding[1], 3), shortcut(size, c.outputs, 1);
    Fill(in);
    Fill(shortcut);
    const auto convolution = make(*GetParam(), folded);
    for (const bool plain : {true, false}) {
      Activation out(size, c.outputs, 1, 3);
      const Activation *residual = plain ? nullptr : &shortcut;
      convolution->Run(in, residual, plain, out, workspace_);
      double worst = 0;
      ForEachPixel(size, [&](int frame, int y, int x) {
        // Every pixel, some of its channels.
        for (int output = (frame + y + x) % 7; output < c.outputs; output += 7) {
          const double expected = Expected(folded, in, residual, plain, output, frame, y, x);
          worst = std::max(worst, std::abs(expected - static_cast<double>(out.At(frame, y, x)[output])));
        }
      });
      EXPECT_LE(worst, tolerance);
      for (int x = -1; x <= size[2]; ++x) {
        for (const int y : {-1, size[1]})
          EXPECT_EQ(*out.At(0, y, x), 0.0f) << "border at " << y << ", " << x;
      }
    }
  }

  std::mt19937 random_{1};
  std::normal_distribution<float> normal_;
  ThreadTeam team_{3};
  Workspace workspace_{team_};
};

TEST_P(ConvolutionTest, DirectEqualsTheSum) {
  Check({{4, 20, 12}, 3, 64, {3, 7, 7}, {1, 2, 2}, {1, 3, 3}}, NewDirectConvolution, 1e-5);
  Check({{4, 9, 9}, 64, 128, {3, 3, 3}, {2, 2, 2}, {1, 1, 1}}, NewDirectConvolution, 1e-5);
  Check({{5, 7, 6}, 32, 64, {1, 1, 1}, {2, 2, 2}, {0, 0, 0}}, NewDirectConvolution, 1e-5);
  Check({{2, 7, 7}, 256, 128, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}}, NewDirectConvolution, 2e-5);
  Check({{1, 1, 1}, 16, 64, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}}, NewDirectConvolution, 1e-5);
  Check({{2, 40, 41}, 16, 64, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}}, NewDirectConvolution, 1e-5);
}

TEST_P(ConvolutionTest, WinogradEqualsTheSum) {
  const auto check = [&](const Size3 &size, int inputs, int outputs) {
    Check({size, inputs, outputs, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}}, NewWinogradConvolution, 1e-4);
  };
  check({4, 14, 14}, 64, 64);   // points shared out
  check({3, 28, 28}, 32, 128);  // tiles shared out
  check({2, 25, 31}, 16, 64);
  check({1, 14, 14}, 64, 64);
  check({1, 28, 28}, 32, 128);
  check({2, 14, 14}, 64, 64);
  check({1, 4, 4}, 16, 64);
  check({1, 1, 1}, 16, 64);
  check({2, 3, 9}, 48, 64);
  check({5, 6, 5}, 16, 192);
}

TEST_P(ConvolutionTest, WinogradInTimeEqualsTheSum) {
  Check({{16, 20, 12}, 3, 64, {3, 7, 7}, {1, 2, 2}, {1, 3, 3}}, NewWinogradTimeConvolution, 1e-4);
  Check({{5, 9, 30}, 16, 128, {3, 5, 3}, {1, 1, 2}, {1, 2, 2}}, NewWinogradTimeConvolution, 1e-4);
  Check({{1, 3, 2}, 1, 64, {3, 1, 1}, {1, 1, 1}, {1, 0, 0}}, NewWinogradTimeConvolution, 1e-4);
  Check({{2, 60, 59}, 4, 64, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}}, NewWinogradTimeConvolution, 1e-4);
}

TEST_P(ConvolutionTest, OfTwoFramesEqualsTheSum) {
  Check({{2, 7, 7}, 256, 128, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}}, NewTwoFrameConvolution, 2e-5);
  Check({{2, 12, 9}, 3, 64, {3, 7, 5}, {1, 2, 2}, {1, 3, 2}}, NewTwoFrameConvolution, 1e-5);
  Check({{2, 1, 1}, 16, 64, {3, 1, 1}, {1, 1, 1}, {1, 0, 0}}, NewTwoFrameConvolution, 1e-5);
  Check({{2, 40, 41}, 16, 64, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}}, NewTwoFrameConvolution, 1e-5);
}

// Weights and inputs as no training gives them, which a transform (Winograd) could lose in its sums. Errors are counted
// as the features' are: in 1e-4 of the largest value.
TEST_P(ConvolutionTest, HoldsWithWeightsThatNobodyTrains) {
  struct Kind {
    const char *name;
    std::function<float(size_t place)> weight;  // in the kernel
    float bias;
    float offset;  // of the inputs
  };
  std::student_t_distribution<float> heavy(1.5);
  const auto usual = [this](size_t) { return Random() / 20; };
  const std::vector<Kind> kinds = {
      {"edge detectors", [](size_t place) { return place % 2 == 0 ? 9e7f : -9e7f; }, 0, 10},
      {"gamma x30", [&](size_t place) { return 30 * usual(place); }, 0, 0},
      {"heavy tails", [&](size_t) { return heavy(random_) / 20; }, 0, 0},
      {"beta +30", usual, 30, 30},
      {"denormals", [this](size_t) { return 1e-40f * Random(); }, 1, 0},
  };
  const Case of_time = {{6, 20, 12}, 3, 64, {3, 7, 7}, {1, 2, 2}, {1, 3, 3}};
  const Case short_time = {{2, 20, 12}, 3, 64, {3, 7, 7}, {1, 2, 2}, {1, 3, 3}};
  const Case long_space = {{4, 14, 14}, 64, 64, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}};
  const Case of_space = {{2, 14, 14}, 64, 64, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}};
  const std::vector<std::pair<Make *, Case>> cases = {
      {NewDirectConvolution, of_space},      {NewWinogradConvolution, of_space},
      {NewTwoFrameConvolution, of_space},    {NewWinogradConvolution, long_space},
      {NewWinogradTimeConvolution, of_time}, {NewWinogradTimeConvolution, short_time}};
  double largest_share = 0;
  for (const Kind &kind : kinds) {
    for (const auto &[make, c] : cases) {
      FoldedConvolution folded = MakeConvolution(c);
      for (size_t i = 0; i < folded.weight.size(); ++i)
        folded.weight[i] = kind.weight(i % static_cast<size_t>(c.kernel[0] * c.kernel[1] * c.kernel[2]));
      std::ranges::fill(folded.bias, kind.bias);
      Activation in(c.size, c.inputs, c.padding[1], 3);
      Fill(in);
      ForEachPixel(c.size, [&, &shape = c](int frame, int y, int x) {
        for (int channel = 0; channel < shape.inputs; ++channel)
          in.At(frame, y, x)[channel] += kind.offset;
      });
      const Size3 size = folded.OutputSize(c.size);
      Activation out(size, c.outputs, 1, 3);
      make(*GetParam(), folded)->Run(in, nullptr, false, out, workspace_);
      double worst = 0, largest = 0;
      ForEachPixel(size, [&, &shape = c](int frame, int y, int x) {
        for (int output = (frame + y + x) % 7; output < shape.outputs; output += 7) {
          const double expected = Expected(folded, in, nullptr, false, output, frame, y, x);
          largest = std::max(largest, std::abs(expected));
          worst = std::max(worst, std::abs(expected - static_cast<double>(out.At(frame, y, x)[output])));
        }
      });
      const double share = worst / (1e-4 * largest);
      EXPECT_LE(share, 0.5) << kind.name;
      largest_share = std::max(largest_share, share);
    }
  }
  RecordProperty("largest_share_of_the_tolerance", std::to_string(largest_share));
}

TEST_P(ConvolutionTest, WhatIsNoNumberStaysNone) {
  Make *const all[] = {NewDirectConvolution, NewWinogradConvolution, NewWinogradTimeConvolution,
                       NewTwoFrameConvolution};
  for (Make *make : all) {
    const Case c = {{2, 8, 8}, 16, 64, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}};
    Activation in(c.size, c.inputs, 1, 3), out(c.size, c.outputs, 1, 3);
    Fill(in);
    in.At(1, 4, 4)[5] = std::nanf("");
    make(*GetParam(), MakeConvolution(c))->Run(in, nullptr, true, out, workspace_);
    for (int output = 0; output < c.outputs; ++output)
      EXPECT_TRUE(std::isnan(out.At(1, 4, 4)[output])) << output;
  }
}

std::vector<const ConvolutionKernels *> KernelsToTest() {
  std::vector<const ConvolutionKernels *> all;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) all.push_back(Avx512Kernels());
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back(Avx2Kernels());
#endif
  return all;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ConvolutionTest);
INSTANTIATE_TEST_SUITE_P(Processors, ConvolutionTest, testing::ValuesIn(KernelsToTest()),
                         [](const auto &param) { return param.param->panel == 64 ? "Avx512" : "Avx2"; });

#if defined(__x86_64__)
TEST(KernelsTest, OneDnnsLimitHoldsInEitherCase) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) GTEST_SKIP() << "this processor has no AVX2";
  for (const char *limit : {"SSE41", "sse41", "avx"}) {
    setenv("ONEDNN_MAX_CPU_ISA", limit, 1);
    EXPECT_EQ(KernelsOfThisProcessor(), nullptr) << limit;
  }
  for (const char *limit : {"AVX2", "avx2"}) {
    setenv("ONEDNN_MAX_CPU_ISA", limit, 1);
    EXPECT_EQ(KernelsOfThisProcessor(), Avx2Kernels()) << limit;
  }
  unsetenv("ONEDNN_MAX_CPU_ISA");
}
#endif

TEST(ThreadTeamTest, EveryPieceIsTakenOnceAndMembersDoNotMeet) {
  ThreadTeam team(4);
  EXPECT_EQ(team.size(), 4);
  for (const int count : {0, 1, 2, 3, 100, 1000}) {
    for (int repetition = 0; repetition < 50; ++repetition) {
      std::vector<std::atomic<int>> taken(static_cast<size_t>(count));
      std::array<std::atomic<int>, 4> inside{};
      team.ForEach(count, [&](int i, int member) {
        EXPECT_EQ(++inside[static_cast<size_t>(member)], 1);
        ++taken[static_cast<size_t>(i)];
        --inside[static_cast<size_t>(member)];
      });
      for (const auto &times : taken)
        ASSERT_EQ(times, 1);
    }
  }
}

TEST(ThreadTeamTest, ChangesItsSizeBetweenLoops) {
  ThreadTeam team(1);
  for (const int size : {4, 2, 7, 1, 3}) {
    team.Resize(size);
    EXPECT_EQ(team.size(), size);
    std::vector<std::atomic<int>> taken(1000);
    std::atomic<bool> outside = false;
    for (int loop = 0; loop < 20; ++loop) {
      team.ForEach(1000, [&](int i, int member) {
        ++taken[static_cast<size_t>(i)];
        if (member < 0 || member >= size) outside = true;
      });
    }
    EXPECT_TRUE(std::ranges::all_of(taken, [](const std::atomic<int> &count) { return count == 20; })) << size;
    EXPECT_FALSE(outside);
  }
}

TEST(ThreadTeamTest, OneComputesAlone) {
  ThreadTeam team(1);
  int sum = 0;
  team.ForEach(10, [&](int i, int member) { sum += i + member; });
  EXPECT_EQ(sum, 45);
}

}  // namespace
}  // namespace action
