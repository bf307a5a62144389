// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which pictures actionskip takes out, and how it reads what they say. That the features stay the same, the test in
// tests/pipeline sees.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "actionskip/coded_picture.h"
#include "actionskip/skip_planner.h"

namespace action {
namespace {

using Place = SkipPlanner::Place;

constexpr int64_t kFrame = 40'000'000;  // ns, 25 a second

// A stream in the order of decoding: groups of an anchor and the B pictures before it, some of which are referred to.
std::vector<SkipPlanner::Picture> RandomStream(std::minstd_rand &random, int frames) {
  std::vector<SkipPlanner::Picture> stream;
  constexpr int64_t kDelay = 4 * kFrame;  // so that no picture is shown before it is decoded
  int shown = 0;
  while (shown < frames) {
    const int between = stream.empty() ? 0 : static_cast<int>(random() % 4);
    stream.push_back({(shown + between) * kFrame + kDelay, 0, kFrame, true});
    std::vector<int> order(static_cast<size_t>(between));
    for (int i = 0; i < between; ++i)
      order[static_cast<size_t>(i)] = shown + i;
    std::shuffle(order.begin(), order.end(), random);
    for (const int place : order)
      stream.push_back({place * kFrame + kDelay, 0, kFrame, random() % 3 == 0});
    shown += between + 1;
  }
  for (size_t i = 0; i < stream.size(); ++i)
    stream[i].dts = static_cast<int64_t>(i) * kFrame;
  // As early as can be: one picture at least is shown at the very moment at which it is decoded.
  int64_t least = kDelay;
  for (const auto &picture : stream)
    least = std::min(least, picture.pts - *picture.dts);
  for (auto &picture : stream)
    picture.pts -= least;
  return stream;
}

// What is kept, in the order of decoding, and all pictures in the order of showing, as r3dfeatures puts them together.
struct Outcome {
  std::vector<SkipPlanner::Picture> kept;
  std::vector<int64_t> shown;
};

// Of pictures that lie before or after what is played, r3dfeatures sees nothing.
Outcome OutcomeOf(SkipPlanner &planner, const std::vector<SkipPlanner::Picture> &stream) {
  Outcome outcome;
  size_t next = 0;
  std::vector<std::pair<int64_t, std::vector<int64_t>>> left;
  const auto take = [&](const std::vector<SkipPlanner::Plan> &plans) {
    for (const SkipPlanner::Plan &plan : plans) {
      const SkipPlanner::Picture &picture = stream.at(next++);
      if (!plan.keep) {
        EXPECT_TRUE(plan.skipped.empty());
        continue;
      }
      outcome.kept.push_back(picture);
      std::vector<int64_t> before;
      for (const auto &skipped : plan.skipped) {
        EXPECT_EQ(skipped.duration, kFrame);
        before.push_back(skipped.pts);
      }
      if (picture.place == Place::kInside) {
        left.emplace_back(picture.pts, before);
      } else {
        EXPECT_TRUE(before.empty());
      }
    }
  };
  for (const SkipPlanner::Picture &picture : stream)
    take(planner.Add(picture));
  take(planner.End());
  EXPECT_EQ(next, stream.size());
  std::ranges::sort(left);
  for (const auto &[pts, before] : left) {
    outcome.shown.insert(outcome.shown.end(), before.begin(), before.end());
    outcome.shown.push_back(pts);
  }
  return outcome;
}

std::vector<int64_t> InOrderOfShowing(const std::vector<SkipPlanner::Picture> &stream) {
  std::vector<int64_t> times;
  for (const auto &picture : stream) {
    if (picture.place == Place::kInside) times.push_back(picture.pts);
  }
  std::ranges::sort(times);
  return times;
}

// Every third picture that is played is kept, and all that others refer to, and the last; whoever puts the rest
// together knows of each picture, in order.
void ExpectOnlyTheNeeded(SkipPlanner &planner, const std::vector<SkipPlanner::Picture> &stream) {
  const Outcome outcome = OutcomeOf(planner, stream);
  ASSERT_EQ(planner.gave_up(), nullptr) << planner.gave_up();
  const std::vector<int64_t> times = InOrderOfShowing(stream);
  ASSERT_EQ(outcome.shown, times);
  std::set<int64_t> kept;
  for (const auto &picture : outcome.kept)
    kept.insert(picture.pts);
  for (const auto &picture : stream) {
    const auto number = static_cast<size_t>(std::ranges::lower_bound(times, picture.pts) - times.begin());
    const bool sampled = picture.place == Place::kInside && (number % 3 == 0 || number + 1 == times.size());
    ASSERT_EQ(kept.contains(picture.pts), picture.referenced || sampled) << "picture " << number;
  }
}

TEST(SkipPlanner, OnlyWhatNobodyNeedsGoes) {
  std::minstd_rand random(5);
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(round);
    SkipPlanner planner(Sampling::kAuto, {25, 1}, {8, 1});
    ExpectOnlyTheNeeded(planner, RandomStream(random, 60 + static_cast<int>(random() % 60)));
  }
}

// A part from within a picture on, as after a seek, to the middle or to the end; several of one stream.
TEST(SkipPlanner, OfAPartOnlyWhatIsPlayedCounts) {
  std::minstd_rand random(6);
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(round);
    SkipPlanner planner(Sampling::kAuto, {25, 1}, {8, 1});
    auto stream = RandomStream(random, 60 + static_cast<int>(random() % 60));
    const auto times = InOrderOfShowing(stream);
    for (int part = 0; part < 3; ++part) {
      const size_t first = random() % 30, end = first + 1 + random() % (times.size() - first);
      const int64_t cut = part == 0 ? 0 : static_cast<int64_t>(random() % kFrame);
      for (auto &picture : stream) {
        picture.place = picture.pts < times[first]                        ? Place::kBefore
                        : end < times.size() && picture.pts >= times[end] ? Place::kAfter
                                                                          : Place::kInside;
        picture.cut = picture.pts == times[first] ? cut : 0;
      }
      ExpectOnlyTheNeeded(planner, stream);
      planner.Restart();
    }
  }
}

// Without decoding times: what comes before an IDR picture is shown before it.
TEST(SkipPlanner, GroupsWithoutDecodingTimes) {
  std::minstd_rand random(7);
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(round);
    auto stream = RandomStream(random, 60 + static_cast<int>(random() % 60));
    int64_t latest = 0;
    size_t groups = 0, most_waiting = 0, begin = 0;
    for (size_t i = 0; i < stream.size(); ++i) {
      stream[i].dts.reset();
      // An anchor that everything before it is shown before.
      const bool could = i == 0 || (stream[i].referenced && stream[i].pts == latest + kFrame);
      stream[i].instantaneous_refresh = could && (i == 0 || random() % 4 == 0);
      latest = std::max(latest, stream[i].pts);
      if (!stream[i].instantaneous_refresh) continue;
      ++groups;
      most_waiting = std::max(most_waiting, i - std::exchange(begin, i));
    }
    SkipPlanner planner(Sampling::kAuto, {25, 1}, {8, 1});
    ExpectOnlyTheNeeded(planner, stream);
    // Each group leaves when the next one begins.
    planner.Restart();
    size_t waiting = 0, most = 0;
    for (const auto &picture : stream) {
      waiting += 1 - planner.Add(picture).size();
      most = std::max(most, waiting);
    }
    ASSERT_LE(most, std::max(most_waiting, stream.size() - begin));
    ASSERT_GT(groups, 0U);
  }
  // Some have one, some not.
  SkipPlanner planner(Sampling::kAuto, {25, 1}, {8, 1});
  planner.Add({0, 0, kFrame, true, true});
  EXPECT_EQ(planner.Add({kFrame, std::nullopt, kFrame, true}).size(), 2U);
  EXPECT_NE(planner.gave_up(), nullptr);
}

// Whatever is amiss: from there on everything is kept, and still nothing is forgotten.
TEST(SkipPlanner, KeepsEverythingFromTheFirstDoubtOn) {
  std::minstd_rand random(9);
  for (int round = 0; round < 300; ++round) {
    auto stream = RandomStream(random, 90);
    const size_t at = 20 + random() % 50;
    const int kind = round % 4;
    if (kind == 0) {  // it comes at half the rate from here on
      for (size_t i = at; i < stream.size(); ++i) {
        stream[i].pts += (stream[i].pts - *stream[at].dts) + 8 * kFrame;
        *stream[i].dts += (*stream[i].dts - *stream[at].dts) + 8 * kFrame;
      }
    } else if (kind == 1) {
      stream[at].dts = stream[at - 1].dts;
    } else if (kind == 2) {
      stream[at].pts = *stream[at].dts - 1;
    } else {
      stream[at].pts = stream[at - 12].pts;  // once more
    }
    SkipPlanner planner(Sampling::kAuto, {25, 1}, {8, 1});
    const Outcome outcome = OutcomeOf(planner, stream);
    ASSERT_NE(planner.gave_up(), nullptr) << kind;
    std::vector<int64_t> told = outcome.shown;
    if (kind == 3) std::ranges::sort(told);  // shown twice
    ASSERT_EQ(told, InOrderOfShowing(stream)) << kind;
    std::set<std::pair<int64_t, int64_t>> kept;
    for (const auto &picture : outcome.kept)
      kept.insert({*picture.dts, picture.pts});
    for (size_t i = at + 10; i < stream.size(); ++i)
      ASSERT_TRUE(kept.contains({*stream[i].dts, stream[i].pts})) << kind << ", " << i;
  }
}

// Recordings that were put one behind the other: the times begin anew, and decoding times too or not.
TEST(SkipPlanner, WhatIsPutBehindIsNotBefore) {
  std::minstd_rand random(11);
  for (int round = 0; round < 300; ++round) {
    const auto film = RandomStream(random, 60);
    auto stream = film;
    for (auto picture : film) {
      if (round % 2 == 0) *picture.dts += 60 * kFrame + 4 * kFrame;
      stream.push_back(picture);
    }
    SkipPlanner planner(Sampling::kAuto, {25, 1}, {8, 1});
    std::vector<std::pair<size_t, std::vector<SkipPlanner::Skipped>>> kept;
    size_t next = 0;
    const auto take = [&](const std::vector<SkipPlanner::Plan> &plans) {
      for (const auto &plan : plans) {
        if (plan.keep) kept.emplace_back(next, plan.skipped);
        ++next;
      }
    };
    for (const auto &picture : stream)
      take(planner.Add(picture));
    take(planner.End());
    // What is told was there, before its picture and of the same film.
    size_t told = 0;
    for (const auto &[number, skipped] : kept) {
      for (const auto &one : skipped) {
        ASSERT_LT(one.pts, stream[number].pts);
        ASSERT_LT(number, film.size());
      }
      told += skipped.size();
    }
    ASSERT_EQ(kept.size() + told, stream.size());
    ASSERT_NE(planner.gave_up(), nullptr);
  }
}

TEST(SkipPlanner, DoesNotWaitForEver) {
  SkipPlanner planner(Sampling::kAuto, {25, 1}, {8, 1});
  size_t decided = 0;
  for (int64_t i = 0; i < 500; ++i)
    decided += planner.Add({i * kFrame + 1000 * kFrame, i, kFrame, false}).size();
  EXPECT_NE(planner.gave_up(), nullptr);
  EXPECT_EQ(decided, 500U);
  SkipPlanner without(Sampling::kAuto, {25, 1}, {8, 1});
  decided = 0;
  for (int64_t i = 0; i < 2000; ++i)
    decided += without.Add({i * kFrame, std::nullopt, kFrame, false, i == 0}).size();
  EXPECT_NE(without.gave_up(), nullptr);
  EXPECT_EQ(decided, 2000U);
}

std::vector<uint8_t> WithLength(std::vector<uint8_t> unit, int size) {
  std::vector<uint8_t> bytes;
  for (int i = size - 1; i >= 0; --i)
    bytes.push_back(static_cast<uint8_t>(unit.size() >> (8 * i)));
  bytes.insert(bytes.end(), unit.begin(), unit.end());
  return bytes;
}

std::vector<uint8_t> operator+(std::vector<uint8_t> a, const std::vector<uint8_t> &b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(CodedPicture, H264) {
  const std::vector<uint8_t> idr = {0x65, 1, 2}, referenced = {0x41, 1}, alone = {0x01, 1}, words = {0x06, 5},
                             layer = {0x14, 1};
  for (const int size : {1, 2, 4}) {
    CodedPictureReader reader({Codec::kH264, size});
    const auto read = [&](std::vector<std::vector<uint8_t>> units) {
      std::vector<uint8_t> bytes;
      for (auto &unit : units)
        bytes = bytes + WithLength(unit, size);
      return reader.Read(bytes);
    };
    EXPECT_TRUE(read({words, idr}).instantaneous_refresh && read({idr}).referenced);
    EXPECT_TRUE(read({referenced}).referenced && !read({referenced}).instantaneous_refresh);
    EXPECT_FALSE(read({words, alone, alone}).referenced);
    EXPECT_TRUE(read({alone, referenced}).referenced);  // slices that do not agree
    EXPECT_TRUE(read({alone, layer}).referenced);       // of another layer
    EXPECT_TRUE(read({words}).referenced);              // no picture at all
    EXPECT_TRUE(reader.Read({}).referenced);
    auto torn = WithLength(alone, size);
    torn.pop_back();
    EXPECT_TRUE(reader.Read(torn).referenced);
  }
  CodedPictureReader bytes({Codec::kH264, 0});
  const std::vector<uint8_t> start = {0, 0, 1}, longer = {0, 0, 0, 1};
  EXPECT_FALSE(bytes.Read(longer + words + start + alone + start + alone).referenced);
  EXPECT_TRUE(bytes.Read(longer + alone + start + referenced).referenced);
  EXPECT_TRUE(bytes.Read(longer + words + longer + idr).instantaneous_refresh);
}

TEST(CodedPicture, H265) {
  // Two bytes of header: type, layer, temporal layer + 1.
  const auto unit = [](int type, int layer, int temporal, uint8_t next) {
    return std::vector<uint8_t>{static_cast<uint8_t>(type << 1 | layer >> 5),
                                static_cast<uint8_t>((layer & 31) << 3 | temporal), next, 0};
  };
  const std::vector<uint8_t> one = unit(33, 0, 1, 0x01), three = unit(33, 0, 1, 0x05);  // sequence parameter sets
  CodedPictureReader reader({Codec::kH265, 4});
  const auto read = [&](const std::vector<uint8_t> &bytes) { return reader.Read(WithLength(bytes, 4)); };
  EXPECT_TRUE(read(unit(0, 0, 1, 0)).referenced);  // before it is known how many layers there are
  reader.Read(WithLength(one, 4) + WithLength(unit(19, 0, 1, 0), 4));
  EXPECT_TRUE(read(unit(19, 0, 1, 0)).instantaneous_refresh && read(unit(20, 0, 1, 0)).instantaneous_refresh);
  EXPECT_FALSE(read(unit(21, 0, 1, 0)).instantaneous_refresh);  // CRA
  for (const int type : {0, 2, 4, 6, 8, 10, 12, 14})
    EXPECT_FALSE(read(unit(type, 0, 1, 0)).referenced) << type;
  for (const int type : {1, 3, 5, 7, 9, 16, 19, 20, 21, 31})
    EXPECT_TRUE(read(unit(type, 0, 1, 0)).referenced) << type;
  EXPECT_TRUE(read(unit(0, 0, 2, 0)).referenced);  // of a higher temporal layer
  EXPECT_TRUE(read(unit(0, 1, 1, 0)).referenced);  // of another layer
  reader.Read(WithLength(three, 4));
  EXPECT_TRUE(read(unit(0, 0, 1, 0)).referenced);
  // The parameter sets of hvcC.
  std::vector<uint8_t> data(22, 0);
  data[0] = 1;
  data[21] = 0xfd;
  const auto array = std::vector<uint8_t>{1, 33, 0, 1, 0, 4};
  ASSERT_EQ(CodedPictureReader::FormatOf(Codec::kH265, data + array + one)->length_size, 2);
  CodedPictureReader told({Codec::kH265, 2});
  told.ReadCodecData(data + array + one);
  EXPECT_FALSE(told.Read(WithLength(unit(0, 0, 1, 0), 2)).referenced);
  EXPECT_FALSE(CodedPictureReader::FormatOf(Codec::kH265, std::vector<uint8_t>(21, 1)));
  EXPECT_FALSE(CodedPictureReader::FormatOf(Codec::kH264, std::vector<uint8_t>{0, 0, 0, 0, 3}));
  EXPECT_EQ(CodedPictureReader::FormatOf(Codec::kH264, std::vector<uint8_t>{1, 100, 0, 30, 0xff})->length_size, 4);
}

// Whatever the bytes are: nothing is read that is not there (run it with sanitizers).
TEST(CodedPicture, AnyBytes) {
  std::minstd_rand random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<uint8_t> bytes(random() % 60);
    for (uint8_t &byte : bytes)
      byte = static_cast<uint8_t>(random() % 4 == 0 ? random() % 256 : random() % 3);
    for (const Codec codec : {Codec::kH264, Codec::kH265}) {
      CodedPictureReader reader({codec, static_cast<int>(random() % 5)});
      reader.ReadCodecData(bytes);
      reader.Read(bytes);
      CodedPictureReader::FormatOf(codec, bytes);
    }
  }
}

}  // namespace
}  // namespace action
