// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Trains the classifiers of both stages.
#ifndef ACTION_TRAINING_TRAIN_H_
#define ACTION_TRAINING_TRAIN_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "action/engine.h"
#include "action/export.h"
#include "action/head.h"
#include "action/training/plan.h"

namespace action {

struct TwoStageOptions {
  int stage1_epochs = 40;
  int stage2_epochs = 50;
  // The same for all heads; classes, clips, epochs, seed and class weights are set for each.
  HeadTraining head;
  uint64_t seed = 0;  // every head draws from its own, made of this one and its name
  bool balance_classes = false;
  size_t threads = 1;
};

struct TrainedFamily {
  FamilyPlan plan;
  std::optional<TrainedHead> head;
};

struct TwoStageModel {
  std::vector<std::string> coarse_labels;  // by class id
  TrainedHead stage1;
  std::vector<TrainedFamily> families;  // one for each coarse label
};

// A model to be trained, and what with.
struct ModelPlan {
  std::string name;  // before the names of its heads: "", or "fold 3/8 "
  ClipPointers clips;
  ClipPointers validation;  // may be empty
  TwoStageModel model;      // its heads are filled in
  bool only_best = false;   // of its heads, what is best is kept
};

// "stage1" or the family's name; returning false ends the training. Called from several threads, one call at a time.
using HeadProgress = std::function<bool(const std::string &head, int epoch, int epochs, const EpochFacts &facts)>;

ModelPlan PlanModel(const std::string &name, ClipPointers clips, ClipPointers validation);

// Trains the heads of all models: they are independent, and all are spread over the threads together. Throws Error.
void TrainAll(Engine &engine, std::span<ModelPlan> plans, const TwoStageOptions &options, const HeadProgress &progress);

// The minibatches that train a model with so many clips of each label, as if each had 256 steps: a measure of work.
double WorkOf(const ClipPointers &clips, const TwoStageOptions &options);

// Trains all heads. `validation` may be empty; clips of labels that are not trained are not looked at. Throws Error.
ACTION_API TwoStageModel TrainTwoStage(Engine &engine, std::span<const LabelledClip> clips,
                                       std::span<const LabelledClip> validation, const TwoStageOptions &options,
                                       const HeadProgress &progress);

}  // namespace action

#endif  // ACTION_TRAINING_TRAIN_H_
