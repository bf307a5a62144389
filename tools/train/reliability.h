// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A picture of how often held-out steps were right that were so and so sure.
#ifndef GST_ACTION_TRAIN_RELIABILITY_H_
#define GST_ACTION_TRAIN_RELIABILITY_H_

#include <span>

#include "action/calibration.h"
#include "train/drawing.h"

namespace action {

// Reliability diagram: accuracy over confidence in ten bins, before (grey) and after calibration.
Diagram ReliabilityOf(std::span<const ScoredPrediction> calibrated, std::span<const ScoredPrediction> uncalibrated);

}  // namespace action

#endif  // GST_ACTION_TRAIN_RELIABILITY_H_
