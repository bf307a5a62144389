// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which label a sequence of steps gets by majority, without keeping the sequence.
#ifndef ACTION_TIMELINE_SMOOTHED_VOTES_H_
#define ACTION_TIMELINE_SMOOTHED_VOTES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "action/export.h"

namespace action {

// A sequence of ids of which only the majority after smoothing is wanted: every place gets the majority of the `window`
// ids around it (fewer at the ends), and the most frequent of these wins. Keeps counts and the window - 1 ids at either
// end, however long the sequence is.
class ACTION_API SmoothedVotes {
 public:
  // window: odd.
  explicit SmoothedVotes(int window) : half_(static_cast<size_t>(window) / 2) {}

  void Add(int id);
  void Append(const SmoothedVotes &next);

  // -1 when the sequence is empty.
  int Winner() const;
  size_t size() const { return size_; }

 private:
  void Count(int id, int64_t times = 1);

  size_t half_;
  size_t size_ = 0;
  std::vector<int> head_;        // the first 2 * half ids
  std::vector<int> tail_;        // the last 2 * half ids
  std::vector<int64_t> counts_;  // of the places whose window is whole, by smoothed id
};

}  // namespace action

#endif  // ACTION_TIMELINE_SMOOTHED_VOTES_H_
