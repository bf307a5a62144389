// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "action/chunk_builder.h"
#include "action/gap_detector.h"

namespace action {
namespace {

std::array<uint8_t, kFrameBytes> Picture(int number) {
  std::array<uint8_t, kFrameBytes> pixels;
  pixels.fill(static_cast<uint8_t>(number));
  return pixels;
}

FrameTime TimeOf(int number) {
  return {static_cast<uint64_t>(number) * 100, static_cast<uint64_t>(number) * 100 + 1,
          static_cast<uint64_t>(number) * 100 + 2, static_cast<uint64_t>(number) * 100 + 100};
}

// The first byte of each of a chunk's frames, without its context.
std::vector<int> FramesOf(const Chunk &chunk) {
  std::vector<int> numbers;
  for (int i = chunk.before; i < chunk.before + kChunkFrames; ++i)
    numbers.push_back(chunk.pixels[static_cast<size_t>(i) * kFrameBytes]);
  return numbers;
}

std::vector<Chunk> Feed(ChunkBuilder &builder, int count) {
  std::vector<Chunk> chunks;
  for (int i = 0; i < count; ++i) {
    if (auto chunk = builder.Add(Picture(i), TimeOf(i))) chunks.push_back(std::move(*chunk));
  }
  for (Chunk &chunk : builder.Finish(static_cast<uint64_t>(count) * 100))
    chunks.push_back(std::move(chunk));
  return chunks;
}

TEST(ChunkBuilder, EveryCountAndHop) {
  for (int hop = 1; hop <= 16; ++hop) {
    for (int count = 0; count <= 70; ++count) {
      ChunkBuilder builder(hop);
      const std::vector<Chunk> chunks = Feed(builder, count);
      const int expected = count == 0 ? 0 : 1 + (std::max(0, count - 16) + hop - 1) / hop;
      ASSERT_EQ(chunks.size(), static_cast<size_t>(expected)) << "hop " << hop << ", " << count << " samples";
      for (size_t k = 0; k < chunks.size(); ++k) {
        // Plainly: window k holds samples k*hop ... k*hop+15, the last sample repeated where there are none left.
        std::vector<int> frames;
        for (int i = 0; i < 16; ++i)
          frames.push_back(std::min(static_cast<int>(k) * hop + i, count - 1));
        ASSERT_EQ(FramesOf(chunks[k]), frames);
        const int real = std::min(16, count - static_cast<int>(k) * hop);
        EXPECT_EQ(chunks[k].frame_count, real);
        EXPECT_EQ(chunks[k].padded(), real < 16);
        EXPECT_EQ(chunks[k].discont, k == 0);
        EXPECT_EQ(chunks[k].time.timestamp, k * static_cast<size_t>(hop) * 100);
        EXPECT_EQ(chunks[k].pixels.size(), static_cast<size_t>(kChunkBytes));
        EXPECT_TRUE(k + 1 == chunks.size() || !chunks[k].padded()) << "only the last may be";
      }
    }
  }
}

TEST(ChunkBuilder, StepsShareOutTheTime) {
  for (int hop = 1; hop <= 16; ++hop) {
    for (int count = 1; count <= 70; ++count) {
      ChunkBuilder builder(hop);
      const std::vector<Chunk> chunks = Feed(builder, count);
      for (size_t k = 0; k < chunks.size(); ++k) {
        // Plainly: chunk k stands for the `hop` samples from number k * hop + (16 - hop) / 2 on.
        const int first = std::min(static_cast<int>(k) * hop + (16 - hop) / 2, count - 1);
        EXPECT_EQ(chunks[k].step.timestamp, TimeOf(first).timestamp);
        EXPECT_EQ(chunks[k].step.stream_time, TimeOf(first).stream_time);
        EXPECT_EQ(chunks[k].step.running_time, TimeOf(first).running_time);
        const bool last = k + 1 == chunks.size();
        if (!last) {
          EXPECT_EQ(chunks[k].step.end, chunks[k + 1].step.timestamp) << "hop " << hop << ", " << count << " samples";
        } else if (chunks[k].padded()) {
          EXPECT_EQ(chunks[k].step.end, static_cast<uint64_t>(count) * 100);
        }
      }
    }
  }
}

// With context the chunks are the same, later, and have the frames around them.
TEST(ChunkBuilder, Context) {
  for (const ChunkContext context : {ChunkContext{5, 5}, ChunkContext{12, 11}, ChunkContext{0, 3}}) {
    for (int hop = 1; hop <= 16; ++hop) {
      for (const int count : {0, 1, 3, 15, 16, 17, 20, 21, 22, 24, 26, 27, 28, 32, 33, 37, 40, 48, 53, 61}) {
        ChunkBuilder plain(hop), builder(hop, context);
        const std::vector<Chunk> expected = Feed(plain, count), chunks = Feed(builder, count);
        ASSERT_EQ(chunks.size(), expected.size());
        const int run_end = chunks.empty() ? 0 : (static_cast<int>(chunks.size()) - 1) * hop + 16;
        for (size_t k = 0; k < chunks.size(); ++k) {
          const Chunk &chunk = chunks[k];
          EXPECT_EQ(FramesOf(chunk), FramesOf(expected[k]));
          EXPECT_EQ(chunk.time, expected[k].time);
          EXPECT_EQ(chunk.step, expected[k].step);
          EXPECT_EQ(chunk.frame_count, expected[k].frame_count);
          EXPECT_EQ(chunk.discont, expected[k].discont);
          const int start = static_cast<int>(k) * hop;
          EXPECT_EQ(chunk.before, std::min(context.before, start));
          EXPECT_EQ(chunk.after, std::min(context.after, run_end - start - 16));
          const int frames = chunk.before + 16 + chunk.after;
          ASSERT_EQ(chunk.pixels.size(), static_cast<size_t>(frames) * kFrameBytes);
          for (int i = 0; i < frames; ++i)
            EXPECT_EQ(chunk.pixels[static_cast<size_t>(i) * kFrameBytes],
                      std::min(start - chunk.before + i, count - 1));
          EXPECT_EQ(chunk.first_frame, static_cast<uint64_t>(start - chunk.before));
        }
      }
    }
  }
  // It comes as soon as its context is there, and no frame of the next run follows on it.
  ChunkBuilder builder(4, {5, 5});
  for (int i = 0; i < 20; ++i)
    ASSERT_FALSE(builder.Add(Picture(i), TimeOf(i)));
  EXPECT_TRUE(builder.IsNearlyFull());
  ASSERT_TRUE(builder.Add(Picture(20), TimeOf(20)));
  const std::vector<Chunk> rest = builder.Finish(2100);
  EXPECT_EQ(rest.size(), 2u) << "windows from 4 and, padded, from 8 on";
  EXPECT_GT(Feed(builder, 3)[0].first_frame, rest.back().first_frame + 30);
}

// Whatever the hop becomes, steps follow on each other, and each is in the middle of its window.
TEST(ChunkBuilder, TheHopMayChange) {
  for (int before = 1; before <= 16; ++before) {
    for (int after = 1; after <= 16; ++after) {
      ChunkBuilder builder(before);
      std::vector<Chunk> chunks;
      for (int i = 0; i < 100; ++i) {
        if (chunks.size() == 2) builder.SetHop(after);
        if (auto chunk = builder.Add(Picture(i), TimeOf(i))) chunks.push_back(std::move(*chunk));
      }
      ASSERT_GT(chunks.size(), 3u);
      for (size_t k = 0; k < chunks.size(); ++k) {
        // Of the third chunk the length is still the old one: it is known when the one before it was built.
        const int hop = k <= 2 ? before : after;
        const int window = static_cast<int>(chunks[k].time.timestamp / 100);
        EXPECT_EQ(FramesOf(chunks[k]).front(), window);
        EXPECT_EQ(chunks[k].step.timestamp, static_cast<uint64_t>(window + (16 - hop) / 2) * 100);
        EXPECT_EQ(chunks[k].step.end - chunks[k].step.timestamp, static_cast<uint64_t>(hop) * 100);
        if (k > 0) {
          EXPECT_EQ(chunks[k].step.timestamp, chunks[k - 1].step.end) << before << " to " << after;
        }
      }
    }
  }
  EXPECT_THROW(ChunkBuilder().SetHop(17), std::invalid_argument);
}

TEST(ChunkBuilder, EndIsWhereTheNextSampleIsDue) {
  ChunkBuilder builder(16);
  const std::vector<Chunk> chunks = Feed(builder, 20);
  EXPECT_EQ(chunks[0].time.end, 1600u);
  EXPECT_EQ(chunks[1].time.end, 2000u) << "of the padded one: the end of the stream";
}

TEST(ChunkBuilder, StartsAnewAfterFinish) {
  ChunkBuilder builder(16);
  Feed(builder, 5);
  const std::vector<Chunk> chunks = Feed(builder, 3);
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_TRUE(chunks[0].discont);
  EXPECT_EQ(chunks[0].frame_count, 3);
}

TEST(ChunkBuilder, ResetForgets) {
  ChunkBuilder builder(16);
  builder.Add(Picture(1), TimeOf(1));
  builder.Reset();
  EXPECT_TRUE(builder.Finish(100).empty());
}

TEST(ChunkBuilder, RefusesBadHops) {
  EXPECT_THROW(ChunkBuilder(0), std::invalid_argument);
  EXPECT_THROW(ChunkBuilder(17), std::invalid_argument);
}

TEST(GapDetector, KnowsHolesFromLostFrames) {
  GapDetector gaps(1000);
  EXPECT_FALSE(gaps.IsBreak(5000)) << "nothing came before";
  gaps.Add(0, 40);
  EXPECT_EQ(gaps.end(), 40);
  EXPECT_FALSE(gaps.IsBreak(80));
  EXPECT_FALSE(gaps.IsBreak(1040));
  EXPECT_TRUE(gaps.IsBreak(1041));
  gaps.Add(5000, 0);
  EXPECT_EQ(gaps.end(), 10000) << "no duration: the last interval";
  EXPECT_TRUE(gaps.IsBreak(3999)) << "back by more than the threshold";
  EXPECT_FALSE(gaps.IsBreak(4000));
}

}  // namespace
}  // namespace action
