// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The frames and events that timelinesmooth holds, in order, and which of them may go.
#ifndef GST_ACTION_HOLD_QUEUE_H_
#define GST_ACTION_HOLD_QUEUE_H_

#include <gst/gst.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "common/glib_ptr.h"

namespace action {

struct HeldItem {
  MiniObjectPtr object;                             // a GstBuffer or a GstEvent
  std::optional<int64_t> position;                  // of a frame that wants a label
  GstClockTime running_time = GST_CLOCK_TIME_NONE;  // of a frame
  uint64_t bytes = 0;

  bool is_frame() const { return GST_IS_BUFFER(object.get()); }
};

// Not for two threads at once: the element's lock protects it.
class HoldQueue {
 public:
  void Push(HeldItem item);
  // Only when HeadMayGo.
  HeldItem Pop();

  bool empty() const { return items_.empty(); }
  // The head is an event, a frame that wants no label, or one that was released.
  bool HeadMayGo() const { return released_ > 0; }
  const HeldItem &head() const { return items_.front(); }

  // Frames before this position have their label.
  void Release(int64_t known_until);
  void ReleaseHead();
  // Releases the oldest until no more than this many bytes wait for a label. True if there were any to be released.
  bool ReleaseDownTo(uint64_t bytes);

  // Time between the oldest and the newest frame that may go.
  GstClockTime ReleasedTime() const;
  size_t released_frames() const { return released_frames_; }

  // Throws frames away up to the next SEGMENT, STREAM_START or EOS. True if there is one.
  bool DropFrames();
  // Puts copies in the place of all frames, so that their memory goes back to where it came from.
  void CopyFrames();
  // Throws everything away, but gives back the sticky events that describe the stream (not SEGMENT and EOS): the pad
  // that they were on their way to must know them all the same.
  std::vector<MiniObjectPtr> Clear();

 private:
  void ReleaseNext();
  void ReleaseLeading();

  std::deque<HeldItem> items_;
  size_t released_ = 0;  // at the front
  size_t released_frames_ = 0;
  uint64_t waiting_bytes_ = 0;
  int64_t known_until_ = INT64_MIN;
};

}  // namespace action

#endif  // GST_ACTION_HOLD_QUEUE_H_
