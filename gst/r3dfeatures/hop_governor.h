// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How many samples lie from step to step when the network is too slow for what was asked for.
#ifndef GST_ACTION_HOP_GOVERNOR_H_
#define GST_ACTION_HOP_GOVERNOR_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "action/chunk_builder.h"

namespace action {

// A network that does not keep up loses steps, here and there. Fewer steps at equal distances lose less: the hop is
// doubled while chunks pile up, and halved when the network has had time for twice as many for a while.
class HopGovernor {
 public:
  // hop: what was asked for, and the least. most_waiting: chunks that may wait before some are lost.
  HopGovernor(int hop, size_t most_waiting)
      : least_(hop), hop_(hop), pile_(std::min<size_t>(2, std::max<size_t>(1, most_waiting))) {}

  int hop() const { return hop_; }

  // A chunk is complete; ns of the stream, which for a live source is real time. outstanding: those before it without a
  // result. interval: ns from sample to sample. Returns whether the hop is another from here on.
  bool OnChunk(int64_t now, size_t outstanding, int64_t interval) {
    ++since_change_;
    if (outstanding >= pile_) {
      calm_since_ = -1;
      // What had piled up is given time to go, unless it grows all the same.
      const bool grows = outstanding > outstanding_at_change_;
      if (hop_ >= kChunkFrames || (since_change_ <= kSettle && !grows)) return false;
      Change(std::min(2 * hop_, kChunkFrames), outstanding);
      return true;
    }
    if (hop_ == least_) return false;
    const int half = std::max(hop_ / 2, least_);
    if (calm_since_ < 0 || now < calm_since_ || longest_ > half * interval * 4 / 5) {
      calm_since_ = now;
      longest_ = 0;
    }
    if (now - calm_since_ < kCalm) return false;
    Change(half, 0);
    return true;
  }

  // A result took so long, ns.
  void OnResult(int64_t latency) { longest_ = std::max(longest_, latency); }

 private:
  void Change(int hop, size_t outstanding) {
    hop_ = hop;
    since_change_ = 0;
    outstanding_at_change_ = outstanding;
    calm_since_ = -1;
    longest_ = 0;
  }

  static constexpr int kSettle = 3;                 // chunks
  static constexpr int64_t kCalm = 20'000'000'000;  // ns
  const int least_;
  int hop_;
  const size_t pile_;  // so many without a result are too many
  int since_change_ = kSettle;
  size_t outstanding_at_change_ = 0;
  int64_t calm_since_ = -1;  // ns; -1: it is not calm
  int64_t longest_ = 0;      // of the results since then, ns
};

}  // namespace action

#endif  // GST_ACTION_HOP_GOVERNOR_H_
