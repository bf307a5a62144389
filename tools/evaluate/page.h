// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_EVALUATE_PAGE_H_
#define GST_ACTION_EVALUATE_PAGE_H_

#include <array>
#include <string>
#include <vector>

#include "action/timeline/evaluation.h"

namespace action {

// What was compared, and the figures for each kind of label.
struct EvaluatedTimelines {
  std::vector<ComparedTimelines> videos;
  std::array<Evaluation, kLabelKinds.size()> evaluations;  // in the order of kLabelKinds
  bool stand_in = false;                                   // weights that measure nothing
};

// The figures as HTML, with confusion matrices and the timelines of each video one above the other.
std::string EvaluationPage(const EvaluatedTimelines &compared);

}  // namespace action

#endif  // GST_ACTION_EVALUATE_PAGE_H_
