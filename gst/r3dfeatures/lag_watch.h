// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether the frames of a live source fall behind.
#ifndef GST_ACTION_LAG_WATCH_H_
#define GST_ACTION_LAG_WATCH_H_

#include <gst/gst.h>

#include <optional>

namespace action {

// A source's frames are always somewhat late: by its latency, and by the jitter of a network. What counts is how much
// later they come than the least late one so far.
class LagWatch {
 public:
  // late: from a frame's time to when it is here, ns. Returns how far frames have fallen behind, once, when that is 5
  // s.
  std::optional<GstClockTime> Add(GstClockTimeDiff late) {
    if (!least_ || late < *least_) least_ = late;
    const GstClockTime lag = static_cast<GstClockTime>(late - *least_);
    if (told_ || lag < kTold) return std::nullopt;
    told_ = true;
    return lag;
  }

 private:
  static constexpr GstClockTime kTold = 5 * GST_SECOND;
  std::optional<GstClockTimeDiff> least_;
  bool told_ = false;
};

}  // namespace action

#endif  // GST_ACTION_LAG_WATCH_H_
