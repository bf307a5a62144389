// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What timelinesmooth makes of holes, new streams and times that jump.
#include "action/timeline/timeline_file.h"
#include "smoothed_stream.h"

namespace test {
namespace {

// The step of the 16 frames from this time on.
action::ChunkFacts ChunkAt(uint64_t index, GstClockTime time, bool discont) {
  action::ChunkFacts facts = FactsOf(0);
  facts.index = index;
  facts.discont = discont;
  for (action::FrameTime *one : {&facts.time, &facts.step}) {
    one->timestamp = one->stream_time = one->running_time = time;
    one->end = time + 16 * kFrame;
  }
  return facts;
}

class StreamChanges : public TimelineSmooth {
 protected:
  // A step of 16 frames, and one frame that has its label at once (immediate).
  void PushLabelled() {
    PushFrames(0, 16);
    EXPECT_EQ(PullLabels(16), std::string(16, '-'));
    PushStep(0, 0);
    PushFrames(16, 17);
    EXPECT_EQ(PullLabel(), "a");
  }
};

// ---- A stream that pauses

// r3dfeatures has said that the frames so far have all their chunks: nothing more comes that they could wait for.
TEST_F(StreamChanges, TheEndOfARunLetsFramesGo) {
  for (const bool group_done : {false, true}) {
    Make("timelinesmooth window=9 min-duration=0");
    Begin();
    PushStream("aab");
    EXPECT_EQ(gst_harness_buffers_in_queue(harness_), 0u);
    Push(group_done ? gst_event_new_stream_group_done(1) : action::NewRunEndEvent());
    EXPECT_EQ(PullLabels(48), std::string(48, 'a'));
    // And frames that follow on them go on in the same timeline.
    for (uint64_t k = 3; k < 5; ++k) {
      PushFrames(static_cast<int>(k) * 16, static_cast<int>(k) * 16 + 16);
      Push(StepEvent(ChunkAt(k, k * 16 * kFrame, k == 3), ScoresOf(2)));
    }
    PushEos();
    EXPECT_EQ(PullLabels(32), std::string(32, 'c'));
    WaitForEvent(GST_EVENT_EOS);
    EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-6 a_va measured", "6-10 c measured"}));
  }
}

// ---- Labels that say nothing any more

TEST_F(StreamChanges, AfterAHoleImmediateFramesHaveNoLabel) {
  Make("timelinesmooth window=1 sync-mode=immediate");
  Begin();
  PushLabelled();
  PushFrames(17, 32);  // whose step is late
  EXPECT_EQ(PullLabels(15), std::string(15, 'a'));
  for (int i = 0; i < 16; ++i)
    PushFrame(60 * GST_SECOND + static_cast<GstClockTime>(i) * kFrame);
  EXPECT_EQ(PullLabels(16), std::string(16, '-'));
  PushStep(1, 1);
  PushFrame(60 * GST_SECOND + 16 * kFrame);
  EXPECT_EQ(PullLabel(), "-") << "a step of before the hole says nothing of what is behind it";
  Push(StepEvent(ChunkAt(2, 60 * GST_SECOND, true), ScoresOf(2)));
  PushFrame(60 * GST_SECOND + 17 * kFrame);
  EXPECT_EQ(PullLabel(), "c");
}

TEST_F(StreamChanges, ImmediateFramesOfANewStreamHaveNoLabel) {
  Make("timelinesmooth window=1 sync-mode=immediate");
  Begin();
  PushLabelled();
  Push(gst_event_new_stream_start("second"));  // as concat sends it
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = 17 * kFrame;
  Push(gst_event_new_segment(&segment));
  PushFrames(0, 16);
  EXPECT_EQ(PullLabels(16), std::string(16, '-'));
}

TEST_F(StreamChanges, ImmediateFramesOfASegmentThatFollowsOnKeepIt) {
  Make("timelinesmooth window=1 sync-mode=immediate");
  Begin();
  PushLabelled();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = segment.start = segment.time = segment.position = 17 * kFrame;
  Push(gst_event_new_segment(&segment));
  PushFrames(17, 18);
  EXPECT_EQ(PullLabel(), "a");
}

// ---- Times that jump without an event

// A camera that was restarted: its times begin at 0 again. The timeline is that of a stream that runs on.
TEST_F(StreamChanges, TimesThatBeginAnewGoOn) {
  Make("timelinesmooth window=1 min-duration=0");
  Begin();
  PushStream("aab");
  PushFrames(0, 48);  // the steps of these come later than those of before
  for (uint64_t k = 0; k < 3; ++k)
    Push(StepEvent(ChunkAt(3 + k, k * 16 * kFrame, k == 0), ScoresOf(k < 2 ? 1 : 2)));
  PushEos();
  EXPECT_EQ(PullLabels(96), std::string(32, 'a') + std::string(48, 'b') + std::string(16, 'c'));
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(),
            (std::vector<std::string>{"0-4 a_va measured", "4-10 b_one_rnva measured", "10-12 c measured"}));
}

TEST_F(StreamChanges, StepsThatComeAfterTheJumpAreOfBeforeIt) {
  Make("timelinesmooth window=1 min-duration=0");
  Begin();
  PushFrames(0, 48);
  PushFrames(0, 48);
  for (uint64_t k = 0; k < 6; ++k)
    Push(StepEvent(ChunkAt(k, k % 3 * 16 * kFrame, k % 3 == 0), ScoresOf(k < 3 ? 0 : 1)));
  PushEos();
  EXPECT_EQ(PullLabels(96), std::string(48, 'a') + std::string(48, 'b'));
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-6 a_va measured", "6-12 b_one_rnva measured"}));
}

TEST_F(StreamChanges, TimesThatJumpForthAndBack) {
  Make("timelinesmooth window=1 min-duration=0");
  Begin();
  PushStream("a");
  for (int i = 0; i < 16; ++i)
    PushFrame(10 * GST_SECOND + static_cast<GstClockTime>(i) * kFrame);
  Push(StepEvent(ChunkAt(1, 10 * GST_SECOND, true), ScoresOf(1)));
  PushFrames(16, 32);  // 2 s to 4 s
  Push(StepEvent(ChunkAt(2, 2 * GST_SECOND, true), ScoresOf(2)));
  PushEos();
  EXPECT_EQ(PullLabels(48), std::string(16, 'a') + std::string(16, 'b') + std::string(16, 'c'));
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-2 a_va measured", "2-10 gap gap",
                                                         "10-12 b_one_rnva measured", "12-14 c measured"}));
}

// ---- Segments of no length

TEST_F(StreamChanges, AStreamOfOneFrameWithoutALengthHasNoSegment) {
  const std::string path = Folder() + "/one.json";
  Make("timelinesmooth location=" + path);
  GstCaps *caps = gst_caps_from_string("video/x-raw,format=GRAY8,width=64,height=48,framerate=0/1");
  gst_video_info_from_caps(&info_, caps);
  gst_harness_set_src_caps(harness_, caps);
  PushBackbone();
  PushLabels();
  GstBuffer *frame = NewFrame(0);
  GST_BUFFER_DURATION(frame) = GST_CLOCK_TIME_NONE;
  gst_harness_push(harness_, frame);
  action::ChunkFacts facts = FactsOf(0);
  facts.frames = 1;
  facts.time.end = facts.step.end = 0;
  Push(StepEvent(facts, ScoresOf(0)));
  PushEos();
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(ReadFile(path), "[]\n");
  EXPECT_TRUE(action::ReadTimeline(path).empty());
}

}  // namespace
}  // namespace test
