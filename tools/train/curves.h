// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Pictures of how the heads were trained.
#ifndef GST_ACTION_TRAIN_CURVES_H_
#define GST_ACTION_TRAIN_CURVES_H_

#include <string>

#include "action/training/train.h"

namespace action {

// One panel a head: its loss (logarithmic) and accuracy over the epochs.
// Writes a PNG file. Throws Error.
void WriteCurvesPng(const std::string &path, const TwoStageModel &model);
// The same as SVG text.
std::string CurvesSvg(const TwoStageModel &model);

}  // namespace action

#endif  // GST_ACTION_TRAIN_CURVES_H_
