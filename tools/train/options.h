// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The command line of gst-action-train.
#ifndef GST_ACTION_TRAIN_OPTIONS_H_
#define GST_ACTION_TRAIN_OPTIONS_H_

#include <glib.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "action/training/clip_name.h"
#include "action/training/folds.h"
#include "action/training/train.h"
#include "common/feature_options.h"

namespace action {

struct TrainOptions {
  FeatureOptions features{"train-hop",
                          "Samples between chunk starts in training, 1 to 16 (default 16, the reference's; smaller: "
                          "more, overlapping steps)"};

  std::string dataset;
  std::string annotations;
  bool background = true;
  LabelRule label_rule = LabelRule::kStandard;
  std::string output;
  std::string cache;     // of features; by default OUTPUT.cache
  std::string backbone;  // whose features are in the cache, made elsewhere; empty: R3D-18's, made here
  bool force = false;

  bool dry_run = false;
  bool features_only = false;
  std::optional<std::pair<size_t, size_t>> shard;  // which (from 1), of how many
  bool strict = false;
  size_t jobs = 1;

  TwoStageOptions training;
  std::string group_by;
  // Measuring on held-out clips: in so many folds at most, as many of them as fit the budget, where there is one.
  size_t folds = kMostFolds;             // 0: nothing is measured
  std::optional<double> budget_seconds;  // nothing: all folds are run
  std::string validation;                // a dataset
  std::optional<double> validation_split;

  bool quiet = false;

  // An exit code: the program ends here (--version). Throws UsageError. Reads GStreamer's options too, and so
  // initialises it.
  std::optional<int> Parse(int argc, char **argv);
};

}  // namespace action

#endif  // GST_ACTION_TRAIN_OPTIONS_H_
