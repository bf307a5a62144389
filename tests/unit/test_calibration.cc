// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace action {
namespace {

double CrossEntropy(const HeldOut &held_out, double temperature) {
  const std::vector<HeldOutStep> &steps = held_out.steps;
  double sum = 0;
  for (const HeldOutStep &step : steps) {
    double total = 0;
    for (const float logit : step.logits)
      total += std::exp(static_cast<double>(logit) / temperature);
    sum += std::log(total) - static_cast<double>(step.logits[static_cast<size_t>(step.truth)]) / temperature;
  }
  return sum / static_cast<double>(steps.size());
}

// Labels drawn from softmax(logits / 3): what a head says that is three times too sure.
HeldOut TooSure(size_t count, double temperature) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal(0, 4);
  HeldOut held_out;
  held_out.clips = kFewestHeldOutClips;
  for (size_t i = 0; i < count; ++i) {
    HeldOutStep step;
    for (int c = 0; c < 5; ++c)
      step.logits.push_back(static_cast<float>(normal(random)));
    const std::vector<float> p = Softmax(step.logits, temperature);
    step.truth = std::discrete_distribution<int>(p.begin(), p.end())(random);
    held_out.steps.push_back(step);
  }
  return held_out;
}

TEST(Calibration, FindsTheTemperatureThatLabelsWereDrawnWith) {
  for (const double temperature : {1.2, 3.0, 8.0})
    EXPECT_NEAR(FitTemperature(TooSure(20000, temperature)), temperature, 0.05 * temperature);
}

TEST(Calibration, NoOtherTemperatureIsBetter) {
  const HeldOut steps = TooSure(200, 2.5);
  const double best = FitTemperature(steps), lowest = CrossEntropy(steps, best);
  for (double temperature = 1; temperature <= 20; temperature *= 1.02)
    EXPECT_LE(lowest, CrossEntropy(steps, temperature) + 1e-9) << temperature;
}

TEST(Calibration, StaysWithinBounds) {
  HeldOut right{std::vector<HeldOutStep>(50, {{9, 0}, 0}), 10}, wrong{std::vector<HeldOutStep>(50, {{9, 0}, 1}), 10};
  EXPECT_EQ(FitTemperature(right), 1) << "always right: not made surer than it is";
  EXPECT_EQ(FitTemperature(wrong), 20) << "always wrong";
  right.clips = kFewestHeldOutClips - 1;
  EXPECT_EQ(FitTemperature(right), 1) << "too few clips to say";
  wrong.steps.resize(kFewestHeldOutSteps - 1);
  EXPECT_EQ(FitTemperature(wrong), 1) << "too few steps to say";
}

TEST(Calibration, NeverChangesAnArgmax) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> logit(-20, 20);
  for (int i = 0; i < 1000; ++i) {
    std::vector<float> logits = {logit(random), logit(random), logit(random)};
    const auto place = [](const std::vector<float> &row) { return std::ranges::max_element(row) - row.begin(); };
    for (const double temperature : {0.5, 1.0, 3.3, 20.0}) {
      const std::vector<float> scores = Softmax(logits, temperature);
      EXPECT_NEAR(scores[0] + scores[1] + scores[2], 1, 1e-5);
      EXPECT_EQ(scores[static_cast<size_t>(place(logits))], scores[static_cast<size_t>(place(scores))]);
    }
  }
}

TEST(Reliability, BinsAndError) {
  // Ten at 0.95, nine of them right; ten at 0.55, two right.
  std::vector<ScoredPrediction> judged;
  for (int i = 0; i < 10; ++i) {
    judged.push_back({0.95, i < 9});
    judged.push_back({0.55, i < 2});
  }
  judged.push_back({1.0, true});
  const std::vector<ReliabilityBin> bins = Reliability(judged);
  ASSERT_EQ(bins.size(), 10u);
  EXPECT_EQ(bins[9].count, 11u) << "1 belongs to the last bin";
  EXPECT_EQ(bins[5].count, 10u);
  EXPECT_NEAR(bins[5].accuracy, 0.2, 1e-12);
  EXPECT_NEAR(ExpectedCalibrationError(judged), (10 * 0.35 + 11 * (10.5 / 11 - 10.0 / 11)) / 21, 1e-12);
  EXPECT_EQ(ExpectedCalibrationError({}), 0);
}

}  // namespace
}  // namespace action
