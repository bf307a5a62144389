// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef ACTION_TIMELINE_EDIT_DISTANCE_H_
#define ACTION_TIMELINE_EDIT_DISTANCE_H_

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace action {

// How many of the numbers have to be put in, taken out or replaced to make one sequence of the other (Levenshtein).
inline size_t EditDistance(std::span<const size_t> a, std::span<const size_t> b) {
  // What is the same at both ends costs nothing.
  while (!a.empty() && !b.empty() && a.front() == b.front()) {
    a = a.subspan(1);
    b = b.subspan(1);
  }
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a = a.first(a.size() - 1);
    b = b.first(b.size() - 1);
  }
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (const size_t one : a) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j < row.size(); ++j) {
      const size_t replaced = diagonal + (one == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace action

#endif  // ACTION_TIMELINE_EDIT_DISTANCE_H_
