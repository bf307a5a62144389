// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/head_network.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <utility>

namespace action {
namespace {

class TorchClassifier : public Classifier {
 public:
  explicit TorchClassifier(HeadParameters parameters) : parameters_(std::move(parameters)) {}

  int classes() const override { return static_cast<int>(parameters_.back().size(0)); }

  std::vector<float> Logits(std::span<const Features> steps) const override {
    if (steps.empty()) return {};
    const c10::InferenceMode guard;
    const at::Tensor x = at::from_blob(const_cast<float *>(steps.front().data()),
                                       {static_cast<int64_t>(steps.size()), kFeatureSize}, at::kFloat);
    const at::Tensor logits = Forward(x.to(parameters_[0].device())).to(at::kCPU).contiguous();
    return {logits.data_ptr<float>(), logits.data_ptr<float>() + logits.numel()};
  }

 private:
  // x: [steps, 512]. Returns [steps, classes].
  at::Tensor Forward(const at::Tensor &x) const {
    const HeadParameters &p = parameters_;
    at::Tensor h = at::layer_norm(x, {kFeatureSize}, p[0], p[1], kLayerNormEpsilon);
    h = at::relu(at::linear(h, p[2], p[3]));
    h = at::relu(at::linear(h, p[4], p[5]));
    return at::linear(h, p[6], p[7]);
  }

  const HeadParameters parameters_;
};

}  // namespace

HeadParameters ToParameters(const StateDict &weights, const std::string &where) {
  CheckHead(weights, where, -1);
  HeadParameters parameters;
  for (size_t i = 0; i < kHeadEntries.size(); ++i) {
    const Tensor &tensor = *weights.Find(kHeadEntries[i]);
    const std::vector<float> values = tensor.ToFloats();
    parameters[i] = at::from_blob(const_cast<float *>(values.data()), tensor.shape(), at::kFloat).clone();
  }
  return parameters;
}

StateDict ToStateDict(const HeadParameters &parameters) {
  StateDict state;
  for (size_t i = 0; i < kHeadEntries.size(); ++i) {
    const at::Tensor values = parameters[i].detach().to(at::kCPU).contiguous();
    const float *data = values.data_ptr<float>();
    state.entries.emplace_back(
        kHeadEntries[i], Tensor::FromFloats(values.sizes().vec(), std::vector<float>(data, data + values.numel())));
  }
  return state;
}

std::unique_ptr<Classifier> NewClassifier(const StateDict &weights, const std::string &where, const Device &device) {
  HeadParameters parameters = ToParameters(weights, where);
  if (device.kind == Device::Kind::kCuda) {
    for (at::Tensor &parameter : parameters)
      parameter = parameter.to(at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index)));
  }
  return std::make_unique<TorchClassifier>(std::move(parameters));
}

}  // namespace action
