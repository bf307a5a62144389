// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

#include "record/sound_track.h"

namespace action {
namespace {

constexpr int64_t kRate = kSoundRate;

GstClockTime TimeOf(int64_t sample) {
  return gst_util_uint64_scale(static_cast<guint64>(sample), GST_SECOND, kRate);
}

// Samples `first` to `first + count` of a sound whose samples say their own number: the low half left, the high half
// right; from 1 on, so that none is silence.
BufferPtr Piece(int64_t first, int64_t count, GstClockTime time) {
  std::vector<uint32_t> samples(static_cast<size_t>(count));
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<uint32_t>(first) + static_cast<uint32_t>(i) + 1;
  BufferPtr buffer(gst_buffer_new_memdup(samples.data(), samples.size() * sizeof(uint32_t)));
  GST_BUFFER_PTS(buffer.get()) = time;
  return buffer;
}

// What a track has given so far: the number of each sample (0: silence). Its buffers must follow on each other.
class Given {
 public:
  void Take(std::vector<BufferPtr> pieces) {
    for (const BufferPtr &piece : pieces) {
      EXPECT_EQ(GST_BUFFER_PTS(piece.get()), TimeOf(static_cast<int64_t>(samples_.size())));
      GstMapInfo map;
      ASSERT_TRUE(gst_buffer_map(piece.get(), &map, GST_MAP_READ));
      const auto *first = reinterpret_cast<const uint32_t *>(map.data);
      samples_.insert(samples_.end(), first, first + map.size / sizeof(uint32_t));
      gst_buffer_unmap(piece.get(), &map);
    }
  }
  const std::vector<uint32_t> &samples() const { return samples_; }

 private:
  std::vector<uint32_t> samples_;
};

// Two files of a stream that is cut at any place have each sample once.
TEST(SoundTrack, CutsLoseAndDoubleNothing) {
  std::minstd_rand random(7);
  for (int round = 0; round < 50; ++round) {
    const int64_t begin = random() % kRate, cut = begin + random() % (2 * kRate), end = cut + random() % (2 * kRate);
    SoundTrack before(TimeOf(begin)), after(TimeOf(cut));
    before.SetEnd(TimeOf(cut));
    after.SetEnd(TimeOf(end));
    Given first, second;
    for (int64_t at = 0; at < end + kRate;) {
      const auto count = static_cast<int64_t>(1 + random() % 3000);
      const BufferPtr piece = Piece(at, count, TimeOf(at));
      first.Take(before.Add(piece.get()));
      second.Take(after.Add(piece.get()));
      at += count;
    }
    EXPECT_TRUE(before.complete() && after.complete());
    std::vector<uint32_t> all = first.samples();
    all.insert(all.end(), second.samples().begin(), second.samples().end());
    ASSERT_NEAR(static_cast<double>(all.size()), static_cast<double>(end - begin), 1);  // times are rounded to ns
    for (size_t i = 0; i < all.size(); ++i)
      ASSERT_NEAR(all[i], static_cast<double>(begin) + static_cast<double>(i) + 1, 1) << round << ", " << i;
  }
}

// Times that jitter make no holes; a clock that runs away is followed.
TEST(SoundTrack, FollowsTimes) {
  constexpr int64_t kCount = 1024, kMost = kRate * 40 / 1000;
  std::minstd_rand random(3);
  SoundTrack jittering(0), drifting(0);
  Given steady, followed;
  for (int64_t i = 0; i < 2000; ++i) {
    const int64_t jitter = i == 0 ? 0 : static_cast<int64_t>(random() % kMost) - kMost / 2;
    steady.Take(jittering.Add(Piece(i * kCount, kCount, TimeOf(i * kCount + jitter)).get()));
    // 1 % slower than it should be.
    followed.Take(drifting.Add(Piece(i * kCount, kCount, TimeOf(i * kCount + i * kCount / 100)).get()));
  }
  ASSERT_EQ(steady.samples().size(), 2000U * kCount);
  for (size_t i = 0; i < steady.samples().size(); ++i)
    ASSERT_EQ(steady.samples()[i], i + 1);
  for (size_t at = 0; at < followed.samples().size(); ++at) {
    const int64_t number = followed.samples()[at];
    if (number == 0) continue;
    const int64_t should = (number - 1) + (number - 1) / kCount * kCount / 100;
    ASSERT_LE(std::abs(static_cast<int64_t>(at) - should), kMost + 1) << number;
  }
}

TEST(SoundTrack, HolesAreSilence) {
  SoundTrack track(GST_SECOND);
  Given given;
  given.Take(track.Add(Piece(0, kRate / 2, 2 * GST_SECOND).get()));  // a second late
  given.Take(track.Add(Piece(0, kRate / 2, 2 * GST_SECOND).get()));  // once more
  given.Take(track.Add(Piece(0, 100, 0).get()));                     // of the file before
  given.Take(track.Add(Piece(0, 100, 30 * GST_SECOND).get()));       // a time that is wrong
  given.Take(track.Add(Piece(0, 100, GST_CLOCK_TIME_NONE).get()));   // none
  given.Take(track.FillUntil(5 * GST_SECOND));
  given.Take(track.FillUntil(3 * GST_SECOND));                               // there is sound already
  given.Take(track.Add(Piece(7 * kRate, kRate, 7 * GST_SECOND / 2).get()));  // too late: silence was given
  track.SetEnd(8 * GST_SECOND);
  EXPECT_FALSE(track.complete());
  given.Take(track.FillUntil(20 * GST_SECOND));
  EXPECT_TRUE(track.complete());
  given.Take(track.Add(Piece(0, kRate, 8 * GST_SECOND).get()));  // of the next file
  ASSERT_EQ(given.samples().size(), 7U * kRate);
  for (size_t i = 0; i < given.samples().size(); ++i) {
    const bool sound = i >= kRate && i < kRate * 3 / 2;
    ASSERT_EQ(given.samples()[i], sound ? i - kRate + 1 : 0) << i;
  }
}

TEST(SoundTrack, EndsAtOnce) {
  SoundTrack track(GST_SECOND);
  track.SetEnd(GST_SECOND);
  EXPECT_TRUE(track.complete());
  EXPECT_TRUE(track.Add(Piece(0, 100, GST_SECOND).get()).empty());
  EXPECT_TRUE(track.FillUntil(0).empty());
}

}  // namespace
}  // namespace action
