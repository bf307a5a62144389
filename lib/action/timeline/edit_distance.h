// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef ACTION_TIMELINE_EDIT_DISTANCE_H_
#define ACTION_TIMELINE_EDIT_DISTANCE_H_

#include <algorithm>
#include <cstddef>
#include <vector>

namespace action {

// How many labels have to be put in, taken out or replaced to make one sequence of the other (Levenshtein). Of things
// with a member `label`.
template <typename Labelled>
size_t EditDistance(const std::vector<Labelled> &a, const std::vector<Labelled> &b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j < row.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1].label == b[j - 1].label ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace action

#endif  // ACTION_TIMELINE_EDIT_DISTANCE_H_
