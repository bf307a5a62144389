// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/head_training.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include "action/error.h"
#include "actiontorch/trainable_head.h"
#include "actiontorch/worker_threads.h"

namespace action {
namespace {

// What is drawn from the seed, in this order: initial weights, then for each epoch its order and its drop-out.
class Random {
 public:
  explicit Random(uint64_t seed) : generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

  at::Tensor Uniform(at::IntArrayRef shape, double bound) {
    return at::empty(shape, at::kFloat).uniform_(-bound, bound, generator_);
  }
  std::vector<size_t> Permutation(size_t count) {
    const at::Tensor order = at::randperm(static_cast<int64_t>(count), generator_, at::kLong);
    const int64_t *data = order.data_ptr<int64_t>();
    return {data, data + count};
  }
  // 0 with probability `dropout`, else 1 / (1 - dropout).
  at::Tensor DropMask(at::IntArrayRef shape, double dropout) {
    return at::empty(shape, at::kFloat).bernoulli_(1 - dropout, generator_).div_(1 - dropout);
  }

 private:
  at::Generator generator_;
};

// torch.nn.LayerNorm's and torch.nn.Linear's own: ones and zeros; uniform in +-1 / sqrt(inputs), weight and bias.
HeadParameters InitialParameters(Random &random, int64_t classes) {
  const auto linear = [&random](HeadParameters &p, size_t at, int64_t out, int64_t in) {
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    p[at] = random.Uniform({out, in}, bound);
    p[at + 1] = random.Uniform({out}, bound);
  };
  HeadParameters p;
  p[0] = at::ones({kFeatureSize});
  p[1] = at::zeros({kFeatureSize});
  linear(p, 2, kHeadHidden, kFeatureSize);
  linear(p, 4, kHeadHidden, kHeadHidden);
  linear(p, 6, classes, kHeadHidden);
  return p;
}

void Check(const HeadTraining &training) {
  if (training.clips.empty()) throw Error("there are no clips to train with");
  if (training.classes < 1) throw Error("there are no classes to train");
  if (training.epochs < 1 || training.batch_size < 1 || training.fixed_steps < 1) {
    throw Error("epochs, batch size and steps must be at least 1");
  }
  if (!(training.dropout >= 0 && training.dropout < 1)) throw Error("drop-out must be at least 0 and less than 1");
  if (!(training.learning_rate > 0) || !(training.weight_decay >= 0)) {
    throw Error("the learning rate must be more than 0, weight decay at least 0");
  }
  for (const auto *clips : {&training.clips, &training.validation}) {
    for (const TrainingClip &clip : *clips) {
      if (clip.steps.empty()) throw Error("a clip without steps cannot be trained with");
      if (clip.label < 0 || clip.label >= training.classes) throw Error("a clip's label is no class");
    }
  }
}

// Clips as batches: each padded with its last step, or cut, to a number of steps.
class Clips {
 public:
  Clips(const std::vector<TrainingClip> &clips, int fixed_steps)
      : clips_(clips), fixed_steps_(static_cast<size_t>(fixed_steps)) {}

  size_t size() const { return clips_.size(); }

  HeadBatch Batch(std::span<const size_t> which) const {
    HeadBatch batch;
    std::vector<int64_t> labels;
    for (const size_t clip : which) {
      batch.real.push_back(static_cast<int64_t>(RealSteps(clip)));
      labels.insert(labels.end(), fixed_steps_, clips_[clip].label);
    }
    batch.labels = at::tensor(labels);
    const int64_t rows = std::accumulate(batch.real.begin(), batch.real.end(), int64_t{0});
    batch.steps = at::empty({rows, kFeatureSize}, at::kFloat);
    float *out = batch.steps.data_ptr<float>();
    for (const size_t clip : which) {
      for (const Features &row : clips_[clip].steps.first(RealSteps(clip)))
        out = std::ranges::copy(row, out).out;
    }
    return batch;
  }

  // How many of the clips are right by the majority of their real steps. logits: [clips * steps, classes].
  int CountRight(std::span<const size_t> which, const at::Tensor &logits) const {
    const at::Tensor classes = logits.argmax(-1).contiguous();
    const int64_t *row = classes.data_ptr<int64_t>();
    int right = 0;
    for (const size_t clip : which) {
      const std::vector<int> votes(row, row + RealSteps(clip));
      right += Majority(votes) == clips_[clip].label ? 1 : 0;
      row += fixed_steps_;
    }
    return right;
  }

 private:
  size_t RealSteps(size_t clip) const { return std::min(clips_[clip].steps.size(), fixed_steps_); }

  const std::vector<TrainingClip> &clips_;
  const size_t fixed_steps_;
};

class Training {
 public:
  explicit Training(const HeadTraining &training)
      : facts_(training),
        random_(training.seed),
        clips_(training.clips, training.fixed_steps),
        validation_(training.validation, training.fixed_steps),
        head_(training.initial != nullptr ? ToParameters(*training.initial, "the initial weights")
                                          : InitialParameters(random_, training.classes),
              {training.learning_rate, training.weight_decay},
              training.class_weights.empty() ? at::Tensor() : at::tensor(training.class_weights).to(at::kFloat)) {
    if (facts_.dropout > 0)
      mask_ = [this](int64_t rows) { return random_.DropMask({rows, kHeadHidden}, facts_.dropout); };
  }

  TrainedHead Run() {
    TrainedHead trained;
    for (int epoch = 1; epoch <= facts_.epochs; ++epoch) {
      const EpochFacts facts = RunEpoch(epoch, trained.batch_losses);
      trained.epochs.push_back(facts);
      if (IsBest(facts)) {
        best_ = facts;
        trained.best = ToStateDict(head_.parameters());
        trained.best_epoch = epoch;
      }
      if (facts_.on_epoch && !facts_.on_epoch(epoch, facts)) throw Error("training was ended");
      if (facts_.early_stop > 0 && epoch - trained.best_epoch >= facts_.early_stop) break;
    }
    trained.last = ToStateDict(head_.parameters());
    return trained;
  }

 private:
  EpochFacts RunEpoch(int epoch, std::vector<double> &batch_losses) {
    const size_t given = static_cast<size_t>(epoch) - 1;
    const std::vector<size_t> order =
        given < facts_.orders.size() ? facts_.orders[given] : random_.Permutation(clips_.size());
    double loss_sum = 0;
    int right = 0;
    for (const std::span<const size_t> batch : Batches(order, static_cast<size_t>(facts_.batch_size))) {
      const HeadLoss loss = head_.Step(clips_.Batch(batch), mask_);
      batch_losses.push_back(loss.value);
      if (!std::isfinite(loss.value)) {
        throw Error("the training loss is no longer a number in epoch " + std::to_string(epoch) +
                    ". Use a smaller learning rate");
      }
      loss_sum += loss.value * static_cast<double>(batch.size());
      right += clips_.CountRight(batch, loss.logits);
    }
    const auto count = static_cast<double>(order.size());
    EpochFacts facts{loss_sum / count, right / count, std::nullopt, std::nullopt};
    if (validation_.size() > 0) Validate(facts);
    return facts;
  }

  void Validate(EpochFacts &facts) const {
    constexpr size_t kAtOnce = 64;  // clips
    std::vector<size_t> all(validation_.size());
    std::iota(all.begin(), all.end(), size_t{0});
    double loss_sum = 0, weights = 0;
    int right = 0;
    for (const std::span<const size_t> batch : Batches(all, kAtOnce)) {
      const HeadLoss loss = head_.Evaluate(validation_.Batch(batch));
      // The mean over all clips is that of the batches, each by what its clips weigh.
      double weight = 0;
      for (const size_t clip : batch)
        weight += facts_.class_weights.empty() ? 1 : WeightOf(facts_.validation[clip].label);
      loss_sum += loss.value * weight;
      weights += weight;
      right += validation_.CountRight(batch, loss.logits);
    }
    facts.validation_loss = loss_sum / weights;
    facts.validation_accuracy = right / static_cast<double>(all.size());
  }

  double WeightOf(int label) const { return facts_.class_weights[static_cast<size_t>(label)]; }

  static std::vector<std::span<const size_t>> Batches(std::span<const size_t> all, size_t size) {
    std::vector<std::span<const size_t>> batches;
    for (size_t begin = 0; begin < all.size(); begin += size)
      batches.push_back(all.subspan(begin, std::min(size, all.size() - begin)));
    return batches;
  }

  bool IsBest(const EpochFacts &facts) const {
    if (!best_) return true;
    if (!facts.validation_accuracy) return facts.loss < best_->loss;
    if (*facts.validation_accuracy != *best_->validation_accuracy) {
      return *facts.validation_accuracy > *best_->validation_accuracy;
    }
    return *facts.validation_loss < *best_->validation_loss;
  }

  const HeadTraining &facts_;
  Random random_;
  const Clips clips_;
  const Clips validation_;
  TrainableHead head_;
  TrainableHead::Mask mask_;
  std::optional<EpochFacts> best_;
};

}  // namespace

TrainedHead TrainHead(const HeadTraining &training) {
  Check(training);
  UseOneProcessor();
  const c10::InferenceMode guard;  // gradients are written out
  return Training(training).Run();
}

}  // namespace action
