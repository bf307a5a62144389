// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A trained model at work: what it says of clips, and how good that is.
#ifndef ACTION_TRAINING_EVALUATE_H_
#define ACTION_TRAINING_EVALUATE_H_

#include <cstddef>
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
#include "action/training/train.h"

namespace action {

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

// Temperatures from what heads said of held-out steps (AddHeldOut): nothing when there is too little for stage 1, and
// none for families of which there is too little.
ACTION_API std::optional<Calibration> Calibrate(const std::map<std::string, HeldOut> &held_out,
                                                const std::string &from);

}  // namespace action

#endif  // ACTION_TRAINING_EVALUATE_H_
