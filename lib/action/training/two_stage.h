// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Both stages together: which heads there are, their training, their predictions, and how good those are.
#ifndef ACTION_TRAINING_TWO_STAGE_H_
#define ACTION_TRAINING_TWO_STAGE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "action/calibration.h"
#include "action/engine.h"
#include "action/export.h"
#include "action/head.h"

namespace action {

// What a head is trained and measured on.
struct LabelledClip {
  std::string name;   // for people
  std::string label;  // fine, normalised
  std::string source;
  std::vector<Features> steps;  // at least one
};

struct TwoStageOptions {
  int stage1_epochs = 40;
  int stage2_epochs = 50;
  // The same for all heads; classes, clips, epochs, seed and class weights are set for each.
  HeadTraining head;
  uint64_t seed = 0;  // every head draws from its own, made of this one and its name
  bool balance_classes = false;
  size_t threads = 1;
};

// A family: the fine labels of one coarse label.
struct FamilyPlan {
  std::string name;
  size_t clips = 0;
  std::vector<std::string> labels;  // by class id
  std::string skipped;              // "single_class", "too_few_clips", or empty: it gets a head
};

// The coarse labels by class id, with their families. The reference's rule: a family with one fine label, or fewer than
// 2 clips, is skipped.
ACTION_API std::vector<FamilyPlan> PlanFamilies(std::span<const std::string> labels);

struct TrainedFamily {
  FamilyPlan plan;
  std::optional<TrainedHead> head;
};

struct TwoStageModel {
  std::vector<std::string> coarse_labels;  // by class id
  TrainedHead stage1;
  std::vector<TrainedFamily> families;  // one for each coarse label
};

// "stage1" or the family's name; returning false ends the training. Called from several threads, one call at a time.
using HeadProgress = std::function<bool(const std::string &head, int epoch, int epochs, const EpochFacts &facts)>;

// Trains all heads. `validation` may be empty; clips of labels that are not trained are not looked at. Throws Error.
ACTION_API TwoStageModel TrainTwoStage(Engine &engine, std::span<const LabelledClip> clips,
                                       std::span<const LabelledClip> validation, const TwoStageOptions &options,
                                       const HeadProgress &progress);

struct Prediction {
  std::string coarse;
  std::string fine;            // of the predicted family: what a user sees
  std::string fine_of_family;  // had the family been known; empty when the model does not know the family
};

// A model at work, with the best weights. For one thread.
class ACTION_API TwoStagePredictor {
 public:
  TwoStagePredictor(Engine &engine, const TwoStageModel &model);
  ~TwoStagePredictor();
  TwoStagePredictor(const TwoStagePredictor &) = delete;
  TwoStagePredictor &operator=(const TwoStagePredictor &) = delete;

  // true_family: the coarse label, for fine_of_family.
  Prediction Predict(std::span<const Features> steps, const std::string &true_family) const;

  // Adds what the heads say of a clip's steps where they know its labels, under "" for stage 1 and the family's name.
  void AddHeldOut(const LabelledClip &clip, std::map<std::string, HeldOut> &held_out) const;
  // For each step, the probability of the most probable fine label, and whether it is the clip's.
  void AddScored(const LabelledClip &clip, const Calibration &calibration, std::vector<ScoredPrediction> &judged) const;

 private:
  std::string FineOf(size_t family, std::span<const Features> steps) const;

  const TwoStageModel &model_;
  std::unique_ptr<Classifier> stage1_;
  std::vector<std::unique_ptr<Classifier>> families_;  // null: skipped
};

// How many predictions were right, of how many.
struct RightOfAll {
  size_t right = 0;
  size_t of = 0;
  double value() const { return of > 0 ? static_cast<double>(right) / static_cast<double>(of) : 0; }
};

struct Figures {
  RightOfAll coarse;
  RightOfAll fine;       // the family being known
  RightOfAll two_stage;  // fine label by way of the predicted family
};

// In which figures a clip's prediction is counted.
struct CountedStages {
  bool coarse = true;
  bool fine = true;
};
// Predictions, in the order of the clips, against their labels. `counts`, one for each clip; empty: all are counted.
ACTION_API Figures Count(std::span<const LabelledClip> clips, std::span<const Prediction> predictions,
                         std::span<const CountedStages> counts);

ACTION_API std::vector<Prediction> PredictAll(Engine &engine, const TwoStageModel &model,
                                              std::span<const LabelledClip> clips);

struct CrossValidation {
  size_t folds = 0;                     // 0: nothing could be held out
  std::vector<Prediction> predictions;  // of each clip, by a model that saw none of its source
  std::vector<CountedStages> counts;
  // Labels of fewer than 3 clips, or of one source: no model saw enough of the rest to be measured.
  std::vector<std::string> not_measurable_coarse;
  std::vector<std::string> not_measurable_fine;
  Figures figures;

  std::optional<Calibration> calibration;  // of all heads, on the held-out clips; nothing when they are too few
  std::vector<ScoredPrediction> judged;    // held-out steps by their joint probability, calibrated
  std::vector<ScoredPrediction> judged_uncalibrated;
};

// Temperatures from what heads said of held-out steps (AddHeldOut): nothing when there is too little for stage 1, and
// none for families of which there is too little.
ACTION_API std::optional<Calibration> Calibrate(const std::map<std::string, HeldOut> &held_out,
                                                const std::string &from);

// Trains on all folds but one and predicts that one, for each. Folds as in FoldOfEach. `progress` as above, the head
// named "fold 3/8 stage1".
ACTION_API CrossValidation CrossValidate(Engine &engine, std::span<const LabelledClip> clips,
                                         const TwoStageOptions &options, const HeadProgress &progress);

}  // namespace action

#endif  // ACTION_TRAINING_TWO_STAGE_H_
