// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/r3d18_spec.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "action/error.h"

namespace action {
namespace {

std::vector<ParameterSpec> MakeParameters() {
  std::vector<ParameterSpec> all;
  const auto conv = [&all](const std::string &name, std::vector<int64_t> shape) {
    all.push_back({name + ".weight", std::move(shape), false});
  };
  const auto batch_norm = [&all](const std::string &name, int64_t channels) {
    for (const char *part : {".weight", ".bias", ".running_mean", ".running_var"}) {
      all.push_back({name + part, {channels}, false});
    }
    all.push_back({name + ".num_batches_tracked", {}, true});
  };
  conv("stem.0", {64, 3, 3, 7, 7});
  batch_norm("stem.1", 64);
  int64_t in = 64;
  for (int layer = 1; layer <= 4; ++layer) {
    const int64_t out = int64_t{64} << (layer - 1);
    for (int block = 0; block < 2; ++block) {
      const std::string name = "layer" + std::to_string(layer) + "." + std::to_string(block);
      conv(name + ".conv1.0", {out, in, 3, 3, 3});
      batch_norm(name + ".conv1.1", out);
      conv(name + ".conv2.0", {out, out, 3, 3, 3});
      batch_norm(name + ".conv2.1", out);
      if (layer > 1 && block == 0) {
        conv(name + ".downsample.0", {out, in, 1, 1, 1});
        batch_norm(name + ".downsample.1", out);
      }
      in = out;
    }
  }
  all.push_back({"fc.weight", {400, 512}, true});
  all.push_back({"fc.bias", {400}, true});
  return all;
}

// What is wrong with a parameter's values, or nothing.
std::string WhatIsWrong(const std::string &name, const Tensor &tensor) {
  switch (tensor.dtype()) {
    case DType::kFloat64:
    case DType::kFloat32:
    case DType::kFloat16:
    case DType::kBFloat16:
      break;
    default:
      return name + " is of " + NameOf(tensor.dtype());
  }
  const std::vector<float> values = tensor.ToFloats();
  if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) return name + " is not finite";
  if (name.ends_with(".running_var") && std::ranges::any_of(values, [](float value) { return value < 0; })) {
    return name + " is negative";
  }
  return {};
}

// Batch normalisation is folded into the convolution before it, in double and stored as float: numbers that are finite
// each may be so no more together.
bool FoldsToInfinity(const std::map<std::string, const Tensor *> &tensors, const std::string &conv) {
  constexpr double kEpsilon = 1e-5;  // torchvision's
  // "layer1.0.conv1.0" is followed by "layer1.0.conv1.1".
  const std::string norm = conv.substr(0, conv.size() - 1) + "1";
  const auto values = [&](const std::string &name) { return tensors.at(name)->ToFloats(); };
  const std::vector<float> weight = values(conv + ".weight"), gamma = values(norm + ".weight"),
                           beta = values(norm + ".bias"), mean = values(norm + ".running_mean"),
                           variance = values(norm + ".running_var");
  const size_t each = weight.size() / gamma.size();
  for (size_t out = 0; out < gamma.size(); ++out) {
    const double scale = static_cast<double>(gamma[out]) / std::sqrt(static_cast<double>(variance[out]) + kEpsilon);
    double largest = 0;
    for (size_t i = out * each; i < (out + 1) * each; ++i)
      largest = std::max(largest, std::abs(static_cast<double>(weight[i])));
    const double bias = static_cast<double>(beta[out]) - static_cast<double>(mean[out]) * scale;
    if (!std::isfinite(static_cast<float>(largest * scale)) || !std::isfinite(static_cast<float>(bias))) return true;
  }
  return false;
}

// The first of them, and how many more there are.
std::string Some(const std::vector<std::string> &items) {
  constexpr size_t kMostListed = 5;
  std::string list;
  for (size_t i = 0; i < std::min(items.size(), kMostListed); ++i)
    list += (i > 0 ? ", " : "") + items[i];
  return list + (items.size() > kMostListed ? " and " + std::to_string(items.size() - kMostListed) + " more." : ".");
}

bool IsClassifier(const std::string &name) {
  return name.starts_with("fc.");
}

}  // namespace

const std::vector<ParameterSpec> &R3d18Parameters() {
  static const std::vector<ParameterSpec> parameters = MakeParameters();
  return parameters;
}

void CheckR3d18(const StateDict &state, const std::string &where) {
  std::map<std::string, const Tensor *> tensors;
  for (const auto &[name, tensor] : state.entries)
    tensors[name] = &tensor;
  std::map<std::string, const Tensor *> found = tensors;

  std::vector<std::string> missing, extra, misshapen, unusable;
  for (const ParameterSpec &parameter : R3d18Parameters()) {
    const auto entry = found.find(parameter.name);
    if (entry == found.end()) {
      if (!parameter.optional) missing.push_back(parameter.name);
      continue;
    }
    const std::string wrong = parameter.optional ? "" : WhatIsWrong(parameter.name, *entry->second);
    if (!wrong.empty()) unusable.push_back(wrong);
    if (!IsClassifier(parameter.name) && entry->second->shape() != parameter.shape) {
      misshapen.push_back(parameter.name + " is " + ShapeToString(entry->second->shape()) + " and should be " +
                          ShapeToString(parameter.shape));
    }
    found.erase(entry);
  }
  for (const auto &[name, tensor] : found)
    extra.push_back(name);

  // Only of what is whole.
  if (missing.empty() && misshapen.empty() && unusable.empty()) {
    for (const auto &[name, tensor] : tensors) {
      constexpr std::string_view kEnding = ".weight";
      if (!name.ends_with(".0.weight")) continue;  // what a batch norm comes behind
      const std::string conv = name.substr(0, name.size() - kEnding.size());
      if (FoldsToInfinity(tensors, conv))
        unusable.push_back(conv + " and the batch norm after it are together more than a float holds");
    }
  }

  std::string problems;
  if (!missing.empty()) problems += " Missing: " + Some(missing);
  if (!extra.empty()) problems += " Not part of it: " + Some(extra);
  if (!misshapen.empty()) problems += " Wrong shape: " + Some(misshapen);
  if (!unusable.empty()) problems += " Values that no network has: " + Some(unusable);
  if (!problems.empty()) {
    throw Error(where + " is not an R3D-18 as torchvision's video.r3d_18 saves it." + problems +
                " Use torchvision's file r3d_18-b3b3357e.pth, or the state_dict of a model of the same architecture");
  }
}

bool IsStandIn(const StateDict &state) {
  return state.metadata.contains(kStandInKey);
}

}  // namespace action
