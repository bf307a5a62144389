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
  const bool was_by_timestamp = by_timestamp_;
  by_timestamp_ = sampling_ == Sampling::kTimestamp || (sampling_ == Sampling::kAuto && !fps.known());
  fps_ = fps.known() ? fps : kAssumedRate;
  rate_changed_ = !first_;
  mean_count_ = -1;
  stride_ = StrideFor(fps_, rate_);
  if (by_timestamp_ && !was_by_timestamp && !first_) {
    next_k_ = Scale(std::max<int64_t>(previous_pts_ - t0_, 0), rate_.numerator, rate_.denominator * kSecond) + 1;
  }
}

void FrameSampler::Restart() {
  after_restart_ = after_restart_ || !first_;
  first_ = true;
  mean_count_ = -1;
}

// The mean interval, where it is not what the rate says: off by more than 1 %, and by more than a frame and a half in
// all, which jitter and rounded times are not.
std::optional<int64_t> FrameSampler::WrongMean(int64_t pts) {
  if (mean_count_ < 0) {  // from the second frame on: the first may have been cut short
    mean_from_ = pts;
    mean_count_ = 0;
    return std::nullopt;
  }
  ++mean_count_;
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

bool FrameSampler::IsRegular(int64_t interval) const {
  // |interval - 1/fps| <= half of 1/fps, in integers.
  const Int128 scaled = static_cast<Int128>(interval) * fps_.numerator * 2;
  const Int128 period = static_cast<Int128>(kSecond) * fps_.denominator;
  return scaled >= period && scaled <= 3 * period;
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
    wrong = IsRegular(interval) ? WrongMean(pts) : std::optional(interval);
  }
  if (wrong) {
    by_timestamp_ = true;
    irregular_interval_ = wrong;
    // The grid t0 + k / rate holds from the first frame on; its points up to the last frame offered are behind us.
    next_k_ = Scale(std::max<int64_t>(last_offered - t0_, 0), rate_.numerator, rate_.denominator * kSecond) + 1;
  }
  if (!by_timestamp_) {
    if (since_sample_ < stride_) return false;
    since_sample_ = 0;
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
