// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "action/frame_sampler.h"

namespace action {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1'000'000'000;

std::vector<int> Sampled(FrameSampler &sampler, const std::vector<int64_t> &times) {
  std::vector<int> taken;
  for (size_t i = 0; i < times.size(); ++i) {
    if (sampler.Take(times[i])) taken.push_back(static_cast<int>(i));
  }
  return taken;
}

std::vector<int64_t> ConstantRate(int count, Fraction fps, int64_t start = 0) {
  std::vector<int64_t> times;
  for (int i = 0; i < count; ++i)
    times.push_back(start + Scale(i, kSecond * fps.denominator, fps.numerator));
  return times;
}

TEST(FrameSampler, StrideRoundsHalfToEven) {
  const auto stride = [](int64_t n, int64_t d) { return FrameSampler::StrideFor({n, d}, {8, 1}); };
  EXPECT_EQ(stride(30, 1), 4);        // 3.75
  EXPECT_EQ(stride(30000, 1001), 4);  // 3.746
  EXPECT_EQ(stride(25, 1), 3);        // 3.125
  EXPECT_EQ(stride(24, 1), 3);
  EXPECT_EQ(stride(20, 1), 2);  // 2.5, to even
  EXPECT_EQ(stride(28, 1), 4);  // 3.5, to even
  EXPECT_EQ(stride(12, 1), 2);  // 1.5, to even
  EXPECT_EQ(stride(4, 1), 1);   // 0.5 rounds to 0; at least 1
  EXPECT_EQ(stride(1, 1), 1);
}

TEST(FrameSampler, StrideTakesEveryNthFrame) {
  FrameSampler sampler(Sampling::kAuto, {30, 1}, {8, 1});
  EXPECT_EQ(Sampled(sampler, ConstantRate(13, {30, 1}, 66'666'667)), (std::vector<int>{0, 4, 8, 12}));
  EXPECT_FALSE(sampler.by_timestamp());
  EXPECT_EQ(sampler.interval(), 133'333'333);
}

TEST(FrameSampler, UnknownRateCountsAs25ForStride) {
  FrameSampler sampler(Sampling::kStride, {0, 1}, {8, 1});
  EXPECT_EQ(sampler.stride(), 3);
}

// The rule as it is written: frame of sample k = first frame with time >= t0 + k / rate; each frame once.
std::vector<int> ByDefinition(const std::vector<int64_t> &times, Fraction rate) {
  std::vector<bool> chosen(times.size(), false);
  const int64_t last = *std::max_element(times.begin(), times.end());
  for (int64_t k = 0;; ++k) {
    const int64_t target = times[0] + Scale(k, kSecond * rate.denominator, rate.numerator);
    if (target > last) break;
    for (size_t i = 0; i < times.size(); ++i) {
      if (times[i] >= target) {
        chosen[i] = true;
        break;
      }
    }
  }
  std::vector<int> indices;
  for (size_t i = 0; i < times.size(); ++i) {
    if (chosen[i]) indices.push_back(static_cast<int>(i));
  }
  return indices;
}

std::vector<int> EveryNth(int count, int n) {
  std::vector<int> taken;
  for (int i = 0; i < count; i += n)
    taken.push_back(i);
  return taken;
}

// What cv2.VideoWriter's MP4 files look like at odd rates: 0/1, or a multiple of the rate. cv2 counts by the real one.
TEST(FrameSampler, ARateThatTheContainerDoesNotKnowIsThatOfItsFrames) {
  const std::vector<std::pair<Fraction, Fraction>> cases = {
      {{0, 1}, {1789, 60}}, {{179, 1}, {179, 6}}, {{299, 1}, {299, 10}}, {{0, 1}, {2487, 100}}, {{50, 1}, {25, 1}},
      {{0, 1}, {8, 1}},     {{0, 1}, {5, 1}},     {{0, 1}, {60, 1}},     {{1000, 1}, {12, 1}}};
  for (const auto &[announced, real] : cases) {
    for (const bool rounded : {false, true}) {  // to the millisecond, as in Matroska
      FrameSampler sampler(Sampling::kAuto, announced, {8, 1});
      std::vector<int64_t> times = ConstantRate(3000, real, 20 * kMs);
      for (int64_t &time : times)
        time = rounded ? (time + kMs / 2) / kMs * kMs : time;
      EXPECT_EQ(Sampled(sampler, times), EveryNth(3000, FrameSampler::StrideFor(real, {8, 1})))
          << real.numerator << "/" << real.denominator << (rounded ? ", rounded" : "");
      EXPECT_FALSE(sampler.TakeIrregularInterval()) << real.numerator;
      EXPECT_NEAR(static_cast<double>(sampler.interval()),
                  static_cast<double>(sampler.stride()) * 1e9 * static_cast<double>(real.denominator) /
                      static_cast<double>(real.numerator),
                  1e6);
    }
  }
}

TEST(FrameSampler, TimesThatJumpAreNoRate) {
  constexpr int64_t kFar = 100 * 24 * 3600 * kSecond;
  for (const std::vector<int64_t> &times : std::vector<std::vector<int64_t>>{
           {1000 * kMs, 960 * kMs, 1000 * kMs, 1040 * kMs}, {0, kFar - 1, kFar}, {kFar, 0, 40 * kMs}}) {
    for (const Fraction announced : {Fraction{0, 1}, Fraction{25, 1}, Fraction{179, 1}}) {
      FrameSampler sampler(Sampling::kAuto, announced, {8, 1});
      EXPECT_EQ(Sampled(sampler, times).front(), 0);
      EXPECT_TRUE(sampler.by_timestamp());
      EXPECT_GT(sampler.interval(), 0);
    }
  }
}

TEST(FrameSampler, AMeasuredRateBearsASeek) {
  FrameSampler sampler(Sampling::kAuto, {0, 1}, {8, 1});
  std::vector<int64_t> times = ConstantRate(10, {30, 1});
  Sampled(sampler, times);
  sampler.Restart();
  times = ConstantRate(500, {30, 1}, 100 * kSecond);
  EXPECT_EQ(Sampled(sampler, times), EveryNth(500, 4));
  EXPECT_FALSE(sampler.by_timestamp());
}

TEST(FrameSampler, AnUnknownRateThatIsNotConstantIsSampledByTimestamp) {
  const std::vector<int64_t> times = {0, 33 * kMs, 133 * kMs, 140 * kMs, 300 * kMs, 301 * kMs, 500 * kMs, 630 * kMs};
  FrameSampler sampler(Sampling::kAuto, {0, 1}, {8, 1});
  EXPECT_EQ(Sampled(sampler, times), ByDefinition(times, {8, 1}));
  EXPECT_TRUE(sampler.by_timestamp());
  EXPECT_FALSE(sampler.TakeIrregularInterval()) << "nobody has announced another";
}

// A recording that lost a frame in the middle, as cv2 counts it; one of more holes has no number to trust.
TEST(FrameSampler, AFewFramesMayBeMissing) {
  for (const auto &[missing, by_time] : std::vector<std::pair<std::vector<int>, bool>>{{{77}, false},
                                                                                       {{1}, false},
                                                                                       {{1, 2}, false},
                                                                                       {{40, 300, 301, 600}, false},
                                                                                       {{9, 40, 300, 301, 600}, true},
                                                                                       {{9, 10, 11}, true}}) {
    std::vector<int64_t> times = ConstantRate(1000, {25, 1});
    for (auto lost = missing.rbegin(); lost != missing.rend(); ++lost)
      times.erase(times.begin() + *lost);
    FrameSampler sampler(Sampling::kAuto, {25, 1}, {8, 1});
    const std::vector<int> taken = Sampled(sampler, times);
    EXPECT_EQ(sampler.by_timestamp(), by_time) << missing.front();
    if (by_time) continue;
    EXPECT_EQ(taken, EveryNth(static_cast<int>(times.size()), 3)) << missing.front();
  }
}

TEST(FrameSampler, TimestampRuleEqualsItsDefinition) {
  std::mt19937 random(7);
  for (int run = 0; run < 500; ++run) {
    std::vector<int64_t> times{static_cast<int64_t>(random() % 1000) * kMs};
    while (times.size() < 200) {
      // Anything from a repeated timestamp to a hole of half a second.
      const int64_t step =
          random() % 8 == 0 ? 0 : static_cast<int64_t>(random() % (random() % 10 == 0 ? 500 : 80)) * kMs;
      times.push_back(times.back() + step);
    }
    const Fraction rate = run % 2 == 0 ? Fraction{8, 1} : Fraction{15, 2};
    FrameSampler sampler(Sampling::kTimestamp, {30, 1}, rate);
    EXPECT_EQ(Sampled(sampler, times), ByDefinition(times, rate)) << "run " << run;
  }
}

TEST(FrameSampler, AutoGoesOverAtTheFirstIrregularInterval) {
  // 30 fps announced; after frame 5 frames come at 10 fps.
  std::vector<int64_t> times = ConstantRate(6, {30, 1});
  while (times.size() < 20)
    times.push_back(times.back() + 100 * kMs);
  FrameSampler sampler(Sampling::kAuto, {30, 1}, {8, 1});
  const std::vector<int> taken = Sampled(sampler, times);
  EXPECT_TRUE(sampler.by_timestamp());
  EXPECT_EQ(sampler.TakeIrregularInterval(), 100 * kMs);
  EXPECT_FALSE(sampler.TakeIrregularInterval()) << "reported once";
  // Frames 0 and 4 by number; then the grid of 0, 125, 250, 375 ms ... from the first frame on. Frame 6 (266.7 ms)
  // could still be two missing frames; frame 7 (366.7 ms) is none of those, and the first at or after 250 ms that is
  // left.
  EXPECT_EQ(std::vector<int>(taken.begin(), taken.begin() + 4), (std::vector<int>{0, 4, 8, 9}));
}

TEST(FrameSampler, IntervalsWithinHalfAreRegular) {
  FrameSampler sampler(Sampling::kAuto, {10, 1}, {8, 1});
  Sampled(sampler, {0, 50 * kMs, 200 * kMs, 250 * kMs});
  EXPECT_FALSE(sampler.by_timestamp()) << "50 and 150 ms are 100 +- 50";
  sampler.Take(401 * kMs);
  EXPECT_TRUE(sampler.by_timestamp());
}

// A file of 30 frames a second for which GStreamer makes up 25: every interval is within half of 40 ms.
TEST(FrameSampler, AWrongRateIsFoundByTheMean) {
  for (const Fraction real : {Fraction{30, 1}, {30000, 1001}, {24, 1}, {26, 1}, {20, 1}}) {
    FrameSampler sampler(Sampling::kAuto, {25, 1}, {8, 1});
    const std::vector<int64_t> times = ConstantRate(400, real);
    const std::vector<int> taken = Sampled(sampler, times);
    EXPECT_TRUE(sampler.by_timestamp()) << real.numerator;
    const auto interval = sampler.TakeIrregularInterval();
    ASSERT_TRUE(interval.has_value());
    EXPECT_NEAR(static_cast<double>(*interval), 1e9 / (static_cast<double>(real.numerator) / real.denominator), 1e4);
    const double seconds = static_cast<double>(times.back()) / 1e9;
    EXPECT_NEAR(static_cast<double>(taken.size()), 8 * seconds, 5) << "eight a second but for the first few";
  }
}

TEST(FrameSampler, RoundedTimesAndJitterAreNoWrongRate) {
  std::mt19937 random(3);
  for (const Fraction fps : {Fraction{30, 1}, {30000, 1001}, {25, 1}, {24000, 1001}, {60, 1}}) {
    FrameSampler rounded(Sampling::kAuto, fps, {8, 1}), jitter(Sampling::kAuto, fps, {8, 1});
    const auto period = static_cast<int64_t>(1e9 * static_cast<double>(fps.denominator) / fps.numerator);
    for (const int64_t time : ConstantRate(5000, fps)) {
      rounded.Take((time + kMs / 2) / kMs * kMs);  // Matroska
      jitter.Take(time + static_cast<int64_t>(random() % static_cast<uint64_t>(period / 3)));
    }
    EXPECT_FALSE(rounded.by_timestamp()) << fps.numerator;
    EXPECT_FALSE(jitter.by_timestamp()) << fps.numerator;
  }
  FrameSampler nearly(Sampling::kAuto, {30, 1}, {8, 1});
  Sampled(nearly, ConstantRate(5000, {30000, 1001}));
  EXPECT_FALSE(nearly.by_timestamp()) << "0.1 % is what containers round away";
}

// AVI with B frames: a time comes twice, and the frames behind it are one frame early.
TEST(FrameSampler, ARepeatedTimeIsNoChangeOfRate) {
  std::vector<int64_t> times = ConstantRate(100, {25, 1});
  times.insert(times.begin() + 12, times[11]);
  times.insert(times.begin() + 24, times[23]);
  FrameSampler sampler(Sampling::kAuto, {25, 1}, {8, 1});
  std::vector<int> expected;
  for (int i = 0; i < static_cast<int>(times.size()); i += 3)
    expected.push_back(i);
  EXPECT_EQ(Sampled(sampler, times), expected);
  EXPECT_FALSE(sampler.by_timestamp());
}

TEST(FrameSampler, AFrameThatASeekHasCutShortIsNoIrregularity) {
  // 25 fps; the decoder moves the first frame's time to where the segment begins, 10 ms before the next frame.
  FrameSampler sampler(Sampling::kAuto, {25, 1}, {8, 1});
  constexpr int64_t kFrame = 40000000;
  for (int64_t i = 0; i < 10; ++i)
    sampler.Take(i * kFrame);
  sampler.Restart();
  sampler.Restart();  // by the flush, and by the segment after it
  EXPECT_TRUE(sampler.Take(51 * kFrame - 10000000));
  EXPECT_FALSE(sampler.Take(51 * kFrame));
  EXPECT_FALSE(sampler.Take(52 * kFrame));
  EXPECT_TRUE(sampler.Take(53 * kFrame)) << "every third, as before";
  EXPECT_FALSE(sampler.by_timestamp());
  sampler.Restart();
  sampler.Take(0);
  sampler.Take(4 * kFrame);
  EXPECT_TRUE(sampler.by_timestamp()) << "but one that is too long is one";
}

TEST(FrameSampler, RestartSamplesTheNextFrame) {
  FrameSampler sampler(Sampling::kStride, {32, 1}, {8, 1});
  EXPECT_TRUE(sampler.Take(0));
  EXPECT_FALSE(sampler.Take(1));
  sampler.Restart();
  EXPECT_TRUE(sampler.Take(2));
}

TEST(FrameSampler, RateChangeKeepsTheSpacing) {
  FrameSampler sampler(Sampling::kStride, {32, 1}, {8, 1});
  EXPECT_TRUE(sampler.Take(0));
  EXPECT_FALSE(sampler.Take(31 * kMs));
  sampler.SetSourceRate({16, 1});
  EXPECT_TRUE(sampler.Take(94 * kMs)) << "two frames after the last sample at a stride of 2";
}

TEST(FrameSampler, RefusesARateOfZero) {
  EXPECT_THROW(FrameSampler(Sampling::kAuto, {30, 1}, {0, 1}), std::invalid_argument);
}

TEST(FrameSampler, AChangeOfRateIsNotAnIrregularInterval) {
  for (const auto &[from, to] : {std::pair{8, 16}, {30, 60}, {60, 25}, {25, 50}, {30, 24}}) {
    FrameSampler sampler(Sampling::kAuto, {from, 1}, {8, 1});
    int64_t pts = 0;
    for (int i = 0; i < 10; ++i, pts += kSecond / from)
      sampler.Take(pts);
    sampler.SetSourceRate({to, 1});
    for (int i = 0; i < 10; ++i, pts += kSecond / to)
      sampler.Take(pts);
    EXPECT_FALSE(sampler.by_timestamp()) << from << " to " << to;
    EXPECT_FALSE(sampler.TakeIrregularInterval());
    sampler.Take(pts + kSecond);
    EXPECT_TRUE(sampler.by_timestamp()) << "a real one still is";
  }
}

}  // namespace
}  // namespace action
