// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timestamp_filler.h"

namespace action {
namespace {

constexpr uint64_t kLongestFrame = uint64_t{24} * 3600 * 1'000'000'000;

// Frames by which times may be late for good after some were repeated.
constexpr uint64_t kMostLate = 4;

}  // namespace

TimestampFiller::Frame TimestampFiller::Next(std::optional<uint64_t> timestamp, std::optional<uint64_t> duration) {
  const bool repeated = timestamp && timestamp == given_;
  // AVI with B frames: after a repeated time, all that follow are a frame late.
  const auto length = static_cast<uint64_t>(frame_duration_);
  const bool late = timestamp && given_ && timestamp_ && length > 0 && *timestamp_ > *given_ && *timestamp > *given_ &&
                    *timestamp < *timestamp_ + length / 2 && *timestamp_ < *timestamp + kMostLate * length;
  const bool filled = !timestamp || repeated || late;
  // Who gives two frames one time gives the first the length of both: the rate knows better.
  if ((repeated || late) && timestamp_ && length > 0) end_ = *timestamp_ + length;
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
