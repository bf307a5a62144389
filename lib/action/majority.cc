// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/majority.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace action {

int Majority(std::span<const int> ids) {
  if (ids.empty()) return -1;
  std::vector<int> votes(static_cast<size_t>(std::ranges::max(ids)) + 1, 0);
  for (const int id : ids)
    ++votes[static_cast<size_t>(id)];
  return static_cast<int>(std::ranges::max_element(votes) - votes.begin());
}

}  // namespace action
