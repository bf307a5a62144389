// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Holes in a stream of frames.
#ifndef ACTION_GAP_DETECTOR_H_
#define ACTION_GAP_DETECTOR_H_

#include <cstdint>

#include "action/export.h"

namespace action {

// Follows the times of a stream's frames and says where they are not connected: more than `threshold` is missing, or
// time goes back by more than that. A lost frame or two is not a hole. Times in ns.
class ACTION_API GapDetector {
 public:
  explicit GapDetector(int64_t threshold) : threshold_(threshold) {}

  // True if a frame at `pts` would not follow on the last one added.
  bool IsBreak(int64_t pts) const { return started_ && (pts - end_ > threshold_ || pts < last_ - threshold_); }

  // True if that is since time goes back.
  bool IsJumpBack(int64_t pts) const { return started_ && pts < last_ - threshold_; }

  // Adds the next frame; duration 0 when not known.
  void Add(int64_t pts, int64_t duration);

  // End of the last frame added: its time plus its duration (not known: the last interval).
  int64_t end() const { return end_; }
  bool started() const { return started_; }

  // Forgets the frames before: whatever comes next follows on nothing.
  void Reset() { *this = GapDetector(threshold_); }

 private:
  int64_t threshold_;
  bool started_ = false;
  int64_t last_ = 0;
  int64_t interval_ = 0;
  int64_t end_ = 0;
};

}  // namespace action

#endif  // ACTION_GAP_DETECTOR_H_
