// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timestamp_filler.h"

namespace action {
namespace {

constexpr uint64_t kLongestFrame = uint64_t{24} * 3600 * 1'000'000'000;

}  // namespace

TimestampFiller::Frame TimestampFiller::Next(std::optional<uint64_t> timestamp, std::optional<uint64_t> duration) {
  const bool repeated = timestamp && timestamp == given_;
  const bool filled = !timestamp || repeated;
  // Who gives two frames one time gives the first the length of both: the rate knows better.
  if (repeated && timestamp_ && frame_duration_ > 0) end_ = *timestamp_ + static_cast<uint64_t>(frame_duration_);
  Frame frame;
  frame.timestamp = !filled ? *timestamp : timestamp_ ? end_ : timestamp.value_or(0);
  if (timestamp_ && frame.timestamp > *timestamp_) interval_ = static_cast<int64_t>(frame.timestamp - *timestamp_);
  if (duration && *duration > 0 && *duration <= kLongestFrame) {
    frame.duration = static_cast<int64_t>(*duration);
  } else if (frame_duration_ > 0) {
    frame.duration = frame_duration_;
  } else if (filled && (!timestamp || interval_ == 0)) {
    frame.duration = kAssumedFrameDuration;
    frame.assumed = true;
  } else {
    frame.duration = interval_;
  }
  if (timestamp) given_ = timestamp;
  timestamp_ = frame.timestamp;
  end_ = frame.timestamp + static_cast<uint64_t>(frame.duration);
  return frame;
}

void TimestampFiller::Reset() {
  given_.reset();
  timestamp_.reset();
  end_ = 0;
  interval_ = 0;
}

}  // namespace action
