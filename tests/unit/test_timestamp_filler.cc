// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Times of frames that have none.
#include <gtest/gtest.h>

#include <cmath>
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

// AVI with B frames: some times come twice, and those behind them are late. A frame lasts as long as any other.
TEST(TimestampFiller, TimesThatStayLateAreEven) {
  for (const int64_t length : {40'000'000, 33'366'666}) {
    TimestampFiller filler;
    filler.SetFrameDuration(length);
    std::vector<uint64_t> given;
    for (uint64_t i = 0; i < 60; ++i) {
      // As containers round them: a nanosecond more or less.
      given.push_back(i * static_cast<uint64_t>(length) + i % 2);
      if (i == 11 || i == 23) given.push_back(given.back());
    }
    uint64_t before = 0;
    for (size_t i = 0; i < given.size(); ++i) {
      const uint64_t time = filler.Next(given[i], std::nullopt).timestamp;
      const double lasted = static_cast<double>(time - before);
      EXPECT_TRUE(i == 0 || std::abs(lasted - static_cast<double>(length)) <= 2) << i << ": " << lasted;
      before = time;
    }
  }
}

// Where every time is there twice, the rate is wrong: nothing runs away.
TEST(TimestampFiller, NothingGetsLateWithoutEnd) {
  TimestampFiller filler;
  filler.SetFrameDuration(40'000'000);
  for (uint64_t i = 0; i < 1000; ++i) {
    const uint64_t given = i / 2 * 40'000'000;
    const uint64_t time = filler.Next(given, std::nullopt).timestamp;
    EXPECT_GE(time, given);
    EXPECT_LE(time, given + 6 * 40'000'000) << i;
  }
}

TEST(TimestampFiller, LengthsBeyondReasonAreNone) {
  TimestampFiller filler;
  filler.SetFrameDuration(40 * kMs);
  EXPECT_EQ(filler.Next(0, UINT64_MAX - 1).duration, 40 * kMs);
  EXPECT_EQ(filler.Next(40 * kMs, 0).duration, 40 * kMs);
}

}  // namespace
}  // namespace action
