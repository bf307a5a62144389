// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How long to wait before a camera is tried again.
#ifndef GST_ACTION_RETRY_DELAY_H_
#define GST_ACTION_RETRY_DELAY_H_

#include <algorithm>
#include <chrono>
#include <random>

namespace action {

// Exponential backoff: the first delay, then twice as long each time up to the longest; each up to a fifth longer or
// shorter, so that many cameras behind one switch are not asked at the same moment.
class RetryDelay {
 public:
  using Duration = std::chrono::nanoseconds;

  RetryDelay(Duration first, Duration longest, unsigned seed) : first_(first), longest_(longest), random_(seed) {}

  Duration Next() {
    const Duration delay = std::min(next_.count() > 0 ? next_ : first_, longest_);
    next_ = std::min(2 * delay, longest_);
    std::uniform_real_distribution<double> share(0.8, 1.2);
    return std::chrono::duration_cast<Duration>(delay * share(random_));
  }
  void Reset() { next_ = {}; }

 private:
  const Duration first_, longest_;
  Duration next_{};  // 0: begin with the first
  std::minstd_rand random_;
};

}  // namespace action

#endif  // GST_ACTION_RETRY_DELAY_H_
