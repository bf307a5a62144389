// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/head.h"

#include <algorithm>

#include "action/error.h"

namespace action {
namespace {

// Of each of kHeadEntries; -1: any.
const std::array<std::vector<int64_t>, kHeadEntries.size()> &Shapes() {
  static const std::array<std::vector<int64_t>, kHeadEntries.size()> shapes = {{{kFeatureSize},
                                                                                {kFeatureSize},
                                                                                {kHeadHidden, kFeatureSize},
                                                                                {kHeadHidden},
                                                                                {kHeadHidden, kHeadHidden},
                                                                                {kHeadHidden},
                                                                                {-1, kHeadHidden},
                                                                                {-1}}};
  return shapes;
}

}  // namespace

void CheckHead(const StateDict &weights, const std::string &where, int classes) {
  std::string problems;
  const auto complain = [&problems](const std::string &what) { problems += "\n  " + what; };
  for (size_t i = 0; i < kHeadEntries.size(); ++i) {
    const std::string name = kHeadEntries[i];
    const Tensor *tensor = weights.Find(name);
    if (tensor == nullptr) {
      complain(name + " is missing");
      continue;
    }
    std::vector<int64_t> wanted = Shapes()[i];
    if (wanted[0] < 0) {
      const Tensor *bias = weights.Find(kHeadEntries.back());
      const bool any = classes < 0 && bias != nullptr && bias->shape().size() == 1;
      wanted[0] = any ? bias->shape()[0] : classes;
    }
    if (tensor->shape() != wanted) {
      complain(name + " is " + ShapeToString(tensor->shape()) + " and should be " + ShapeToString(wanted));
    }
  }
  for (const auto &[name, tensor] : weights.entries) {
    if (std::ranges::find(kHeadEntries, name) == kHeadEntries.end())
      complain(name + " does not belong to a classifier");
  }
  if (problems.empty()) return;
  throw Error(where + " does not hold a classifier" +
              (classes >= 0 ? " of " + std::to_string(classes) + " classes" : "") + ":" + problems);
}

int Argmax(std::span<const float> row) {
  return static_cast<int>(std::ranges::max_element(row) - row.begin());
}

int ClassOfClip(const Classifier &classifier, std::span<const Features> steps) {
  const std::vector<float> logits = classifier.Logits(steps);
  const auto classes = static_cast<size_t>(classifier.classes());
  std::vector<int> votes;
  for (size_t i = 0; i < steps.size(); ++i)
    votes.push_back(Argmax(std::span(logits).subspan(i * classes, classes)));
  return Majority(votes);
}

std::vector<double> BalancedClassWeights(std::span<const TrainingClip> clips, int classes) {
  std::vector<double> weights(static_cast<size_t>(classes), 0);
  for (const TrainingClip &clip : clips)
    weights[static_cast<size_t>(clip.label)] += 1;
  for (double &weight : weights) {
    if (weight > 0) weight = static_cast<double>(clips.size()) / (classes * weight);
  }
  return weights;
}

}  // namespace action
