// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a training run came to, for people: the lines on the terminal and report.html.
#ifndef GST_ACTION_TRAIN_REPORT_H_
#define GST_ACTION_TRAIN_REPORT_H_

#include <string>

#include "action/training/evaluate.h"
#include "action/training/model_writer.h"

namespace action {

// The reference's summary as plain text: held-out figures first, then the table of families.
std::string SummaryText(const TwoStageModel &model, const TrainingRecord &record);

// A page of its own, without anything from elsewhere.
std::string ReportHtml(const TwoStageModel &model, const TrainingRecord &record);

}  // namespace action

#endif  // GST_ACTION_TRAIN_REPORT_H_
