// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/smoothing.h"

#include "action/timeline/run_smoother.h"
#include "action/timeline/viterbi_smoother.h"

namespace action {

const char *NameOf(SmoothingMethod method) {
  return method == SmoothingMethod::kViterbi ? "viterbi" : "majority";
}

std::unique_ptr<Smoother> NewSmoother(const SmoothingSettings &settings, const LabelTable &labels, int64_t start) {
  if (settings.method == SmoothingMethod::kViterbi) {
    return std::make_unique<ViterbiSmoother>(settings, labels, start);
  }
  return std::make_unique<RunSmoother>(settings, labels, start);
}

}  // namespace action
