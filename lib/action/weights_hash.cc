// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The identity of weights. Apart from the rest of r3d18_spec, since it needs GLib and the network does not.
#include <algorithm>

#include "action/r3d18_spec.h"
#include "action/sha256.h"

namespace action {

void AddTensors(Sha256 &hash, const StateDict &state, const std::function<bool(const std::string &)> &take) {
  std::vector<const std::pair<std::string, Tensor> *> entries;
  for (const auto &entry : state.entries) {
    if (!take || take(entry.first)) entries.push_back(&entry);
  }
  std::ranges::sort(entries, {}, [](const auto *entry) { return entry->first; });
  for (const auto *entry : entries) {
    hash.Update(entry->first + "\n" + ShapeToString(entry->second.shape()) + "\n");
    const std::vector<float> values = entry->second.ToFloats();
    hash.Update(std::as_bytes(std::span(values)));
  }
}

std::string WeightsHash(const StateDict &state) {
  Sha256 hash;
  AddTensors(hash, state, [](const std::string &name) {
    return !name.starts_with("fc.") && !name.ends_with(".num_batches_tracked");
  });
  return hash.Hex();
}

}  // namespace action
