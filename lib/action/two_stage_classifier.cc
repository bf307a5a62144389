// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/two_stage_classifier.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "action/calibration.h"
#include "action/elements.h"
#include "action/error.h"

namespace action {
namespace {

// Throws Error when they are no numbers.
std::vector<float> LogitsOf(const Classifier &classifier, const Features &features, const std::string &folder) {
  std::vector<float> logits = classifier.Logits(std::span(&features, 1));
  if (std::ranges::all_of(logits, [](float logit) { return std::isfinite(logit); })) return logits;
  throw Error(
      "a classifier of " + folder +
      " gives no numbers: its weights or the features are damaged. Copy the model folder again, whole, or train "
      "it anew");
}

}  // namespace

ClassifierModel ReadClassifierModel(const std::string &folder, const std::string &elements) {
  ModelBundle bundle = ModelBundle::Open(folder);
  ClassifierModel model{folder, ModelHash(bundle), bundle.labels(), std::move(bundle), {}};
  const std::string file = ElementsFileOf(folder, elements);
  if (!file.empty()) ApplyElements(ReadElements(file), file, model.labels);
  model.notices = model.bundle.notices();
  if (const std::string notice = NoValuesNotice(model.labels, folder); !notice.empty()) model.notices.push_back(notice);
  return model;
}

TwoStageClassifier::TwoStageClassifier(Engine &engine, const ClassifierModel &model, const Device &device)
    : folder_(model.folder),
      hash_(model.hash),
      labels_(model.labels),
      facts_(model.bundle.facts()),
      notices_(model.notices) {
  const ModelBundle &bundle = model.bundle;
  if (calibrated()) temperature_ = facts_->calibration->stage1;
  stage1_ = engine.NewClassifier(bundle.coarse().weights, bundle.coarse().path, device);
  size_t first = 0;
  for (const Family &family : bundle.families()) {
    FamilyHead head;
    head.first = first;
    if (family.head) head.classifier = engine.NewClassifier(family.head->weights, family.head->path, device);
    if (calibrated()) head.temperature = facts_->calibration->OfFamily(family.name);
    first += family.head ? family.head->labels.size() : 1;
    families_.push_back(std::move(head));
  }
  Classify(Features{});  // damaged weights are told now
}

TwoStageClassifier::~TwoStageClassifier() = default;

std::string TwoStageClassifier::WhyNotFit(const FeatureConfig &stream, bool stand_in) const {
  if (!facts_) return {};
  const FeatureConfig &model = facts_->features;
  std::string why;
  const auto compare = [&why](const char *what, const std::string &trained, const std::string &here) {
    if (trained == here) return;
    why += std::string(why.empty() ? "" : "; ") + what + ": trained with " + trained + ", here " + here;
  };
  const auto backbone = [](const FeatureConfig &config) {
    return config.backbone.empty() ? "R3D-18" : config.backbone;
  };
  compare("backbone", backbone(model), backbone(stream));
  if (model.backbone == stream.backbone && model.weights_hash != stream.weights_hash) {
    // The beginning of the hash tells two of a kind apart.
    const auto weights = [](bool is_stand_in, const std::string &hash) {
      return std::string(is_stand_in ? "stand-in ones" : "real ones") + " (" + hash.substr(0, 8) + ")";
    };
    compare("weights", weights(facts_->stand_in, model.weights_hash), weights(stand_in, stream.weights_hash));
  }
  compare("sample-rate", model.sample_rate.ToString(), stream.sample_rate.ToString());
  compare("roi", model.roi.ToString(), stream.roi.ToString());
  compare("features", NameOf(model.mode), NameOf(stream.mode));
  compare("colorimetry", NameOf(model.colorimetry), NameOf(stream.colorimetry));
  return why;
}

ChunkScores TwoStageClassifier::Classify(const Features &features) const {
  ChunkScores result;
  const std::vector<float> logits = LogitsOf(*stage1_, features, folder_);
  result.scores = Softmax(logits, temperature_);
  result.coarse = Argmax(logits);
  result.confidence = static_cast<double>(result.scores[static_cast<size_t>(result.coarse)]);
  result.fine_scores.assign(labels_.fine.size(), 0);
  for (size_t family = 0; family < families_.size(); ++family) {
    const FamilyHead &head = families_[family];
    const float p = result.scores[family];
    size_t best = head.first;
    if (head.classifier) {
      const std::vector<float> fine = LogitsOf(*head.classifier, features, folder_);
      const std::vector<float> scores = Softmax(fine, head.temperature);
      for (size_t i = 0; i < scores.size(); ++i)
        result.fine_scores[head.first + i] = p * scores[i];
      best += static_cast<size_t>(Argmax(fine));
    } else {
      result.fine_scores[best] = p;
    }
    result.fine.push_back(static_cast<int>(best));
  }
  return result;
}

}  // namespace action
