// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// timelinelabel: the labels of a file on frames.
#include "action/timeline/timeline_file.h"
#include "common/analytics_label.h"
#include "common/timeline_event.h"
#include "detections.h"
#include "labelled_stream.h"

namespace test {
namespace {

class TimelineLabel : public LabelledStream {
 protected:
  std::string File(const std::string &name, const std::string &text) {
    const std::string path = Folder() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  // a to 2 s, b to 4 s; a hole; c from 6 s to 8 s.
  std::string Timeline() {
    return File("t.json", R"([{"start":0,"end":2,"fine_action":"a_va"},{"start":2,"end":4,"fine_action":"b_nva"},)"
                          R"({"start":6,"end":8,"fine_action":"c_rnva"}])");
  }

  std::string LabelAt(GstClockTime time) {
    PushFrame(time);
    return PullLabel();
  }
};

TEST_F(TimelineLabel, FramesGetTheLabelsOfTheFile) {
  // The reference's seven keys; times rounded to the millisecond, a label outside ASCII.
  Make(
      "timelinelabel location=" +
      File(
          "reference.json",
          R"([{"start": 0.0, "end": 2.133, "duration": 2.133, "coarse_action": "turn", "fine_action": )"
          R"("turn_screw_va", "value_category": "VA", "num_frames": 1}, {"start": 2.133, "end": 4.0, "duration": )"
          R"(1.867, "coarse_action": "検査", "fine_action": "検査_rnva", "value_category": "RNVA", "num_frames": 1}])"));
  Start();
  const GstClockTime late = 5 * GST_SECOND;  // the first frame is time 0
  EXPECT_EQ(LabelAt(late), "turn");
  EXPECT_EQ(last_->segment_start, late);
  EXPECT_EQ(LabelAt(late + 2100000000), "turn");
  EXPECT_EQ(LabelAt(late + 2133333333), "検査") << "the frame on the boundary, whose time the file rounds";
  EXPECT_FALSE(last_->provisional) << "every label is final";
  EXPECT_EQ(last_->fine_action, "検査_rnva");
  EXPECT_EQ(last_->category, action::ValueCategory::kRnva);
  EXPECT_EQ(LabelAt(late + 3999000000), "検査");
  EXPECT_EQ(LabelAt(late + 4000000000), "-") << "the timeline ends";
}

TEST_F(TimelineLabel, OtherProgramsFiles) {
  Make("timelinelabel location=" + File("t.srt",
                                        "1\n00:00:00,000 --> 00:00:02,000\nturn_screw_va\n\n"
                                        "2\n00:00:03,000 --> 00:00:04,000\nwait_nva\n"));
  Start();
  EXPECT_EQ(LabelAt(0), "turn");
  EXPECT_EQ(LabelAt(2500 * GST_MSECOND), "gap");
  EXPECT_EQ(LabelAt(3 * GST_SECOND), "wait");
}

TEST_F(TimelineLabel, TakesAwayWhatTheFileDoesNotSay) {
  Make("timelinelabel location=" + Timeline());
  Start();
  EXPECT_EQ(LabelAt(0), "a");
  EXPECT_EQ(LabelAt(5 * GST_SECOND), "gap") << "where the file has a hole";
  GstBuffer *frame = NewFrame(9 * GST_SECOND);
  action::MetaLabel old;
  old.coarse_action = old.fine_action = "old";
  action::SetLabel(frame, old);
  gst_harness_push(harness_, frame);
  EXPECT_EQ(PullLabel(), "-");
}

TEST_F(TimelineLabel, TimeZeroMayBeThatOfTheStream) {
  Make("timelinelabel time-origin=stream location=" + Timeline());
  Start();
  EXPECT_EQ(LabelAt(3 * GST_SECOND), "b");
}

// The writer's clock: of two files one after the other, the second goes on where the first ended.
TEST_F(TimelineLabel, ASecondFileIsNotTheFirst) {
  Make("timelinelabel location=" + Timeline());
  Start();
  for (int i = 0; i < 24; ++i)
    EXPECT_EQ(LabelAt(static_cast<GstClockTime>(i) * kFrame), i < 16 ? "a" : "b");
  Push(gst_event_new_stream_start("second"));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = 24 * kFrame;
  Push(gst_event_new_segment(&segment));
  EXPECT_EQ(LabelAt(0), "b") << "3 s";
  EXPECT_EQ(last_->segment_start, 0u) << "in its stream, it was there from the first frame on";
  EXPECT_EQ(LabelAt(GST_SECOND), "gap") << "4 s";
  EXPECT_EQ(LabelAt(3 * GST_SECOND), "c") << "6 s";
}

TEST_F(TimelineLabel, ASeekFindsItsPlace) {
  Make("timelinelabel location=" + Timeline());
  Start();
  EXPECT_EQ(LabelAt(0), "a");
  Push(gst_event_new_flush_start());
  Push(gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = segment.position = 6 * GST_SECOND;
  Push(gst_event_new_segment(&segment));
  EXPECT_EQ(LabelAt(6 * GST_SECOND), "c");
}

TEST_F(TimelineLabel, TellsTheWholeTimelineBeforeTheFirstFrame) {
  const std::string path = Timeline();
  Make("timelinelabel location=" + path);
  Start();
  PushFrame(0);
  PushFrame(kFrame);
  int found = 0;
  while (GstEvent *event = gst_harness_try_pull_event(harness_)) {
    if (gst_event_has_name(event, action::kTimelineEvent)) {
      ++found;
      EXPECT_TRUE(GST_EVENT_IS_STICKY(event));
      const auto facts = action::ParseTimeline(gst_event_get_structure(event));
      ASSERT_TRUE(facts.has_value());
      EXPECT_EQ(facts->location, path);
      EXPECT_EQ(facts->time_origin, action::TimeOrigin::kFirstFrame);
      std::string said;
      for (const action::Segment &s : facts->segments) {
        said += s.fine_action + " " + std::to_string(s.start / static_cast<int64_t>(GST_SECOND)) + "-" +
                std::to_string(s.end / static_cast<int64_t>(GST_SECOND)) + " " + action::NameOf(s.category) + " " +
                action::NameOf(s.state) + ";";
      }
      EXPECT_EQ(said, "a_va 0-2 VA measured;b_nva 2-4 NVA measured;gap 4-6 UNKNOWN gap;c_rnva 6-8 RNVA measured;");
    }
    gst_event_unref(event);
  }
  EXPECT_EQ(found, 1);
}

TEST_F(TimelineLabel, PixelsAreNotCopied) {
  Make("timelinelabel location=" + Timeline());
  Start();
  GstBuffer *in = NewFrame(0);
  GstMemory *memory = gst_buffer_peek_memory(in, 0);
  gst_buffer_ref(in);  // shared, as behind a tee
  gst_harness_push(harness_, in);
  GstBuffer *out = gst_harness_pull(harness_);
  EXPECT_EQ(gst_buffer_peek_memory(out, 0), memory);
  EXPECT_TRUE(action::LabelOf(out).has_value());
  EXPECT_FALSE(action::LabelOf(in).has_value());
  gst_buffer_unref(out);
  gst_buffer_unref(in);
}

TEST_F(TimelineLabel, ItsLabelsAreDetectionsForStockElements) {
  SKIP_WITHOUT_ANALYTICS();
  Make("timelinelabel location=" + Timeline());
  Start();
  EXPECT_TRUE(action::LabelsFollow(harness_->srcpad)) << "better ones than actionclassify's";
  PushFrame(0);
  GstBuffer *frame = gst_harness_pull(harness_);
  const std::vector<Detection> found = DetectionsOf(frame);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].classes, (std::vector<std::string>{"a_va", "a", "VA"}));
  gst_buffer_unref(frame);
}

TEST_F(TimelineLabel, BackwardAndUntimedFramesPass) {
  Make("timelinelabel location=" + Timeline());
  Start();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = -1;
  segment.stop = 2 * GST_SECOND;
  Push(gst_event_new_segment(&segment));
  EXPECT_EQ(LabelAt(GST_SECOND), "-");
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  Push(gst_event_new_segment(&segment));
  EXPECT_EQ(LabelAt(GST_SECOND), "-");
}

TEST_F(TimelineLabel, FilesThatCannotBeRead) {
  EXPECT_NE(ErrorOf("timelinelabel", GST_STATE_PAUSED).find("set the property 'location'"), std::string::npos);
  EXPECT_NE(ErrorOf("timelinelabel location=/no/such.json", GST_STATE_PAUSED).find("/no/such.json"), std::string::npos);
  EXPECT_NE(ErrorOf("timelinelabel location=" + File("text.json", "hello"), GST_STATE_PAUSED).find("is not JSON"),
            std::string::npos);
}

// An application sorts errors by these.
TEST_F(TimelineLabel, AFileWithoutSegmentsIsTold) {
  Make("timelinelabel location=" + File("empty.json", "[]"));
  Start();
  EXPECT_NE(WaitForMessage(GST_MESSAGE_WARNING, 0).find("holds no segment"), std::string::npos);
}

TEST_F(TimelineLabel, ErrorsSayOfWhatKindAndFileTheyAre) {
  EXPECT_EQ(KindOfError("timelinelabel", GST_STATE_PAUSED), "library SETTINGS");
  EXPECT_EQ(KindOfError("timelinelabel location=/no/such.json", GST_STATE_PAUSED), "resource NOT_FOUND /no/such.json");
  const std::string text = File("hello.json", "hello");
  EXPECT_EQ(KindOfError("timelinelabel location=" + text, GST_STATE_PAUSED), "stream FORMAT " + text);
  EXPECT_EQ(KindOfError("timelinelabel location=" + Folder(), GST_STATE_PAUSED), "resource OPEN_READ " + Folder());
}

// Older versions wrote such segments.
TEST_F(TimelineLabel, SegmentsOfNoLengthAreLeftOut) {
  Make("timelinelabel location=" + File("none.json", R"([{"start":0,"end":0,"fine_action":"a_va"},)"
                                                     R"({"start":0,"end":2,"fine_action":"b_nva"}])"));
  Start();
  EXPECT_EQ(LabelAt(0), "b");
}

}  // namespace
}  // namespace test

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  GstElement *load = gst_element_factory_make("timelinelabel", nullptr);  // registers the label meta
  if (load != nullptr) gst_object_unref(load);
  return RUN_ALL_TESTS();
}
