// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/smoothed_votes.h"

#include <algorithm>

#include "action/majority.h"

namespace action {

void SmoothedVotes::Count(int id, int64_t times) {
  if (static_cast<size_t>(id) >= counts_.size()) counts_.resize(static_cast<size_t>(id) + 1, 0);
  counts_[static_cast<size_t>(id)] += times;
}

void SmoothedVotes::Add(int id) {
  if (head_.size() < 2 * half_) head_.push_back(id);
  tail_.push_back(id);
  ++size_;
  if (tail_.size() <= 2 * half_) return;
  Count(Majority(tail_));  // the place in the middle has its whole window now
  tail_.erase(tail_.begin());
}

void SmoothedVotes::Append(const SmoothedVotes &next) {
  for (const int id : next.head_)
    Add(id);
  if (next.size_ <= next.head_.size()) return;
  // Its first ids have completed every window that reaches across; those inside it are counted already.
  for (size_t id = 0; id < next.counts_.size(); ++id) {
    if (next.counts_[id] > 0) Count(static_cast<int>(id), next.counts_[id]);
  }
  tail_ = next.tail_;
  size_ += next.size_ - next.head_.size();
}

int SmoothedVotes::Winner() const {
  if (size_ == 0) return -1;
  SmoothedVotes all = *this;
  const size_t edge = std::min(half_, size_);
  for (size_t place = 0; place < edge; ++place)
    all.Count(Majority(std::span(head_).first(std::min(place + half_ + 1, head_.size()))));
  for (size_t place = std::max(edge, size_ - edge); place < size_; ++place) {
    const size_t in_tail = place - (size_ - tail_.size());
    all.Count(Majority(std::span(tail_).subspan(in_tail > half_ ? in_tail - half_ : 0)));
  }
  return static_cast<int>(std::ranges::max_element(all.counts_) - all.counts_.begin());
}

}  // namespace action
