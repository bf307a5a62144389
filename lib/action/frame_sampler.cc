// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/frame_sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace action {

const char *NameOf(Sampling sampling) {
  switch (sampling) {
    case Sampling::kAuto:
      return "auto";
    case Sampling::kStride:
      return "stride";
    case Sampling::kTimestamp:
      return "timestamp";
  }
  return "?";
}
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

FrameSampler::FrameSampler(Sampling sampling, Fraction fps, Fraction rate) : sampling_(sampling), rate_(rate) {
  if (!rate.known()) throw std::invalid_argument("the sample rate must be a positive fraction");
  SetSourceRate(fps);
}

int FrameSampler::StrideFor(Fraction fps, Fraction rate) {
  const Int128 numerator = static_cast<Int128>(fps.numerator) * rate.denominator;
  const Int128 denominator = static_cast<Int128>(fps.denominator) * rate.numerator;
  Int128 quotient = numerator / denominator;
  const Int128 twice_remainder = 2 * (numerator % denominator);
  if (twice_remainder > denominator || (twice_remainder == denominator && quotient % 2 == 1)) ++quotient;
  return static_cast<int>(std::clamp<Int128>(quotient, 1, std::numeric_limits<int>::max()));
}

void FrameSampler::SetSourceRate(Fraction fps) {
  by_timestamp_ = sampling_ == Sampling::kTimestamp;
  announced_ = fps.known();
  fps_ = fps.known() ? fps : kAssumedRate;
  rate_changed_ = !first_;
  mean_count_ = -1;
  missing_ = 0;
  measuring_ = measured_ = sampling_ == Sampling::kAuto && !announced_;
  second_sample_ = false;
  uniform_ = whole_milliseconds_ = true;
  gathered_ = gathered_time_ = 0;
  stride_ = StrideFor(fps_, rate_);
}

void FrameSampler::Restart() {
  after_restart_ = after_restart_ || !first_;
  first_ = true;
  mean_count_ = -1;
  missing_ = 0;
}

// False: the interval is not about as long as those before.
bool FrameSampler::Gather(int64_t interval) {
  const bool uniform = gathered_ == 0 || IsAbout(interval, 1, {gathered_ * kSecond, gathered_time_}, 2);
  ++gathered_;
  gathered_time_ += interval;
  whole_milliseconds_ = whole_milliseconds_ && interval % kMillisecond == 0;
  return uniform;
}

void FrameSampler::UseGathered() {
  fps_ = {gathered_ * kSecond, gathered_time_};
  if (!measuring_) return;
  // A whole rate that rounded times make a little more or less: 12, 20, 28, ... frames a second lie between two
  // strides.
  const int64_t whole = std::max<int64_t>(1, (2 * fps_.numerator + fps_.denominator) / (2 * fps_.denominator));
  const int64_t off = std::abs(gathered_time_ - gathered_ * kSecond / whole);
  stride_ =
      StrideFor(off <= (whole_milliseconds_ ? kMillisecond : kMillisecond / 1000) ? Fraction{whole, 1} : fps_, rate_);
}

// The mean interval, where it is not what the rate says: off by more than 1 %, and by more than a frame and a half in
// all, which jitter and rounded times are not.
std::optional<int64_t> FrameSampler::WrongMean(int64_t pts, int64_t periods) {
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

int64_t FrameSampler::TargetTime(int64_t k) const {
  return t0_ + Scale(k, kSecond * rate_.denominator, rate_.numerator);
}

// 1 for a regular interval, 2 or 3 for one in which a frame or two are missing, 0 for any other.
int64_t FrameSampler::PeriodsIn(int64_t interval) const {
  if (IsAbout(interval, 1, fps_, 2)) return 1;
  for (int64_t missing = 1; missing <= kMostMissingAtOnce; ++missing) {
    if (IsAbout(interval, 1 + missing, fps_, 4)) return 1 + missing;
  }
  return 0;
}

// The interval that shows that frames do not come at the rate.
std::optional<int64_t> FrameSampler::Judge(int64_t pts, int64_t interval) {
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

bool FrameSampler::Take(int64_t pts) {
  if (first_) {
    first_ = false;
    rate_changed_ = false;
    t0_ = previous_pts_ = pts;
    since_sample_ = 0;
    next_k_ = 1;
    return true;
  }
  const int64_t interval = pts - previous_pts_;
  const int64_t last_offered = previous_pts_;
  previous_pts_ = pts;
  ++since_sample_;

  // The first frame after a seek may be cut short: decoders move its time to where the segment begins.
  const bool cut_short = std::exchange(after_restart_, false) &&
                         interval < Scale(kSecond, fps_.denominator, std::max<int64_t>(fps_.numerator, 1));
  const bool judged = !std::exchange(rate_changed_, false) && !cut_short && interval != 0;
  std::optional<int64_t> wrong;
  if (!by_timestamp_ && sampling_ == Sampling::kAuto && judged) {
    wrong = Judge(pts, interval);
  }
  if (wrong) {
    by_timestamp_ = true;
    // Where no rate was announced or found, there is none to leave.
    if (announced_ || !measuring_) irregular_interval_ = wrong;
    // The grid t0 + k / rate holds from the first frame on; its points up to the last frame offered are behind us.
    next_k_ = Scale(std::max<int64_t>(last_offered - t0_, 0), rate_.numerator, rate_.denominator * kSecond) + 1;
  }
  if (!by_timestamp_) {
    if (since_sample_ < stride_) return false;
    since_sample_ = 0;
    second_sample_ = true;
    measuring_ = false;
    return true;
  }
  if (pts < TargetTime(next_k_)) return false;
  since_sample_ = 0;
  // Every grid point that this frame is the first to reach is used up by it.
  next_k_ = Scale(pts - t0_, rate_.numerator, rate_.denominator * kSecond);
  while (TargetTime(next_k_) <= pts)
    ++next_k_;
  return true;
}

int64_t FrameSampler::interval() const {
  if (by_timestamp_) return Scale(kSecond, rate_.denominator, rate_.numerator);
  return Scale(kSecond, fps_.denominator * stride_, fps_.numerator);
}

std::optional<int64_t> FrameSampler::TakeIrregularInterval() {
  return std::exchange(irregular_interval_, std::nullopt);
}

}  // namespace action
