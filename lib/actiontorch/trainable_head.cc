// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/trainable_head.h"

#include <cmath>
#include <utility>
#include <vector>

namespace action {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;

// Views of a flat tensor, of the shapes of these parameters.
HeadParameters ViewsOf(const at::Tensor &flat, const HeadParameters &shapes) {
  HeadParameters views;
  int64_t offset = 0;
  for (size_t i = 0; i < views.size(); ++i) {
    views[i] = flat.narrow(0, offset, shapes[i].numel()).view(shapes[i].sizes());
    offset += shapes[i].numel();
  }
  return views;
}

}  // namespace

// What the backward pass needs of the forward pass.
struct TrainableHead::Layers {
  at::Tensor x;         // [R, 512]: the steps, normalised
  at::Tensor first;     // [R, 256]: behind the first ReLU
  at::Tensor mask1;     // [N, 256]; undefined without drop-out
  at::Tensor dropped1;  // [N, 256]: first, repeated and masked
  at::Tensor second;    // [N, 256]: behind the second ReLU
  at::Tensor mask2;
  at::Tensor dropped2;
  at::Tensor logits;  // [N, classes]
};

TrainableHead::TrainableHead(const HeadParameters &initial, const AdamW &options, at::Tensor class_weights)
    : options_(options), class_weights_(std::move(class_weights)) {
  std::vector<at::Tensor> flat;
  for (const at::Tensor &parameter : initial)
    flat.push_back(parameter.flatten());
  values_ = at::cat(flat);
  for (at::Tensor *tensor : {&gradient_, &mean_, &square_, &scratch_})
    *tensor = at::zeros_like(values_);
  parameters_ = ViewsOf(values_, initial);
  gradients_ = ViewsOf(gradient_, initial);
}

at::Tensor TrainableHead::Pad(const HeadBatch &batch, const at::Tensor &rows) {
  const int64_t padded = batch.labels.size(0);
  if (rows.size(0) == padded) return rows.clone();
  const int64_t each = padded / static_cast<int64_t>(batch.real.size());
  std::vector<at::Tensor> parts;
  int64_t at = 0;
  for (const int64_t real : batch.real) {
    parts.push_back(rows.narrow(0, at, real));
    at += real;
    parts.push_back(rows.narrow(0, at - 1, 1).expand({each - real, -1}));
  }
  return at::cat(parts);
}

at::Tensor TrainableHead::SumPadding(const HeadBatch &batch, const at::Tensor &gradient) {
  const int64_t padded = gradient.size(0), each = padded / static_cast<int64_t>(batch.real.size());
  std::vector<at::Tensor> parts;
  int64_t at = 0;
  for (const int64_t real : batch.real) {
    parts.push_back(gradient.narrow(0, at, real - 1));
    parts.push_back(gradient.narrow(0, at + real - 1, each - real + 1).sum(0, true));
    at += each;
  }
  return at::cat(parts);
}

TrainableHead::Layers TrainableHead::Forward(const HeadBatch &batch, const Mask &mask) const {
  const auto &[norm_weight, norm_bias, w1, b1, w2, b2, w3, b3] = parameters_;
  const int64_t rows = batch.labels.size(0);
  Layers layers;
  layers.x = at::layer_norm(batch.steps, {kFeatureSize}, {}, {}, kLayerNormEpsilon);
  layers.first = at::addmm(at::addmv(b1, w1, norm_bias), layers.x, (w1 * norm_weight).t()).relu_();
  layers.dropped1 = Pad(batch, layers.first);
  if (mask) layers.dropped1.mul_(layers.mask1 = mask(rows));
  layers.second = at::addmm(b2, layers.dropped1, w2.t()).relu_();
  layers.dropped2 = layers.second;
  if (mask) layers.dropped2 = layers.second * (layers.mask2 = mask(rows));
  layers.logits = at::addmm(b3, layers.dropped2, w3.t());
  return layers;
}

at::Tensor TrainableHead::Shares(const HeadBatch &batch) const {
  const int64_t rows = batch.labels.size(0);
  if (!class_weights_.defined()) return at::full({rows, 1}, 1.0 / static_cast<double>(rows), at::kFloat);
  const at::Tensor weights = class_weights_.index_select(0, batch.labels).unsqueeze(1);
  return weights / weights.sum();
}

namespace {

double LossOf(const at::Tensor &logits, const at::Tensor &labels, const at::Tensor &shares) {
  const at::Tensor of_label = at::log_softmax(logits, 1).gather(1, labels.unsqueeze(1));
  return -(of_label * shares).sum().item<double>();
}

}  // namespace

HeadLoss TrainableHead::Evaluate(const HeadBatch &batch) const {
  const Layers layers = Forward(batch, {});
  return {layers.logits, LossOf(layers.logits, batch.labels, Shares(batch))};
}

HeadLoss TrainableHead::Step(const HeadBatch &batch, const Mask &mask) {
  const Layers layers = Forward(batch, mask);
  const at::Tensor shares = Shares(batch);
  HeadLoss loss{layers.logits, LossOf(layers.logits, batch.labels, shares)};
  Backward(batch, layers, shares);
  Update();
  return loss;
}

void TrainableHead::Backward(const HeadBatch &batch, const Layers &layers, const at::Tensor &shares) {
  const auto &[norm_weight, norm_bias, w1, b1, w2, b2, w3, b3] = parameters_;
  auto &[d_norm_weight, d_norm_bias, d_w1, d_b1, d_w2, d_b2, d_w3, d_b3] = gradients_;
  // Cross entropy: the probabilities, less 1 at the label.
  at::Tensor d = at::softmax(layers.logits, 1);
  d.scatter_add_(1, batch.labels.unsqueeze(1), at::full({d.size(0), 1}, -1.0, at::kFloat));
  d.mul_(shares);

  at::mm_out(d_w3, d.t(), layers.dropped2);
  at::sum_out(d_b3, d, {0});
  d = d.mm(w3);
  if (layers.mask2.defined()) d.mul_(layers.mask2);
  d = at::threshold_backward(d, layers.second, 0);

  at::mm_out(d_w2, d.t(), layers.dropped1);
  at::sum_out(d_b2, d, {0});
  d = d.mm(w2);
  if (layers.mask1.defined()) d.mul_(layers.mask1);
  d = at::threshold_backward(SumPadding(batch, d), layers.first, 0);

  at::sum_out(d_b1, d, {0});
  const at::Tensor folded = d.t().mm(layers.x);  // of w1 * norm_weight
  at::mul_out(d_w1, folded, norm_weight);
  d_w1.addr_(d_b1, norm_bias);
  at::sum_out(d_norm_weight, folded * w1, {0});
  at::mv_out(d_norm_bias, w1.t(), d_b1);
}

void TrainableHead::Update() {
  ++steps_;
  const auto step = static_cast<double>(steps_);
  values_.mul_(1 - options_.learning_rate * options_.weight_decay);
  mean_.mul_(kBeta1).add_(gradient_, 1 - kBeta1);
  square_.mul_(kBeta2).addcmul_(gradient_, gradient_, 1 - kBeta2);
  at::sqrt_out(scratch_, square_);
  scratch_.div_(std::sqrt(1 - std::pow(kBeta2, step))).add_(kEpsilon);
  values_.addcdiv_(mean_, scratch_, -options_.learning_rate / (1 - std::pow(kBeta1, step)));
}

}  // namespace action
