// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A minibatch of a head's training, written out: the loss, its gradients, AdamW. Internal to libactiontorch: includes
// ATen.
#ifndef ACTIONTORCH_TRAINABLE_HEAD_H_
#define ACTIONTORCH_TRAINABLE_HEAD_H_

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "actiontorch/head_network.h"

namespace action {

// Clips, each padded with its last step to N / clips steps.
struct HeadBatch {
  at::Tensor steps;           // [R, 512] float32: the real ones, clip after clip
  std::vector<int64_t> real;  // how many of them each clip has, at least one
  at::Tensor labels;          // [N] int64
};

struct HeadLoss {
  at::Tensor logits;  // [N, classes], before the parameters change
  double value = 0;   // mean cross entropy, weighted by class where there are weights
};

// The parameters lie in one tensor, so that AdamW is a few passes over it. The first layer sees each different step
// once, however often padding repeats it: until drop-out, equal steps have equal values. Layer norm's weight and bias
// are folded into that layer: of the normalised steps x, linear(x * weight + bias) is another linear layer of x, and of
// its gradients those of all four follow without the gradient of x * weight + bias.
class TrainableHead {
 public:
  struct AdamW {
    double learning_rate = 1e-3;
    double weight_decay = 1e-4;
  };
  // Gives the mask of a drop-out layer, [N, 256]: what the layer's output is multiplied by. Empty: no drop-out.
  using Mask = std::function<at::Tensor(int64_t rows)>;

  // class_weights: [classes] float32, or undefined: all count the same.
  TrainableHead(const HeadParameters &initial, const AdamW &options, at::Tensor class_weights);

  // Forward, backward, one step of AdamW (Loshchilov and Hutter 2019, as torch.optim.AdamW computes it: betas 0.9 and
  // 0.999, epsilon 1e-8).
  HeadLoss Step(const HeadBatch &batch, const Mask &mask);
  // The loss alone, without drop-out.
  HeadLoss Evaluate(const HeadBatch &batch) const;

  const HeadParameters &parameters() const { return parameters_; }

 private:
  struct Layers;
  // mask: of both drop-out layers.
  Layers Forward(const HeadBatch &batch, const Mask &mask) const;
  // [R, ...] to [N, ...], and the gradient the other way.
  static at::Tensor Pad(const HeadBatch &batch, const at::Tensor &rows);
  static at::Tensor SumPadding(const HeadBatch &batch, const at::Tensor &gradient);
  // Of each of the N steps, the share of the loss that it has: [N, 1].
  at::Tensor Shares(const HeadBatch &batch) const;
  void Backward(const HeadBatch &batch, const Layers &layers, const at::Tensor &shares);
  void Update();

  const AdamW options_;
  const at::Tensor class_weights_;
  at::Tensor values_, gradient_, mean_, square_, scratch_;  // all parameters, one after the other
  HeadParameters parameters_, gradients_;                   // views of values_ and gradient_
  int64_t steps_ = 0;
};

}  // namespace action

#endif  // ACTIONTORCH_TRAINABLE_HEAD_H_
