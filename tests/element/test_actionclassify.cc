// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// actionclassify by itself, around a fake engine: its classifiers answer with numbers that the test chooses.
#include <dlfcn.h>

#include <atomic>
#include <cmath>
#include <future>

#include "action/checkpoint/checkpoint.h"
#include "action/engine.h"
#include "common/analytics_label.h"
#include "common/feature_events.h"
#include "detections.h"
#include "labelled_stream.h"

namespace test {
namespace {

// A head of the fake engine: its bias says which of the features is the logit of each class.
void WriteHead(const std::string &folder, const std::vector<std::string> &labels, const std::vector<float> &features) {
  std::filesystem::create_directories(folder);
  const auto classes = static_cast<int64_t>(labels.size());
  action::StateDict state;
  const auto add = [&state](const char *name, std::vector<int64_t> shape, std::vector<float> values = {}) {
    size_t size = 1;
    for (const int64_t side : shape)
      size *= static_cast<size_t>(side);
    values.resize(size);
    state.entries.emplace_back(name, action::Tensor::FromFloats(std::move(shape), std::move(values)));
  };
  add("net.0.weight", {512});
  add("net.0.bias", {512});
  add("net.1.weight", {256, 512});
  add("net.1.bias", {256});
  add("net.4.weight", {256, 256});
  add("net.4.bias", {256});
  add("net.7.weight", {classes, 256});
  add("net.7.bias", {classes}, features);
  action::WriteTorchZip(folder + "/best.pt", state);
  std::ofstream map(folder + "/label_map.json");
  map << "{";
  for (size_t i = 0; i < labels.size(); ++i)
    map << (i > 0 ? "," : "") << "\"" << labels[i] << "\":" << i;
  map << "}";
}

class ActionClassify : public LabelledStream {
 protected:
  // A model with families a and c of one label and b of two, as the Python system writes it.
  std::string Model(const std::string &name, const std::string &second = "b") {
    const std::string root = Folder() + "/" + name;
    WriteHead(root + "/stage1", {"a", second, "c"}, {0, 1, 2});
    WriteHead(root + "/stage2/" + second, {second + "_one_rnva", second + "_two_nva"}, {3, 4});
    std::ofstream(root + "/stage2/stage2_registry.json")
        << R"({"a":{"trained":false,"reason":"single_class","n_clips":3,"n_classes":1},")" << second
        << R"(":{"trained":true,"n_clips":4,"n_classes":2},"c":{"trained":false,"reason":"single_class","n_clips":1,)"
        << R"("n_classes":1}})";
    return root;
  }

  // What gst-action-train adds.
  static void SayWhatItWasTrainedWith(const std::string &model, const std::string &hash, bool stand_in = false) {
    std::ofstream(model + "/model.json")
        << R"({"format_version":1,"features":{"weights_hash":")" << hash
        << R"(","precision":"fp32","sample_rate":"8/1","sampling":"auto","hop":16,"roi":"0,0,1,1","colorimetry":)"
        << R"("reference","stand_in":)" << (stand_in ? "true" : "false")
        << R"(},"labels":[{"label":"a_va","coarse":"a","value_category":"VA"},)"
        << R"({"label":"c","coarse":"c","value_category":"UNKNOWN"}]})";
  }

  static action::Features Logits(float a, float b, float c, float b_one = 0, float b_two = 0) {
    action::Features features{};
    features[0] = a;
    features[1] = b;
    features[2] = c;
    features[3] = b_one;
    features[4] = b_two;
    return features;
  }

  void PushFeatures(uint64_t index, const std::optional<action::Features> &features) {
    Push(action::NewFeaturesEvent(FactsOf(index), features));
  }

  // The next event of this name; those before it are dropped.
  GstEvent *PullEvent(const char *name) {
    while (GstEvent *event = gst_harness_try_pull_event(harness_)) {
      if (gst_event_has_name(event, name)) return event;
      gst_event_unref(event);
    }
    return nullptr;
  }

  std::vector<float> Floats(const GstStructure *s, const char *field) {
    GBytes *bytes = nullptr;
    if (!gst_structure_get(s, field, G_TYPE_BYTES, &bytes, nullptr)) return {};
    std::vector<float> values(g_bytes_get_size(bytes) / sizeof(float));
    std::memcpy(values.data(), g_bytes_get_data(bytes, nullptr), g_bytes_get_size(bytes));
    g_bytes_unref(bytes);
    return values;
  }
};

// ---- The model is loaded beside

// What r3dfeatures answers while its network is loaded.
std::atomic<bool> network_loads{false};
gboolean AnswersThatItLoads(GstPad *pad, GstObject *parent, GstQuery *query) {
  if (network_loads && action::AnswerBusyQuery(query, false, true)) return TRUE;
  return gst_pad_query_default(pad, parent, query);
}

class Loading : public ActionClassify {
 protected:
  void SetUp() override {
    // Opens the library, so that the very first model can be held up.
    library_ = dlopen("libactiontorch.so", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    SetLoading(false);
  }
  void TearDown() override {
    SetLoading(true);
    Drop();
    network_loads = false;
  }
  void SetLoading(bool open) { reinterpret_cast<void (*)(bool)>(dlsym(library_, "fake_engine_set_loading"))(open); }

 private:
  void *library_ = nullptr;
};

TEST_F(Loading, FramesPassAndTheFirstStepWaits) {
  Make("actionclassify model=" + Model("m"));
  gst_pad_set_query_function(harness_->srcpad, AnswersThatItLoads);
  network_loads = true;
  Start();
  PushFrame(0);
  EXPECT_EQ(PullLabel(), "-");
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "") << "r3dfeatures is there";
  network_loads = false;
  auto pushing = std::async(std::launch::async, [this] {
    PushBackbone();
    PushFeatures(0, Logits(5, 0, 0));
    PushFrame(kFrame);
  });
  SetLoading(true);
  pushing.get();
  EXPECT_EQ(PullLabel(), "a");
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "");
}

TEST_F(Loading, StoppingAndFlushingEndTheWait) {
  for (const bool flush : {false, true}) {
    Drop();
    SetLoading(false);
    Make("actionclassify model=" + Model(flush ? "m" : "n"));
    Start();
    auto waiting = std::async(std::launch::async, [this] { PushBackbone(); });
    if (!flush) {
      EXPECT_EQ(gst_element_set_state(element_, GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
      waiting.get();
      SetLoading(true);
      continue;
    }
    Push(gst_event_new_flush_start());
    waiting.get();
    Push(gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    Push(gst_event_new_segment(&segment));
    SetLoading(true);
    PushFrame(0);  // with the backbone, which is sent again
    PushFeatures(0, Logits(0, 0, 5));
    PushFrame(kFrame);
    EXPECT_EQ(PullLabel(), "-");
    EXPECT_EQ(PullLabel(), "c");
  }
}

TEST_F(Loading, AnErrorIsPostedAndEndsTheStream) {
  Make("actionclassify device=cuda model=" + Model("m"));
  Start();
  EXPECT_EQ(PushFrame(0), GST_FLOW_OK);
  SetLoading(true);
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_ERROR), "there is no CUDA device");
  GstFlowReturn flow = GST_FLOW_OK;
  while (flow == GST_FLOW_OK)
    flow = PushFrame(kFrame);
  EXPECT_EQ(flow, GST_FLOW_ERROR);
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_ERROR, 0), "") << "said once";
}

TEST_F(ActionClassify, StepsTakeThePlaceOfFeatures) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  GstEvent *labels = PullEvent("action-labels");
  ASSERT_NE(labels, nullptr) << "before the first buffer";
  EXPECT_TRUE((GST_EVENT_TYPE(labels) & GST_EVENT_TYPE_STICKY) != 0);
  const auto table = action::ParseLabels(gst_event_get_structure(labels));
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->labels.coarse, (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_EQ(table->labels.fine.size(), 4u);
  EXPECT_EQ(table->labels.fine[0].label, "a") << "not known: all that can be said is the family";
  EXPECT_EQ(table->labels.fine[2].label, "b_two_nva");
  EXPECT_EQ(table->labels.fine[2].category, action::ValueCategory::kNva);
  gst_event_unref(labels);

  PushFeatures(0, Logits(0, 2, 1, 3, 5));
  GstEvent *step = PullEvent("action-step");
  ASSERT_NE(step, nullptr);
  const GstStructure *s = gst_event_get_structure(step);
  gint coarse = -1;
  guint64 index = 99, end = 0;
  gdouble confidence = 0;
  EXPECT_TRUE(gst_structure_get(s, "coarse", G_TYPE_INT, &coarse, "index", G_TYPE_UINT64, &index, "end", G_TYPE_UINT64,
                                &end, "confidence", G_TYPE_DOUBLE, &confidence, nullptr));
  EXPECT_EQ(coarse, 1);
  EXPECT_EQ(index, 0u);
  EXPECT_EQ(end, 2 * GST_SECOND);
  EXPECT_FALSE(gst_structure_has_field(s, "features"));
  EXPECT_STREQ(gst_structure_get_string(s, "coarse-action"), "b");
  EXPECT_STREQ(gst_structure_get_string(s, "fine-action"), "b_two_nva");
  // Softmax of 0, 2, 1 and of 3, 5.
  const double sum = 1 + std::exp(2.0) + std::exp(1.0), b = std::exp(2.0) / sum, two = 1 / (1 + std::exp(-2.0));
  EXPECT_NEAR(confidence, b, 1e-6);
  const std::vector<float> scores = Floats(s, "scores"), fine = Floats(s, "fine-scores");
  ASSERT_EQ(scores.size(), 3u);
  ASSERT_EQ(fine.size(), 4u);
  EXPECT_NEAR(scores[0], 1 / sum, 1e-6);
  EXPECT_NEAR(fine[0], 1 / sum, 1e-6);
  EXPECT_NEAR(fine[1], b * (1 - two), 1e-6);
  EXPECT_NEAR(fine[2], b * two, 1e-6);
  gst_event_unref(step);

  PushFrame(0);
  EXPECT_EQ(PullLabel(), "b");
  EXPECT_EQ(last_->fine_action, "b_two_nva");
  EXPECT_EQ(last_->category, action::ValueCategory::kNva);
  EXPECT_NEAR(last_->confidence, b * two, 1e-6);
  EXPECT_TRUE(last_->provisional);
}

TEST_F(ActionClassify, TiesTakeTheSmallestId) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  PushFeatures(0, Logits(1, 1, 1, 2, 2));
  PushFrame(0);
  EXPECT_EQ(PullLabel(), "a");
}

TEST_F(ActionClassify, SegmentStartIsThatOfTheRunOfEqualLabels) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  PushFrame(0);
  EXPECT_EQ(PullLabel(), "-") << "nothing is known yet";
  for (uint64_t k = 0; k < 4; ++k) {
    PushFeatures(k, k == 0 ? Logits(5, 0, 0) : Logits(0, 5, 0));
    PushFrame(GST_SECOND);
    PullLabel();
    EXPECT_EQ(last_->segment_start, k == 0 ? 0 : 2 * GST_SECOND);
  }
}

TEST_F(ActionClassify, FeaturesAreForwardedWhenAsked) {
  for (const bool forward : {false, true}) {
    Make("actionclassify forward-features=" + std::string(forward ? "true" : "false") + " model=" + Model("m"));
    Start();
    PushBackbone();
    PushFeatures(0, Logits(1, 0, 0));
    GstEvent *features = PullEvent("action-features");
    EXPECT_EQ(features != nullptr, forward);
    if (features != nullptr) gst_event_unref(features);
    if (forward) {
      GstEvent *step = PullEvent("action-step");
      ASSERT_NE(step, nullptr) << "after the features";
      gst_event_unref(step);
    }
  }
}

TEST_F(ActionClassify, AModelThatWasOftenWrongIsTold) {
  const auto with = [this](int right, int of) {
    const std::string model = Model("m" + std::to_string(right) + "-" + std::to_string(of));
    SayWhatItWasTrainedWith(model, "fake");
    std::string text = ReadFile(model + "/model.json");
    text.insert(text.rfind('}'), R"(,"cross_validation":{"folds":4,"two_stage":{"right":)" + std::to_string(right) +
                                     R"(,"of":)" + std::to_string(of) + "}}");
    std::ofstream(model + "/model.json") << text;
    Make("actionclassify model=" + model);
    Start();
    PushBackbone();
    GstEvent *labels = PullEvent("action-labels");
    const auto facts = action::ParseLabels(gst_event_get_structure(labels));
    gst_event_unref(labels);
    return std::pair(WaitForMessage(GST_MESSAGE_WARNING, 0), facts->poor_accuracy);
  };
  const auto [said, accuracy] = with(4, 10);
  EXPECT_NE(said.find("was right on only 40 % of the clips"), std::string::npos) << said;
  EXPECT_EQ(accuracy, 0.4);
  EXPECT_EQ(with(9, 10).first, "");
  EXPECT_EQ(with(9, 10).second, std::nullopt);
  EXPECT_EQ(with(1, 4).first, "") << "too few to say anything";
}

TEST_F(ActionClassify, ScoresAreThoseOfTheTemperature) {
  const std::string model = Model("m");
  SayWhatItWasTrainedWith(model, "fake");
  std::string text = ReadFile(model + "/model.json");
  text.insert(text.rfind('}'),
              R"(,"calibration":{"from":"cross-validation","clips":9,"steps":30,"stage1":2.0,"stage2":{"b":4.0}})");
  std::ofstream(model + "/model.json") << text;
  Make("actionclassify model=" + model);
  Start();
  PushBackbone();
  GstEvent *labels = PullEvent("action-labels");
  gboolean calibrated = FALSE;
  gst_structure_get_boolean(gst_event_get_structure(labels), "calibrated", &calibrated);
  EXPECT_TRUE(calibrated);
  gst_event_unref(labels);
  PushFeatures(0, Logits(0, 2, -2, 1, 5));
  GstEvent *step = PullEvent("action-step");
  const std::vector<float> fine = Floats(gst_event_get_structure(step), "fine-scores");
  // softmax of (0, 2, -2) / 2 and of (1, 5) / 4.
  const double sum = 1 + std::exp(1) + std::exp(-1), b = std::exp(1) / sum, two = 1 / (1 + std::exp(-1));
  ASSERT_EQ(fine.size(), 4u);
  EXPECT_NEAR(fine[0], 1 / sum, 1e-6);
  EXPECT_NEAR(fine[1], b * (1 - two), 1e-6);
  EXPECT_NEAR(fine[2], b * two, 1e-6);
  gst_event_unref(step);
}

TEST_F(ActionClassify, ElementsOfTheModelFolderOrTheProperty) {
  const std::string model = Model("m"), other = Folder() + "/other.csv";
  std::ofstream(model + "/elements.csv") << "label,name,value\nb_two_nva,Second,RNVA\n";
  std::ofstream(other) << "label,name\nb_two_nva,Other\n";
  for (const bool own : {true, false}) {
    Make("actionclassify model=" + model + (own ? "" : " elements=" + other));
    Start();
    PushBackbone();
    PushFeatures(0, Logits(0, 9, 0, 0, 9));
    PushFrame(0);
    PullLabel();
    EXPECT_EQ(last_->fine_action, "b_two_nva");
    EXPECT_EQ(last_->name, own ? "Second" : "Other");
    EXPECT_EQ(last_->category, own ? action::ValueCategory::kRnva : action::ValueCategory::kNva);
  }
  std::ofstream(other) << "label,name\nb_three,Other\n";
  const std::string said = ErrorOf("actionclassify model=" + model + " elements=" + other, GST_STATE_READY);
  EXPECT_NE(said.find("other.csv line 2: the model has no label 'b_three'"), std::string::npos) << said;
}

TEST_F(ActionClassify, AnotherThresholdIsToldWithTheLabels) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  const auto threshold_of = [this] {
    double threshold = -1;
    GstEvent *labels = PullEvent("action-labels");
    if (labels == nullptr) return threshold;
    gst_structure_get_double(gst_event_get_structure(labels), "unknown-threshold", &threshold);
    gst_event_unref(labels);
    return threshold;
  };
  EXPECT_EQ(threshold_of(), 0);
  g_object_set(element_, "unknown-threshold", 0.7, nullptr);
  PushFeatures(0, Logits(1, 0, 0));
  EXPECT_EQ(threshold_of(), 0.7);
  PushFeatures(1, Logits(1, 0, 0));
  EXPECT_EQ(threshold_of(), -1) << "not again";
}

TEST_F(ActionClassify, BelowTheThresholdAStepIsUnknown) {
  Make("actionclassify unknown-threshold=0.9 model=" + Model("m"));
  Start();
  PushBackbone();
  PushFeatures(0, Logits(1, 0, 0));
  PushFrame(0);
  EXPECT_EQ(PullLabel(), "unknown");
  EXPECT_EQ(last_->state, action::SegmentState::kUnknown);
  GstEvent *step = PullEvent("action-step");
  gint coarse = 0;
  gst_structure_get_int(gst_event_get_structure(step), "coarse", &coarse);
  EXPECT_EQ(coarse, 3) << "the id after the last one";
  gst_event_unref(step);
  PushFeatures(1, Logits(10, 0, 0));
  PushFrame(0);
  EXPECT_EQ(PullLabel(), "a");
}

TEST_F(ActionClassify, ADroppedChunkIsADroppedStep) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  PushFeatures(0, std::nullopt);
  GstEvent *step = PullEvent("action-step");
  gboolean dropped = FALSE;
  gst_structure_get_boolean(gst_event_get_structure(step), "dropped", &dropped);
  EXPECT_TRUE(dropped);
  EXPECT_FALSE(gst_structure_has_field(gst_event_get_structure(step), "coarse"));
  gst_event_unref(step);
  PushFrame(0);
  EXPECT_EQ(PullLabel(), "gap");
}

// Says for downstream whether labels follow.
GstPadProbeReturn AnswerFollow(GstPad *, GstPadProbeInfo *info, gpointer follow) {
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
  return action::AnswerLabelsFollow(query, *static_cast<bool *>(follow)) ? GST_PAD_PROBE_HANDLED : GST_PAD_PROBE_OK;
}

TEST_F(ActionClassify, LabelsAreDetectionsForStockElements) {
  SKIP_WITHOUT_ANALYTICS();
  Make("actionclassify model=" + Model("m"));
  Start("GRAY8", 64, 48);
  action::BackboneFacts backbone = Backbone();
  backbone.roi = {0, 0, 0.25, 0.5};  // of turned pictures; the box is that of the frames
  backbone.frame_roi = {0.25, 0.5, 0.5, 0.25};
  Push(action::NewBackboneEvent(backbone));
  PushFrame(0);
  GstBuffer *frame = gst_harness_pull(harness_);
  EXPECT_TRUE(DetectionsOf(frame).empty()) << "nothing is known yet";
  gst_buffer_unref(frame);

  PushFeatures(0, Logits(0, 9, 1, 3, 9));
  PushFrame(kFrame);
  frame = gst_harness_pull(harness_);
  const double confidence = action::LabelOf(frame)->confidence;
  EXPECT_GT(confidence, 0.9);
  const std::vector<Detection> found = DetectionsOf(frame);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].type, "b_two_nva");
  EXPECT_EQ(found[0].classes, (std::vector<std::string>{"b_two_nva", "b", "NVA"}));
  EXPECT_NEAR(found[0].confidence, confidence, 1e-6);
  EXPECT_EQ((std::vector{found[0].x, found[0].y, found[0].width, found[0].height}), (std::vector{16, 24, 32, 12}));
  gst_buffer_unref(frame);

  // Another picture size while it plays.
  SetCaps("GRAY8", 128, 96);
  PushFrame(2 * kFrame);
  frame = gst_harness_pull(harness_);
  ASSERT_EQ(DetectionsOf(frame).size(), 1u);
  EXPECT_EQ(DetectionsOf(frame)[0].width, 64);
  gst_buffer_unref(frame);

  // What was not measured is no detection.
  PushFeatures(1, std::nullopt);
  PushFrame(3 * kFrame);
  frame = gst_harness_pull(harness_);
  EXPECT_TRUE(DetectionsOf(frame).empty());
  gst_buffer_unref(frame);
}

TEST_F(ActionClassify, DetectionsAreLeftToWhoLabelsLast) {
  SKIP_WITHOUT_ANALYTICS();
  Make("actionclassify model=" + Model("m"));
  bool follow = true;
  GstPad *pad = gst_element_get_static_pad(element_, "src");
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, AnswerFollow, &follow, nullptr);
  gst_object_unref(pad);
  Start();
  PushBackbone();
  PushFeatures(0, Logits(0, 9, 1, 3, 9));
  PushFrame(0);
  GstBuffer *frame = gst_harness_pull(harness_);
  EXPECT_TRUE(action::LabelOf(frame).has_value());
  EXPECT_TRUE(DetectionsOf(frame).empty());
  gst_buffer_unref(frame);
  // Downstream is another one from here on.
  follow = false;
  SetCaps("GRAY8", 32, 32);
  PushFrame(kFrame);
  frame = gst_harness_pull(harness_);
  EXPECT_EQ(DetectionsOf(frame).size(), 1u);
  gst_buffer_unref(frame);
}

TEST_F(ActionClassify, ADetectionOfSomebodyElseStays) {
  SKIP_WITHOUT_ANALYTICS();
#if ACTION_HAVE_ANALYTICS
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  PushFeatures(0, Logits(0, 9, 1, 3, 9));
  GstBuffer *frame = NewFrame(0);
  gst_analytics_relation_meta_add_od_mtd(gst_buffer_add_analytics_relation_meta(frame), g_quark_from_string("person"),
                                         1, 2, 3, 4, 0.5f, nullptr);
  gst_harness_push(harness_, frame);
  frame = gst_harness_pull(harness_);
  const std::vector<Detection> found = DetectionsOf(frame);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0], (Detection{1, 2, 3, 4, "person", 0.5, {}}));
  EXPECT_EQ(found[1].type, "b_two_nva");
  gst_buffer_unref(frame);
#endif
}

TEST_F(ActionClassify, AnswersWhetherLabelsFollow) {
  Make("actionclassify model=" + Model("m"));
  Start();
  EXPECT_TRUE(action::LabelsFollow(harness_->srcpad));
  Make("identity");
  Start();
  EXPECT_FALSE(action::LabelsFollow(harness_->srcpad));
  // Another chain begins there.
  Make("r3dfeatures weights=fake");
  Start();
  EXPECT_FALSE(action::LabelsFollow(harness_->srcpad));
}

TEST_F(ActionClassify, AFlushForgetsTheLabel) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  PushFeatures(0, Logits(5, 0, 0));
  FlushAndRestart();
  PushFrame(0);
  EXPECT_EQ(PullLabel(), "-");
}

TEST_F(ActionClassify, TheEndWithoutDataAndAnotherSize) {
  Make("actionclassify model=" + Model("m"));
  Start();
  EXPECT_TRUE(PushEos());
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  PushFeatures(0, Logits(5, 0, 0));
  SetCaps("GRAY8", 32, 16);
  PushFrame(0);
  EXPECT_EQ(PullLabel(), "a");
}

TEST_F(ActionClassify, MayBeStoppedAndStartedAgain) {
  Make("actionclassify model=" + Model("m"));
  for (int i = 0; i < 20; ++i) {
    gst_element_set_state(element_, i % 2 == 0 ? GST_STATE_NULL : GST_STATE_READY);
    EXPECT_NE(gst_element_set_state(element_, GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  }
}

TEST_F(ActionClassify, PixelsAreNotCopied) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  PushFeatures(0, Logits(5, 0, 0));
  GstBuffer *in = NewFrame(0);
  GstMemory *memory = gst_buffer_peek_memory(in, 0);
  GstBuffer *kept = gst_buffer_ref(in);  // as a tee would
  gst_harness_push(harness_, in);
  GstBuffer *out = gst_harness_pull(harness_);
  EXPECT_NE(out, kept) << "what another branch sees is not written to";
  EXPECT_EQ(gst_buffer_get_custom_meta(kept, action::kLabelMeta), nullptr);
  EXPECT_EQ(gst_buffer_peek_memory(out, 0), memory);
  gst_buffer_unref(out);
  gst_buffer_unref(kept);
}

TEST_F(ActionClassify, StandInFeaturesOrModelsAreSaidToBe) {
  for (const bool of_model : {false, true}) {
    const std::string model = Model(of_model ? "m1" : "m2");
    SayWhatItWasTrainedWith(model, "fake", of_model);
    Make("actionclassify model=" + model);
    Start();
    action::BackboneFacts facts = Backbone();
    facts.service.stand_in = !of_model;
    Push(action::NewBackboneEvent(facts));
    GstEvent *labels = PullEvent("action-labels");
    EXPECT_TRUE(action::ParseLabels(gst_event_get_structure(labels))->stand_in);
    gst_event_unref(labels);
  }
}

// ---- What does not fit

TEST_F(ActionClassify, FeaturesOfOtherWeightsAreRefused) {
  const std::string model = Model("m");
  SayWhatItWasTrainedWith(model, "others");
  Make("actionclassify model=" + model);
  Start();
  PushBackbone();
  const std::string error = WaitForMessage(GST_MESSAGE_ERROR, 0);
  EXPECT_NE(error.find("trained with real ones (others), here real ones (fake)"), std::string::npos) << error;
  EXPECT_EQ(PushFrame(0), GST_FLOW_ERROR);

  Make("actionclassify strict=false model=" + model);
  Start();
  PushBackbone();
  EXPECT_NE(WaitForMessage(GST_MESSAGE_WARNING, 0).find("trained with real ones (others)"), std::string::npos);
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "") << "once";
  EXPECT_EQ(PushFrame(0), GST_FLOW_OK);
}

TEST_F(ActionClassify, EverySettingIsCompared) {
  const std::string model = Model("m");
  SayWhatItWasTrainedWith(model, "fake");
  const auto complaint = [&](auto &&change) {
    Make("actionclassify model=" + model);
    Start();
    action::BackboneFacts facts = Backbone();
    change(facts);
    Push(action::NewBackboneEvent(facts));
    return WaitForMessage(GST_MESSAGE_ERROR, 0);
  };
  EXPECT_EQ(complaint([](auto &facts) { facts.hop = 4; }), "") << "a finer hop is no other feature";
  EXPECT_NE(complaint([](auto &facts) {
              facts.sample_rate = {10, 1};
            }).find("trained with 8/1, here 10/1"),
            std::string::npos);
  EXPECT_NE(complaint([](auto &facts) { facts.roi = action::Region::Parse("0.5,0,0.5,1"); }).find("roi"),
            std::string::npos);
  EXPECT_NE(complaint([](auto &facts) { facts.colorimetry = action::Colorimetry::kStream; }).find("colorimetry"),
            std::string::npos);
  EXPECT_NE(complaint([](auto &facts) {
              facts.mode = action::FeatureMode::kContinual;
            }).find("features: trained with windowed, here continual"),
            std::string::npos);
}

TEST_F(ActionClassify, AFolderOfThePythonSystemIsTakenWithANotice) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  EXPECT_NE(WaitForMessage(GST_MESSAGE_INFO, 0).find("does not say"), std::string::npos);
  // Once more, since pictures are turned otherwise: the model fits as it did.
  action::BackboneFacts facts = Backbone();
  facts.frame_roi = action::Region::Parse("0,0,0.5,1");
  Push(action::NewBackboneEvent(facts));
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_INFO, 0), "");
  facts.colorimetry = action::Colorimetry::kStream;
  Push(action::NewBackboneEvent(facts));
  EXPECT_NE(WaitForMessage(GST_MESSAGE_INFO, 0).find("does not say"), std::string::npos);
}

TEST_F(ActionClassify, ModelsThatCannotBeOpened) {
  // Checked in READY.
  const auto refused = [this](const std::string &model) {
    return ErrorOf("actionclassify" + (model.empty() ? "" : " model=" + model), GST_STATE_READY);
  };
  EXPECT_NE(refused("").find("set the property 'model'"), std::string::npos);
  EXPECT_NE(refused("/no/such").find("/no/such"), std::string::npos);
  const std::string broken = Model("broken");
  std::filesystem::remove(broken + "/stage2/b/best.pt");
  EXPECT_NE(refused(broken).find("stage2/b/best.pt"), std::string::npos);
}

TEST_F(ActionClassify, ErrorsSayOfWhatKindAndFileTheyAre) {
  const auto kind = [this](const std::string &model) {
    return KindOfError("actionclassify model=" + model, GST_STATE_READY);
  };
  EXPECT_EQ(kind("/no/such"), "resource NOT_FOUND /no/such");
  const std::string missing = Model("missing");
  std::filesystem::remove(missing + "/stage2/b/best.pt");
  EXPECT_EQ(kind(missing), "resource NOT_FOUND " + missing + "/stage2/b/best.pt");
  const std::string wrong = Model("wrong");
  std::ofstream(wrong + "/stage1/best.pt") << "hello";
  EXPECT_EQ(kind(wrong), "stream FORMAT " + wrong + "/stage1/best.pt");
  const std::string map = Model("map");
  std::ofstream(map + "/stage1/label_map.json") << "hello";
  EXPECT_EQ(kind(map), "stream FORMAT " + map + "/stage1/label_map.json");
  std::ofstream(map + "/stage1/label_map.json") << R"({"a": 5, "b": 6})";
  EXPECT_EQ(kind(map), "stream FORMAT " + map + "/stage1/label_map.json");
}

TEST_F(ActionClassify, WithoutFeaturesOneWarning) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushFrames(0, 3);
  EXPECT_NE(WaitForMessage(GST_MESSAGE_WARNING, 0).find("r3dfeatures"), std::string::npos);
  EXPECT_EQ(WaitForMessage(GST_MESSAGE_WARNING, 0), "");
}

// ---- Labels that say nothing any more

TEST_F(ActionClassify, AfterAHoleFramesHaveNoLabel) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  PushFrames(0, 16);
  PushFeatures(0, Logits(0, 5, 0));
  PushFrames(16, 32);
  EXPECT_EQ(PullLabels(32), std::string(16, '-') + std::string(16, 'b'));
  PushFrame(60 * GST_SECOND);
  EXPECT_EQ(PullLabel(), "-");
  PushFeatures(1, Logits(5, 0, 0));  // of the frames before the hole
  PushFrame(60 * GST_SECOND + kFrame);
  EXPECT_EQ(PullLabel(), "-");
  action::ChunkFacts facts = FactsOf(2, 16, 60 * GST_SECOND - 4 * GST_SECOND);
  facts.discont = true;
  Push(action::NewFeaturesEvent(facts, Logits(5, 0, 0)));
  PushFrame(60 * GST_SECOND + 2 * kFrame);
  EXPECT_EQ(PullLabel(), "a");
}

TEST_F(ActionClassify, FramesOfANewStreamHaveNoLabel) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  PushFrames(0, 16);
  PushFeatures(0, Logits(0, 5, 0));
  PushFrames(16, 17);
  EXPECT_EQ(PullLabels(17), std::string(16, '-') + "b");
  Push(gst_event_new_stream_start("second"));  // as concat sends it
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = 17 * kFrame;
  Push(gst_event_new_segment(&segment));
  PushFrames(0, 2);
  EXPECT_EQ(PullLabels(2), "--");
}

TEST_F(ActionClassify, ASharedFrameOfAPoolIsNotGivenBackToItTooEarly) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  PushFrames(0, 16);
  PushFeatures(0, Logits(0, 5, 0));
  PullLabels(16);
  BoundedPool pool(GST_VIDEO_INFO_SIZE(&info_), 1);
  GstBuffer *frame = nullptr;
  ASSERT_EQ(pool.Take(16 * kFrame, frame), GST_FLOW_OK);
  gst_harness_push(harness_, gst_buffer_ref(frame));  // a tee's other branch holds it too
  gst_buffer_unref(frame);
  GstBuffer *out = gst_harness_pull(harness_);
  ASSERT_NE(out, frame) << "a copy";
  EXPECT_EQ(pool.Take(17 * kFrame, frame), GST_FLOW_EOS) << "its memory is in use";
  gst_buffer_unref(out);
  EXPECT_EQ(pool.Take(17 * kFrame, frame), GST_FLOW_OK);
  gst_buffer_unref(frame);
}

// ---- Another model while playing

TEST_F(ActionClassify, ANewModelTakesOverAtTheNextChunk) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  PushFeatures(0, Logits(0, 5, 0));
  g_object_set(element_, "model", Model("n", "z").c_str(), nullptr);
  // It is loaded on another thread: chunks are told apart by their labels once it is there.
  GstEvent *labels = nullptr;
  for (uint64_t k = 1; labels == nullptr; ++k) {
    PushFeatures(k, Logits(0, 5, 0));
    while (GstEvent *event = gst_harness_try_pull_event(harness_)) {
      const bool is_labels = gst_event_has_name(event, "action-labels");
      const auto parsed = is_labels ? action::ParseLabels(gst_event_get_structure(event)) : std::nullopt;
      if (parsed && parsed->labels.coarse[1] == "z") labels = gst_event_ref(event);
      gst_event_unref(event);
    }
    g_thread_yield();
  }
  gst_event_unref(labels);
  PushFrame(0);
  EXPECT_EQ(PullLabel(), "z");
}

TEST_F(ActionClassify, ABrokenModelLeavesTheOldOneInPlace) {
  Make("actionclassify model=" + Model("m"));
  Start();
  PushBackbone();
  g_object_set(element_, "model", "/no/such", nullptr);
  const std::string warning = WaitForMessage(GST_MESSAGE_WARNING);
  EXPECT_NE(warning.find("the old one goes on"), std::string::npos) << warning;
  EXPECT_NE(warning.find("/no/such"), std::string::npos) << warning;
  PushFeatures(0, Logits(0, 5, 0));
  PushFrame(0);
  EXPECT_EQ(PullLabel(), "b");

  const std::string other = Model("other", "z");
  SayWhatItWasTrainedWith(other, "others");
  g_object_set(element_, "model", other.c_str(), nullptr);
  std::string said;
  for (uint64_t k = 1; said.empty(); ++k) {
    PushFeatures(k, Logits(0, 5, 0));
    said = WaitForMessage(GST_MESSAGE_WARNING, 0);
    g_thread_yield();
  }
  EXPECT_NE(said.find("trained with real ones (others)"), std::string::npos) << said;
  PushFrame(0);
  EXPECT_EQ(PullLabel(), "b");
}

}  // namespace
}  // namespace test

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  GstElement *load = gst_element_factory_make("actionclassify", nullptr);  // registers the label meta
  if (load != nullptr) gst_object_unref(load);
  return RUN_ALL_TESTS();
}
