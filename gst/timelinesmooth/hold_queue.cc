// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timelinesmooth/hold_queue.h"

#include <utility>

namespace action {

void HoldQueue::Push(HeldItem item) {
  if (item.is_frame()) waiting_bytes_ += item.bytes;
  items_.push_back(std::move(item));
  ReleaseLeading();
}

HeldItem HoldQueue::Pop() {
  HeldItem item = std::move(items_.front());
  items_.pop_front();
  --released_;
  if (item.is_frame()) --released_frames_;
  return item;
}

void HoldQueue::ReleaseNext() {
  if (items_[released_].is_frame()) {
    waiting_bytes_ -= items_[released_].bytes;
    ++released_frames_;
  }
  ++released_;
}

void HoldQueue::ReleaseLeading() {
  while (released_ < items_.size()) {
    const HeldItem &next = items_[released_];
    if (next.is_frame() && next.position && *next.position >= known_until_) return;
    ReleaseNext();
  }
}

void HoldQueue::Release(int64_t known_until) {
  known_until_ = known_until;
  ReleaseLeading();
}

void HoldQueue::ReleaseHead() {
  if (released_ == 0 && !items_.empty()) ReleaseNext();
}

bool HoldQueue::ReleaseDownTo(uint64_t bytes) {
  if (waiting_bytes_ <= bytes) return false;
  while (waiting_bytes_ > bytes)
    ReleaseNext();
  ReleaseLeading();
  return true;
}

GstClockTime HoldQueue::ReleasedTime() const {
  const auto is_timed = [](const HeldItem &item) { return GST_CLOCK_TIME_IS_VALID(item.running_time); };
  size_t first = 0, last = released_;
  while (first < last && !is_timed(items_[first]))
    ++first;
  while (last > first && !is_timed(items_[last - 1]))
    --last;
  if (first == last) return 0;
  const GstClockTime from = items_[first].running_time, to = items_[last - 1].running_time;
  return to > from ? to - from : 0;
}

bool HoldQueue::DropFrames() {
  std::deque<HeldItem> kept;
  bool dropping = true;
  for (HeldItem &item : std::exchange(items_, {})) {
    if (!item.is_frame()) {
      const GstEventType type = GST_EVENT_TYPE(item.object.get());
      if (type == GST_EVENT_SEGMENT || type == GST_EVENT_STREAM_START || type == GST_EVENT_EOS) dropping = false;
    } else if (dropping) {
      continue;
    }
    kept.push_back(std::move(item));
  }
  released_ = released_frames_ = 0;
  waiting_bytes_ = 0;
  for (HeldItem &item : kept)
    Push(std::move(item));
  return !dropping;
}

void HoldQueue::CopyFrames() {
  for (HeldItem &item : items_) {
    if (!item.is_frame()) continue;
    // Memory that cannot be read stays what it is.
    if (GstBuffer *copy = gst_buffer_copy_deep(GST_BUFFER(item.object.get()))) item.object.reset(GST_MINI_OBJECT(copy));
  }
}

std::vector<MiniObjectPtr> HoldQueue::Clear() {
  std::vector<MiniObjectPtr> sticky;
  for (HeldItem &item : std::exchange(items_, {})) {
    if (item.is_frame()) continue;
    const GstEventType type = GST_EVENT_TYPE(item.object.get());
    const bool flushed = type == GST_EVENT_SEGMENT || type == GST_EVENT_EOS;
    if ((type & GST_EVENT_TYPE_STICKY) != 0 && !flushed) sticky.push_back(std::move(item.object));
  }
  released_ = released_frames_ = 0;
  waiting_bytes_ = 0;
  known_until_ = INT64_MIN;
  return sticky;
}

}  // namespace action
