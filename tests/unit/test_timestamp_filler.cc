// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Times of frames that have none.
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "action/timestamp_filler.h"

namespace action {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr auto kNone = std::nullopt;

std::vector<uint64_t> Filled(TimestampFiller &filler, const std::vector<std::optional<uint64_t>> &given) {
  std::vector<uint64_t> times;
  for (const auto &time : given)
    times.push_back(filler.Next(time, kNone).timestamp / kMs);
  return times;
}

TEST(TimestampFiller, TimesThatAreThereStayAsTheyAre) {
  TimestampFiller filler;
  filler.SetFrameDuration(40 * kMs);
  EXPECT_EQ(Filled(filler, {100 * kMs, 130 * kMs, 900 * kMs, 50 * kMs}), (std::vector<uint64_t>{100, 130, 900, 50}));
}

TEST(TimestampFiller, WithoutTimesFramesFollowOnEachOther) {
  TimestampFiller filler;
  filler.SetFrameDuration(100 * kMs);
  EXPECT_EQ(Filled(filler, {kNone, kNone, kNone}), (std::vector<uint64_t>{0, 100, 200}));
  EXPECT_EQ(filler.Next(kNone, 30 * kMs).timestamp, 300u * kMs);
  EXPECT_EQ(filler.Next(kNone, kNone).timestamp, 330u * kMs) << "by the frame's own length";
}

TEST(TimestampFiller, WithoutARateTheyCountAs25ASecond) {
  TimestampFiller filler;
  const auto first = filler.Next(kNone, kNone);
  EXPECT_TRUE(first.assumed);
  EXPECT_EQ(first.duration, kAssumedFrameDuration);
  EXPECT_EQ(Filled(filler, {kNone, kNone}), (std::vector<uint64_t>{40, 80}));
  filler.Reset();
  EXPECT_FALSE(filler.Next(0, kNone).assumed) << "as a parser's first frame, which may be the only one with a time";
  filler.Next(kNone, kNone);
  EXPECT_EQ(filler.Next(kNone, kNone).timestamp, 40u * kMs);
}

TEST(TimestampFiller, TimeThatStandsStillGoesOn) {
  TimestampFiller filler;
  filler.SetFrameDuration(40 * kMs);
  EXPECT_EQ(Filled(filler, {0, 40 * kMs, 40 * kMs, 40 * kMs, 200 * kMs}), (std::vector<uint64_t>{0, 40, 80, 120, 200}));
  filler.Reset();
  filler.Next(0, 80 * kMs);
  EXPECT_EQ(filler.Next(0, 80 * kMs).timestamp, 40u * kMs) << "a length of two frames, for two frames of one time";
  TimestampFiller unknown;
  EXPECT_EQ(Filled(unknown, {0, 30 * kMs, 30 * kMs, 30 * kMs}), (std::vector<uint64_t>{0, 30, 60, 90}))
      << "at the interval before";
  TimestampFiller nothing;
  EXPECT_EQ(Filled(nothing, {0, 0, 0}), (std::vector<uint64_t>{0, 0, 40}));
}

TEST(TimestampFiller, LengthsBeyondReasonAreNone) {
  TimestampFiller filler;
  filler.SetFrameDuration(40 * kMs);
  EXPECT_EQ(filler.Next(0, UINT64_MAX - 1).duration, 40 * kMs);
  EXPECT_EQ(filler.Next(40 * kMs, 0).duration, 40 * kMs);
}

}  // namespace
}  // namespace action
