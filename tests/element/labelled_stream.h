// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What tests of actionclassify, timelinesmooth and actionoverlay have in common: an element in a harness, and the
// events that would come from upstream.
#ifndef TESTS_ELEMENT_LABELLED_STREAM_H_
#define TESTS_ELEMENT_LABELLED_STREAM_H_

#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/feature_events.h"
#include "common/label_events.h"
#include "common/label_meta.h"

namespace test {

constexpr GstClockTime kFrame = GST_SECOND / 8;

// The names of all raw video formats.
inline std::vector<std::string> RawFormats() {
  std::vector<std::string> names;
  guint count = 0;
  const GstVideoFormat *formats = gst_video_formats_raw(&count);
  for (guint i = 0; i < count; ++i)
    names.emplace_back(gst_video_format_to_string(formats[i]));
  return names;
}

inline GstStaticPadTemplate source_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
inline GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

// Three families: a (one label), b (two), c (one).
inline action::LabelTable Labels() {
  using action::ValueCategory;
  return {{"a", "b", "c"},
          {{"a_va", "a", ValueCategory::kVa},
           {"b_one_rnva", "b", ValueCategory::kRnva},
           {"b_two_nva", "b", ValueCategory::kNva},
           {"c", "c", ValueCategory::kUnknown}}};
}

// The times of chunk `index` at 8 frames a second and this hop.
inline action::ChunkFacts FactsOf(uint64_t index, int hop = 16, GstClockTime start = 0) {
  action::ChunkFacts facts;
  facts.index = index;
  facts.frames = 16;
  facts.discont = index == 0;
  const auto at = [&facts](action::FrameTime &time, GstClockTime t) {
    time.timestamp = time.stream_time = time.running_time = t;
  };
  const GstClockTime begin = start + index * static_cast<uint64_t>(hop) * kFrame;
  at(facts.time, begin);
  facts.time.end = begin + 16 * kFrame;
  at(facts.step, begin + static_cast<uint64_t>((16 - hop) / 2) * kFrame);
  facts.step.end = facts.step.timestamp + static_cast<uint64_t>(hop) * kFrame;
  return facts;
}

// Scores of a classifier that is 80 % sure of `coarse` (3: unknown) and says `b_fine` of family b.
inline action::ChunkScores ScoresOf(int coarse, int b_fine = 1) {
  action::ChunkScores scores;
  scores.coarse = coarse;
  scores.confidence = 0.8;
  scores.scores = {0.1f, 0.1f, 0.1f};
  if (coarse < 3) scores.scores[static_cast<size_t>(coarse)] = 0.8f;
  scores.fine = {0, b_fine, 3};
  scores.fine_scores = {scores.scores[0], 0, 0, scores.scores[2]};
  scores.fine_scores[static_cast<size_t>(b_fine)] = scores.scores[1];
  return scores;
}

inline GstEvent *StepEvent(const action::ChunkFacts &facts, const std::optional<action::ChunkScores> &scores,
                           const action::LabelTable &labels = Labels()) {
  GstEvent *features = action::NewFeaturesEvent(facts, scores ? std::optional(action::Features{}) : std::nullopt);
  GstEvent *step = action::NewStepEvent(gst_event_get_structure(features), scores, labels);
  gst_event_unref(features);
  return step;
}

inline action::BackboneFacts Backbone(int hop = 16, bool live = false) {
  action::BackboneFacts facts;
  facts.service.weights_hash = "fake";
  facts.hop = facts.hop_asked = hop;
  facts.sample_rate = {8, 1};
  facts.live = live;
  return facts;
}

// A pool with no more than so many frames.
class BoundedPool {
 public:
  BoundedPool(gsize bytes, guint frames) : pool_(gst_buffer_pool_new()) {
    GstStructure *config = gst_buffer_pool_get_config(pool_);
    gst_buffer_pool_config_set_params(config, nullptr, static_cast<guint>(bytes), frames, frames);
    gst_buffer_pool_set_config(pool_, config);
    gst_buffer_pool_set_active(pool_, TRUE);
  }
  ~BoundedPool() {
    gst_buffer_pool_set_active(pool_, FALSE);
    gst_object_unref(pool_);
  }
  BoundedPool(const BoundedPool &) = delete;
  BoundedPool &operator=(const BoundedPool &) = delete;

  // A frame of this time. GST_FLOW_EOS when all are in use.
  GstFlowReturn Take(GstClockTime pts, GstBuffer *&buffer) {
    GstBufferPoolAcquireParams params{};
    params.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
    const GstFlowReturn flow = gst_buffer_pool_acquire_buffer(pool_, &buffer, &params);
    if (flow != GST_FLOW_OK) return flow;
    GST_BUFFER_PTS(buffer) = pts;
    GST_BUFFER_DURATION(buffer) = kFrame;
    return flow;
  }

 private:
  GstBufferPool *const pool_;
};

class LabelledStream : public testing::Test {
 protected:
  ~LabelledStream() override {
    Drop();
    std::filesystem::remove_all(folder_);
  }

  // (Re)makes the element from a launch line's part. Not live unless told.
  void Make(const std::string &description, bool live = false) {
    Drop();
    harness_ = gst_harness_new_empty();
    GError *error = nullptr;
    element_ = gst_parse_launch(description.c_str(), &error);
    ASSERT_EQ(error, nullptr) << error->message;
    bus_ = gst_bus_new();
    gst_element_set_bus(element_, bus_);
    gst_harness_add_element_full(harness_, element_, &source_template, "sink", &sink_template, "src");
    gst_harness_set_live(harness_, live);
    gst_object_unref(element_);  // the harness holds it
  }

  void Drop() {
    if (harness_ != nullptr) gst_harness_teardown(std::exchange(harness_, nullptr));
    if (bus_ == nullptr) return;
    gst_bus_set_flushing(bus_, TRUE);  // messages hold their element, and it the bus
    gst_object_unref(std::exchange(bus_, nullptr));
  }

  void Start(const std::string &format = "GRAY8", int width = 64, int height = 48) { SetCaps(format, width, height); }

  void SetCaps(const std::string &format, int width, int height) {
    GstCaps *caps =
        gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, format.c_str(), "width", G_TYPE_INT, width,
                            "height", G_TYPE_INT, height, "framerate", GST_TYPE_FRACTION, 8, 1, nullptr);
    gst_video_info_from_caps(&info_, caps);
    if (!gst_pad_has_current_caps(harness_->srcpad)) {
      gst_harness_set_src_caps(harness_, caps);  // with stream-start and segment
    } else {
      gst_harness_push_event(harness_, gst_event_new_caps(caps));
      gst_caps_unref(caps);
    }
  }

  GstBuffer *NewFrame(GstClockTime pts, int value = 0) {
    GstBuffer *buffer = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info_), nullptr);
    gst_buffer_memset(buffer, 0, static_cast<guint8>(value), GST_VIDEO_INFO_SIZE(&info_));
    GST_BUFFER_PTS(buffer) = pts;
    GST_BUFFER_DURATION(buffer) = kFrame;
    return buffer;
  }

  GstFlowReturn PushFrame(GstClockTime pts) { return gst_harness_push(harness_, NewFrame(pts)); }
  // Frames number `from` to `to` (not included), 8 a second.
  void PushFrames(int from, int to) {
    for (int i = from; i < to; ++i)
      ASSERT_EQ(PushFrame(static_cast<GstClockTime>(i) * kFrame), GST_FLOW_OK) << i;
  }
  bool Push(GstEvent *event) { return gst_harness_push_event(harness_, event); }
  // A flushing seek to the stream's beginning, as it arrives from upstream.
  void FlushAndRestart() {
    EXPECT_TRUE(Push(gst_event_new_flush_start()));
    EXPECT_TRUE(Push(gst_event_new_flush_stop(TRUE)));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    Push(gst_event_new_segment(&segment));
  }
  bool PushEos() { return Push(gst_event_new_eos()); }
  void PushLabels(const action::LabelTable &labels = Labels(), bool stand_in = false) {
    Push(action::NewLabelsEvent({.model = "model", .stand_in = stand_in, .labels = labels}));
  }
  void PushBackbone(int hop = 16, bool live = false) { Push(action::NewBackboneEvent(Backbone(hop, live))); }
  void PushStep(uint64_t index, int coarse, int b_fine = 1) {
    Push(StepEvent(FactsOf(index), ScoresOf(coarse, b_fine)));
  }

  // Waits for a frame. Its label's coarse action, "-" when it has none.
  std::string PullLabel() {
    GstBuffer *buffer = gst_harness_pull(harness_);
    EXPECT_NE(buffer, nullptr);
    if (buffer == nullptr) return "no frame";
    last_ = action::LabelOf(buffer);
    last_pts_ = GST_BUFFER_PTS(buffer);
    gst_buffer_unref(buffer);
    return last_ ? last_->coarse_action : "-";
  }
  // Labels of the next `count` frames, one letter each.
  std::string PullLabels(int count) {
    std::string labels;
    for (int i = 0; i < count; ++i)
      labels += PullLabel().substr(0, 1);
    return labels;
  }

  // Waits for a message of this type; its text, or "" when there is none within `seconds`.
  std::string WaitForMessage(GstMessageType type, int seconds = 30) {
    GstMessage *message = gst_bus_timed_pop_filtered(bus_, static_cast<GstClockTime>(seconds) * GST_SECOND, type);
    if (message == nullptr) return "";
    GError *error = nullptr;
    gchar *debug = nullptr;
    if (type == GST_MESSAGE_ERROR) gst_message_parse_error(message, &error, &debug);
    if (type == GST_MESSAGE_WARNING) gst_message_parse_warning(message, &error, &debug);
    if (type == GST_MESSAGE_INFO) gst_message_parse_info(message, &error, &debug);
    std::string text = error != nullptr ? error->message : GST_MESSAGE_TYPE_NAME(message);
    g_clear_error(&error);
    g_free(debug);
    gst_message_unref(message);
    return text;
  }

  // The action-segment messages that are on the bus, "start-end fine_action state", in seconds. Warnings among them go
  // to warnings_.
  std::vector<std::string> SegmentMessages() {
    std::vector<std::string> texts;
    while (GstMessage *message = gst_bus_pop(bus_)) {
      const GstStructure *s = gst_message_get_structure(message);
      if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) {
        GError *error = nullptr;
        gst_message_parse_warning(message, &error, nullptr);
        warnings_.emplace_back(error->message);
        g_error_free(error);
      } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT && gst_structure_has_name(s, "action-segment")) {
        gint64 start = 0, end = 0;
        gst_structure_get(s, "start", G_TYPE_INT64, &start, "end", G_TYPE_INT64, &end, nullptr);
        char text[200];
        std::snprintf(text, sizeof(text), "%g-%g %s %s", static_cast<double>(start) / 1e9,
                      static_cast<double>(end) / 1e9, gst_structure_get_string(s, "fine-action"),
                      gst_structure_get_string(s, "state"));
        texts.emplace_back(text);
      }
      gst_message_unref(message);
    }
    return texts;
  }

  // The error of an element that must not come as far as `state`.
  std::string ErrorOf(const std::string &description, GstState state) {
    return FailToStart(description, state, [](const GError &error, const GstStructure *) { return error.message; });
  }
  // What kind of error that is: "resource NOT_FOUND /its/file".
  std::string KindOfError(const std::string &description, GstState state) {
    return FailToStart(description, state, [](const GError &error, const GstStructure *details) {
      const char *location = details != nullptr ? gst_structure_get_string(details, "location") : nullptr;
      return KindOf(error) + (location != nullptr ? std::string(" ") + location : "");
    });
  }
  // What `tell` makes of the error and its details; "" where there is none.
  std::string FailToStart(const std::string &description, GstState state,
                          const std::function<std::string(const GError &, const GstStructure *)> &tell) {
    Drop();
    element_ = gst_parse_launch(description.c_str(), nullptr);
    bus_ = gst_bus_new();
    gst_element_set_bus(element_, bus_);
    EXPECT_EQ(gst_element_set_state(element_, state), GST_STATE_CHANGE_FAILURE) << description;
    std::string told;
    if (GstMessage *message = gst_bus_pop_filtered(bus_, GST_MESSAGE_ERROR)) {
      GError *error = nullptr;
      const GstStructure *details = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      gst_message_parse_error_details(message, &details);
      told = tell(*error, details);
      g_error_free(error);
      gst_message_unref(message);
    }
    gst_element_set_state(element_, GST_STATE_NULL);
    gst_object_unref(element_);
    return told;
  }
  static std::string KindOf(const GError &error) {
    const struct {
      GQuark domain;
      gint code;
      const char *name;
    } kinds[] = {{GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "resource NOT_FOUND"},
                 {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ, "resource OPEN_READ"},
                 {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE, "resource OPEN_WRITE"},
                 {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "resource NO_SPACE_LEFT"},
                 {GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "stream FORMAT"},
                 {GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "library SETTINGS"}};
    for (const auto &kind : kinds) {
      if (kind.domain == error.domain && kind.code == error.code) return kind.name;
    }
    return std::string(g_quark_to_string(error.domain)) + " " + std::to_string(error.code);
  }

  const std::string &Folder() {
    if (folder_.empty()) {
      gchar *made = g_dir_make_tmp("action-XXXXXX", nullptr);
      folder_ = made;
      g_free(made);
    }
    return folder_;
  }
  static std::string ReadFile(const std::string &path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  GstHarness *harness_ = nullptr;
  GstElement *element_ = nullptr;
  GstBus *bus_ = nullptr;
  GstVideoInfo info_{};
  std::optional<action::MetaLabel> last_;
  GstClockTime last_pts_ = 0;
  std::vector<std::string> warnings_;

 private:
  std::string folder_;
};

}  // namespace test

#endif  // TESTS_ELEMENT_LABELLED_STREAM_H_
