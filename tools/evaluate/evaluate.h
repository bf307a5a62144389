// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_EVALUATE_EVALUATE_H_
#define GST_ACTION_EVALUATE_EVALUATE_H_

#include <string>

#include "common/timeline_source.h"

namespace action {

struct EvaluateOptions {
  SourceFormat said, truth;
  std::string run;   // of the timeline, as in RunChoice
  std::string page;  // HTML; empty: none
  bool as_json = false;
};

// Prints how good a timeline is, measured against a ground truth; of two folders, files of one name belong together. An
// exit code. Throws Error.
int EvaluateTimelines(const std::string &said, const std::string &truth, const EvaluateOptions &options);

}  // namespace action

#endif  // GST_ACTION_EVALUATE_EVALUATE_H_
