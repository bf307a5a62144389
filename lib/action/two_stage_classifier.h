// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A model at work on the chunks of a stream, one at a time.
#ifndef ACTION_TWO_STAGE_CLASSIFIER_H_
#define ACTION_TWO_STAGE_CLASSIFIER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "action/engine.h"
#include "action/export.h"
#include "action/head.h"
#include "action/labels.h"
#include "action/model_bundle.h"

namespace action {

// What both stages say of one chunk. Ids are those of the classifier's label table.
struct ChunkScores {
  int coarse = 0;                  // the most probable class; of equals the smallest id
  double confidence = 0;           // its probability
  std::vector<float> scores;       // softmax over the coarse classes, of logits / temperature
  std::vector<int> fine;           // for every coarse class the fine label that its family's classifier gives
  std::vector<float> fine_scores;  // p(coarse) * p(fine | coarse) of every fine label
};

// A model folder, read and checked as far as it can be without LibTorch.
struct ClassifierModel {
  std::string folder;
  std::string hash;  // ModelHash
  LabelTable labels;
  ModelBundle bundle;
  std::vector<std::string> notices;  // for users, a sentence each: the bundle's, and NoValuesNotice
};
// elements: a file elements.csv; empty: that of the folder, if it has one. Throws Error when the folder is no model, or
// the file is not one of its labels.
ACTION_API ClassifierModel ReadClassifierModel(const std::string &folder, const std::string &elements = {});

// For one thread.
class ACTION_API TwoStageClassifier {
 public:
  // Throws Error when the model's weights are damaged, or there is no such device.
  TwoStageClassifier(Engine &engine, const ClassifierModel &model, const Device &device);
  ~TwoStageClassifier();
  TwoStageClassifier(const TwoStageClassifier &) = delete;
  TwoStageClassifier &operator=(const TwoStageClassifier &) = delete;

  ChunkScores Classify(const Features &features) const;

  const std::string &folder() const { return folder_; }
  const std::string &hash() const { return hash_; }  // ModelHash
  const LabelTable &labels() const { return labels_; }
  // What the model was trained with; nothing when the folder does not say (those of the Python system do not).
  const std::optional<ModelFacts> &facts() const { return facts_; }
  const std::vector<std::string> &notices() const { return notices_; }
  // Scores are those of held-out clips: a score of 0.8 is right in 8 of 10 cases.
  bool calibrated() const { return facts_ && facts_->calibration.has_value(); }

  // Why features made so are not those that the model was trained with, naming both sides; empty when they are, as far
  // as the folder says. Precision and hop may differ. stand_in: the features are of stand-in weights.
  std::string WhyNotFit(const FeatureConfig &stream, bool stand_in) const;

 private:
  struct FamilyHead {
    std::unique_ptr<Classifier> classifier;  // null: the family has one label
    size_t first = 0;                        // of its labels in the table
    double temperature = 1;
  };

  std::string folder_;
  std::string hash_;
  LabelTable labels_;
  std::optional<ModelFacts> facts_;
  std::vector<std::string> notices_;
  std::unique_ptr<Classifier> stage1_;
  double temperature_ = 1;  // of stage 1
  std::vector<FamilyHead> families_;
};

}  // namespace action

#endif  // ACTION_TWO_STAGE_CLASSIFIER_H_
