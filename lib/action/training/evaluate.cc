// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/training/evaluate.h"

#include <utility>

#include "action/labels.h"

namespace action {

TwoStagePredictor::TwoStagePredictor(Engine &engine, const TwoStageModel &model) : model_(model) {
  stage1_ = engine.NewClassifier(model.stage1.best, "stage1", {});
  for (const TrainedFamily &family : model.families) {
    families_.push_back(family.head ? engine.NewClassifier(family.head->best, family.plan.name, {}) : nullptr);
  }
}

TwoStagePredictor::~TwoStagePredictor() = default;

std::string TwoStagePredictor::FineOf(size_t family, std::span<const Features> steps) const {
  const FamilyPlan &plan = model_.families[family].plan;
  if (families_[family]) return plan.labels[static_cast<size_t>(ClassOfClip(*families_[family], steps))];
  return plan.labels.size() == 1 ? plan.labels[0] : plan.name;
}

Prediction TwoStagePredictor::Predict(std::span<const Features> steps, const std::string &true_family) const {
  Prediction prediction;
  const auto coarse = static_cast<size_t>(ClassOfClip(*stage1_, steps));
  prediction.coarse = model_.coarse_labels[coarse];
  prediction.fine = FineOf(coarse, steps);
  const int known = IdOf(model_.coarse_labels, true_family);
  if (known >= 0) {
    const auto family = static_cast<size_t>(known);
    prediction.fine_of_family = family == coarse ? prediction.fine : FineOf(family, steps);
  }
  return prediction;
}

namespace {

void AddSteps(const Classifier &classifier, std::span<const Features> steps, int truth,
              std::vector<HeldOutStep> &held_out) {
  const std::vector<float> logits = classifier.Logits(steps);
  const auto classes = static_cast<size_t>(classifier.classes());
  for (size_t i = 0; i < steps.size(); ++i) {
    const auto row = std::span(logits).subspan(i * classes, classes);
    held_out.push_back({{row.begin(), row.end()}, truth});
  }
}

}  // namespace

void TwoStagePredictor::AddHeldOut(const LabelledClip &clip, std::map<std::string, HeldOut> &held_out) const {
  const int coarse = IdOf(model_.coarse_labels, CoarseLabel(clip.label));
  if (coarse < 0) return;
  AddSteps(*stage1_, clip.steps, coarse, held_out[""].steps);
  ++held_out[""].clips;
  const auto family = static_cast<size_t>(coarse);
  const FamilyPlan &plan = model_.families[family].plan;
  const int fine = IdOf(plan.labels, clip.label);
  if (!families_[family] || fine < 0) return;
  AddSteps(*families_[family], clip.steps, fine, held_out[plan.name].steps);
  ++held_out[plan.name].clips;
}

void TwoStagePredictor::AddScored(const LabelledClip &clip, const Calibration &calibration,
                                  std::vector<ScoredPrediction> &judged) const {
  std::vector<HeldOutStep> coarse;
  AddSteps(*stage1_, clip.steps, 0, coarse);
  std::vector<std::vector<float>> p_coarse;
  for (const HeldOutStep &step : coarse)
    p_coarse.push_back(Softmax(step.logits, calibration.stage1));
  std::vector<ScoredPrediction> best(clip.steps.size());
  for (size_t family = 0; family < families_.size(); ++family) {
    const FamilyPlan &plan = model_.families[family].plan;
    std::vector<HeldOutStep> fine;
    if (families_[family]) AddSteps(*families_[family], clip.steps, 0, fine);
    for (size_t i = 0; i < best.size(); ++i) {
      auto p = static_cast<double>(p_coarse[i][family]);
      size_t label = 0;
      if (!fine.empty()) {
        const std::vector<float> scores = Softmax(fine[i].logits, calibration.OfFamily(plan.name));
        label = static_cast<size_t>(Argmax(scores));
        p *= static_cast<double>(scores[label]);
      }
      if (p > best[i].confidence) best[i] = {p, plan.labels[label] == clip.label};
    }
  }
  judged.insert(judged.end(), best.begin(), best.end());
}

std::optional<Calibration> Calibrate(const std::map<std::string, HeldOut> &held_out, const std::string &from) {
  const auto stage1 = held_out.find("");
  if (stage1 == held_out.end() || !stage1->second.is_enough()) return std::nullopt;
  Calibration calibration;
  calibration.clips = stage1->second.clips;
  calibration.steps = stage1->second.steps.size();
  calibration.from = from;
  calibration.stage1 = FitTemperature(stage1->second);
  for (const auto &[family, of_head] : held_out) {
    if (!family.empty() && of_head.is_enough()) calibration.families[family] = FitTemperature(of_head);
  }
  return calibration;
}

Figures Count(std::span<const LabelledClip> clips, std::span<const Prediction> predictions,
              std::span<const CountedStages> counts) {
  Figures figures;
  const auto add = [](RightOfAll &share, bool right) {
    ++share.of;
    share.right += right ? 1 : 0;
  };
  for (size_t i = 0; i < clips.size(); ++i) {
    const CountedStages countable = counts.empty() ? CountedStages{} : counts[i];
    if (countable.coarse) add(figures.coarse, predictions[i].coarse == CoarseLabel(clips[i].label));
    if (countable.fine) {
      add(figures.fine, predictions[i].fine_of_family == clips[i].label);
      add(figures.two_stage, predictions[i].fine == clips[i].label);
    }
  }
  return figures;
}

std::vector<Prediction> PredictAll(Engine &engine, const TwoStageModel &model, std::span<const LabelledClip> clips) {
  const TwoStagePredictor predictor(engine, model);
  std::vector<Prediction> predictions;
  for (const LabelledClip &clip : clips)
    predictions.push_back(predictor.Predict(clip.steps, CoarseLabel(clip.label)));
  return predictions;
}

}  // namespace action
