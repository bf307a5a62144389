// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Measures a way of training on clips that were not trained with.
#ifndef ACTION_TRAINING_CROSS_VALIDATION_H_
#define ACTION_TRAINING_CROSS_VALIDATION_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "action/calibration.h"
#include "action/engine.h"
#include "action/export.h"
#include "action/training/evaluate.h"
#include "action/training/train.h"

namespace action {

// How much is measured: of so many folds, the first `run`. 0 folds: nothing can be held out.
struct FoldChoice {
  size_t folds = 0;
  size_t run = 0;
};

// As many of ten folds as fit the budget, at least one. The clock is not asked: it is reckoned with 3 ms a minibatch of
// 256 steps and two processors, so that every machine chooses the same. Nothing: all of them. Folds as in FoldOfEach.
ACTION_API FoldChoice ChooseFolds(std::span<const LabelledClip> clips, const TwoStageOptions &options,
                                  size_t most_folds, std::optional<double> budget_seconds);

struct CrossValidation {
  FoldChoice choice;
  // Of each clip, by a model that saw none of its source; empty for clips of folds that were not run.
  std::vector<Prediction> predictions;
  std::vector<CountedStages> counts;
  // Labels of fewer than 3 clips, or of one source: no model saw enough of the rest to be measured.
  std::vector<std::string> not_measurable_coarse;
  std::vector<std::string> not_measurable_fine;
  Figures figures;

  std::optional<Calibration> calibration;  // of all heads, on the held-out clips; nothing when they are too few
  std::vector<ScoredPrediction> judged;    // held-out steps by their joint probability, calibrated
  std::vector<ScoredPrediction> judged_uncalibrated;
};

// Trains on all folds but one and predicts that one, for each that is run. `progress` as in TrainTwoStage, the head
// named "fold 3/8 stage1".
ACTION_API CrossValidation CrossValidate(Engine &engine, std::span<const LabelledClip> clips,
                                         const TwoStageOptions &options, const FoldChoice &choice,
                                         const HeadProgress &progress);

}  // namespace action

#endif  // ACTION_TRAINING_CROSS_VALIDATION_H_
