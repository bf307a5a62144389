// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/calibration.h"

#include <algorithm>
#include <cmath>

namespace action {
namespace {

constexpr double kLowest = 1, kHighest = 20;
constexpr size_t kBins = 10;

// Of the mean cross entropy by 1 / temperature, in which it is convex: mean of E[logit] - logit of the truth.
double Slope(std::span<const HeldOutStep> steps, double inverse) {
  double slope = 0;
  for (const HeldOutStep &step : steps) {
    const double highest = static_cast<double>(*std::ranges::max_element(step.logits));
    double sum = 0, weighted = 0;
    for (const float logit : step.logits) {
      const double e = std::exp((static_cast<double>(logit) - highest) * inverse);
      sum += e;
      weighted += e * static_cast<double>(logit);
    }
    slope += weighted / sum - static_cast<double>(step.logits[static_cast<size_t>(step.truth)]);
  }
  return slope;
}

}  // namespace

double FitTemperature(const HeldOut &held_out) {
  const std::vector<HeldOutStep> &steps = held_out.steps;
  if (!held_out.is_enough()) return 1;
  double low = 1 / kHighest, high = 1 / kLowest;
  if (Slope(steps, low) >= 0) return kHighest;
  if (Slope(steps, high) <= 0) return kLowest;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2;
    (Slope(steps, middle) < 0 ? low : high) = middle;
  }
  return 2 / (low + high);
}

std::vector<float> Softmax(std::span<const float> logits, double temperature) {
  const double highest = static_cast<double>(*std::ranges::max_element(logits));
  std::vector<double> exps;
  double sum = 0;
  for (const float logit : logits)
    sum += exps.emplace_back(std::exp((static_cast<double>(logit) - highest) / temperature));
  std::vector<float> scores;
  for (const double e : exps)
    scores.push_back(static_cast<float>(e / sum));
  return scores;
}

std::vector<ReliabilityBin> Reliability(std::span<const ScoredPrediction> judged) {
  std::vector<ReliabilityBin> bins(kBins);
  for (const ScoredPrediction &one : judged) {
    const double place = std::clamp(one.confidence, 0.0, 1.0) * static_cast<double>(kBins);
    ReliabilityBin &bin = bins[std::min(static_cast<size_t>(place), kBins - 1)];
    ++bin.count;
    bin.confidence += one.confidence;
    bin.accuracy += one.right ? 1 : 0;
  }
  for (ReliabilityBin &bin : bins) {
    if (bin.count == 0) continue;
    bin.confidence /= static_cast<double>(bin.count);
    bin.accuracy /= static_cast<double>(bin.count);
  }
  return bins;
}

double ExpectedCalibrationError(std::span<const ScoredPrediction> judged) {
  double error = 0;
  for (const ReliabilityBin &bin : Reliability(judged))
    error += static_cast<double>(bin.count) * std::abs(bin.confidence - bin.accuracy);
  return judged.empty() ? 0 : error / static_cast<double>(judged.size());
}

}  // namespace action
