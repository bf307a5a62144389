// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The identity of weights. Apart from the rest of r3d18_spec, since it needs GLib and the network does not.
#include <algorithm>

#include "action/r3d18_spec.h"
#include "action/sha256.h"

namespace action {

std::string WeightsHash(const StateDict &state) {
  std::vector<const std::pair<std::string, Tensor> *> entries;
  for (const auto &entry : state.entries) {
    if (!entry.first.starts_with("fc.") && !entry.first.ends_with(".num_batches_tracked")) entries.push_back(&entry);
  }
  std::ranges::sort(entries, {}, [](const auto *entry) { return entry->first; });
  Sha256 hash;
  for (const auto *entry : entries) {
    hash.Update(entry->first + "\n" + ShapeToString(entry->second.shape()) + "\n");
    const std::vector<float> values = entry->second.ToFloats();
    hash.Update(std::as_bytes(std::span(values)));
  }
  return hash.Hex();
}

}  // namespace action
