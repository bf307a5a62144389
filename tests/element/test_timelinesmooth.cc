// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// timelinesmooth by itself: each duty of a queue, and what it makes of steps. No model, no network.
#include <sys/mount.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <future>
#include <mutex>
#include <sstream>
#include <thread>

#include "action/timeline/timeline_file.h"
#include "action/timeline/timeline_format.h"
#include "common/analytics_label.h"
#include "common/recording_event.h"
#include "detections.h"
#include "smoothed_stream.h"

namespace test {
namespace {

// ---- What becomes of steps

TEST_F(TimelineSmooth, AlignedFramesGetTheSmoothedLabelOfTheirStep) {
  Make("timelinesmooth window=3 min-duration=0");
  Begin();
  PushStream("aabbbabb");  // smoothed: aabbbbbb
  PushEos();
  EXPECT_EQ(PullLabels(128), std::string(32, 'a') + std::string(96, 'b'));
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-4 a_va measured", "4-16 b_one_rnva measured"}));
}

TEST_F(TimelineSmooth, FramesWaitForHalfAWindowAndNoLonger) {
  Make("timelinesmooth window=5");
  Begin();
  PushStream("aa");
  EXPECT_EQ(gst_harness_buffers_in_queue(harness_), 0u);
  PushStream("b", 2);  // step 0 has its window
  EXPECT_EQ(PullLabels(16), std::string(16, 'a'));
  PushFrames(48, 49);
  EXPECT_EQ(gst_harness_buffers_in_queue(harness_), 0u) << "step 1 has not";
  PushEos();
  EXPECT_EQ(PullLabels(33), std::string(33, 'a'));
}

TEST_F(TimelineSmooth, SmoothedLabelsAreDetectionsForStockElements) {
  SKIP_WITHOUT_ANALYTICS();
  Begin();
  EXPECT_TRUE(action::LabelsFollow(harness_->srcpad));
  PushStream("aaaaabaaaa");
  PushEos();
  for (int i = 0; i < 160; ++i) {
    GstBuffer *frame = gst_harness_pull(harness_);
    const std::vector<Detection> found = DetectionsOf(frame);
    ASSERT_EQ(found.size(), 1u) << i;
    EXPECT_EQ(found[0].classes, (std::vector<std::string>{"a_va", "a", "VA"})) << i;
    EXPECT_EQ((std::vector{found[0].x, found[0].y, found[0].width, found[0].height}), (std::vector{0, 0, 64, 48}));
    gst_buffer_unref(frame);
  }
}

TEST_F(TimelineSmooth, ProvisionalFineLabelIsTheOneWithMostVotesSoFar) {
  Make("timelinesmooth window=1 refine-window=1");
  Begin();
  uint64_t next = 0;
  for (const int fine : {1, 2, 2}) {
    const uint64_t index = next++;
    PushFrames(static_cast<int>(index) * 16, static_cast<int>(index) * 16 + 16);
    PushStep(index, 1, fine);
  }
  PushEos();
  std::vector<std::string> seen;
  for (int i = 0; i < 48; ++i) {
    PullLabel();
    if (seen.empty() || seen.back() != last_->fine_action) seen.push_back(last_->fine_action);
    EXPECT_TRUE(last_->provisional);
    EXPECT_EQ(last_->segment_start, 0u);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"b_one_rnva", "b_two_nva"}));
  EXPECT_EQ(last_pts_, 47 * kFrame);
}

TEST_F(TimelineSmooth, OverlappingWindowsMoveTheBoundaryToTheMiddle) {
  Make("timelinesmooth window=1 min-duration=0");
  Start();
  PushBackbone(4);
  PushLabels();
  PushFrames(0, 16);
  for (uint64_t k = 0; k < 5; ++k) {  // steps stand for frames 6-9, 10-13, 14-17, ...
    Push(StepEvent(FactsOf(k, 4), ScoresOf(k < 2 ? 0 : 1)));
    PushFrames(16 + static_cast<int>(k) * 4, 20 + static_cast<int>(k) * 4);
  }
  PushEos();
  EXPECT_EQ(PullLabels(36), std::string(14, 'a') + std::string(22, 'b'));
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-1.75 a_va measured", "1.75-4.5 b_one_rnva measured"}));
}

TEST_F(TimelineSmooth, UnknownDroppedAndLostSteps) {
  Make("timelinesmooth window=1 min-duration=0");
  Begin();
  PushStream("a?b.a");
  PushFrames(80, 96);  // the step of these is lost
  PushStream("b", 6);
  PushEos();
  EXPECT_EQ(PullLabels(112), std::string(16, 'a') + std::string(16, 'u') + std::string(16, 'b') + std::string(16, 'g') +
                                 std::string(16, 'a') + std::string(16, 'g') + std::string(16, 'b'));
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-2 a_va measured", "2-4 unknown unknown",
                                                         "4-6 b_one_rnva measured", "6-8 gap gap", "8-10 a_va measured",
                                                         "10-12 gap gap", "12-14 b_one_rnva measured"}));
  ASSERT_EQ(warnings_.size(), 1u) << "once";
  EXPECT_NE(warnings_[0].find("lost"), std::string::npos);
}

// At hop 4 a step is half a second, and a window two: three lost steps in a row lie in the windows of their neighbours.
TEST_F(TimelineSmooth, ShortLossesAreBridged) {
  // One letter a step; '.' dropped, '-' never arrived.
  const auto segments = [this](const std::string &steps) {
    Make("timelinesmooth window=1 min-duration=0 sync-mode=immediate");
    Begin(4);
    PushFrames(0, 16);
    for (size_t k = 0; k < steps.size(); ++k) {
      const action::ChunkFacts facts = FactsOf(k, 4);
      if (steps[k] == '.') Push(StepEvent(facts, std::nullopt));
      if (g_ascii_isalpha(steps[k])) Push(StepEvent(facts, ScoresOf(steps[k] - 'a')));
      PushFrames(16 + static_cast<int>(k) * 4, 20 + static_cast<int>(k) * 4);
    }
    PushEos();
    WaitForEvent(GST_EVENT_EOS);
    return SegmentMessages();
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(segments("aaa.aaa"), (Texts{"0-5.5 a_va measured"}));
  EXPECT_EQ(segments("aaa...bbb"), (Texts{"0-3 a_va measured", "3-6.5 b_one_rnva measured"})) << "in equal parts";
  EXPECT_EQ(segments("aaa---bbb"), (Texts{"0-3 a_va measured", "3-6.5 b_one_rnva measured"}));
  EXPECT_EQ(segments("aaa.-.bbb"), (Texts{"0-3 a_va measured", "3-6.5 b_one_rnva measured"}));
  EXPECT_EQ(segments("aaa....bbb"), (Texts{"0-2.25 a_va measured", "2.25-4.25 gap gap", "4.25-7 b_one_rnva measured"}))
      << "one more is a gap";
  EXPECT_EQ(segments("aaa----bbb"), (Texts{"0-2.25 a_va measured", "2.25-4.25 gap gap", "4.25-7 b_one_rnva measured"}));
  EXPECT_EQ(segments("aaa......bbb"),
            (Texts{"0-2.25 a_va measured", "2.25-5.25 gap gap", "5.25-8 b_one_rnva measured"}));
  EXPECT_EQ(segments("aaa.."), (Texts{"0-2.25 a_va measured", "2.25-4.5 gap gap"})) << "nothing follows";
  EXPECT_EQ(segments("..aaa"), (Texts{"0-1.75 gap gap", "1.75-4.5 a_va measured"})) << "nothing is before it";
}

// A live label stays for a while when the network does not keep up.
TEST_F(TimelineSmooth, LiveLabelOutlivesLostSteps) {
  Make("timelinesmooth window=1 min-duration=0 sync-mode=immediate");
  Begin(4);
  PushFrames(0, 16);
  std::string labels = PullLabels(16);
  for (uint64_t k = 0; k < 24; ++k) {
    Push(StepEvent(FactsOf(k, 4), k < 3 ? std::optional(ScoresOf(0)) : std::nullopt));
    PushFrames(16 + static_cast<int>(k) * 4, 20 + static_cast<int>(k) * 4);
    labels += PullLabels(4);  // before the next step, as they leave while a camera plays
  }
  PushEos();
  // The last step ends at 2.25 s; 5 s later it says nothing any more.
  EXPECT_EQ(labels, std::string(16, '-') + std::string(58 - 16, 'a') + std::string(112 - 58, '-'));
  WaitForEvent(GST_EVENT_EOS);
}

TEST_F(TimelineSmooth, AHoleEndsTheRun) {
  Make("timelinesmooth window=9 min-duration=0");
  Begin();
  PushStream("aab");
  for (int i = 48; i < 50; ++i)  // two more frames, in a padded chunk
    PushFrame(static_cast<GstClockTime>(i) * kFrame);
  action::ChunkFacts padded = FactsOf(3);
  padded.frames = 2;
  padded.time.end = padded.step.end = 50 * kFrame;
  Push(StepEvent(padded, ScoresOf(1)));
  const GstClockTime later = 20 * GST_SECOND;
  for (int i = 0; i < 16; ++i)
    PushFrame(later + static_cast<GstClockTime>(i) * kFrame);
  action::ChunkFacts facts = FactsOf(4, 16, later - 4 * 16 * kFrame);
  facts.discont = true;
  Push(StepEvent(facts, ScoresOf(2)));
  PushEos();
  EXPECT_EQ(PullLabels(66), std::string(50, 'a') + std::string(16, 'c')) << "no window reaches across";
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(),
            (std::vector<std::string>{"0-6.25 a_va measured", "6.25-20 gap gap", "20-22 c measured"}));
}

TEST_F(TimelineSmooth, AChangeOfSizeDoesNotEndTheRun) {
  Make("timelinesmooth window=1 min-duration=0");
  Begin();
  PushStream("a");
  PushFrames(16, 20);
  action::ChunkFacts padded = FactsOf(1);
  padded.frames = 4;
  padded.time.end = padded.step.end = 20 * kFrame;
  Push(StepEvent(padded, ScoresOf(0)));
  SetCaps("GRAY8", 32, 16);
  PushFrames(20, 36);
  action::ChunkFacts facts = FactsOf(2, 16, 20 * kFrame - 2 * 16 * kFrame);
  facts.discont = true;
  Push(StepEvent(facts, ScoresOf(0)));
  PushEos();
  EXPECT_EQ(PullLabels(36), std::string(36, 'a'));
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-4.5 a_va measured"}));
}

TEST_F(TimelineSmooth, AModelSwapEndsTheWindow) {
  Make("timelinesmooth window=9 min-duration=0");
  Begin();
  PushStream("aab");
  action::LabelTable other = Labels();
  other.coarse[1] = other.fine[1].coarse = other.fine[2].coarse = "z";
  other.fine[1].label = "z_one_va";
  PushLabels(other);
  for (uint64_t k = 3; k < 6; ++k) {
    PushFrames(static_cast<int>(k) * 16, static_cast<int>(k) * 16 + 16);
    Push(StepEvent(FactsOf(k), ScoresOf(1), other));
  }
  PushEos();
  EXPECT_EQ(PullLabels(96), std::string(48, 'a') + std::string(48, 'z'));
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-6 a_va measured", "6-12 z_one_va measured"}));
}

TEST_F(TimelineSmooth, ImmediateFramesPassWithWhatIsKnown) {
  Make("timelinesmooth window=1 sync-mode=immediate");
  Begin();
  PushFrames(0, 16);
  EXPECT_EQ(PullLabels(16), std::string(16, '-'));
  PushStep(0, 0);
  PushFrames(16, 32);
  EXPECT_EQ(PullLabels(16), std::string(16, 'a'));
  PushStep(1, 1);
  PushFrames(32, 33);
  EXPECT_EQ(PullLabels(1), "b") << "the newest step, at once";
}

TEST_F(TimelineSmooth, LiveSourcesAreImmediateUnlessTold) {
  Make("timelinesmooth");
  Begin(16, true);
  PushFrames(0, 4);
  EXPECT_EQ(PullLabels(4), "----");
}

TEST_F(TimelineSmooth, WithoutAClassifierAFileIsAnErrorAndNoTimeline) {
  const std::string path = Folder() + "/t.json";
  std::ofstream(path) << "yesterday's";
  Make("timelinesmooth location=" + path);
  Start();
  EXPECT_EQ(PushFrame(0), GST_FLOW_ERROR);
  EXPECT_NE(WaitForMessage(GST_MESSAGE_ERROR, 0).find("put r3dfeatures ! actionclassify before timelinesmooth"),
            std::string::npos);
  PushEos();
  WaitForEvent(GST_EVENT_EOS);
  gst_element_set_state(element_, GST_STATE_NULL);
  EXPECT_EQ(ReadFile(path), "yesterday's");
}

TEST_F(TimelineSmooth, WithoutAClassifierALivePicturePassesWithOneWarning) {
  Make("timelinesmooth", true);
  Start();
  PushFrames(0, 40);
  for (int i = 0; i < 40; ++i) {
    GstBuffer *buffer = gst_harness_pull(harness_);
    EXPECT_EQ(gst_buffer_get_custom_meta(buffer, action::kLabelMeta), nullptr);
    gst_buffer_unref(buffer);
  }
  EXPECT_NE(WaitForMessage(GST_MESSAGE_WARNING).find("actionclassify"), std::string::npos);
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "");
  PushEos();
  EXPECT_TRUE(WaitForEvent(GST_EVENT_EOS));
  EXPECT_TRUE(SegmentMessages().empty());
}

TEST_F(TimelineSmooth, BackwardPlaybackPassesUnanalysed) {
  Begin();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = -1;
  segment.stop = 10 * GST_SECOND;
  Push(gst_event_new_segment(&segment));
  for (int i = 10; i > 0; --i)
    PushFrame(static_cast<GstClockTime>(i) * kFrame);
  EXPECT_EQ(PullLabels(10), std::string(10, '-'));
}

// ---- The duties of a queue

TEST_F(TimelineSmooth, EventsKeepTheirPlace) {
  Make("timelinesmooth window=1");
  Begin();
  WaitForNamedEvent("action-labels");
  PushFrames(0, 8);
  Push(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "shift", nullptr)));
  PushFrames(8, 12);
  Push(gst_event_new_gap(12 * kFrame, kFrame));
  SetCaps("GRAY8", 32, 16);
  PushFrames(12, 16);
  // Held: nothing of it may come out before the frames.
  std::vector<std::string> order;
  GstPad *pad = gst_element_get_static_pad(element_, "src");
  gst_pad_add_probe(
      pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      [](GstPad *, GstPadProbeInfo *info, gpointer user) {
        auto &list = *static_cast<std::vector<std::string> *>(user);
        if ((info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
          const GstClockTime pts = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
          list.push_back(std::to_string(pts / kFrame));
        } else {
          list.emplace_back(GST_EVENT_TYPE_NAME(GST_PAD_PROBE_INFO_EVENT(info)));
        }
        return GST_PAD_PROBE_OK;
      },
      &order, nullptr);
  PushStep(0, 0);
  PushEos();
  EXPECT_TRUE(WaitForEvent(GST_EVENT_EOS));
  gst_object_unref(pad);
  EXPECT_EQ(order,
            (std::vector<std::string>{"0",  "1",  "2",  "3",   "4",    "5",  "6",  "7",  "tag", "8",
                                      "9",  "10", "11", "gap", "caps", "12", "13", "14", "15",  "custom-downstream",
                                      "eos"}));
}

TEST_F(TimelineSmooth, DownstreamsFlowComesBack) {
  Make("timelinesmooth sync-mode=immediate");
  Begin();
  PushFrames(0, 1);
  gst_buffer_unref(gst_harness_pull(harness_));
  gst_pad_set_chain_function(harness_->sinkpad, [](GstPad *, GstObject *, GstBuffer *buffer) {
    gst_buffer_unref(buffer);
    return GST_FLOW_NOT_LINKED;
  });
  EXPECT_EQ(PushUntilRefused(1, 1000).get(), GST_FLOW_NOT_LINKED);
  // Linked again: the task goes on.
  gst_pad_set_chain_function(harness_->sinkpad, [](GstPad *, GstObject *, GstBuffer *buffer) {
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
  });
  EXPECT_TRUE(gst_harness_push_upstream_event(harness_, gst_event_new_reconfigure()));
  EXPECT_EQ(PushFrame(GST_SECOND), GST_FLOW_OK);
  bool forwarded = false;
  while (GstEvent *event = gst_harness_try_pull_upstream_event(harness_)) {
    forwarded = forwarded || GST_EVENT_TYPE(event) == GST_EVENT_RECONFIGURE;
    gst_event_unref(event);
  }
  EXPECT_TRUE(forwarded);
}

TEST_F(TimelineSmooth, DownstreamsEosRefusesFramesButNotANewSegment) {
  Make("timelinesmooth sync-mode=immediate");
  Begin();
  gst_pad_set_chain_function(harness_->sinkpad, [](GstPad *, GstObject *, GstBuffer *buffer) {
    gst_buffer_unref(buffer);
    return GST_FLOW_EOS;
  });
  EXPECT_EQ(PushUntilRefused(0, 1000).get(), GST_FLOW_EOS);
  EXPECT_EQ(PushFrame(GST_SECOND), GST_FLOW_EOS);
  EXPECT_TRUE(PushEos());
  EXPECT_TRUE(WaitForEvent(GST_EVENT_EOS)) << "the end still passes";
}

TEST_F(TimelineSmooth, AnErrorAfterEosIsToldByTheElement) {
  Make("timelinesmooth window=1");
  Begin();
  PushFrames(0, 4);
  gst_pad_set_chain_function(harness_->sinkpad, [](GstPad *, GstObject *, GstBuffer *buffer) {
    gst_buffer_unref(buffer);
    return GST_FLOW_ERROR;
  });
  PushEos();  // upstream is through; the frames go now
  EXPECT_NE(WaitForMessage(GST_MESSAGE_ERROR), "");
  EXPECT_TRUE(WaitForEvent(GST_EVENT_EOS));
}

TEST_F(TimelineSmooth, AnErrorBeforeEosThatNoFrameTellsIsToldByTheElement) {
  Make("timelinesmooth window=1");
  Begin();
  std::promise<void> failed;
  gst_pad_set_element_private(harness_->sinkpad, &failed);
  gst_pad_set_chain_function(harness_->sinkpad, [](GstPad *pad, GstObject *, GstBuffer *buffer) {
    gst_buffer_unref(buffer);
    static_cast<std::promise<void> *>(gst_pad_get_element_private(pad))->set_value();
    return GST_FLOW_NOT_NEGOTIATED;
  });
  PushFrames(0, 16);
  PushStep(0, 0);  // they go now
  failed.get_future().wait();
  // The task has the flow, and may not have noted it yet: a serialized event waits for neither.
  bool taken = true;
  while (taken)
    taken = Push(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("other")));
  EXPECT_FALSE(PushEos());
  EXPECT_NE(WaitForMessage(GST_MESSAGE_ERROR), "");
}

TEST_F(TimelineSmooth, DownstreamsEosOfOneSegmentLeavesTheNextAlone) {
  Make("timelinesmooth sync-mode=immediate");
  Begin();
  struct Downstream {
    std::promise<void> open, second;
    int frames = 0;
  } downstream;
  gst_pad_set_element_private(harness_->sinkpad, &downstream);
  gst_pad_set_chain_function(harness_->sinkpad, [](GstPad *pad, GstObject *, GstBuffer *buffer) {
    gst_buffer_unref(buffer);
    auto &own = *static_cast<Downstream *>(gst_pad_get_element_private(pad));
    if (++own.frames == 1) {
      own.open.get_future().wait();
      return GST_FLOW_EOS;
    }
    if (own.frames == 2) own.second.set_value();
    return GST_FLOW_OK;
  });
  PushFrames(0, 1);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = GST_SECOND;
  Push(gst_event_new_segment(&segment));
  PushFrames(0, 1);  // in the queue when downstream has enough of the first segment
  downstream.open.set_value();
  downstream.second.get_future().wait();
  EXPECT_EQ(PushFrame(kFrame), GST_FLOW_OK);
  PushEos();
  EXPECT_TRUE(WaitForEvent(GST_EVENT_EOS));
  EXPECT_EQ(downstream.frames, 3);
}

TEST_F(TimelineSmooth, FlushWakesBothSidesAndTheNextRunIsClean) {
  Make("timelinesmooth window=9");
  Begin();
  PushFrames(0, 40);  // held
  EXPECT_TRUE(Push(gst_event_new_flush_start()));
  EXPECT_EQ(PushFrame(GST_SECOND), GST_FLOW_FLUSHING);
  EXPECT_TRUE(Push(gst_event_new_flush_stop(TRUE)));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  Push(gst_event_new_segment(&segment));
  PushFrames(0, 16);
  action::ChunkFacts facts = FactsOf(0);
  Push(StepEvent(facts, ScoresOf(1)));
  PushEos();
  EXPECT_EQ(PullLabels(16), std::string(16, 'b')) << "of the frames from before, none";
}

TEST_F(TimelineSmooth, StepsThatAFlushHasTakenAreNotLost) {
  Make("timelinesmooth window=1 min-duration=0");
  Start();
  PushBackbone(4);
  PushLabels();
  PushFrames(0, 16);
  Push(StepEvent(FactsOf(0, 4), ScoresOf(0)));
  FlushAndRestart();
  PushFrames(0, 20);
  for (uint64_t k = 0; k < 2; ++k) {  // numbers 1 and 2 were on their way
    action::ChunkFacts facts = FactsOf(k, 4);
    facts.index = k + 3;
    facts.discont = k == 0;
    Push(StepEvent(facts, ScoresOf(0)));
  }
  PushEos();
  EXPECT_EQ(PullLabels(20), std::string(20, 'a'));
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages().back(), "0-2.5 a_va measured");
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(TimelineSmooth, ApplicationsMayAskForLatencyWhenCapsAreTold) {
  Begin();
  PushFrames(0, 8);
  SetCaps("GRAY8", 32, 16);
  Push(gst_event_new_flush_start());
  GstPad *pad = gst_element_get_static_pad(element_, "src");
  g_signal_connect(pad, "notify::caps", G_CALLBACK(+[](GstPad *source, GParamSpec *, gpointer) {
                     GstQuery *query = gst_query_new_latency();
                     gst_pad_query(source, query);
                     gst_query_unref(query);
                   }),
                   nullptr);
  EXPECT_TRUE(Push(gst_event_new_flush_stop(TRUE)));
  gst_object_unref(pad);
}

TEST_F(TimelineSmooth, SegmentDoneLetsEverythingGo) {
  Make("timelinesmooth window=9 stall-timeout=0 min-duration=0");
  Begin();
  PushStream("ab");
  Push(gst_event_new_segment_done(GST_FORMAT_TIME, 32 * kFrame));
  EXPECT_EQ(PullLabels(32), std::string(32, 'a'));
  // A loop: the next segment follows on.
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = 4 * GST_SECOND;
  Push(gst_event_new_segment(&segment));
  PushFrames(0, 16);
  action::ChunkFacts facts = FactsOf(2, 16, 0);
  facts.discont = true;
  for (action::FrameTime *time : {&facts.time, &facts.step}) {
    time->timestamp = time->stream_time = 0;
    time->running_time = 4 * GST_SECOND;
    time->end = 16 * kFrame;
  }
  Push(StepEvent(facts, ScoresOf(2)));
  PushEos();
  EXPECT_EQ(PullLabels(16), std::string(16, 'c'));
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-4 a_va measured", "4-6 c measured"}));
}

TEST_F(TimelineSmooth, FramesWithoutTimesFollowOnEachOther) {
  Make("timelinesmooth window=1 min-duration=0");
  Begin();
  for (int i = 0; i < 32; ++i) {
    GstBuffer *buffer = NewFrame(0);
    GST_BUFFER_PTS(buffer) = GST_BUFFER_DURATION(buffer) = GST_CLOCK_TIME_NONE;
    gst_harness_push(harness_, buffer);
  }
  PushStep(0, 0);
  PushStep(1, 1);
  PushEos();
  EXPECT_EQ(PullLabels(32), std::string(16, 'a') + std::string(16, 'b'));
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-2 a_va measured", "2-4 b_one_rnva measured"}));
}

TEST_F(TimelineSmooth, TimesBeyondReasonPassUnanalysed) {
  Make("timelinesmooth window=1");
  Begin();
  PushFrame(G_MAXUINT64 - 2);
  GstBuffer *buffer = NewFrame(0);
  GST_BUFFER_DURATION(buffer) = G_MAXUINT64 - 2;
  gst_harness_push(harness_, buffer);
  PushStep(0, 0);
  PushEos();
  EXPECT_EQ(PullLabels(2), "-a");
}

TEST_F(TimelineSmooth, WithoutTimeTheQueueIsStillBounded) {
  Make("timelinesmooth sync-mode=immediate");
  Begin();
  std::promise<void> leave;
  Block(leave);
  std::atomic<int> taken{0};
  auto pushing = std::async(std::launch::async, [&] {
    GstFlowReturn flow = GST_FLOW_OK;
    for (int i = 0; i < 5000 && flow == GST_FLOW_OK; ++i, ++taken)
      flow = PushFrame(0);  // all at one time
    return flow;
  });
  // It takes some and then waits: nothing is popped, so the count stands still at the bound.
  while (taken < 200)
    g_thread_yield();
  EXPECT_EQ(pushing.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  EXPECT_LE(taken, 210);
  std::thread opener([&leave] { leave.set_value(); });
  Push(gst_event_new_flush_start());
  EXPECT_EQ(pushing.get(), GST_FLOW_FLUSHING);
  opener.join();
  Push(gst_event_new_flush_stop(TRUE));
}

TEST_F(TimelineSmooth, FramesComeWhileThoseOfALabelGo) {
  Make("timelinesmooth window=1");
  Begin();  // a label releases 2 s
  std::promise<void> leave;
  Block(leave);
  PushFrames(0, 16);
  PushStep(0, 0);
  auto pushing = PushUntilRefused(16, 16);
  const bool in_time = pushing.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  leave.set_value();
  EXPECT_EQ(pushing.get(), GST_FLOW_OK);
  EXPECT_TRUE(in_time) << "downstream has not taken one frame yet";
  PushStep(1, 1);
  PushEos();
  EXPECT_EQ(PullLabels(32), std::string(16, 'a') + std::string(16, 'b'));
}

TEST_F(TimelineSmooth, FlushEndsAWaitForRoom) {
  Make("timelinesmooth sync-mode=immediate");
  Begin();
  // Downstream takes nothing: the queue fills up, and upstream waits.
  std::promise<void> entered, leave;
  struct Block {
    std::promise<void> *entered;
    std::shared_future<void> leave;
    bool first = true;
  } block{&entered, leave.get_future().share()};
  GstPad *pad = gst_element_get_static_pad(element_, "src");
  gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad *, GstPadProbeInfo *, gpointer user) {
        auto &b = *static_cast<Block *>(user);
        if (std::exchange(b.first, false)) b.entered->set_value();
        b.leave.wait();
        return GST_PAD_PROBE_DROP;
      },
      &block, nullptr);
  auto pushing = PushUntilRefused(0, 1000);
  entered.get_future().wait();
  std::thread opener([&leave] { leave.set_value(); });
  EXPECT_TRUE(Push(gst_event_new_flush_start()));
  EXPECT_EQ(pushing.get(), GST_FLOW_FLUSHING);
  opener.join();
  EXPECT_TRUE(Push(gst_event_new_flush_stop(TRUE)));
  gst_object_unref(pad);
}

TEST_F(TimelineSmooth, StoppingEndsAWait) {
  Make("timelinesmooth");
  Begin();
  PushFrames(0, 40);  // the task waits for a label
  EXPECT_EQ(gst_element_set_state(element_, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
}

TEST_F(TimelineSmooth, EosWithoutData) {
  Make("timelinesmooth location=" + Folder() + "/t.json");
  Start();
  EXPECT_TRUE(PushEos());
  EXPECT_TRUE(WaitForEvent(GST_EVENT_EOS));
  EXPECT_EQ(ReadFile(Folder() + "/t.json"), "[]\n");
}

TEST_F(TimelineSmooth, ANewStreamAfterEos) {
  Make("timelinesmooth window=1");
  Begin();
  PushStream("a");
  PushEos();
  EXPECT_EQ(PullLabels(16), std::string(16, 'a'));
  EXPECT_TRUE(WaitForEvent(GST_EVENT_EOS));
  Push(gst_event_new_stream_start("second"));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  Push(gst_event_new_segment(&segment));
  PushFrames(0, 16);
  Push(StepEvent(FactsOf(0), ScoresOf(1)));
  PushEos();
  EXPECT_EQ(PullLabels(16), std::string(16, 'b'));
}

// A decoder's frame: lines of 80 bytes for 60 pixels, after 16 bytes of border.
GstBuffer *PaddedFrame(GstClockTime pts, int width, int height) {
  gsize offset[GST_VIDEO_MAX_PLANES] = {16};
  gint stride[GST_VIDEO_MAX_PLANES] = {80};
  const gsize size = offset[0] + static_cast<gsize>(stride[0] * height);
  std::vector<guint8> bytes(size, 255);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x)
      bytes[static_cast<size_t>(16 + y * 80 + x)] = static_cast<guint8>(y + x);
  }
  GstBuffer *buffer = gst_buffer_new_memdup(bytes.data(), size);
  gst_buffer_add_video_meta_full(buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, static_cast<guint>(width),
                                 static_cast<guint>(height), 1, offset, stride);
  GST_BUFFER_PTS(buffer) = pts;
  return buffer;
}

TEST_F(TimelineSmooth, DownstreamWithoutVideoMetaGetsTheDefaultLayout) {
  Make("timelinesmooth sync-mode=immediate", true);
  Start("GRAY8", 60, 8);
  gst_harness_push(harness_, PaddedFrame(kFrame, 60, 8));
  GstBuffer *frame = gst_harness_pull(harness_);
  EXPECT_EQ(GST_BUFFER_PTS(frame), kFrame);
  EXPECT_EQ(gst_buffer_get_video_meta(frame), nullptr);
  GstMapInfo map;
  ASSERT_TRUE(gst_buffer_map(frame, &map, GST_MAP_READ));
  ASSERT_EQ(map.size, 60u * 8);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 60; ++x)
      ASSERT_EQ(map.data[y * 60 + x], y + x);
  }
  gst_buffer_unmap(frame, &map);
  gst_buffer_unref(frame);
}

TEST_F(TimelineSmooth, DownstreamWithVideoMetaGetsTheFrameItself) {
  Make("timelinesmooth sync-mode=immediate", true);
  gst_harness_add_propose_allocation_meta(harness_, GST_VIDEO_META_API_TYPE, nullptr);
  Start("GRAY8", 60, 8);
  GstBuffer *mine = PaddedFrame(kFrame, 60, 8);
  const GstMemory *memory = gst_buffer_peek_memory(mine, 0);
  gst_harness_push(harness_, mine);
  GstBuffer *frame = gst_harness_pull(harness_);
  EXPECT_EQ(gst_buffer_peek_memory(frame, 0), memory);
  EXPECT_NE(gst_buffer_get_video_meta(frame), nullptr);
  gst_buffer_unref(frame);
}

TEST_F(TimelineSmooth, SerializedQueriesDoNotWaitBehindHeldFrames) {
  Make("timelinesmooth");
  Begin();
  PushFrames(0, 20);  // held: no step has come
  GstCaps *caps = gst_caps_from_string("video/x-raw,format=GRAY8,width=32,height=16,framerate=8/1");
  GstQuery *query = gst_query_new_allocation(caps, TRUE);
  EXPECT_TRUE(gst_pad_peer_query(harness_->srcpad, query));
  EXPECT_EQ(gst_query_get_n_allocation_pools(query), 0u) << "a pool would starve";
  EXPECT_TRUE(gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr));
  gst_query_unref(query);
  gst_caps_unref(caps);

  GstBuffer *mine = NewFrame(20 * kFrame);
  gst_harness_push(harness_, gst_buffer_ref(mine));
  EXPECT_GT(GST_MINI_OBJECT_REFCOUNT_VALUE(mine), 1);
  query = gst_query_new_drain();
  gst_pad_peer_query(harness_->srcpad, query);
  gst_query_unref(query);
  EXPECT_EQ(GST_MINI_OBJECT_REFCOUNT_VALUE(mine), 1) << "given back";
  gst_buffer_unref(mine);
  PushEos();
  PullLabels(20);
  EXPECT_EQ(PullLabel(), "gap") << "and yet it is not lost";
  EXPECT_EQ(last_pts_, 20 * kFrame);
}

TEST_F(TimelineSmooth, FramesOfABoundedPoolAreCopied) {
  Begin();
  BoundedPool pool(64 * 48, 2);
  for (int i = 0; i < 20; ++i) {
    GstBuffer *buffer = nullptr;
    ASSERT_EQ(pool.Take(static_cast<GstClockTime>(i) * kFrame, buffer), GST_FLOW_OK) << "starved at frame " << i;
    ASSERT_EQ(gst_harness_push(harness_, buffer), GST_FLOW_OK);
  }
}

TEST_F(TimelineSmooth, PixelsAreNotCopied) {
  Make("timelinesmooth window=1");
  Begin();
  GstBuffer *in = NewFrame(0);
  GstMemory *memory = gst_buffer_peek_memory(in, 0);
  gst_harness_push(harness_, in);
  PushStep(0, 0);
  GstBuffer *out = gst_harness_pull(harness_);
  EXPECT_EQ(gst_buffer_peek_memory(out, 0), memory);
  EXPECT_TRUE(action::LabelOf(out).has_value());
  gst_buffer_unref(out);
}

TEST_F(TimelineSmooth, AStallGoesOnInImmediate) {
  Make("timelinesmooth stall-timeout=200000000");
  Begin();
  PushFrames(0, 20);
  const std::string warning = WaitForMessage(GST_MESSAGE_WARNING);
  EXPECT_NE(warning.find("going on without waiting"), std::string::npos) << warning;
  EXPECT_EQ(PullLabels(20), std::string(20, '-'));
  PushStep(0, 0);
  PushFrames(20, 21);
  EXPECT_EQ(PullLabel(), "a") << "immediate from here on";
  // A seek is a new start.
  FlushAndRestart();
  PushFrames(0, 16);
  PushStep(0, 1);
  PushEos();
  EXPECT_EQ(PullLabels(16), std::string(16, 'b')) << "aligned again";
}

// An upstream whose network is at work for as long as `busy` says; counts how often it is asked.
struct Network {
  std::mutex mutex;
  std::condition_variable changed;
  bool busy = true;
  bool loading = false;
  int asked = 0;
} network;

gboolean AnswersWhetherItIsBusy(GstPad *pad, GstObject *parent, GstQuery *query) {
  const std::lock_guard lock(network.mutex);
  if (!action::AnswerBusyQuery(query, network.busy, network.loading)) return gst_pad_query_default(pad, parent, query);
  ++network.asked;
  network.changed.notify_all();
  return TRUE;
}

// Frames of a camera pass before the network is there: nobody looked at them.
TEST_F(TimelineSmooth, WhatPassesWhileTheNetworkIsLoadedIsAGap) {
  Make("timelinesmooth", true);
  gst_pad_set_query_function(harness_->srcpad, AnswersWhetherItIsBusy);
  network.busy = false;
  network.loading = true;
  Start();
  PushFrames(0, 20);
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "") << "labels are on their way";
  network.loading = false;
  PushBackbone(16, true);
  PushLabels();
  for (int step = 0; step < 3; ++step) {
    PushFrames(20 + step * 16, 36 + step * 16);
    action::ChunkFacts facts = FactsOf(static_cast<uint64_t>(step));
    for (action::FrameTime *time : {&facts.time, &facts.step})
      for (uint64_t *at : {&time->timestamp, &time->stream_time, &time->running_time, &time->end})
        *at += 20 * kFrame;
    Push(StepEvent(facts, ScoresOf(1)));
  }
  PushEos();
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-2.5 gap gap", "2.5-8.5 b_one_rnva measured"}));
  network.busy = true;
}

TEST_F(TimelineSmooth, ASlowNetworkIsNoStall) {
  Make("timelinesmooth stall-timeout=20000000");
  gst_pad_set_query_function(harness_->srcpad, AnswersWhetherItIsBusy);
  Begin();
  PushFrames(0, 20);
  {
    std::unique_lock lock(network.mutex);
    network.changed.wait(lock, [] { return network.asked >= 5; });  // five time-outs
  }
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "");
  {
    const std::lock_guard lock(network.mutex);
    network.busy = false;
  }
  EXPECT_NE(WaitForMessage(GST_MESSAGE_WARNING).find("going on without waiting"), std::string::npos);
}

TEST_F(TimelineSmooth, TooManyBytesCommitTheOldestFrames) {
  Make("timelinesmooth max-size-bytes=" + std::to_string(10 * 64 * 48));
  Begin();
  PushFrames(0, 10);
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "");
  PushFrames(10, 14);
  EXPECT_EQ(PullLabels(4), "----") << "the oldest, with what is known of them";
  EXPECT_NE(WaitForMessage(GST_MESSAGE_WARNING).find("max-size-bytes"), std::string::npos);
  PushFrames(14, 16);
  EXPECT_EQ(PullLabels(2), "--");
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "") << "once";
  PushStep(0, 0);
  PushEos();
  EXPECT_EQ(PullLabels(10), "aaaaaaaaaa");
}

TEST_F(TimelineSmooth, ASizeChangeInMidStreamAsADecoderMakesIt) {
  // avdec: DRAIN, then the new caps, then ALLOCATION, while frames of the old size are held.
  Make("timelinesmooth window=3 min-duration=0");
  Begin();
  PushStream("ab");
  GstQuery *drain = gst_query_new_drain();
  gst_pad_peer_query(harness_->srcpad, drain);
  gst_query_unref(drain);
  SetCaps("GRAY8", 32, 16);
  GstCaps *caps = gst_pad_get_current_caps(harness_->srcpad);
  GstQuery *allocation = gst_query_new_allocation(caps, TRUE);
  EXPECT_TRUE(gst_pad_peer_query(harness_->srcpad, allocation));
  gst_query_unref(allocation);
  gst_caps_unref(caps);
  PushStream("bb", 2);
  PushEos();
  std::string sizes;
  for (int i = 0; i < 64; ++i) {
    GstBuffer *buffer = gst_harness_pull(harness_);
    sizes += gst_buffer_get_size(buffer) == 64 * 48 ? 'L' : 'S';
    EXPECT_EQ(action::LabelOf(buffer)->coarse_action, i < 16 ? "a" : "b") << i;
    gst_buffer_unref(buffer);
  }
  EXPECT_EQ(sizes, std::string(32, 'L') + std::string(32, 'S'));
}

TEST_F(TimelineSmooth, NeedsNoLibTorchAndNoOpenCv) {
  Begin();
  PushStream("ab");
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    EXPECT_EQ(line.find("libtorch"), std::string::npos) << line;
    EXPECT_EQ(line.find("libopencv"), std::string::npos) << line;
  }
}

TEST_F(TimelineSmooth, MayBeStoppedAndStartedAgain) {
  const std::string path = Folder() + "/t.json";
  Make("timelinesmooth window=1 location=" + path);
  Begin();
  PushStream("aa");
  for (int i = 0; i < 50; ++i) {
    gst_element_set_state(element_, GST_STATE_READY);
    gst_element_set_state(element_, GST_STATE_PLAYING);
  }
  EXPECT_EQ(action::ReadTimeline(path).size(), 1u) << "not replaced by the empty runs after it";
}

// ---- What other runs have left, and streams that break off

TEST_F(TimelineSmooth, KeepsAsideWhatAnotherRunHasWritten) {
  const std::string path = Folder() + "/t.json";
  std::ofstream(path) << "yesterday's";
  for (int run = 0; run < 2; ++run) {
    Make("timelinesmooth window=1 location=" + path);
    Begin();
    PushStream("aa");
    PushEos();
    ASSERT_TRUE(WaitForEvent(GST_EVENT_EOS));
    const std::string said = WaitForMessage(GST_MESSAGE_INFO, 0);
    EXPECT_NE(said.find("kept as " + path + (run == 0 ? "~" : "~2")), std::string::npos) << said;
    EXPECT_EQ(action::ReadTimeline(path).size(), 1u);
    // Again in the same run: its own file is replaced.
    FlushAndRestart();
    PushStream("bb");
    PushEos();
    ASSERT_TRUE(WaitForEvent(GST_EVENT_EOS));
    EXPECT_EQ(WaitForMessage(GST_MESSAGE_INFO, 0), "");
    gst_element_set_state(element_, GST_STATE_NULL);
  }
  EXPECT_EQ(ReadFile(path + "~"), "yesterday's");
  EXPECT_FALSE(std::filesystem::exists(path + "~3"));
}

// Upstream's duration, as a demuxer tells it.
gboolean LastsAMinute(GstPad *pad, GstObject *parent, GstQuery *query) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_DURATION) return gst_pad_query_default(pad, parent, query);
  gst_query_set_duration(query, GST_FORMAT_TIME, 60 * GST_SECOND);
  return TRUE;
}

TEST_F(TimelineSmooth, SaysWhenItEndedBeforeItsStream) {
  enum class End { kEos, kStop, kEarlyEos };
  for (const char *ending : {".json", ".jsonl"}) {
    for (const End end : {End::kEos, End::kStop, End::kEarlyEos}) {
      const std::string path = Folder() + "/" + std::to_string(static_cast<int>(end)) + ending;
      Make("timelinesmooth window=1 location=" + path);
      if (end == End::kEarlyEos) gst_pad_set_query_function(harness_->srcpad, LastsAMinute);
      Begin();
      PushStream("aabb");
      if (end != End::kStop) {
        PushEos();
        ASSERT_TRUE(WaitForEvent(GST_EVENT_EOS));
      }
      gst_element_set_state(element_, GST_STATE_NULL);
      const action::TimelineFile file = action::ReadTimelineFile(path);
      EXPECT_EQ(file.last().segments.size(), 2u);
      const std::string said = file.last().Interruption();
      EXPECT_EQ(said, end == End::kEos ? "" : "interrupted at 8.0 s: the stream had not ended") << path;
      // A complete list is exactly the Python system's.
      if (end == End::kEos && path.ends_with(".json")) {
        EXPECT_EQ(ReadFile(path).find("complete"), std::string::npos);
      }
    }
  }
}

TEST_F(TimelineSmooth, WhatNobodyLookedAtIsNotInATimelineThatIsInterrupted) {
  const std::string path = Folder() + "/t.json";
  Make("timelinesmooth window=1 sync-mode=immediate location=" + path);
  Begin();
  PushStream("aabb");
  PushFrames(64, 96);  // four seconds more, which the network has not seen yet
  gst_element_set_state(element_, GST_STATE_NULL);
  const action::TimelineFile file = action::ReadTimelineFile(path);
  EXPECT_EQ(file.last().segments.back().end, 8 * static_cast<int64_t>(GST_SECOND));
  EXPECT_EQ(file.last().Interruption(), "interrupted at 8.0 s: the stream had not ended");
}

// ---- Latency

TEST_F(TimelineSmooth, ReportsWhatItHolds) {
  Make("timelinesmooth sync-mode=aligned window=9", true);
  gst_harness_set_upstream_latency(harness_, 30 * GST_MSECOND);
  EXPECT_EQ(gst_harness_query_latency(harness_), 30 * GST_MSECOND) << "nothing is held before it is known what comes";
  while (gst_bus_have_pending(bus_))
    gst_message_unref(gst_bus_pop(bus_));
  Begin(4, true);
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_LATENCY), "latency") << "announced anew";
  // Four steps of 4 samples, a chunk of 16, and a hop for the network: 36 samples at 8 a second.
  EXPECT_EQ(gst_harness_query_latency(harness_), 30 * GST_MSECOND + 4500 * GST_MSECOND);
  // Continual features wait for the eleven samples behind a chunk.
  action::BackboneFacts facts = Backbone(4, true);
  facts.mode = action::FeatureMode::kContinual;
  Push(action::NewBackboneEvent(facts));
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_LATENCY), "latency");
  EXPECT_EQ(gst_harness_query_latency(harness_), 30 * GST_MSECOND + 4500 * GST_MSECOND + 1375 * GST_MSECOND);
}

TEST_F(TimelineSmooth, HoldsNothingOfASourceThatIsNotLive) {
  Begin(16, false);
  gst_harness_set_upstream_latency(harness_, 30 * GST_MSECOND);
  EXPECT_EQ(gst_harness_query_latency(harness_), 30 * GST_MSECOND);
}

TEST_F(TimelineSmooth, ALiveFrameGoesAtItsDeadline) {
  Make("timelinesmooth sync-mode=aligned window=1", true);
  gst_harness_use_testclock(harness_);
  Begin(16, true);  // holds 32 samples: 4 s
  PushFrames(0, 16);
  PushStep(0, 0);
  EXPECT_EQ(PullLabels(16), std::string(16, 'a')) << "labelled before the deadline";
  PushFrames(16, 18);
  GstTestClock *clock = gst_harness_get_testclock(harness_);
  gst_test_clock_wait_for_next_pending_id(clock, nullptr);
  EXPECT_EQ(gst_harness_buffers_in_queue(harness_), 0u);
  gst_object_unref(clock);
  gst_harness_set_time(harness_, 16 * kFrame + 4 * GST_SECOND);
  gst_harness_crank_single_clock_wait(harness_);
  EXPECT_EQ(PullLabel(), "a") << "with the newest label";
  EXPECT_EQ(last_pts_, 16 * kFrame);
}

// ---- Files

TEST_F(TimelineSmooth, JsonIsWrittenBeforeEos) {
  const std::string path = Folder() + "/t.json";
  Make("timelinesmooth window=1 location=" + path);
  Begin();
  PushStream("aab");
  EXPECT_FALSE(std::filesystem::exists(path)) << "complete or absent";
  std::string at_eos;
  GstPad *pad = gst_element_get_static_pad(element_, "src");
  struct Look {
    std::string path;
    std::string *text;
  } look{path, &at_eos};
  gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      [](GstPad *, GstPadProbeInfo *info, gpointer user) {
        auto &l = *static_cast<Look *>(user);
        if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS) *l.text = ReadFile(l.path);
        return GST_PAD_PROBE_OK;
      },
      &look, nullptr);
  gst_object_unref(pad);
  PushEos();
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(at_eos,
            "[\n"
            R"(  {"start":0.0,"end":4.0,"duration":4.0,"coarse_action":"a","fine_action":"a_va","value_category":"VA",)"
            R"("num_frames":2,"state":"measured","confidence":0.8},)"
            "\n"
            R"(  {"start":4.0,"end":6.0,"duration":2.0,"coarse_action":"b","fine_action":"b_one_rnva",)"
            R"("value_category":"RNVA","num_frames":1,"state":"measured","confidence":0.8})"
            "\n]\n");
}

TEST_F(TimelineSmooth, WithoutEosTheFileIsWrittenWhenTheElementStops) {
  const std::string path = Folder() + "/t.json";
  Make("timelinesmooth window=1 location=" + path);
  Begin();
  PushStream("ab");
  gst_element_set_state(element_, GST_STATE_READY);
  const auto segments = action::ReadTimeline(path);
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_EQ(segments[1].end, 4 * static_cast<int64_t>(GST_SECOND));
}

// Whoever records the frames says where; lines name the file as it is found from their folder.
TEST_F(TimelineSmooth, LinesNameTheRecordingTheyBeginIn) {
  const std::string path = Folder() + "/day2/t.jsonl";
  std::filesystem::create_directories(Folder() + "/day2");
  Make("timelinesmooth station=P location=" + path, true);
  Begin(16, true);
  const auto record = [this](const std::string &file, GstClockTime begin) {
    EXPECT_TRUE(gst_harness_push_upstream_event(harness_, action::NewRecordingEvent({Folder() + file, begin})));
  };
  record("/day1/overlay-230000.mp4", 0);
  PushStream(std::string(20, 'a') + std::string(20, 'b'));
  record("/day2/overlay-000000.mp4", 30 * 16 * kFrame);
  PushStream(std::string(20, 'c'), 40);
  PushEos();
  WaitForEvent(GST_EVENT_EOS);
  std::vector<std::string> found;
  std::istringstream lines(ReadFile(path));
  for (std::string line; std::getline(lines, line);) {
    const size_t at = line.find("\"video\":");
    found.push_back(at == std::string::npos ? ""
                                            : line.substr(at, line.find_first_of(",}", line.find("offset", at)) - at));
  }
  found.erase(std::unique(found.begin(), found.end()), found.end());  // the last one is said again at the end
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0], "\"video\":\"../day1/overlay-230000.mp4\",\"video_offset\":0.0");
  EXPECT_EQ(found[1], "\"video\":\"../day1/overlay-230000.mp4\",\"video_offset\":40.0");
  EXPECT_EQ(found[2], "\"video\":\"overlay-000000.mp4\",\"video_offset\":20.0");
}

TEST_F(TimelineSmooth, LinesAreThereAsSoonAsASegmentIsFinal) {
  const std::string path = Folder() + "/t.jsonl";
  std::ofstream(path) << R"({"start":0,"end":1,"fine_act)";  // a line that a power cut has cut off
  Make("timelinesmooth window=1 location=" + path);
  Begin();
  PushStream("abb");
  EXPECT_EQ(PullLabels(32), std::string(16, 'a') + std::string(16, 'b'));
  // The message comes after the line.
  PushFrames(48, 49);
  PullLabels(16);
  const std::string text = ReadFile(path);
  EXPECT_NE(text.find("\n{\"start\":0.0,\"end\":2.0"), std::string::npos) << text;
  EXPECT_EQ(text.back(), '\n');
  gst_element_set_state(element_, GST_STATE_READY);
  EXPECT_NE(ReadFile(path).find("\"fine_action\":\"b_one_rnva\""), std::string::npos);
  EXPECT_EQ(action::ReadTimeline(path).size(), 2u) << "the line that was cut off is passed over";
}

TEST_F(TimelineSmooth, LocationsThatCannotBe) {
  const auto refused = [this](const std::string &location) {
    return ErrorOf("timelinesmooth location=" + location, GST_STATE_PAUSED);
  };
  EXPECT_NE(refused(Folder() + "/no/t.json").find("/no/t.json"), std::string::npos);
  EXPECT_NE(refused(Folder() + "/no/t.jsonl").find("/no/t.jsonl"), std::string::npos);
  std::filesystem::create_directory(Folder() + "/folder.json");
  EXPECT_NE(refused(Folder() + "/folder.json").find("is a folder"), std::string::npos);
  for (const char *name : {"/t.txt", "/t.mp4", "/t"}) {  // .txt: frames of a video that nobody knows the rate of
    const std::string said = refused(Folder() + name);
    EXPECT_NE(said.find(".jsonl"), std::string::npos) << said;
    EXPECT_NE(said.find(".eaf"), std::string::npos) << said;
  }
}

// Formats of other programs hold what .json does.
TEST_F(TimelineSmooth, OtherFormatsAreWrittenAtTheEnd) {
  std::vector<action::Segment> wanted;
  for (const char *ending : {"json", "srt", "vtt", "eaf", "csv"}) {
    const std::string path = Folder() + "/t." + ending;
    Make("timelinesmooth window=1 location=" + path);
    Begin();
    PushStream("abbcca");
    PushEos();
    EXPECT_TRUE(WaitForEvent(GST_EVENT_EOS));
    const std::string text = ReadFile(path);
    const auto read = action::FormatOf(path, "", text).read(text, path, 0).segments;
    if (wanted.empty()) wanted = read;
    ASSERT_EQ(read.size(), wanted.size()) << text;
    EXPECT_GT(read.size(), 3u);
    for (size_t i = 0; i < read.size(); ++i) {
      EXPECT_EQ(read[i].fine_action, wanted[i].fine_action) << ending;
      EXPECT_NEAR(static_cast<double>(read[i].start), static_cast<double>(wanted[i].start), 1e6) << ending;
      EXPECT_NEAR(static_cast<double>(read[i].end), static_cast<double>(wanted[i].end), 1e6) << ending;
    }
    Drop();
  }
}

TEST_F(TimelineSmooth, ErrorsSayOfWhatKindAndFileTheyAre) {
  EXPECT_EQ(KindOfError("timelinesmooth location=/no/such/t.json", GST_STATE_PAUSED),
            "resource OPEN_WRITE /no/such/t.json");
  EXPECT_EQ(KindOfError("timelinesmooth location=/no/such/t.jsonl", GST_STATE_PAUSED),
            "resource OPEN_WRITE /no/such/t.jsonl");
  EXPECT_EQ(KindOfError("timelinesmooth location=" + Folder(), GST_STATE_PAUSED), "resource OPEN_WRITE " + Folder());
  EXPECT_EQ(KindOfError("timelinesmooth location=t.mp4", GST_STATE_PAUSED), "library SETTINGS");
  EXPECT_EQ(KindOfError("timelinesmooth elements=/no/such.csv", GST_STATE_PAUSED), "resource NOT_FOUND /no/such.csv");
  const std::string table = Folder() + "/wrong.csv";
  std::ofstream(table) << "label,value\na_va,WASTE\n";
  EXPECT_EQ(KindOfError("timelinesmooth elements=" + table, GST_STATE_PAUSED), "stream FORMAT " + table);
}

TEST_F(TimelineSmooth, AFullDiskLosesNothing) {
  const std::string disk = Folder() + "/disk";
  std::filesystem::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=8k") != 0) GTEST_SKIP() << "no right to mount a small disk";
  const std::string path = disk + "/t.jsonl", filler = disk + "/filler";
  Make("timelinesmooth window=1 location=" + path);
  Begin();
  std::ofstream(filler) << std::string(8192, 'x');
  PushStream("abab");
  PushFrames(64, 65);
  const std::string warning = WaitForMessage(GST_MESSAGE_WARNING);
  EXPECT_NE(warning.find("t.jsonl: No space left"), std::string::npos) << warning;
  std::filesystem::remove(filler);
  PushEos();
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(action::ReadTimeline(path).size(), 4u) << ReadFile(path);
  // With no room at all at the end, the error says so.
  const std::string json = disk + "/t.json";
  Make("timelinesmooth window=1 location=" + json);
  Begin();
  PushStream("ab");
  std::ofstream(filler) << std::string(8192, 'x');
  PushEos();
  EXPECT_NE(WaitForMessage(GST_MESSAGE_ERROR).find("t.json"), std::string::npos);
  EXPECT_TRUE(WaitForEvent(GST_EVENT_EOS)) << "and the end still passes";
  EXPECT_FALSE(std::filesystem::exists(json));
  Drop();
  umount(disk.c_str());
}

TEST_F(TimelineSmooth, ASeekReplacesWhatWasKnownOfTheSameTime) {
  for (const std::string name : {"t.json", "t.jsonl"}) {
    const std::string path = Folder() + "/" + name;
    Make("timelinesmooth window=1 min-duration=0 location=" + path);
    Begin();
    PushStream("aaaa");
    Push(gst_event_new_flush_start());
    Push(gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.time = segment.position = 2 * GST_SECOND;
    Push(gst_event_new_segment(&segment));
    for (int i = 16; i < 32; ++i)
      PushFrame(static_cast<GstClockTime>(i) * kFrame);
    action::ChunkFacts facts = FactsOf(4, 16, 2 * GST_SECOND - 4 * 16 * kFrame);
    facts.discont = true;
    facts.time.running_time = facts.step.running_time = 0;
    Push(StepEvent(facts, ScoresOf(1)));
    PushEos();
    WaitForEvent(GST_EVENT_EOS);
    std::vector<std::string> seen;
    for (const action::Segment &s : action::ReadTimeline(path)) {
      seen.push_back(std::to_string(s.start / static_cast<int64_t>(GST_SECOND)) + "-" +
                     std::to_string(s.end / static_cast<int64_t>(GST_SECOND)) + s.coarse_action);
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"0-2a", "2-4b", "4-8a"})) << name;
    if (name == "t.jsonl") {
      const std::string text = ReadFile(path);
      EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
    }
  }
}

TEST_F(TimelineSmooth, TimesCountFromTheFirstFrameOrTheStream) {
  for (const std::string origin : {"first-frame", "stream"}) {
    Make("timelinesmooth window=1 time-origin=" + origin);
    Begin();
    const GstClockTime late = 3 * GST_SECOND;
    for (int i = 0; i < 16; ++i)
      PushFrame(late + static_cast<GstClockTime>(i) * kFrame);
    Push(StepEvent(FactsOf(0, 16, late), ScoresOf(0)));
    PushEos();
    WaitForEvent(GST_EVENT_EOS);
    EXPECT_EQ(SegmentMessages(),
              std::vector<std::string>{origin == "stream" ? "3-5 a_va measured" : "0-2 a_va measured"});
  }
}

TEST_F(TimelineSmooth, ASegmentThatFollowsOnGoesOn) {
  // concat: PTS and stream time begin again at 0, running time goes on.
  Make("timelinesmooth window=1 min-duration=0");
  Begin();
  PushStream("ab");
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = 4 * GST_SECOND;
  Push(gst_event_new_segment(&segment));
  for (int i = 0; i < 16; ++i)
    PushFrame(static_cast<GstClockTime>(i) * kFrame);
  action::ChunkFacts facts = FactsOf(2, 16, 0);
  facts.discont = true;
  for (action::FrameTime *time : {&facts.time, &facts.step}) {
    time->timestamp = time->stream_time = 0;
    time->running_time = 4 * GST_SECOND;
    time->end = 16 * kFrame;
  }
  Push(StepEvent(facts, ScoresOf(1)));
  PushEos();
  EXPECT_EQ(PullLabels(48), std::string(16, 'a') + std::string(32, 'b'));
  WaitForEvent(GST_EVENT_EOS);
  EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-2 a_va measured", "2-6 b_one_rnva measured"}));
}

TEST_F(TimelineSmooth, WallClockOfReferenceTimestamps) {
  const std::string path = Folder() + "/t.json";
  Make("timelinesmooth window=1 location=" + path);
  Begin();
  GstCaps *ntp = gst_caps_from_string("timestamp/x-ntp");
  constexpr GstClockTime kNtp1970 = G_GUINT64_CONSTANT(2208988800) * GST_SECOND;
  for (int i = 0; i < 16; ++i) {
    GstBuffer *buffer = NewFrame(static_cast<GstClockTime>(i) * kFrame);
    gst_buffer_add_reference_timestamp_meta(
        buffer, ntp, kNtp1970 + 1700000000 * GST_SECOND + static_cast<GstClockTime>(i) * kFrame, GST_CLOCK_TIME_NONE);
    gst_harness_push(harness_, buffer);
  }
  gst_caps_unref(ntp);
  PushStep(0, 0);
  PushEos();
  WaitForEvent(GST_EVENT_EOS);
  const std::string text = ReadFile(path);
  EXPECT_NE(text.find(R"("wall_clock_start":"2023-11-14T22:13:20.000Z","wall_clock_end":"2023-11-14T22:13:22.000Z",)"
                      R"("wall_clock_source":"reference-timestamp")"),
            std::string::npos)
      << text;
}

TEST_F(TimelineSmooth, WallClockOfALiveSource) {
  Make("timelinesmooth window=1", true);
  gst_harness_use_systemclock(harness_);
  Begin(16, true);
  const gint64 before = g_get_real_time();
  const GstClockTime running = gst_element_get_current_running_time(element_);
  PushFrame(GST_CLOCK_TIME_IS_VALID(running) ? running : 0);
  const gint64 after = g_get_real_time();
  Push(StepEvent(FactsOf(0, 16, running), ScoresOf(0)));
  PushEos();
  WaitForEvent(GST_EVENT_EOS);
  GstMessage *message = gst_bus_pop_filtered(bus_, GST_MESSAGE_ELEMENT);
  ASSERT_NE(message, nullptr);
  gint64 start = 0;
  EXPECT_TRUE(gst_structure_get_int64(gst_message_get_structure(message), "wall-clock-start", &start));
  EXPECT_STREQ(gst_structure_get_string(gst_message_get_structure(message), "wall-clock-source"), "pipeline-clock");
  EXPECT_GE(start / 1000, before - 1);
  EXPECT_LE(start / 1000, after + 1);
  gst_message_unref(message);
}

// The camera's own clock counts where it can be right; one of 1900 does not.
TEST_F(TimelineSmooth, WallClockOfACameraThatWasNeverSet) {
  GstCaps *ntp = gst_caps_from_string("timestamp/x-ntp");
  constexpr GstClockTime kNtp1970 = G_GUINT64_CONSTANT(2208988800) * GST_SECOND;
  const auto now = static_cast<GstClockTime>(g_get_real_time()) * GST_USECOND;
  for (const auto &[time, source, warned] :
       {std::tuple<GstClockTime, const char *, bool>{8 * GST_SECOND, "pipeline-clock", true},
        {kNtp1970 + now - 3600 * GST_SECOND, "reference-timestamp", false}}) {
    Make("timelinesmooth window=1", true);
    gst_harness_use_systemclock(harness_);
    Begin(16, true);
    const GstClockTime running = gst_element_get_current_running_time(element_);
    GstBuffer *buffer = NewFrame(GST_CLOCK_TIME_IS_VALID(running) ? running : 0);
    gst_buffer_add_reference_timestamp_meta(buffer, ntp, time, GST_CLOCK_TIME_NONE);
    gst_harness_push(harness_, buffer);
    Push(StepEvent(FactsOf(0, 16, running), ScoresOf(0)));
    PushEos();
    WaitForEvent(GST_EVENT_EOS);
    bool told = false;
    std::string said;
    while (GstMessage *message =
               gst_bus_pop_filtered(bus_, static_cast<GstMessageType>(GST_MESSAGE_WARNING | GST_MESSAGE_ELEMENT))) {
      if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) {
        GError *error = nullptr;
        gst_message_parse_warning(message, &error, nullptr);
        told = told || std::strstr(error->message, "clock says 1900-01-01T00:00:08.000Z") != nullptr;
        g_error_free(error);
      } else {
        said = gst_structure_get_string(gst_message_get_structure(message), "wall-clock-source");
      }
      gst_message_unref(message);
    }
    EXPECT_EQ(told, warned);
    EXPECT_EQ(said, source);
  }
  gst_caps_unref(ntp);
}

}  // namespace
}  // namespace test

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  GstElement *load = gst_element_factory_make("timelinesmooth", nullptr);  // registers the label meta
  if (load != nullptr) gst_object_unref(load);
  return RUN_ALL_TESTS();
}
