// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/frame_sampler.h"

#include <algorithm>
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
  by_timestamp_ = sampling_ == Sampling::kTimestamp;
  rate_changed_ = !first_;
  meter_.SetAnnounced(fps, sampling_ == Sampling::kAuto);
  stride_ = StrideFor(meter_.nominal(), rate_);
}

void FrameSampler::Restart() {
  after_restart_ = after_restart_ || !first_;
  first_ = true;
  meter_.Restart();
}

int64_t FrameSampler::TargetTime(int64_t k) const {
  return t0_ + Scale(k, kSecond * rate_.denominator, rate_.numerator);
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
                         interval < Scale(kSecond, meter_.rate().denominator, meter_.rate().numerator);
  const bool judged = !std::exchange(rate_changed_, false) && !cut_short && interval != 0;
  std::optional<int64_t> wrong;
  if (!by_timestamp_ && sampling_ == Sampling::kAuto && judged) {
    wrong = meter_.Judge(pts, interval);
    stride_ = StrideFor(meter_.nominal(), rate_);
  }
  if (wrong) {
    by_timestamp_ = true;
    // Where no rate was announced or found, there is none to leave.
    if (meter_.known()) irregular_interval_ = wrong;
    // The grid t0 + k / rate holds from the first frame on; its points up to the last frame offered are behind us.
    next_k_ = Scale(std::max<int64_t>(last_offered - t0_, 0), rate_.numerator, rate_.denominator * kSecond) + 1;
  }
  if (!by_timestamp_) {
    if (since_sample_ < stride_) return false;
    since_sample_ = 0;
    meter_.OnSecondSample();
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
  return Scale(kSecond, meter_.rate().denominator * stride_, meter_.rate().numerator);
}

std::optional<int64_t> FrameSampler::TakeIrregularInterval() {
  return std::exchange(irregular_interval_, std::nullopt);
}

}  // namespace action
