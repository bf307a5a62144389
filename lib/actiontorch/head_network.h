// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The arithmetic of a head, in LibTorch. Internal to libactiontorch: includes ATen.
#ifndef ACTIONTORCH_HEAD_NETWORK_H_
#define ACTIONTORCH_HEAD_NETWORK_H_

#include <ATen/ATen.h>

#include <array>
#include <memory>
#include <string>

#include "action/head.h"

namespace action {

// The parameters in the order of kHeadEntries.
using HeadParameters = std::array<at::Tensor, kHeadEntries.size()>;

// Copies. Throws Error naming `where` when the weights are no head.
HeadParameters ToParameters(const StateDict &weights, const std::string &where);
StateDict ToStateDict(const HeadParameters &parameters);

inline constexpr double kLayerNormEpsilon = 1e-5;  // torch.nn.LayerNorm's

// device: not auto.
std::unique_ptr<Classifier> NewClassifier(const StateDict &weights, const std::string &where, const Device &device);

}  // namespace action

#endif  // ACTIONTORCH_HEAD_NETWORK_H_
