// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The rate at which a stream's frames come, and whether they come at one.
#ifndef ACTION_RATE_METER_H_
#define ACTION_RATE_METER_H_

#include <cstdint>
#include <optional>

#include "action/fraction.h"

namespace action {

// What an unknown rate counts as where frames are counted, as for cv2.VideoCapture.
inline constexpr Fraction kAssumedRate{25, 1};

// Believes the announced rate until frames show another. The first frames tell which it is where none was announced, or
// one that is not theirs (an MP4 file of cv2.VideoWriter): up to the second sample, the mean of their intervals, if
// each is within half of it. Later the rate stays, and an interval that does not fit is told. A few frames may be
// missing (four in all).
class RateMeter {
 public:
  // fps: what the container says; 0/1 when it says none. measures: without it the rate stays what it is.
  void SetAnnounced(Fraction fps, bool measures);

  // A hole or a seek: the next interval begins a new run.
  void Restart();

  // An interval of time ns that ends at `pts`. Returns one that shows that frames do not come at the rate: more than
  // half as long again as the rate says or less than half as long, where no missing frame explains it, or the mean of
  // all so far where that differs by more than 1 % (a rate that the container does not know and somebody made up).
  std::optional<int64_t> Judge(int64_t pts, int64_t interval);

  // From here on the rate that was found stays.
  void OnSecondSample();

  // Frames per second, as exactly as it is known.
  Fraction rate() const { return fps_; }
  // The same as it was when it was found, where a whole number was meant.
  Fraction nominal() const { return nominal_; }
  // It was announced, or is found.
  bool known() const { return announced_ || !measuring_; }

 private:
  bool Gather(int64_t interval);
  void UseGathered();
  int64_t PeriodsIn(int64_t interval) const;
  std::optional<int64_t> WrongMean(int64_t pts, int64_t periods);

  Fraction fps_ = kAssumedRate;
  Fraction nominal_ = kAssumedRate;
  bool announced_ = false;          // the container says a rate, right or wrong
  bool measuring_ = false;          // the rate is being found; there is no second sample yet
  bool measured_ = false;           // fps_ is what the frames say, not the container
  bool second_sample_ = false;      // it was taken
  bool uniform_ = true;             // each interval gathered is within half of the mean of those before
  bool whole_milliseconds_ = true;  // all of them are
  int64_t gathered_ = 0;            // intervals that the rate is measured by
  int64_t gathered_time_ = 0;       // their sum
  int64_t missing_ = 0;             // frames that the stream lacks, by its times
  int64_t mean_from_ = 0;           // the mean interval is that of `mean_count_` intervals from this time on
  int64_t mean_count_ = -1;         // -1: not begun
};

}  // namespace action

#endif  // ACTION_RATE_METER_H_
