// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/head_training.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <torch/optim/adamw.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "action/error.h"
#include "actiontorch/head_network.h"
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
  at::Tensor DropMask(const at::Tensor &like, double dropout) {
    return at::empty_like(like).bernoulli_(1 - dropout, generator_).div_(1 - dropout);
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

// Clips as one tensor: [clips, fixed steps, 512].
class Clips {
 public:
  Clips(const std::vector<TrainingClip> &clips, int fixed_steps)
      : x_(at::empty({static_cast<int64_t>(clips.size()), fixed_steps, kFeatureSize}, at::kFloat)) {
    float *out = x_.data_ptr<float>();
    for (const TrainingClip &clip : clips) {
      for (int step = 0; step < fixed_steps; ++step) {
        const Features &row = clip.steps[std::min(static_cast<size_t>(step), clip.steps.size() - 1)];
        out = std::ranges::copy(row, out).out;
      }
      labels_.push_back(clip.label);
      real_steps_.push_back(static_cast<int>(std::min(clip.steps.size(), static_cast<size_t>(fixed_steps))));
    }
  }

  size_t size() const { return labels_.size(); }
  int label(size_t clip) const { return static_cast<int>(labels_[clip]); }
  at::Tensor x(at::ArrayRef<int64_t> which) const { return x_.index_select(0, at::tensor(which)); }

  // The clip's label for every one of its steps: [clips * steps].
  at::Tensor Targets(at::ArrayRef<int64_t> which) const {
    std::vector<int64_t> labels;
    for (const int64_t clip : which)
      labels.insert(labels.end(), static_cast<size_t>(x_.size(1)), labels_[static_cast<size_t>(clip)]);
    return at::tensor(labels);
  }

  // How many of the clips are right by the majority of their real steps. logits: [clips, steps, classes].
  int CountRight(at::ArrayRef<int64_t> which, const at::Tensor &logits) const {
    const at::Tensor classes = logits.detach().argmax(-1).contiguous();
    const int64_t *row = classes.data_ptr<int64_t>();
    int right = 0;
    for (const int64_t clip : which) {
      const auto steps = static_cast<size_t>(real_steps_[static_cast<size_t>(clip)]);
      const std::vector<int> votes(row, row + steps);
      right += Majority(votes) == label(static_cast<size_t>(clip)) ? 1 : 0;
      row += classes.size(1);
    }
    return right;
  }

 private:
  at::Tensor x_;
  std::vector<int64_t> labels_;
  std::vector<int> real_steps_;
};

class Training {
 public:
  explicit Training(const HeadTraining &training)
      : facts_(training),
        random_(training.seed),
        parameters_(training.initial != nullptr ? ToParameters(*training.initial, "the initial weights")
                                                : InitialParameters(random_, training.classes)),
        clips_(training.clips, training.fixed_steps),
        validation_(training.validation, training.fixed_steps),
        optimiser_(Trainable(parameters_),
                   torch::optim::AdamWOptions(training.learning_rate).weight_decay(training.weight_decay)) {
    if (!training.class_weights.empty()) class_weights_ = at::tensor(training.class_weights).to(at::kFloat);
  }

  TrainedHead Run() {
    TrainedHead trained;
    for (int epoch = 1; epoch <= facts_.epochs; ++epoch) {
      const EpochFacts facts = RunEpoch(epoch, trained.batch_losses);
      trained.epochs.push_back(facts);
      if (IsBest(facts)) {
        best_ = facts;
        trained.best = ToStateDict(parameters_);
        trained.best_epoch = epoch;
      }
      if (facts_.on_epoch && !facts_.on_epoch(epoch, facts)) throw Error("training was ended");
      if (facts_.early_stop > 0 && epoch - trained.best_epoch >= facts_.early_stop) break;
    }
    trained.last = ToStateDict(parameters_);
    return trained;
  }

 private:
  static std::vector<at::Tensor> Trainable(HeadParameters &parameters) {
    for (at::Tensor &parameter : parameters)
      parameter.set_requires_grad(true);
    return {parameters.begin(), parameters.end()};
  }

  at::Tensor Loss(const at::Tensor &logits, const at::Tensor &targets) const {
    return at::cross_entropy_loss(logits.flatten(0, 1), targets, class_weights_);
  }

  EpochFacts RunEpoch(int epoch, std::vector<double> &batch_losses) {
    const size_t given = static_cast<size_t>(epoch) - 1;
    const std::vector<size_t> order =
        given < facts_.orders.size() ? facts_.orders[given] : random_.Permutation(clips_.size());
    const auto drop = [this](const at::Tensor &h) {
      return facts_.dropout > 0 ? h * random_.DropMask(h, facts_.dropout) : h;
    };
    double loss_sum = 0;
    int right = 0;
    for (size_t begin = 0; begin < order.size(); begin += static_cast<size_t>(facts_.batch_size)) {
      const size_t end = std::min(begin + static_cast<size_t>(facts_.batch_size), order.size());
      const std::vector<int64_t> batch(order.begin() + static_cast<ptrdiff_t>(begin),
                                       order.begin() + static_cast<ptrdiff_t>(end));
      optimiser_.zero_grad();
      const at::Tensor logits = HeadForward(parameters_, clips_.x(batch), drop);
      at::Tensor loss = Loss(logits, clips_.Targets(batch));
      loss.backward();
      optimiser_.step();
      batch_losses.push_back(loss.item<double>());
      if (!std::isfinite(batch_losses.back())) {
        throw Error("the training loss is no longer a number in epoch " + std::to_string(epoch) +
                    ". Use a smaller learning rate");
      }
      loss_sum += batch_losses.back() * static_cast<double>(batch.size());
      right += clips_.CountRight(batch, logits);
    }
    const auto count = static_cast<double>(order.size());
    EpochFacts facts{loss_sum / count, right / count, std::nullopt, std::nullopt};
    if (validation_.size() > 0) Validate(facts);
    return facts;
  }

  void Validate(EpochFacts &facts) const {
    const at::NoGradGuard guard;
    std::vector<int64_t> all(validation_.size());
    std::iota(all.begin(), all.end(), 0);
    const at::Tensor logits = HeadForward(parameters_, validation_.x(all), [](const at::Tensor &h) { return h; });
    facts.validation_loss = Loss(logits, validation_.Targets(all)).item<double>();
    facts.validation_accuracy = validation_.CountRight(all, logits) / static_cast<double>(all.size());
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
  HeadParameters parameters_;
  const Clips clips_;
  const Clips validation_;
  torch::optim::AdamW optimiser_;
  at::Tensor class_weights_;
  std::optional<EpochFacts> best_;
};

}  // namespace

TrainedHead TrainHead(const HeadTraining &training) {
  Check(training);
  UseOneProcessor();
  return Training(training).Run();
}

}  // namespace action
