// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A process that ends while LibTorch is being loaded would destroy LibTorch's statics under the loading thread.
#ifndef GST_ACTION_COMMON_EXIT_WAITS_H_
#define GST_ACTION_COMMON_EXIT_WAITS_H_

#include <utility>

namespace action {

// While one of these lives, a return from main, and exit() on the main thread, wait for its end before anything is
// destroyed. Made on the thread that starts the work, and moved into it.
class ExitWaits {
 public:
  ExitWaits();
  ~ExitWaits();
  ExitWaits(ExitWaits &&other) noexcept : counted_(std::exchange(other.counted_, false)) {}
  ExitWaits(const ExitWaits &) = delete;
  ExitWaits &operator=(const ExitWaits &) = delete;
  ExitWaits &operator=(ExitWaits &&) = delete;

  // In a child of fork, to which threads do not come along.
  static bool InForkedChild();

 private:
  bool counted_ = true;
};

}  // namespace action

#endif  // GST_ACTION_COMMON_EXIT_WAITS_H_
