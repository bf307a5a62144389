// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// timelinesmooth as an element that delays: what GStreamer's queue does in the same place.
#include "common/glib_ptr.h"
#include "common/writable.h"
#include "smoothed_stream.h"

namespace test {
namespace {

GstFlowReturn FlowOfEvent(GstHarness *harness, GstEvent *event) {
  GstPad *pad = gst_pad_get_peer(harness->srcpad);
  const GstFlowReturn flow = GST_PAD_EVENTFULLFUNC(pad)(pad, GST_OBJECT_PARENT(pad), event);
  gst_object_unref(pad);
  return flow;
}

// Caps of GStreamer 1.24 and later, which GstVideoInfo of 1.22 cannot read.
TEST_F(TimelineSmooth, CapsThatCannotBeReadPass) {
  Start();
  PushBackbone();
  PushLabels();
  const action::CapsPtr unreadable(gst_caps_from_string(
      "video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format=NV12,width=64,height=48,framerate=8/1"));
  Push(gst_event_new_caps(unreadable.get()));
  for (int i = 0; i < 3; ++i) {
    GstBuffer *frame = NewFrame(static_cast<GstClockTime>(i) * kFrame);
    gst_buffer_add_video_meta(frame, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_NV12, 64, 48);
    ASSERT_EQ(gst_harness_push(harness_, frame), GST_FLOW_OK);
  }
  PushEos();
  EXPECT_EQ(PullLabels(3), "ggg") << "and nothing was computed of them";
}

GstPadProbeReturn DropCaps(GstPad *, GstPadProbeInfo *info, gpointer) {
  return GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_CAPS ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

TEST_F(TimelineSmooth, AFrameAfterCapsThatDidNotArrive) {
  GstPad *pad = gst_element_get_static_pad(element_, "src");
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, DropCaps, nullptr, nullptr);
  gst_object_unref(pad);
  Start();
  PushBackbone();
  PushLabels();
  GstBuffer *frame = NewFrame(0);
  gst_buffer_add_video_meta(frame, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, 64, 48);
  ASSERT_EQ(gst_harness_push(harness_, frame), GST_FLOW_OK);
  PushEos();
  EXPECT_EQ(PullLabels(1), "g");
}

// Upstream takes "no" for an error of the stream, but not "flushing" and "at its end".
TEST_F(TimelineSmooth, EventsReturnFlow) {
  Begin();
  EXPECT_EQ(FlowOfEvent(harness_, gst_event_new_tag(gst_tag_list_new_empty())), GST_FLOW_OK);
  Push(gst_event_new_flush_start());
  EXPECT_EQ(FlowOfEvent(harness_, gst_event_new_tag(gst_tag_list_new_empty())), GST_FLOW_FLUSHING);
  EXPECT_EQ(FlowOfEvent(harness_, gst_event_new_eos()), GST_FLOW_FLUSHING);
  Push(gst_event_new_flush_stop(TRUE));
  EXPECT_EQ(FlowOfEvent(harness_, gst_event_new_eos()), GST_FLOW_OK);
  EXPECT_EQ(FlowOfEvent(harness_, gst_event_new_tag(gst_tag_list_new_empty())), GST_FLOW_EOS);
}

TEST_F(TimelineSmooth, StoppedInTheMiddleItSaysFlushing) {
  Begin();
  PushFrames(0, 4);
  GstPad *pad = gst_element_get_static_pad(element_, "src");
  gst_pad_set_active(pad, FALSE);  // as a state change does first
  const action::CapsPtr caps(gst_caps_new_empty_simple("video/x-raw"));
  EXPECT_EQ(FlowOfEvent(harness_, gst_event_new_caps(caps.get())), GST_FLOW_FLUSHING);
  gst_object_unref(pad);
}

// What holds no frame of a pool itself may hold a copy that shares its memory: a frame behind a tee was not writable.
TEST_F(TimelineSmooth, SharedFramesOfABoundedPoolAreCopiedToo) {
  Begin();
  BoundedPool pool(64 * 48, 2);
  for (int i = 0; i < 20; ++i) {
    GstBuffer *buffer = nullptr;
    ASSERT_EQ(pool.Take(static_cast<GstClockTime>(i) * kFrame, buffer), GST_FLOW_OK) << "starved at frame " << i;
    GstBuffer *other_branch = gst_buffer_ref(buffer);
    GstBuffer *labelled = action::MakeWritable(buffer);  // as actionclassify does
    ASSERT_NE(labelled, other_branch);
    ASSERT_EQ(gst_buffer_peek_memory(labelled, 0), gst_buffer_peek_memory(other_branch, 0));
    ASSERT_EQ(gst_harness_push(harness_, labelled), GST_FLOW_OK);
    gst_buffer_unref(other_branch);
  }
}

// ---- A stall, and its end

TEST_F(TimelineSmooth, GapsDoNotKeepAStallFromBeingSeen) {
  Make("timelinesmooth stall-timeout=50000000");
  Begin();
  PushFrames(0, 20);
  std::string warning;
  for (int i = 0; warning.empty(); ++i) {  // of small gaps, which end no run
    Push(gst_event_new_gap(20 * kFrame + static_cast<GstClockTime>(i), 1));
    warning = WaitForMessage(GST_MESSAGE_WARNING, 0);
    g_thread_yield();
  }
  EXPECT_NE(warning.find("going on without waiting"), std::string::npos) << warning;
  EXPECT_EQ(PullLabels(20), std::string(20, '-'));
}

TEST_F(TimelineSmooth, AStallEndsWithTheStream) {
  for (const bool new_stream : {true, false}) {
    Make("timelinesmooth window=1 stall-timeout=200000000");
    Begin();
    PushFrames(0, 20);
    EXPECT_NE(WaitForMessage(GST_MESSAGE_WARNING).find("going on without waiting"), std::string::npos);
    EXPECT_EQ(PullLabels(20), std::string(20, '-'));
    if (new_stream) Push(gst_event_new_stream_start("next"));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.base = 20 * kFrame;
    Push(gst_event_new_segment(&segment));
    for (int i = 0; i < 16; ++i)
      PushFrame(static_cast<GstClockTime>(i) * kFrame);
    action::ChunkFacts facts = FactsOf(0);
    facts.time.running_time += 20 * kFrame;
    facts.step.running_time += 20 * kFrame;
    Push(StepEvent(facts, ScoresOf(1)));
    PushEos();
    EXPECT_EQ(PullLabels(16), std::string(16, 'b')) << "frames wait for their label again";
  }
}

// ---- Frames without times

TEST_F(TimelineSmooth, FramesOfASegmentInBytesPass) {
  for (const bool labelled : {true, false}) {
    Make("timelinesmooth");
    Start();
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_BYTES);
    Push(gst_event_new_segment(&segment));
    if (labelled) {
      PushBackbone();
      PushLabels();
    }
    PushFrames(0, 4);
    PushEos();
    EXPECT_EQ(PullLabels(4), "----");
    EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0),
              labelled ? "" : "Frames without times are passed on, and there is no timeline")
        << "r3dfeatures has said it already where there is one";
    EXPECT_EQ(WaitForMessage(GST_MESSAGE_ERROR, 0), "");
  }
}

}  // namespace
}  // namespace test
