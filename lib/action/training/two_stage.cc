// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/training/two_stage.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "action/error.h"
#include "action/labels.h"
#include "action/training/cross_validation.h"
#include "action/training/parallel.h"

namespace action {
namespace {

constexpr size_t kFewestClips = 2;       // of a family that is trained
constexpr size_t kFewestMeasurable = 3;  // clips of a label that is measured

// FNV-1a over the name, then a round of splitmix64: neighbouring seeds give unrelated ones.
uint64_t SeedFor(uint64_t seed, const std::string &name) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name)
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  uint64_t mixed = seed * 0x9e3779b97f4a7c15 + hash;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

int IdOf(const std::vector<std::string> &labels, const std::string &label) {
  const auto found = std::ranges::find(labels, label);
  return found != labels.end() ? static_cast<int>(found - labels.begin()) : -1;
}

// Clips are large, and the same ones train many heads.
using ClipPointers = std::vector<const LabelledClip *>;

ClipPointers PointersTo(std::span<const LabelledClip> clips) {
  ClipPointers pointers;
  for (const LabelledClip &clip : clips)
    pointers.push_back(&clip);
  return pointers;
}

// A model to be trained, and what with.
struct ModelPlan {
  std::string name;  // before the names of its heads: "", or "fold 3/8 "
  ClipPointers clips;
  ClipPointers validation;
  TwoStageModel model;  // its heads are filled in
};

// A head to be trained: stage 1 has all clips and coarse labels, a family its own clips and fine labels.
struct Job {
  ModelPlan *plan = nullptr;
  TrainedFamily *family = nullptr;  // null: stage 1

  std::string name() const { return plan->name + (family != nullptr ? family->plan.name : "stage1"); }
  const std::vector<std::string> &labels() const {
    return family != nullptr ? family->plan.labels : plan->model.coarse_labels;
  }
  TrainedHead &result() const { return family != nullptr ? *family->head : plan->model.stage1; }

  std::vector<TrainingClip> Choose(const ClipPointers &clips) const {
    std::vector<TrainingClip> chosen;
    for (const LabelledClip *clip : clips) {
      const int id = IdOf(labels(), family != nullptr ? clip->label : CoarseLabel(clip->label));
      if (id >= 0) chosen.push_back({clip->steps, id});
    }
    return chosen;
  }
};

ModelPlan PlanModel(const std::string &name, ClipPointers clips, ClipPointers validation) {
  std::vector<std::string> labels;
  for (const LabelledClip *clip : clips)
    labels.push_back(clip->label);
  ModelPlan plan{name, std::move(clips), std::move(validation), {}};
  for (const FamilyPlan &family : PlanFamilies(labels)) {
    plan.model.coarse_labels.push_back(family.name);
    plan.model.families.push_back({family, std::nullopt});
    if (family.skipped.empty()) plan.model.families.back().head.emplace();
  }
  return plan;
}

// Trains the heads of all models. They are independent: all are spread over the threads together.
void TrainAll(Engine &engine, std::span<ModelPlan> plans, const TwoStageOptions &options,
              const HeadProgress &progress) {
  std::vector<Job> jobs;
  for (ModelPlan &plan : plans) {
    jobs.push_back({&plan, nullptr});
    for (TrainedFamily &family : plan.model.families) {
      if (family.head) jobs.push_back({&plan, &family});
    }
  }
  std::mutex mutex;  // one call of `progress` at a time
  ParallelFor(jobs.size(), options.threads, [&](size_t i) {
    const Job &job = jobs[i];
    const std::string name = job.name();
    HeadTraining training = options.head;
    training.classes = static_cast<int>(job.labels().size());
    training.clips = job.Choose(job.plan->clips);
    training.validation = job.Choose(job.plan->validation);
    training.epochs = job.family != nullptr ? options.stage2_epochs : options.stage1_epochs;
    training.seed = SeedFor(options.seed, name);
    if (options.balance_classes) training.class_weights = BalancedClassWeights(training.clips, training.classes);
    training.on_epoch = [&](int epoch, const EpochFacts &facts) {
      const std::lock_guard lock(mutex);
      return !progress || progress(name, epoch, training.epochs, facts);
    };
    job.result() = engine.TrainHead(training);
  });
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

std::vector<FamilyPlan> PlanFamilies(std::span<const std::string> labels) {
  std::map<std::string, FamilyPlan> families;
  for (const std::string &label : labels) {
    FamilyPlan &family = families[CoarseLabel(label)];
    ++family.clips;
    if (IdOf(family.labels, label) < 0) family.labels.push_back(label);
  }
  std::vector<FamilyPlan> plan;
  for (auto &[name, family] : families) {
    family.name = name;
    std::ranges::sort(family.labels);
    if (family.labels.size() < 2) {
      family.skipped = "single_class";
    } else if (family.clips < kFewestClips) {
      family.skipped = "too_few_clips";
    }
    plan.push_back(std::move(family));
  }
  return plan;
}

TwoStageModel TrainTwoStage(Engine &engine, std::span<const LabelledClip> clips,
                            std::span<const LabelledClip> validation, const TwoStageOptions &options,
                            const HeadProgress &progress) {
  if (clips.empty()) throw Error("there are no clips to train with");
  ModelPlan plan = PlanModel("", PointersTo(clips), PointersTo(validation));
  TrainAll(engine, std::span(&plan, 1), options, progress);
  return std::move(plan.model);
}

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

CrossValidation CrossValidate(Engine &engine, std::span<const LabelledClip> clips, const TwoStageOptions &options,
                              const HeadProgress &progress) {
  CrossValidation result;
  std::map<std::string, ClipPointers> by_coarse, by_fine;
  std::vector<std::string> sources;
  for (const LabelledClip &clip : clips) {
    by_coarse[CoarseLabel(clip.label)].push_back(&clip);
    by_fine[clip.label].push_back(&clip);
    sources.push_back(clip.source);
  }
  result.not_measurable_coarse = NotMeasurable(by_coarse);
  result.not_measurable_fine = NotMeasurable(by_fine);
  const std::vector<int> folds = FoldOfEach(sources);
  if (folds.empty()) return result;
  result.folds = static_cast<size_t>(*std::ranges::max_element(folds)) + 1;
  for (size_t i = 0; i < clips.size(); ++i) {
    // With more sources than folds a label's sources may share one: then no model that is asked about it has seen it.
    const auto counts = [&](const std::string &label, const std::map<std::string, ClipPointers> &by_label,
                            const std::vector<std::string> &not_measurable) {
      const auto in_training = [&](const LabelledClip *other) {
        return folds[static_cast<size_t>(other - clips.data())] != folds[i];
      };
      return !std::ranges::binary_search(not_measurable, label) && std::ranges::any_of(by_label.at(label), in_training);
    };
    result.counts.push_back({counts(CoarseLabel(clips[i].label), by_coarse, result.not_measurable_coarse),
                             counts(clips[i].label, by_fine, result.not_measurable_fine)});
  }

  std::vector<ModelPlan> plans;
  for (size_t f = 0; f < result.folds; ++f) {
    ClipPointers training;
    for (size_t i = 0; i < clips.size(); ++i) {
      if (folds[i] != static_cast<int>(f)) training.push_back(&clips[i]);
    }
    const std::string name = "fold " + std::to_string(f + 1) + "/" + std::to_string(result.folds) + " ";
    plans.push_back(PlanModel(name, std::move(training), {}));
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
