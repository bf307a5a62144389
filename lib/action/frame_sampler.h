// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which frames of a stream are used.
#ifndef ACTION_FRAME_SAMPLER_H_
#define ACTION_FRAME_SAMPLER_H_

#include <cstdint>
#include <optional>

#include "action/export.h"
#include "action/fraction.h"
#include "action/rate_meter.h"

namespace action {

enum class Sampling {
  kAuto,       // by frame number while frames come at a constant rate, by timestamp from where they do not
  kStride,     // by frame number: every round_half_to_even(fps / rate)-th frame
  kTimestamp,  // by time: sample k is the first frame at or after t0 + k / rate, no frame twice
};

// "auto", "stride", "timestamp"
ACTION_API const char *NameOf(Sampling sampling);

// Decides which frames of a stream are sampled. A constant-rate stream is sampled by frame number, as the reference
// does; any other by timestamp, since it has no frame number to trust. Frames are offered in order, each once.
// Which rate that is, says a RateMeter.
class ACTION_API FrameSampler {
 public:
  // fps: frames per second of the source, 0/1 when unknown or variable. rate: samples per second, > 0.
  // kStride with an unknown fps counts as 25 frames per second. Throws std::invalid_argument when rate is not positive.
  FrameSampler(Sampling sampling, Fraction fps, Fraction rate);

  // True if the frame at `pts` (ns) is to be sampled.
  bool Take(int64_t pts);

  // The source goes on at another rate; the spacing of samples continues from the last one taken.
  void SetSourceRate(Fraction fps);

  // The next frame offered starts a new run: it is sampled, and times count from it.
  void Restart();

  // Nominal time from one sample to the next, ns.
  int64_t interval() const;

  // Frames between samples when sampling by frame number.
  int stride() const { return stride_; }

  bool by_timestamp() const { return by_timestamp_; }

  // The interval (ns) that made `kAuto` leave the announced rate for timestamps, once: the second call returns nothing.
  // See RateMeter::Judge. A repeated time is no interval.
  std::optional<int64_t> TakeIrregularInterval();

  // max(1, round_half_to_even(fps / rate)).
  static int StrideFor(Fraction fps, Fraction rate);

 private:
  int64_t TargetTime(int64_t k) const;

  const Sampling sampling_;
  const Fraction rate_;
  RateMeter meter_;
  int stride_ = 1;
  bool by_timestamp_ = false;
  std::optional<int64_t> irregular_interval_;

  bool rate_changed_ = false;   // the next interval is still one of the old rate
  bool after_restart_ = false;  // the next frame but one is the second of a run that is not the first
  bool first_ = true;           // no frame of this run was offered yet
  int64_t t0_ = 0;              // pts of the run's first frame
  int64_t previous_pts_ = 0;    // of the last frame offered
  int64_t since_sample_ = 0;    // frames offered since the last sample
  int64_t next_k_ = 0;          // sample number whose target time is next
};

}  // namespace action

#endif  // ACTION_FRAME_SAMPLER_H_
