// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The parameters of torchvision's video.r3d_18, and the checks and identity of a set of weights. No LibTorch needed.
#ifndef ACTION_R3D18_SPEC_H_
#define ACTION_R3D18_SPEC_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "action/checkpoint/checkpoint.h"
#include "action/export.h"
#include "action/sha256.h"
#include "action/text.h"

namespace action {

struct ParameterSpec {
  std::string name;  // as in torchvision's state_dict
  std::vector<int64_t> shape;
  bool optional = false;  // num_batches_tracked and fc.*: not used for features
};

// All 122 entries, in torchvision's order.
ACTION_API const std::vector<ParameterSpec> &R3d18Parameters();

// Throws Error listing every missing, extra and misshapen entry by name; `where` names the file. fc.* may have any
// number of classes or be absent, num_batches_tracked may be absent.
ACTION_API void CheckR3d18(const StateDict &state, const std::string &where);

// Identity of the weights: lower-case hexadecimal SHA-256 over all entries but fc.* and num_batches_tracked, sorted by
// name; of each its name, "\n", its shape as "[64, 3, 3, 7, 7]", "\n" and its elements as little-endian float32. A file
// converted to another format keeps its identity.
ACTION_API std::string WeightsHash(const StateDict &state);
// Adds what that is made of to a hash: of each entry, sorted by name, its name, shape and values. take: which entries;
// empty: all.
void AddTensors(Sha256 &hash, const StateDict &state, const std::function<bool(const std::string &name)> &take = {});

// Metadata that marks seeded weights that were never trained.
inline constexpr const char *kStandInKey = "stand-in";
ACTION_API bool IsStandIn(const StateDict &state);

}  // namespace action

#endif  // ACTION_R3D18_SPEC_H_
