// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/rate_meter.h"

#include <algorithm>
#include <cmath>

namespace action {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMillisecond = 1'000'000;

// Frames that a file may lack and still be counted, in all and in one place.
constexpr int64_t kMostMissing = 4;
constexpr int64_t kMostMissingAtOnce = 2;

// What is longer is no time from a frame to the next.
constexpr int64_t kLongest = 3600 * kSecond;

// Intervals after which a measured rate is certain to better than 1 %, jitter and rounded times and all.
constexpr int64_t kCertain = 64;

// |interval - periods / fps| <= 1 / fps / part, in integers.
bool IsAbout(int64_t interval, int64_t periods, Fraction fps, int64_t part) {
  const Int128 period = static_cast<Int128>(kSecond) * fps.denominator;
  Int128 off = static_cast<Int128>(interval) * fps.numerator - periods * period;
  if (off < 0) off = -off;
  return part * off <= period;
}

}  // namespace

void RateMeter::SetAnnounced(Fraction fps, bool measures) {
  announced_ = fps.known();
  fps_ = nominal_ = fps.known() ? fps : kAssumedRate;
  mean_count_ = -1;
  missing_ = 0;
  measuring_ = measured_ = measures && !announced_;
  second_sample_ = false;
  uniform_ = whole_milliseconds_ = true;
  gathered_ = gathered_time_ = 0;
}

void RateMeter::Restart() {
  mean_count_ = -1;
  missing_ = 0;
}

void RateMeter::OnSecondSample() {
  second_sample_ = true;
  measuring_ = false;
}

// False: the interval is not about as long as those before.
bool RateMeter::Gather(int64_t interval) {
  const bool uniform = gathered_ == 0 || IsAbout(interval, 1, {gathered_ * kSecond, gathered_time_}, 2);
  ++gathered_;
  gathered_time_ += interval;
  whole_milliseconds_ = whole_milliseconds_ && interval % kMillisecond == 0;
  return uniform;
}

void RateMeter::UseGathered() {
  fps_ = {gathered_ * kSecond, gathered_time_};
  if (!measuring_) return;
  // A whole rate that rounded times make a little more or less: 12, 20, 28, ... frames a second lie between two
  // strides.
  const int64_t whole = std::max<int64_t>(1, (2 * fps_.numerator + fps_.denominator) / (2 * fps_.denominator));
  const int64_t off = std::abs(gathered_time_ - gathered_ * kSecond / whole);
  nominal_ = off <= (whole_milliseconds_ ? kMillisecond : kMillisecond / 1000) ? Fraction{whole, 1} : fps_;
}

// The mean interval, where it is not what the rate says: off by more than 1 %, and by more than a frame and a half in
// all, which jitter and rounded times are not.
std::optional<int64_t> RateMeter::WrongMean(int64_t pts, int64_t periods) {
  if (mean_count_ < 0) {  // from the second frame on: the first may have been cut short
    mean_from_ = pts;
    mean_count_ = 0;
    return std::nullopt;
  }
  mean_count_ += periods;
  // Drift from what is expected, in frames x 1 s x denominator.
  const Int128 frame = static_cast<Int128>(kSecond) * fps_.denominator;
  Int128 drift = static_cast<Int128>(pts - mean_from_) * fps_.numerator - mean_count_ * frame;
  if (drift < 0) drift = -drift;
  if (2 * drift <= 3 * frame || 100 * drift <= mean_count_ * frame) return std::nullopt;
  return (pts - mean_from_) / mean_count_;
}

// 1 for a regular interval, 2 or 3 for one in which a frame or two are missing, 0 for any other.
int64_t RateMeter::PeriodsIn(int64_t interval) const {
  if (IsAbout(interval, 1, fps_, 2)) return 1;
  for (int64_t missing = 1; missing <= kMostMissingAtOnce; ++missing) {
    if (IsAbout(interval, 1 + missing, fps_, 4)) return 1 + missing;
  }
  return 0;
}

// The interval that shows that frames do not come at the rate.
std::optional<int64_t> RateMeter::Judge(int64_t pts, int64_t interval) {
  if (interval <= 0 || interval > kLongest) return interval;
  if (measured_ && gathered_ < kCertain) {
    if (!Gather(interval)) return interval;
    UseGathered();
    return std::nullopt;
  }
  const bool beginning = !measured_ && !second_sample_;
  if (beginning) uniform_ = Gather(interval) && uniform_;
  const int64_t periods = PeriodsIn(interval);
  std::optional<int64_t> wrong = interval;
  if (periods > 0 && missing_ + periods - 1 <= kMostMissing) {
    missing_ += periods - 1;
    wrong = WrongMean(pts, periods);
  }
  // Where a frame is missing from each interval, it is not missing.
  const bool slower = gathered_ > 1 && missing_ >= gathered_;
  if (beginning && uniform_ && (wrong || slower)) {  // it is constant, but another than the container says
    measuring_ = measured_ = true;
    mean_count_ = -1;
    missing_ = 0;
    UseGathered();
    return std::nullopt;
  }
  return wrong;
}

}  // namespace action
