// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// timelinesmooth's study side by itself: method, profile, costs, seconds, elements.csv, stats.
#include "action/timeline/timeline_file.h"
#include "labelled_stream.h"

namespace test {
namespace {

class Study : public LabelledStream {
 protected:
  void Begin(int hop = 16, bool live = false, const action::LabelTable &labels = Labels()) {
    Start();
    PushBackbone(hop, live);
    PushLabels(labels);
  }

  // A step that gives `sure` to one fine label and shares the rest; its frames come with it.
  void PushFineStep(uint64_t index, size_t fine, float sure = 0.7f) {
    const int at = static_cast<int>(index);
    PushFrames(at * 16, at * 16 + 16);
    action::ChunkScores scores = ScoresOf(std::array{0, 1, 1, 2}[fine], fine == 2 ? 2 : 1);
    scores.fine_scores.assign(4, (1 - sure) / 3);
    scores.fine_scores[fine] = sure;
    Push(StepEvent(FactsOf(index), scores));
  }
  // One digit a step: the fine label's id.
  void PushFineStream(const std::string &steps) {
    for (size_t i = 0; i < steps.size(); ++i)
      PushFineStep(i, static_cast<size_t>(steps[i] - '0'));
  }

  std::vector<std::string> SegmentsOf(const std::string &steps) {
    PushFineStream(steps);
    PushEos();
    PullLabels(static_cast<int>(steps.size()) * 16);
    WaitForEos();
    return SegmentMessages();
  }

  void WaitForEos() {
    while (GstEvent *event = gst_harness_pull_event(harness_)) {
      const bool eos = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
      gst_event_unref(event);
      if (eos) return;
    }
    FAIL() << "no EOS";
  }

  template <typename T>
  T Get(const char *property) {
    T value{};
    g_object_get(element_, property, &value, nullptr);
    return value;
  }

  std::string Write(const std::string &name, const std::string &text) {
    const std::string path = Folder() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
};

TEST_F(Study, ViterbiTellsFineActionsOfOneFamilyApart) {
  Make("timelinesmooth method=viterbi switch-cost=1");
  Begin();
  EXPECT_EQ(SegmentsOf("00111222"),
            (std::vector<std::string>{"0-4 a_va measured", "4-10 b_one_rnva measured", "10-16 b_two_nva measured"}));
}

TEST_F(Study, MajorityDoesNot) {
  Make("timelinesmooth window=1 refine-window=1");
  Begin();
  EXPECT_EQ(SegmentsOf("0011222"), (std::vector<std::string>{"0-4 a_va measured", "4-14 b_two_nva measured"}));
}

TEST_F(Study, FramesShowTheMostProbableSequence) {
  Make("timelinesmooth method=viterbi switch-cost=1 lookahead=0");
  Begin();
  PushFineStream("0011");
  PushEos();
  std::string fine;
  for (int i = 0; i < 64; ++i) {
    PullLabel();
    fine += last_->fine_action.substr(0, 1);
  }
  EXPECT_EQ(fine, std::string(32, 'a') + std::string(32, 'b'));
  EXPECT_EQ(last_->segment_start, 32 * kFrame);
  EXPECT_TRUE(last_->provisional);
}

TEST_F(Study, AFrameWaitsForItsLabelOrTheLookAhead) {
  // 6 s of look-ahead are three steps; doubt between two labels does not end.
  Make("timelinesmooth method=viterbi switch-cost=100 lookahead=6000000000");
  Begin();
  for (uint64_t i = 0; i < 2; ++i)
    PushFineStep(i, i % 2);
  EXPECT_EQ(gst_harness_buffers_in_queue(harness_), 0u);
  PushFineStep(2, 0);
  EXPECT_EQ(PullLabels(16), std::string(16, 'a'));
  EXPECT_EQ(gst_harness_buffers_in_queue(harness_), 0u);
  PushEos();
  EXPECT_EQ(PullLabels(32), std::string(32, 'a'));
}

TEST_F(Study, LookAheadIsTheLatencyOfALiveSource) {
  Make("timelinesmooth method=viterbi sync-mode=aligned lookahead=3000000000", true);
  gst_harness_set_upstream_latency(harness_, 30 * GST_MSECOND);
  Begin(4, true);
  // The look-ahead, a chunk of 16 samples, and a hop of 4 for the network, at 8 a second.
  EXPECT_EQ(gst_harness_query_latency(harness_), 30 * GST_MSECOND + 3000 * GST_MSECOND + 2500 * GST_MSECOND);
}

// ---- Profile

TEST_F(Study, TheReferenceIsTheDefault) {
  EXPECT_NO_FATAL_FAILURE(Make("timelinesmooth"));
  EXPECT_EQ(Get<gint>("profile"), 0);
  EXPECT_EQ(Get<gint>("method"), 0);
  EXPECT_EQ(Get<gint>("window"), 9);
  EXPECT_EQ(Get<gint>("refine-window"), 5);
  EXPECT_EQ(Get<guint64>("min-duration"), GST_SECOND);
}

TEST_F(Study, AProfileLeavesAloneWhatTheUserHasSet) {
  // In whatever order.
  for (const char *line : {"timelinesmooth profile=study", "timelinesmooth profile=study switch-cost=7.5",
                           "timelinesmooth switch-cost=7.5 profile=study"}) {
    Make(line);
    EXPECT_EQ(Get<gint>("method"), 1) << line;
    const bool own = std::string(line).find("switch-cost") != std::string::npos;
    EXPECT_EQ(Get<gdouble>("switch-cost") == 7.5, own) << line;
  }
  Make("timelinesmooth method=majority window=3 profile=study");
  EXPECT_EQ(Get<gint>("method"), 0);
  EXPECT_EQ(Get<gint>("window"), 3);
  const gdouble of_study = Get<gdouble>("switch-cost");
  gst_util_set_object_arg(G_OBJECT(element_), "profile", "reference");
  EXPECT_EQ(Get<gint>("window"), 3) << "and when it is changed back";
  gst_util_set_object_arg(G_OBJECT(element_), "profile", "study");
  EXPECT_EQ(Get<gdouble>("switch-cost"), of_study);
}

TEST_F(Study, StatesOfNamesApplyInTheStudyProfile) {
  action::LabelTable labels = Labels();
  labels.coarse[0] = labels.fine[0].coarse = labels.fine[0].label = "absent";
  labels.coarse[2] = labels.fine[3].coarse = labels.fine[3].label = "background";
  for (const bool study : {false, true}) {
    Make(std::string("timelinesmooth method=viterbi switch-cost=1 profile=") + (study ? "study" : "reference"));
    Begin(16, false, labels);
    EXPECT_EQ(
        SegmentsOf("00113333"),
        study
            ? (std::vector<std::string>{"0-4 absent absent", "4-8 b_one_rnva measured", "8-16 background unknown"})
            : (std::vector<std::string>{"0-4 absent measured", "4-8 b_one_rnva measured", "8-16 background measured"}));
  }
}

// ---- Seconds instead of steps

TEST_F(Study, SecondsMeanTheSameAtEveryHop) {
  // At hop 16 a step is 2 s: 5 s are nearest to 3 steps. At hop 8 it is 1 s: 5 steps.
  for (const auto &[hop, steps] : {std::pair(16, 2), std::pair(8, 3)}) {
    Make("timelinesmooth window-seconds=5 window=99 min-duration-seconds=0");
    Begin(hop);
    PushFrames(0, 16);
    for (uint64_t k = 0; k < 2; ++k)
      Push(StepEvent(FactsOf(k, hop), ScoresOf(0)));
    PushFrames(16, 32);
    if (steps == 3) {  // half a window of 5 is two steps more
      EXPECT_EQ(gst_harness_buffers_in_queue(harness_), 0u);
      Push(StepEvent(FactsOf(2, hop), ScoresOf(0)));
    }
    PullLabel();
    EXPECT_TRUE(last_) << hop;
  }
}

TEST_F(Study, MinimumDurationInSecondsWins) {
  Make("timelinesmooth window=1 min-duration=0 min-duration-seconds=3");
  Begin();
  EXPECT_EQ(SegmentsOf("000100"), (std::vector<std::string>{"0-12 a_va measured"}));
}

// ---- elements.csv

constexpr const char *kElements =
    "label,name,value,order,min_seconds\n"
    "a_va,\"Apply grease\",NVA,0,\n"
    "b_one_rnva,検査,,1,3\n"
    "b_two_nva,,,2,\n";

TEST_F(Study, ElementsNameAndValueWhatIsExported) {
  const std::string file = Write("elements.csv", kElements), json = Folder() + "/t.json";
  Make("timelinesmooth method=viterbi switch-cost=0.5 elements=" + file + " location=" + json);
  Begin();
  // b_one of 2 s is shorter than its own minimum, b_two of 2 s is not; from a to b_two one is left out.
  EXPECT_EQ(SegmentsOf("001002"), (std::vector<std::string>{"0-10 a_va measured", "10-12 b_two_nva measured"}));
  const auto segments = action::ReadTimeline(json);
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_EQ(segments[0].name, "Apply grease");
  EXPECT_EQ(segments[0].fine_action, "a_va") << "the trained label stays";
  EXPECT_EQ(segments[0].category, action::ValueCategory::kNva);
  EXPECT_EQ(segments[1].category, action::ValueCategory::kNva) << "by its suffix";
  EXPECT_EQ(segments[1].deviation, action::Deviation::kSkipped);
  EXPECT_NE(ReadFile(json).find(R"("deviation":"skipped")"), std::string::npos);
  GstStructure *stats = Get<GstStructure *>("stats");
  guint64 count = 0, deviations = 0, forced = 1;
  EXPECT_TRUE(gst_structure_get(stats, "segments", G_TYPE_UINT64, &count, "deviations", G_TYPE_UINT64, &deviations,
                                "forced-steps", G_TYPE_UINT64, &forced, nullptr));
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(deviations, 1u);
  EXPECT_EQ(forced, 0u);
  gst_structure_free(stats);
}

TEST_F(Study, ElementsComeWithTheLabelsToo) {
  action::LabelTable labels = Labels();
  labels.fine[0].element = {"Apply grease", "grease", 4, true, 2.5, 0.1};
  GstEvent *event = action::NewLabelsEvent({"model", false, labels, 0.25, true});
  const auto parsed = action::ParseLabels(gst_event_get_structure(event));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->labels, labels);
  EXPECT_EQ(parsed->unknown_threshold, 0.25);
  EXPECT_TRUE(parsed->calibrated);
  gst_event_unref(event);
  Make("timelinesmooth");
  Begin(16, false, labels);
  PushFineStream("000000000");
  PushEos();
  PullLabel();
  EXPECT_EQ(last_->name, "Apply grease") << "on frames";
}

TEST_F(Study, OwnElementsTakeThePlaceOfThoseThatCome) {
  action::LabelTable labels = Labels();
  labels.fine[0].element = {"Sent", "", 1, false, {}, {}};
  labels.fine[0].category = action::ValueCategory::kNva;
  Make("timelinesmooth elements=" + Write("own.csv", "label,name\nb_two_nva,Own\n"));
  Begin(16, false, labels);
  PushFineStream("000000000");
  PushEos();
  PullLabel();
  EXPECT_EQ(last_->name, "");
  EXPECT_EQ(last_->category, action::ValueCategory::kVa) << "by its suffix";
}

TEST_F(Study, ElementsThatAreWrongAreAnError) {
  const std::string refused =
      ErrorOf("timelinesmooth elements=" + Write("bad.csv", "label,order\na_va,first\n"), GST_STATE_PAUSED);
  EXPECT_NE(refused.find("bad.csv line 2: order is 'first'"), std::string::npos) << refused;
  // Of another model: known when the labels come.
  Make("timelinesmooth elements=" + Write("other.csv", "label\nmount_va\n"));
  Start();
  PushBackbone();
  PushLabels();
  const std::string said = WaitForMessage(GST_MESSAGE_ERROR);
  EXPECT_NE(said.find("other.csv line 2: the model has no label 'mount_va'. It knows a_va, "), std::string::npos)
      << said;
}

TEST_F(Study, FinishedSegmentsBelowTheThresholdAreUnknown) {
  Make("timelinesmooth method=viterbi switch-cost=1");
  Start();
  PushBackbone();
  Push(action::NewLabelsEvent({"model", false, Labels(), 0.6, false}));
  for (uint64_t i = 0; i < 4; ++i)
    PushFineStep(i, 0, 0.9f);
  for (uint64_t i = 4; i < 8; ++i)
    PushFineStep(i, 3, 0.5f);
  PushEos();
  PullLabels(128);
  WaitForEos();
  EXPECT_EQ(SegmentMessages(), (std::vector<std::string>{"0-8 a_va measured", "8-16 unknown unknown"}));
}

TEST_F(Study, HopOfTheReferenceIsToldOnce) {
  for (const int hop : {2, 4, 8, 16}) {
    Make("timelinesmooth profile=study");
    PushBackbone(hop);
    const std::string said = WaitForMessage(GST_MESSAGE_WARNING, 0);
    EXPECT_EQ(said.find("profile=study is meant for r3dfeatures hop=4") != std::string::npos, hop > 4) << hop << said;
    PushBackbone(hop);
    EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "");
  }
  Make("timelinesmooth");
  PushBackbone(16);
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "") << "the reference's own";
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
