// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which time on the timeline a frame has.
#include <gtest/gtest.h>

#include <vector>

#include "action/timeline/stream_clock.h"

namespace action {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kFrame = kSecond / 10;

StreamFrame At(int64_t time, int64_t stream_less_by = 0, int64_t running_more_by = 0) {
  StreamFrame frame;
  frame.timestamp = static_cast<uint64_t>(time);
  frame.stream_time = static_cast<uint64_t>(time - stream_less_by);
  frame.running_time = static_cast<uint64_t>(time + running_more_by);
  frame.duration = static_cast<uint64_t>(kFrame);
  return frame;
}

// Timeline times of frames with these times, all three the same.
std::vector<int64_t> TimelineOf(StreamClock &clock, const std::vector<int64_t> &times) {
  std::vector<int64_t> result;
  for (const int64_t time : times)
    result.push_back(clock.Add(At(time))->timeline);
  return result;
}

std::vector<int64_t> Frames(int64_t from, int count) {
  std::vector<int64_t> times;
  for (int i = 0; i < count; ++i)
    times.push_back(from + i * kFrame);
  return times;
}

FrameTime ChunkAt(int64_t time) {
  FrameTime chunk;
  chunk.timestamp = chunk.stream_time = chunk.running_time = static_cast<uint64_t>(time);
  return chunk;
}

TEST(StreamClock, CountsFromTheFirstFrameOrFromStreamTimeZero) {
  StreamClock from_frame(TimeOrigin::kFirstFrame), from_stream(TimeOrigin::kStream);
  from_frame.BeginSegment(1);
  from_stream.BeginSegment(1);
  EXPECT_EQ(TimelineOf(from_frame, {5 * kSecond, 6 * kSecond}), (std::vector<int64_t>{0, kSecond}));
  EXPECT_EQ(TimelineOf(from_stream, {5 * kSecond, 6 * kSecond}), (std::vector<int64_t>{5 * kSecond, 6 * kSecond}));
}

// Two files one after the other: stream time begins anew, running time goes on.
TEST(StreamClock, SecondFileGoesOnWhereTheFirstEnded) {
  StreamClock clock(TimeOrigin::kFirstFrame);
  clock.BeginSegment(1);
  TimelineOf(clock, Frames(0, 20));
  clock.BeginSegment(1);
  const auto place = clock.Add(At(0, 0, 2 * kSecond));
  EXPECT_EQ(place->timeline, 2 * kSecond);
  EXPECT_EQ(place->position, 2 * kSecond);
  EXPECT_TRUE(place->connected);
  EXPECT_FALSE(place->jumped_back);
}

TEST(StreamClock, HoleInAStream) {
  StreamClock clock(TimeOrigin::kFirstFrame);
  clock.BeginSegment(1);
  TimelineOf(clock, Frames(0, 10));
  const auto place = clock.Add(At(5 * kSecond));
  EXPECT_EQ(place->timeline, 5 * kSecond);
  EXPECT_EQ(place->previous_end, kSecond);
  EXPECT_FALSE(place->connected);
}

// A camera that is restarted: PTS begin at 0 again, and no event says so. Times are those of a stream that runs on.
TEST(StreamClock, TimeThatBeginsAnewByItself) {
  StreamClock clock(TimeOrigin::kFirstFrame), monotonic(TimeOrigin::kFirstFrame);
  clock.BeginSegment(1);
  monotonic.BeginSegment(1);
  std::vector<int64_t> times = Frames(0, 60);
  const std::vector<int64_t> again = Frames(0, 30);
  times.insert(times.end(), again.begin(), again.end());
  EXPECT_EQ(TimelineOf(clock, times), TimelineOf(monotonic, Frames(0, 90)));
}

TEST(StreamClock, TimeThatJumpsForthAndBack) {
  StreamClock clock(TimeOrigin::kFirstFrame);
  clock.BeginSegment(1);
  TimelineOf(clock, Frames(0, 20));                                             // to 2 s
  EXPECT_EQ(TimelineOf(clock, Frames(10 * kSecond, 1)).front(), 10 * kSecond);  // a hole of 8 s
  const auto back = clock.Add(At(3 * kSecond));
  EXPECT_TRUE(back->jumped_back);
  EXPECT_EQ(back->timeline, 10 * kSecond + kFrame) << "goes on where it was";
  EXPECT_EQ(clock.Add(At(3 * kSecond + kFrame))->timeline, 10 * kSecond + 2 * kFrame);
}

// Frames that come out of order by less than a second are not a new beginning.
TEST(StreamClock, JitterIsNoJump) {
  StreamClock clock(TimeOrigin::kFirstFrame);
  clock.BeginSegment(1);
  EXPECT_EQ(TimelineOf(clock, {0, 2 * kFrame, kFrame, 3 * kFrame, 3 * kFrame, 4 * kFrame}),
            (std::vector<int64_t>{0, 2 * kFrame, kFrame, 3 * kFrame, 3 * kFrame, 4 * kFrame}));
}

// The chunks of the first 6 s may be computed after time began anew: they are found where they were.
TEST(StreamClock, LateChunksOfBeforeAJumpAreInTheirOwnPiece) {
  StreamClock clock(TimeOrigin::kFirstFrame);
  clock.BeginSegment(1);
  TimelineOf(clock, Frames(0, 60));
  TimelineOf(clock, Frames(0, 60));
  EXPECT_EQ(clock.PositionOfChunk(ChunkAt(0), true), 0) << "the first, though both pieces have such a time";
  EXPECT_EQ(clock.PositionOfChunk(ChunkAt(2 * kSecond), false), 2 * kSecond);
  EXPECT_EQ(clock.PositionOfChunk(ChunkAt(4 * kSecond), false), 4 * kSecond);
  EXPECT_EQ(clock.PositionOfChunk(ChunkAt(0), true), 6 * kSecond);
  EXPECT_EQ(clock.PositionInChunk(ChunkAt(kSecond)), 7 * kSecond);
  EXPECT_EQ(clock.PositionOfChunk(ChunkAt(2 * kSecond), false), 8 * kSecond);
}

TEST(StreamClock, FlushPlacesAnewAndKeepsTheOrigin) {
  StreamClock clock(TimeOrigin::kFirstFrame);
  clock.BeginSegment(1);
  TimelineOf(clock, Frames(kSecond, 10));
  clock.Flush();
  EXPECT_FALSE(clock.started());
  EXPECT_TRUE(clock.seen_frames());
  clock.BeginSegment(1);
  EXPECT_EQ(TimelineOf(clock, {31 * kSecond}).front(), 30 * kSecond);
}

TEST(StreamClock, RateOfASegment) {
  StreamClock clock(TimeOrigin::kFirstFrame);
  clock.BeginSegment(2);  // 2 s of stream in 1 s of running time
  StreamFrame frame = At(0);
  for (int i = 0; i < 20; ++i) {
    frame.timestamp = frame.stream_time = static_cast<uint64_t>(i * kFrame);
    frame.running_time = static_cast<uint64_t>(i * kFrame / 2);
    clock.Add(frame);
  }
  const auto times = clock.TimesOf(kSecond, 2 * kSecond);
  EXPECT_EQ(times->start, kSecond);
  EXPECT_EQ(times->end, 2 * kSecond);
  EXPECT_EQ(times->running_time, kSecond / 2);
}

TEST(StreamClock, WallClockOfAStretchIsThatOfItsStart) {
  StreamClock clock(TimeOrigin::kFirstFrame);
  clock.BeginSegment(1);
  clock.Add(At(0));
  clock.SetWallClock(1000 * kSecond, "reference-timestamp");
  clock.Add(At(kSecond));
  clock.SetWallClock(1001 * kSecond + kSecond / 2, "reference-timestamp");  // set right by half a second
  EXPECT_EQ(clock.TimesOf(0, 2 * kSecond)->wall_clock,
            (WallClock{1000 * kSecond, 1002 * kSecond, "reference-timestamp"}));
  EXPECT_EQ(clock.TimesOf(kSecond, 2 * kSecond)->wall_clock,
            (WallClock{1001 * kSecond + kSecond / 2, 1002 * kSecond + kSecond / 2, "reference-timestamp"}));
  clock.Add(At(2 * kSecond));
  clock.SetWallClock(500 * kSecond, "pipeline-clock");  // by another clock, and far back
  EXPECT_EQ(clock.TimesOf(kSecond, 3 * kSecond)->wall_clock,
            (WallClock{1001 * kSecond + kSecond / 2, 1003 * kSecond + kSecond / 2, "reference-timestamp"}));
}

TEST(StreamClock, TimesThatAreTooLargeAreNone) {
  StreamClock clock(TimeOrigin::kFirstFrame);
  clock.BeginSegment(1);
  StreamFrame frame = At(0);
  frame.timestamp = uint64_t{1} << 63;
  EXPECT_FALSE(clock.Add(frame));
  EXPECT_FALSE(clock.started());
}

}  // namespace
}  // namespace action
