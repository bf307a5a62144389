// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timeline/make.h"

#include <gst/gst.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>

#include "action/error.h"
#include "action/feature_cache.h"
#include "action/io/atomic_file.h"
#include "action/io/input_file.h"
#include "action/timeline/timeline_format.h"
#include "action/two_stage_classifier.h"
#include "common/feature_events.h"
#include "common/file_pipeline.h"
#include "common/glib_ptr.h"

namespace action {
namespace {

namespace fs = std::filesystem;

struct Replayed {
  FeatureTable table;
  FeatureConfig config;
  bool stand_in = false;
  std::vector<std::string> notices;
};

// What features are of, from the twin, and where that says nothing from the model.
Replayed Read(const MakeOptions &options) {
  const ClassifierModel classifier = ReadClassifierModel(options.model, options.elements);
  const ModelBundle &model = classifier.bundle;
  FeatureFile file = ReadFeatureFile(options.features);
  Replayed replayed{std::move(file.table), {}, false, classifier.notices};
  if (file.config) {
    replayed.config = *file.config;
  } else {
    if (model.facts()) replayed.config = model.facts()->features;
    replayed.config.hop = kChunkFrames;
    replayed.notices.push_back(options.features + " does not say what it was made of; it is taken to fit the model");
  }
  replayed.stand_in =
      model.facts() && model.facts()->stand_in && model.facts()->features.weights_hash == replayed.config.weights_hash;
  if (replayed.table.rows.empty()) throw Error(options.features + " holds no features: the video was too short");
  const auto backwards = std::ranges::adjacent_find(replayed.table.times, std::ranges::greater_equal());
  if (backwards != replayed.table.times.end()) {
    throw Error(options.features + ": the times (ts) of its rows do not rise: " + std::to_string(*backwards) +
                " s is followed by " + std::to_string(*std::next(backwards)) + " s");
  }
  return replayed;
}

class Feeder {
 public:
  explicit Feeder(GstElement *element) : pad_(GST_PAD(gst_object_ref_sink(gst_pad_new("features", GST_PAD_SRC)))) {
    const PadPtr sink(gst_element_get_static_pad(element, "sink"));
    gst_pad_link(pad_.get(), sink.get());
    gst_pad_set_active(pad_.get(), TRUE);
    gst_pad_push_event(pad_.get(), gst_event_new_stream_start("features"));
    gst_pad_push_event(
        pad_.get(),
        gst_event_new_caps(
            CapsPtr(gst_caps_from_string("video/x-raw,format=GRAY8,width=4,height=4,framerate=0/1")).get()));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(pad_.get(), gst_event_new_segment(&segment));
  }
  ~Feeder() { gst_pad_set_active(pad_.get(), FALSE); }
  Feeder(const Feeder &) = delete;
  Feeder &operator=(const Feeder &) = delete;

  void Push(GstEvent *event) { gst_pad_push_event(pad_.get(), event); }

  // A frame that is shown until `end`. False: the pipeline wants no more, and says why on its bus.
  bool PushFrameUntil(GstClockTime end) {
    if (end <= at_) return true;
    GstBuffer *frame = gst_buffer_new_allocate(nullptr, 16, nullptr);
    gst_buffer_memset(frame, 0, 0, 16);
    GST_BUFFER_PTS(frame) = at_;
    GST_BUFFER_DURATION(frame) = end - at_;
    at_ = end;
    return gst_pad_push(pad_.get(), frame) == GST_FLOW_OK;
  }

 private:
  const PadPtr pad_;
  GstClockTime at_ = 0;
};

FrameTime TimeOf(double start, double end) {
  const auto ns = [](double seconds) { return static_cast<uint64_t>(std::llround(std::max(0.0, seconds) * 1e9)); };
  return {ns(start), ns(start), ns(start), ns(end)};
}

// Seconds between samples: of a video whose rate is no multiple of 8 they are not 1/8.
double SpacingOf(const Replayed &replayed) {
  const std::vector<double> &times = replayed.table.times;
  std::vector<double> steps;
  for (size_t i = 1; i < times.size(); ++i)
    steps.push_back(times[i] - times[i - 1]);
  if (steps.empty()) {
    return static_cast<double>(replayed.config.sample_rate.denominator) /
           static_cast<double>(replayed.config.sample_rate.numerator);
  }
  const auto middle = steps.begin() + static_cast<ptrdiff_t>(steps.size() / 2);
  std::ranges::nth_element(steps, middle);
  return *middle / replayed.config.hop;
}

// Each row a chunk of 16 samples from its time on; it stands for a hop in its middle, as r3dfeatures says of its own.
void Feed(const Replayed &replayed, Feeder &feeder) {
  const std::vector<double> &times = replayed.table.times;
  const double spacing = SpacingOf(replayed), whole = kChunkFrames * spacing, hop = replayed.config.hop * spacing;
  const double lead = (kChunkFrames - replayed.config.hop) / 2 * spacing;
  // Where the video ended, if it is known: the last chunk may be padded.
  double last = times.back() + whole;
  if (replayed.table.samples > 0)
    last =
        std::clamp(times.front() + static_cast<double>(replayed.table.samples) * spacing, times.back() + spacing, last);
  for (size_t i = 0; i < times.size(); ++i) {
    const double next = i + 1 < times.size() ? times[i + 1] : times[i] + hop, end = std::min(times[i] + whole, last);
    const ChunkFacts chunk{i, TimeOf(times[i], end), TimeOf(times[i] + lead, next + lead), kChunkFrames, i == 0};
    if (!feeder.PushFrameUntil(chunk.time.end)) return;
    feeder.Push(NewFeaturesEvent(chunk, replayed.table.rows[i]));
  }
}

// Throws Error when the pipeline does not come to its end.
void WaitForEnd(GstElement *pipeline, const std::string &path) {
  const BusPtr bus(gst_element_get_bus(pipeline));
  const MessagePtr message(gst_bus_timed_pop_filtered(
      bus.get(), GST_CLOCK_TIME_NONE, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) FailWith(message.get(), path);
}

// The timeline is made in a folder of its own for what is temporary: the output is whole, or not there.
class Draft {
 public:
  explicit Draft(const fs::path &output) {
    GError *error = nullptr;
    const CharPtr made(g_dir_make_tmp("gst-action-XXXXXX", &error));
    if (!made) {
      const std::string why = error->message;
      g_clear_error(&error);
      throw Error("cannot make a folder for the timeline: " + why);
    }
    folder_ = made.get();
    path_ = folder_ / ("timeline" + output.extension().string());
  }
  ~Draft() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Draft(const Draft &) = delete;
  Draft &operator=(const Draft &) = delete;

  const fs::path &path() const { return path_; }
  void CopyTo(const std::string &output) const {
    AtomicFile file(output);
    file.Write(ReadText(path_.string(), "the timeline", kMostOfTable));
    file.Commit();
  }

 private:
  fs::path folder_, path_;
};

}  // namespace

std::vector<std::string> MakeTimeline(const MakeOptions &options) {
  FormatOfLabels(options.output);  // a mistake is told before the work
  if (fs::exists(options.output) && !options.force)
    throw Error(options.output + " is there already; --force replaces it");
  CheckReplaceable(options.output);
  const Replayed replayed = Read(options);
  FindPlugin();
  const Draft draft(options.output);
  const ElementPtr pipeline(gst_pipeline_new(nullptr));
  GstElement *classify = MakeElement("actionclassify"), *smooth = MakeElement("timelinesmooth"),
             *sink = MakeElement("fakesink");
  gst_bin_add_many(GST_BIN(pipeline.get()), classify, smooth, sink, nullptr);
  gst_element_link_many(classify, smooth, sink, nullptr);
  g_object_set(classify, "model", options.model.c_str(), "post-messages", FALSE, nullptr);
  if (!options.elements.empty()) g_object_set(classify, "elements", options.elements.c_str(), nullptr);
  g_object_set(smooth, "location", draft.path().c_str(), "post-messages", FALSE, nullptr);
  gst_util_set_object_arg(G_OBJECT(smooth), "profile", options.profile.c_str());
  gst_util_set_object_arg(G_OBJECT(smooth), "sync-mode", "immediate");
  g_object_set(sink, "async", FALSE, nullptr);
  {
    const TakenDown taken_down{pipeline.get()};
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    Feeder feeder(classify);
    BackboneFacts facts;
    facts.service.weights_hash = replayed.config.weights_hash;
    facts.service.stand_in = replayed.stand_in;
    facts.service.precision = replayed.config.precision;
    facts.backbone = replayed.config.backbone;
    facts.sample_rate = replayed.config.sample_rate;
    facts.hop = facts.hop_asked = replayed.config.hop;
    facts.roi = facts.frame_roi = replayed.config.roi;
    facts.colorimetry = replayed.config.colorimetry;
    facts.mode = replayed.config.mode;
    feeder.Push(NewBackboneEvent(facts));
    Feed(replayed, feeder);
    feeder.Push(gst_event_new_eos());
    WaitForEnd(pipeline.get(), options.features);
  }
  draft.CopyTo(options.output);
  return replayed.notices;
}

}  // namespace action
