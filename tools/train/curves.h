// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Pictures of how the heads were trained.
#ifndef GST_ACTION_TRAIN_CURVES_H_
#define GST_ACTION_TRAIN_CURVES_H_

#include "action/training/train.h"
#include "train/drawing.h"

namespace action {

// Loss and accuracy of each classifier by epoch. `model` must outlive it.
Diagram CurvesOf(const TwoStageModel &model);

}  // namespace action

#endif  // GST_ACTION_TRAIN_CURVES_H_
