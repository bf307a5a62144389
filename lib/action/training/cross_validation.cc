// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/training/cross_validation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include "action/labels.h"
#include "action/training/folds.h"

namespace action {
namespace {

constexpr size_t kFewestMeasurable = 3;  // clips of a label that is measured

std::vector<std::string> SourcesOf(std::span<const LabelledClip> clips) {
  std::vector<std::string> sources;
  for (const LabelledClip &clip : clips)
    sources.push_back(clip.source);
  return sources;
}

size_t CountOf(const std::vector<int> &folds) {
  return folds.empty() ? 0 : static_cast<size_t>(*std::ranges::max_element(folds)) + 1;
}

// Labels, in order, of which too few clips, or only one source, are known.
std::vector<std::string> NotMeasurable(const std::map<std::string, ClipPointers> &by_label) {
  std::vector<std::string> labels;
  for (const auto &[label, clips] : by_label) {
    const auto other_source = [&first = *clips[0]](const LabelledClip *clip) { return clip->source != first.source; };
    if (clips.size() < kFewestMeasurable || std::ranges::none_of(clips, other_source)) labels.push_back(label);
  }
  return labels;
}

}  // namespace

FoldChoice ChooseFolds(std::span<const LabelledClip> clips, const TwoStageOptions &options, size_t most_folds,
                       std::optional<double> budget_seconds) {
  constexpr double kSecondsEach = 0.003, kProcessors = 2;
  FoldChoice choice;
  choice.folds = CountOf(FoldOfEach(SourcesOf(clips), most_folds));
  choice.run = choice.folds;
  if (choice.folds == 0 || !budget_seconds) return choice;
  const auto folds = static_cast<double>(choice.folds);
  const double one = WorkOf(PointersTo(clips), options) * (folds - 1) / folds * kSecondsEach / kProcessors;
  choice.run = static_cast<size_t>(std::clamp(std::floor(*budget_seconds / one), 1.0, folds));
  return choice;
}

CrossValidation CrossValidate(Engine &engine, std::span<const LabelledClip> clips, const TwoStageOptions &options,
                              const FoldChoice &choice, const HeadProgress &progress) {
  CrossValidation result;
  result.choice = choice;
  std::map<std::string, ClipPointers> by_coarse, by_fine;
  for (const LabelledClip &clip : clips) {
    by_coarse[CoarseLabel(clip.label)].push_back(&clip);
    by_fine[clip.label].push_back(&clip);
  }
  result.not_measurable_coarse = NotMeasurable(by_coarse);
  result.not_measurable_fine = NotMeasurable(by_fine);
  const std::vector<int> folds = FoldOfEach(SourcesOf(clips), choice.folds);
  if (folds.empty() || choice.run == 0) return result;
  const auto is_run = [&](size_t clip) { return static_cast<size_t>(folds[clip]) < choice.run; };
  for (size_t i = 0; i < clips.size(); ++i) {
    // With more sources than folds a label's sources may share one: then no model that is asked about it has seen it.
    const auto counts = [&](const std::string &label, const std::map<std::string, ClipPointers> &by_label,
                            const std::vector<std::string> &not_measurable) {
      const auto in_training = [&](const LabelledClip *other) {
        return folds[static_cast<size_t>(other - clips.data())] != folds[i];
      };
      return is_run(i) && !std::ranges::binary_search(not_measurable, label) &&
             std::ranges::any_of(by_label.at(label), in_training);
    };
    result.counts.push_back({counts(CoarseLabel(clips[i].label), by_coarse, result.not_measurable_coarse),
                             counts(clips[i].label, by_fine, result.not_measurable_fine)});
  }

  std::vector<ModelPlan> plans;
  for (size_t f = 0; f < choice.run; ++f) {
    ClipPointers training;
    for (size_t i = 0; i < clips.size(); ++i) {
      if (folds[i] != static_cast<int>(f)) training.push_back(&clips[i]);
    }
    const std::string name = "fold " + std::to_string(f + 1) + "/" + std::to_string(choice.folds) + " ";
    plans.push_back(PlanModel(name, std::move(training), {}));
    plans.back().only_best = true;
  }
  TrainAll(engine, plans, options, progress);
  result.predictions.resize(clips.size());
  std::vector<std::unique_ptr<TwoStagePredictor>> predictors;
  for (const ModelPlan &plan : plans)
    predictors.push_back(std::make_unique<TwoStagePredictor>(engine, plan.model));
  const auto predictor_of = [&](size_t clip) -> const TwoStagePredictor & {
    return *predictors[static_cast<size_t>(folds[clip])];
  };
  std::map<std::string, HeldOut> held_out;
  for (size_t i = 0; i < clips.size(); ++i) {
    if (!is_run(i)) continue;
    result.predictions[i] = predictor_of(i).Predict(clips[i].steps, CoarseLabel(clips[i].label));
    if (!result.counts[i].coarse) continue;  // its class was not in training: no temperature helps
    predictor_of(i).AddHeldOut(clips[i], held_out);
  }
  result.calibration = Calibrate(held_out, "cross-validation");
  for (size_t i = 0; i < clips.size() && result.calibration; ++i) {
    if (!result.counts[i].fine) continue;
    predictor_of(i).AddScored(clips[i], *result.calibration, result.judged);
    predictor_of(i).AddScored(clips[i], {}, result.judged_uncalibrated);
  }
  result.figures = Count(clips, result.predictions, result.counts);
  return result;
}

}  // namespace action
