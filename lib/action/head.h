// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The classifiers of both stages ("heads"): what they are, what they are trained with, what comes out. The arithmetic
// is done by the engine.
#ifndef ACTION_HEAD_H_
#define ACTION_HEAD_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "action/checkpoint/checkpoint.h"
#include "action/export.h"
#include "action/majority.h"
#include "action/network.h"

namespace action {

// Per step: LayerNorm(512), Linear(512, 256), ReLU, Dropout, Linear(256, 256), ReLU, Dropout, Linear(256, classes),
// with the names of the reference's state_dict: net.0, net.1, net.4 and net.7, each with weight and bias.
inline constexpr int kHeadHidden = 256;
inline constexpr std::array<const char *, 8> kHeadEntries = {"net.0.weight", "net.0.bias",   "net.1.weight",
                                                             "net.1.bias",   "net.4.weight", "net.4.bias",
                                                             "net.7.weight", "net.7.bias"};

// Throws Error naming `where` and every entry that is missing, left over or of the wrong shape. `classes` < 0: any
// number.
ACTION_API void CheckHead(const StateDict &weights, const std::string &where, int classes);

// A head at work. For one thread.
class Classifier {
 public:
  virtual ~Classifier() = default;
  virtual int classes() const = 0;
  // [steps, classes], row by row.
  virtual std::vector<float> Logits(std::span<const Features> steps) const = 0;
};

// The class with the highest value in a row; the first of equals.
ACTION_API int Argmax(std::span<const float> row);

// The class of a clip: the majority over its steps' argmax.
ACTION_API int ClassOfClip(const Classifier &classifier, std::span<const Features> steps);

// A clip that a head learns from, which lies elsewhere: many heads learn from the same ones.
struct TrainingClip {
  std::span<const Features> steps;  // at least one
  int label = 0;
};

struct EpochFacts {
  double loss = 0;                        // mean over clips, with drop-out, while the weights change
  double accuracy = 0;                    // share of clips whose majority over their real steps was right, likewise
  std::optional<double> validation_loss;  // after the epoch, without drop-out
  std::optional<double> validation_accuracy;
};

// Everything that decides what comes out; two equal ones give equal bits on one machine with one LibTorch.
struct HeadTraining {
  int classes = 0;
  std::vector<TrainingClip> clips;
  std::vector<TrainingClip> validation;  // empty: `best` has the lowest training loss; else the highest accuracy here
  int epochs = 40;
  int fixed_steps = 64;  // clips are padded with their last step, or cut
  int batch_size = 4;
  double learning_rate = 1e-3;  // AdamW
  double weight_decay = 1e-4;
  double dropout = 0.2;
  uint64_t seed = 0;                  // of initial weights, order and drop-out
  std::vector<double> class_weights;  // empty: all count the same
  int early_stop = 0;                 // epochs without improvement after which to end; 0: never

  // For comparisons with PyTorch: instead of what the seed gives.
  const StateDict *initial = nullptr;
  std::vector<std::vector<size_t>> orders;  // of the clips, one for each epoch

  // Called after each epoch (counted from 1); false ends the training with an Error. May be empty.
  std::function<bool(int epoch, const EpochFacts &facts)> on_epoch;
};

struct TrainedHead {
  StateDict best;
  StateDict last;
  int best_epoch = 0;  // counted from 1
  std::vector<EpochFacts> epochs;
  std::vector<double> batch_losses;  // in order
};

// Weights for every class so that each counts the same however many clips it has: clips / (classes * clips of the
// class); 0 for a class without clips.
ACTION_API std::vector<double> BalancedClassWeights(std::span<const TrainingClip> clips, int classes);

}  // namespace action

#endif  // ACTION_HEAD_H_
