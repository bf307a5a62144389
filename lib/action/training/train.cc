// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/training/train.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "action/error.h"
#include "action/labels.h"
#include "action/training/parallel.h"

namespace action {
namespace {

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

}  // namespace

ModelPlan PlanModel(const std::string &name, ClipPointers clips, ClipPointers validation) {
  std::vector<std::string> labels;
  for (const LabelledClip *clip : clips)
    labels.push_back(clip->label);
  ModelPlan plan{name, std::move(clips), std::move(validation), {}, false};
  for (const FamilyPlan &family : PlanFamilies(labels)) {
    plan.model.coarse_labels.push_back(family.name);
    plan.model.families.push_back({family, std::nullopt});
    if (family.skipped.empty()) plan.model.families.back().head.emplace();
  }
  return plan;
}

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
    if (job.plan->only_best) {
      job.result().last = {};
      job.result().batch_losses = {};
    }
  });
}

double WorkOf(const ClipPointers &clips, const TwoStageOptions &options) {
  constexpr double kRows = 256;
  std::vector<std::string> labels;
  for (const LabelledClip *clip : clips)
    labels.push_back(clip->label);
  const auto batches = [&options](size_t count, int epochs) {
    const auto size = static_cast<size_t>(options.head.batch_size);
    return static_cast<double>((count + size - 1) / size) * epochs;
  };
  double all = batches(clips.size(), options.stage1_epochs);
  for (const FamilyPlan &family : PlanFamilies(labels)) {
    if (family.skipped.empty()) all += batches(family.clips, options.stage2_epochs);
  }
  return all * options.head.batch_size * options.head.fixed_steps / kRows;
}

TwoStageModel TrainTwoStage(Engine &engine, std::span<const LabelledClip> clips,
                            std::span<const LabelledClip> validation, const TwoStageOptions &options,
                            const HeadProgress &progress) {
  if (clips.empty()) throw Error("there are no clips to train with");
  ModelPlan plan = PlanModel("", PointersTo(clips), PointersTo(validation));
  TrainAll(engine, std::span(&plan, 1), options, progress);
  return std::move(plan.model);
}

}  // namespace action
