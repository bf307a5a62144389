// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How sure a model's heads may be of what they say.
#ifndef ACTION_CALIBRATION_H_
#define ACTION_CALIBRATION_H_

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "action/export.h"

namespace action {

// One temperature for each head: its scores are softmax(logits / temperature), which changes no argmax.
struct Calibration {
  double stage1 = 1;
  std::map<std::string, double> families;  // by coarse label
  size_t clips = 0;                        // held out, that they were fitted on
  size_t steps = 0;
  std::string from;  // "cross-validation" or "validation"

  // 1 where there was too little to fit.
  double OfFamily(const std::string &family) const {
    const auto found = families.find(family);
    return found != families.end() ? found->second : 1;
  }
  friend bool operator==(const Calibration &, const Calibration &) = default;
};

// What a head said of one step that its training had not seen.
struct HeldOutStep {
  std::vector<float> logits;  // by class
  int truth = 0;              // class id
};

// Less than this says nothing: the temperature stays 1. Steps of one clip are much alike.
inline constexpr size_t kFewestHeldOutSteps = 20, kFewestHeldOutClips = 8;

// What a head said of clips that were held out.
struct HeldOut {
  std::vector<HeldOutStep> steps;
  size_t clips = 0;

  bool is_enough() const { return steps.size() >= kFewestHeldOutSteps && clips >= kFewestHeldOutClips; }
};

// The temperature for which the steps' mean cross entropy is lowest (C. Guo et al., On Calibration of Modern Neural
// Networks, ICML 2017), between 1 and 20: on the little that is held out, no head is made surer than it is.
ACTION_API double FitTemperature(const HeldOut &held_out);

// softmax(logits / temperature).
ACTION_API std::vector<float> Softmax(std::span<const float> logits, double temperature);

// A prediction, and whether it was right.
struct ScoredPrediction {
  double confidence = 0;
  bool right = false;
};

struct ReliabilityBin {
  size_t count = 0;
  double confidence = 0;  // means over the bin; 0 when it is empty
  double accuracy = 0;
};

// Ten bins of equal width over 0 to 1.
ACTION_API std::vector<ReliabilityBin> Reliability(std::span<const ScoredPrediction> judged);
// Mean distance of confidence and accuracy over the bins, by how much is in them. 0 without any.
ACTION_API double ExpectedCalibrationError(std::span<const ScoredPrediction> judged);

}  // namespace action

#endif  // ACTION_CALIBRATION_H_
