// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// HopGovernor against a network that takes a known time for a chunk.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "r3dfeatures/hop_governor.h"

namespace action {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kSample = kSecond / 8;
constexpr size_t kMostWaiting = 4;

// A stream and its network, chunk by chunk; one is computed at a time.
class Simulation {
 public:
  explicit Simulation(int hop) : governor_(hop, kMostWaiting) {}

  // For so long, with so much time for each chunk.
  void Run(int64_t duration, int64_t compute) {
    for (const int64_t until = now_ + duration; now_ < until;) {
      now_ += governor_.hop() * kSample;
      // What is done by now.
      while (!under_way_.empty() && under_way_.front().done <= now_) {
        governor_.OnResult(under_way_.front().done - under_way_.front().began);
        under_way_.pop_front();
      }
      changes_ += governor_.OnChunk(now_, under_way_.size(), kSample) ? 1 : 0;
      lost_ += under_way_.size() > kMostWaiting ? 1 : 0;
      const int64_t start = under_way_.empty() ? now_ : std::max(now_, under_way_.back().done);
      under_way_.push_back({now_, start + compute});
    }
  }

  int hop() const { return governor_.hop(); }
  int changes() const { return changes_; }
  int lost() const { return lost_; }

 private:
  struct UnderWay {
    int64_t began, done;
  };
  HopGovernor governor_;
  std::deque<UnderWay> under_way_;
  int64_t now_ = 0;
  int changes_ = 0, lost_ = 0;
};

TEST(HopGovernor, StaysWhereTheNetworkKeepsUp) {
  for (const int hop : {1, 4, 7, 16}) {
    Simulation simulation(hop);
    simulation.Run(600 * kSecond, hop * kSample * 9 / 10);
    EXPECT_EQ(simulation.changes(), 0) << hop;
  }
}

TEST(HopGovernor, TakesTheSmallestHopThatKeepsUpAndStaysThere) {
  const struct {
    int asked;
    int64_t compute;
    int settled;
  } kCases[] = {{4, kSecond * 7 / 10, 8},  {4, kSecond * 12 / 10, 16}, {1, kSecond * 7 / 10, 8},
                {2, kSecond * 4 / 10, 4},  {3, kSecond * 6 / 10, 6},   {7, kSecond * 12 / 10, 14},
                {4, kSecond * 19 / 10, 16}};
  for (const auto &c : kCases) {
    Simulation simulation(c.asked);
    simulation.Run(60 * kSecond, c.compute);
    EXPECT_EQ(simulation.hop(), c.settled) << c.asked;
    EXPECT_EQ(simulation.lost(), 0) << c.asked;
    const int changes = simulation.changes();
    simulation.Run(3600 * kSecond, c.compute);
    EXPECT_EQ(simulation.changes(), changes) << "it does not go to and fro; hop " << c.asked;
  }
}

TEST(HopGovernor, ReturnsWhenThereIsTime) {
  Simulation simulation(4);
  simulation.Run(60 * kSecond, kSecond * 15 / 10);
  EXPECT_EQ(simulation.hop(), 16);
  simulation.Run(120 * kSecond, kSecond * 6 / 10);
  EXPECT_EQ(simulation.hop(), 8) << "0.6 s are no time for a step every 0.5 s";
  simulation.Run(120 * kSecond, kSecond * 2 / 10);
  EXPECT_EQ(simulation.hop(), 4);
  EXPECT_EQ(simulation.lost(), 0);
}

TEST(HopGovernor, OneThatTakesNoMoreThanALongHiccupComesBack) {
  Simulation simulation(4);
  simulation.Run(10 * kSecond, kSecond / 10);
  simulation.Run(kSecond, 3 * kSecond);
  simulation.Run(120 * kSecond, kSecond / 10);
  EXPECT_EQ(simulation.hop(), 4);
}

TEST(HopGovernor, NothingIsLargerThanAChunk) {
  Simulation simulation(16);
  simulation.Run(600 * kSecond, 10 * kSecond);
  EXPECT_EQ(simulation.hop(), 16);
}

}  // namespace
}  // namespace action
