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

std::vector<std::string> LabelsOf(std::span<const LabelledClip> clips) {
  std::vector<std::string> labels;
  for (const LabelledClip &clip : clips)
    labels.push_back(clip.label);
  return labels;
}

// A head to be trained: stage 1 has all clips and coarse labels, a family its own clips and fine labels.
struct Job {
  std::string name;
  int epochs = 0;
  std::vector<std::string> labels;
  bool coarse = false;

  int ClassOf(const LabelledClip &clip) const { return IdOf(labels, coarse ? CoarseLabel(clip.label) : clip.label); }
};

std::vector<TrainingClip> ClipsOf(const Job &job, std::span<const LabelledClip> clips) {
  std::vector<TrainingClip> chosen;
  for (const LabelledClip &clip : clips) {
    const int id = job.ClassOf(clip);
    if (id >= 0) chosen.push_back({clip.steps, id});
  }
  return chosen;
}

TrainedHead Train(Engine &engine, const Job &job, std::span<const LabelledClip> clips,
                  std::span<const LabelledClip> validation, const TwoStageOptions &options,
                  const std::string &seed_name, const std::function<bool(int, const EpochFacts &)> &on_epoch) {
  HeadTraining training = options.head;
  training.classes = static_cast<int>(job.labels.size());
  training.clips = ClipsOf(job, clips);
  training.validation = ClipsOf(job, validation);
  training.epochs = job.epochs;
  training.seed = SeedFor(options.seed, seed_name);
  if (options.balance_classes) training.class_weights = BalancedClassWeights(training.clips, training.classes);
  training.on_epoch = on_epoch;
  return engine.TrainHead(training);
}

// The heads of one model, and where their results go.
struct ModelJobs {
  std::vector<Job> jobs;  // stage 1, then the families that are not skipped
  TwoStageModel model;
};

ModelJobs PlanModel(std::span<const LabelledClip> clips, const TwoStageOptions &options) {
  ModelJobs plan;
  const std::vector<FamilyPlan> families = PlanFamilies(LabelsOf(clips));
  for (const FamilyPlan &family : families) {
    plan.model.coarse_labels.push_back(family.name);
    plan.model.families.push_back({family, std::nullopt});
  }
  plan.jobs.push_back({"stage1", options.stage1_epochs, plan.model.coarse_labels, true});
  for (TrainedFamily &family : plan.model.families) {
    if (!family.plan.skipped.empty()) continue;
    family.head.emplace();
    plan.jobs.push_back({family.plan.name, options.stage2_epochs, family.plan.labels, false});
  }
  return plan;
}

TrainedHead &ResultOf(TwoStageModel &model, size_t job) {
  if (job == 0) return model.stage1;
  for (TrainedFamily &family : model.families) {
    if (family.head && --job == 0) return *family.head;
  }
  throw std::logic_error("no such head");
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
  ModelJobs plan = PlanModel(clips, options);
  std::mutex mutex;  // one call of `progress` at a time
  ParallelFor(plan.jobs.size(), options.threads, [&](size_t i) {
    const Job &job = plan.jobs[i];
    const auto on_epoch = [&](int epoch, const EpochFacts &facts) {
      const std::lock_guard lock(mutex);
      return !progress || progress(job.name, epoch, job.epochs, facts);
    };
    ResultOf(plan.model, i) = Train(engine, job, clips, validation, options, job.name, on_epoch);
  });
  return std::move(plan.model);
}

TwoStagePredictor::TwoStagePredictor(Engine &engine, const TwoStageModel &model) : model_(model) {
  stage1_ = engine.NewClassifier(model.stage1.best, "stage1");
  for (const TrainedFamily &family : model.families) {
    families_.push_back(family.head ? engine.NewClassifier(family.head->best, family.plan.name) : nullptr);
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
  if (known >= 0) prediction.fine_of_family = FineOf(static_cast<size_t>(known), steps);
  return prediction;
}

Figures Count(std::span<const LabelledClip> clips, std::span<const Prediction> predictions,
              std::span<const Countable> counts) {
  Figures figures;
  const auto add = [](Share &share, bool right) {
    ++share.of;
    share.right += right ? 1 : 0;
  };
  for (size_t i = 0; i < clips.size(); ++i) {
    const Countable countable = counts.empty() ? Countable{} : counts[i];
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
  std::map<std::string, std::vector<const LabelledClip *>> by_coarse, by_fine;
  std::vector<std::string> sources;
  for (const LabelledClip &clip : clips) {
    by_coarse[CoarseLabel(clip.label)].push_back(&clip);
    by_fine[clip.label].push_back(&clip);
    sources.push_back(clip.source);
  }
  const auto is_measurable = [](const std::vector<const LabelledClip *> &of_label) {
    const auto other_source = [&](const LabelledClip *clip) { return clip->source != of_label[0]->source; };
    return of_label.size() >= kFewestMeasurable && std::ranges::any_of(of_label, other_source);
  };
  for (const auto &[label, of_label] : by_coarse) {
    if (!is_measurable(of_label)) result.not_measurable_coarse.push_back(label);
  }
  for (const auto &[label, of_label] : by_fine) {
    if (!is_measurable(of_label)) result.not_measurable_fine.push_back(label);
  }
  for (const LabelledClip &clip : clips) {
    result.counts.push_back({is_measurable(by_coarse[CoarseLabel(clip.label)]), is_measurable(by_fine[clip.label])});
  }
  const std::vector<int> folds = FoldOfEach(sources);
  if (folds.empty()) return result;
  result.folds = static_cast<size_t>(*std::ranges::max_element(folds)) + 1;
  // With more sources than folds a label's sources may share one: then no model that is asked about it has seen it.
  for (size_t i = 0; i < clips.size(); ++i) {
    const auto in_training = [&](const LabelledClip *other) {
      return folds[static_cast<size_t>(other - clips.data())] != folds[i];
    };
    result.counts[i].coarse &= std::ranges::any_of(by_coarse[CoarseLabel(clips[i].label)], in_training);
    result.counts[i].fine &= std::ranges::any_of(by_fine[clips[i].label], in_training);
  }
  result.predictions.resize(clips.size());

  // All heads of all folds are independent: they are spread over the threads together.
  struct Fold {
    std::vector<LabelledClip> training;
    ModelJobs plan;
  };
  std::vector<Fold> all(result.folds);
  std::vector<std::pair<size_t, size_t>> work;  // fold, job
  for (size_t f = 0; f < all.size(); ++f) {
    for (size_t i = 0; i < clips.size(); ++i) {
      if (folds[i] != static_cast<int>(f)) all[f].training.push_back(clips[i]);
    }
    all[f].plan = PlanModel(all[f].training, options);
    for (size_t j = 0; j < all[f].plan.jobs.size(); ++j)
      work.emplace_back(f, j);
  }
  std::mutex mutex;
  ParallelFor(work.size(), options.threads, [&](size_t i) {
    const auto [f, j] = work[i];
    const Job &job = all[f].plan.jobs[j];
    const std::string name = "fold " + std::to_string(f + 1) + "/" + std::to_string(all.size()) + " " + job.name;
    const auto on_epoch = [&](int epoch, const EpochFacts &facts) {
      const std::lock_guard lock(mutex);
      return !progress || progress(name, epoch, job.epochs, facts);
    };
    ResultOf(all[f].plan.model, j) = Train(engine, job, all[f].training, {}, options, name, on_epoch);
  });
  for (size_t f = 0; f < all.size(); ++f) {
    const TwoStagePredictor predictor(engine, all[f].plan.model);
    for (size_t i = 0; i < clips.size(); ++i) {
      if (folds[i] == static_cast<int>(f)) {
        result.predictions[i] = predictor.Predict(clips[i].steps, CoarseLabel(clips[i].label));
      }
    }
  }
  result.figures = Count(clips, result.predictions, result.counts);
  return result;
}

}  // namespace action
