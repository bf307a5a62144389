// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Times for frames that have none.
#ifndef ACTION_TIMESTAMP_FILLER_H_
#define ACTION_TIMESTAMP_FILLER_H_

#include <cstdint>
#include <optional>

#include "action/export.h"

namespace action {

// Without times and without a rate, frames count as coming at 25 a second, as cv2.VideoCapture takes them.
inline constexpr int64_t kAssumedFrameDuration = 40'000'000;  // ns

// Follows the timestamps of a stream. A frame without one begins where the frame before ended. One with that of the
// frame before (time stands still) comes a frame of the rate later, or where the frame before ended if there is no
// rate. Times in ns. Everybody who counts the time of a stream uses it, so that all count alike.
class ACTION_API TimestampFiller {
 public:
  struct Frame {
    uint64_t timestamp = 0;
    int64_t duration = 0;  // 0: not known
    bool assumed = false;  // nothing tells how long it lasts but kAssumedFrameDuration
  };

  // How long a frame lasts that does not say so, by the stream's rate; 0: not known.
  void SetFrameDuration(int64_t duration) { frame_duration_ = duration; }

  // The frame that comes next; nothing: it does not say.
  Frame Next(std::optional<uint64_t> timestamp, std::optional<uint64_t> duration);

  // The next frame follows on nothing.
  void Reset();

 private:
  int64_t frame_duration_ = 0;
  std::optional<uint64_t> given_;      // the last timestamp that a frame had itself
  std::optional<uint64_t> timestamp_;  // of the frame before, given or filled in
  uint64_t end_ = 0;                   // of the frame before
  int64_t interval_ = 0;               // between the last two that were apart
};

}  // namespace action

#endif  // ACTION_TIMESTAMP_FILLER_H_
