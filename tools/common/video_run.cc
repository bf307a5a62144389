// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/video_run.h"

#include <gst/gst.h>
#include <gst/pbutils/pbutils.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <set>
#include <utility>

#include "action/deleter.h"
#include "action/error.h"
#include "action/frame_sampler.h"
#include "action/r3d18_spec.h"
#include "common/decoding.h"
#include "common/file_pipeline.h"
#include "common/pipeline_tasks.h"
#include "common/skipped_frames.h"

namespace action {
namespace {

// Of frames that have neither times nor a rate.
constexpr double kAssumedFps =
    static_cast<double>(kAssumedRate.numerator) / static_cast<double>(kAssumedRate.denominator);

using MessagePtr = std::unique_ptr<GstMessage, Deleter<gst_message_unref>>;

// filesrc ! decodebin ! queue ! r3dfeatures orientation=auto ! fakesink
class Run {
 public:
  // skip: pictures that are not sampled are not decoded, where that is safe.
  Run(const std::string &path, const VideoRunOptions &options, bool skip)
      : path_(path), options_(options), pipeline_(gst_pipeline_new(nullptr)) {
    MendDecoding(pipeline_.get());
    GstElement *source = MakeElement("filesrc");
    GstElement *decoder = MakeElement("decodebin");
    features_ = MakeElement("r3dfeatures");
    GstElement *sink = MakeElement("fakesink");
    gst_bin_add_many(GST_BIN(pipeline_.get()), source, decoder, features_, sink, nullptr);
    g_object_set(source, "location", path.c_str(), nullptr);
    GstCaps *video = gst_caps_from_string("video/x-raw(ANY)");
    g_object_set(decoder, "caps", video, "expose-all-streams", FALSE, nullptr);
    gst_caps_unref(video);
    g_object_set(sink, "sync", FALSE, nullptr);
    gst_util_set_object_arg(G_OBJECT(features_), "orientation", "auto");
    std::string sample_rate;
    bool by_number = true;
    for (const auto &[name, value] : options.properties) {
      if (!value.empty()) SetProperty(name, value);
      if (name == "sample-rate") sample_rate = value;
      if (name == "sampling") by_number = value != NameOf(Sampling::kTimestamp);
    }
    if (skip && by_number) SkipUnsampled(decoder, sample_rate);
    g_object_set(features_, "post-messages", TRUE, "post-features", TRUE, nullptr);
    g_object_get(features_, "hop", &hop_, nullptr);
    gst_element_link(source, decoder);
    gst_element_link(features_, sink);
    g_signal_connect(decoder, "pad-added", G_CALLBACK(OnPad), this);
    GstPad *pad = gst_element_get_static_pad(features_, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, OnBuffer, this, nullptr);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_FLUSH, OnFlush, this, nullptr);
    gst_object_unref(pad);
  }

  ~Run() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

  // Whether pictures were not decoded.
  bool skipped() const { return skipped_; }

  // Throws Standstill when the pipeline does nothing and does not say why.
  FeatureTable Finish() {
    const BusPtr bus(gst_element_get_bus(pipeline_.get()));
    FeatureTable out;
    // A part is looked for when the video is open: prerolled.
    bool to_seek = !options_.span.whole();
    StandstillDetector standstill;
    gst_element_set_state(pipeline_.get(), to_seek ? GST_STATE_PAUSED : GST_STATE_PLAYING);
    for (;;) {
      if (options_.cancelled && options_.cancelled()) throw Cancelled();
      const MessagePtr message(gst_bus_timed_pop(bus.get(), StandstillDetector::kInterval));
      ReportProgress();
      if (!message) {
        if (standstill.Stands(pipeline_.get())) throw Standstill(path_);
        continue;
      }
      standstill.OnMessage();
      switch (GST_MESSAGE_TYPE(message.get())) {
        case GST_MESSAGE_EOS:
          if (frames_ == 0) throw Error(path_ + " holds no video that can be decoded");
          out.source_fps = FramesPerSecond();
          for (const GstClockTime time : stream_times_) {
            out.times.push_back(static_cast<double>(GST_CLOCK_DIFF(first_stream_time_, time)) / GST_SECOND);
          }
          out.samples = samples_;
          if (other_tracks_ > 0) {
            Tell("it holds " + std::to_string(1 + other_tracks_) + " pictures or video tracks; the first, of " +
                 std::to_string(frames_) + (frames_ == 1 ? " frame" : " frames") +
                 ", was used. Is it not the right one, take it out (ffmpeg -i IN -map 0:v:1 -c copy OUT.mkv)");
          }
          out.rows = std::move(collected_);
          return out;
        case GST_MESSAGE_ASYNC_DONE:
          if (std::exchange(to_seek, false)) Seek();
          break;
        case GST_MESSAGE_ERROR:
          Fail(message.get());
          break;
        case GST_MESSAGE_WARNING:
          Warn(message.get());
          break;
        case GST_MESSAGE_ELEMENT:
          Collect(gst_message_get_structure(message.get()));
          break;
        default:
          break;
      }
    }
  }

 private:
  // gst_util_set_object_arg leaves a property alone when it does not understand the text; a user wants to know.
  void SetProperty(const std::string &name, const std::string &text) {
    GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(features_), name.c_str());
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_PARAM_SPEC_VALUE_TYPE(spec));
    const bool understood = gst_value_deserialize_with_pspec(&value, text.c_str(), spec) != FALSE;
    if (understood) g_object_set_property(G_OBJECT(features_), name.c_str(), &value);
    g_value_unset(&value);
    if (understood) return;
    std::string known;
    if (G_IS_PARAM_SPEC_ENUM(spec)) {
      const GEnumClass *values = G_PARAM_SPEC_ENUM(spec)->enum_class;
      for (guint i = 0; i < values->n_values; ++i)
        known += std::string(i > 0 ? ", " : "; it is one of ") + values->values[i].value_nick;
    }
    throw Error(name + " '" + text + "' is not understood" + known);
  }

  static void OnPad(GstElement *, GstPad *pad, gpointer user) {
    auto *self = static_cast<Run *>(user);
    if (self->connected_) {
      ++self->other_tracks_;
      return;
    }
    // Decoding goes on while a frame is shrunk.
    GstElement *queue = gst_element_factory_make("queue", nullptr);
    gst_bin_add(GST_BIN(self->pipeline_.get()), queue);
    gst_element_link(queue, self->features_);
    gst_element_sync_state_with_parent(queue);
    self->connected_ = true;
    GstPad *target = gst_element_get_static_pad(queue, "sink");
    gst_pad_link(pad, target);
    gst_object_unref(target);
  }

  void Seek() {
    const auto time = [](double seconds) { return static_cast<gint64>(std::llround(seconds * GST_SECOND)); };
    const auto flags = static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE);
    if (!gst_element_seek(pipeline_.get(), 1.0, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET, time(options_.span.start),
                          GST_SEEK_TYPE_SET, time(options_.span.end))) {
      throw Error(path_ + ": cannot go to " + std::to_string(options_.span.start) +
                  " s: the file cannot be searched. Write it again (ffmpeg -i IN -c copy OUT.mp4), or cut the clips");
    }
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  }

  // Frames before a seek do not count.
  static GstPadProbeReturn OnFlush(GstPad *, GstPadProbeInfo *, gpointer user) {
    static_cast<Run *>(user)->frames_ = 0;
    return GST_PAD_PROBE_OK;
  }

  // What is written here is read by the main thread after EOS or an element message, which come later through the bus.
  static GstPadProbeReturn OnBuffer(GstPad *pad, GstPadProbeInfo *info, gpointer user) {
    auto *self = static_cast<Run *>(user);
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    const GstClockTime time = StreamTime(pad, GST_BUFFER_PTS(buffer));
    const size_t skipped = SkippedBefore(buffer).size();
    if (skipped > 0) self->skipped_ = true;
    self->frames_ += static_cast<int64_t>(skipped);
    if (self->frames_++ == 0) {
      self->first_stream_time_ = GST_CLOCK_TIME_IS_VALID(time) ? time : 0;
      if (GstCaps *caps = gst_pad_get_current_caps(pad)) {
        int numerator = 0, denominator = 1;
        gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &numerator, &denominator);
        if (denominator > 0) self->announced_fps_ = static_cast<double>(numerator) / denominator;
        gst_caps_unref(caps);
      }
    }
    if (GST_CLOCK_TIME_IS_VALID(time)) self->last_stream_time_ = time;
    return GST_PAD_PROBE_OK;
  }

  static GstClockTime StreamTime(GstPad *pad, GstClockTime pts) {
    GstEvent *event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    if (event == nullptr) return pts;
    const GstSegment *segment = nullptr;
    gst_event_parse_segment(event, &segment);
    const GstClockTime time = gst_segment_to_stream_time(segment, GST_FORMAT_TIME, pts);
    gst_event_unref(event);
    return time;
  }

  // As announced, unless the frames' times contradict it (see FrameSampler); of a variable rate the mean, as cv2 tells
  // it; of frames without times what r3dfeatures assumes.
  double FramesPerSecond() const {
    const GstClockTime first = first_stream_time_, last = last_stream_time_;
    if (last <= first) return announced_fps_ > 0 || frames_ < 2 ? announced_fps_.load() : kAssumedFps;
    const double seconds = static_cast<double>(last - first) / GST_SECOND;
    const auto intervals = static_cast<double>(frames_ - 1);
    const double mean = intervals / seconds;
    if (announced_fps_ <= 0) return mean;
    const double off = std::abs(seconds * announced_fps_ - intervals);  // frames
    return off > 1.5 && off > 0.01 * intervals ? mean : announced_fps_.load();
  }

  void Collect(const GstStructure *structure) {
    if (!gst_structure_has_name(structure, "action-features")) return;
    GBytes *bytes = nullptr;
    GstClockTime stream_time = 0;
    gst_structure_get(structure, "features", G_TYPE_BYTES, &bytes, "stream-time", G_TYPE_UINT64, &stream_time, nullptr);
    gint frames = 0;
    gboolean discont = FALSE;
    gst_structure_get(structure, "frames", G_TYPE_INT, &frames, "discont", G_TYPE_BOOLEAN, &discont, nullptr);
    samples_ += discont ? frames : frames - (kChunkFrames - hop_);  // the others were in the chunk before
    if (bytes == nullptr) throw Error(path_ + ": a chunk was dropped, which must not happen with a file");
    gsize size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    Features values{};
    std::memcpy(values.data(), data, std::min(size, sizeof(values)));
    g_bytes_unref(bytes);
    collected_.push_back(values);
    stream_times_.push_back(stream_time);
  }

  [[noreturn]] void Fail(GstMessage *message) {
    GError *error = nullptr;
    gchar *debug = nullptr;
    gst_message_parse_error(message, &error, &debug);
    // A library error of r3dfeatures (weights, device) is not about this file, and says itself what it is about.
    const bool ours = GST_MESSAGE_SRC(message) == GST_OBJECT(features_);
    // decodebin asks for a decoder of what was not looked for, too.
    const std::string details = debug != nullptr ? debug : "";
    const bool only_sound = !ours && !connected_ && details.find("(audio/") != std::string::npos &&
                            details.find("(video/") == std::string::npos &&
                            details.find("(image/") == std::string::npos;
    if (only_sound) {
      g_error_free(error);
      g_free(debug);
      throw Error(path_ + ": there is no video in it, only sound");
    }
    std::string text =
        (ours ? "" : path_ + ": ") + (ours || connected_ ? "" : "no video that can be decoded: ") + error->message;
    const std::string more = ours ? "" : DetailOf(debug);
    if (!more.empty()) text += " [" + more + "]";
    g_error_free(error);
    g_free(debug);
    throw Error(text);
  }

  void Warn(GstMessage *message) {
    GError *error = nullptr;
    gst_message_parse_warning(message, &error, nullptr);
    if (error->message != std::string(kStandInNotice)) Tell(error->message);
    g_error_free(error);
  }

  void Tell(const std::string &text) {
    if (options_.warning) options_.warning(path_ + ": " + text);
  }

  void ReportProgress() {
    if (!options_.progress) return;
    gint64 position = 0, duration = 0;
    gst_element_query_position(pipeline_.get(), GST_FORMAT_TIME, &position);
    gst_element_query_duration(pipeline_.get(), GST_FORMAT_TIME, &duration);
    options_.progress(static_cast<double>(position) / GST_SECOND, static_cast<double>(duration) / GST_SECOND);
  }

  const std::string path_;
  const VideoRunOptions &options_;
  const ElementPtr pipeline_;
  GstElement *features_ = nullptr;      // owned by the pipeline
  std::atomic<bool> connected_{false};  // the decoder gave a video
  std::atomic<int> other_tracks_{0};    // of video, that are not looked at
  std::atomic<int64_t> frames_{0};
  std::atomic<bool> skipped_{false};
  std::atomic<GstClockTime> first_stream_time_{0};
  std::atomic<GstClockTime> last_stream_time_{0};
  std::atomic<double> announced_fps_{0};
  gint hop_ = kChunkFrames;
  int64_t samples_ = 0;
  std::vector<Features> collected_;
  std::vector<GstClockTime> stream_times_;
};

}  // namespace

double VideoDuration(const std::string &path) {
  GError *error = nullptr;
  constexpr GstClockTime kPatience = 30 * GST_SECOND;
  const std::unique_ptr<GstDiscoverer, Deleter<g_object_unref>> discoverer(gst_discoverer_new(kPatience, &error));
  const std::unique_ptr<char, Deleter<g_free>> absolute(g_canonicalize_filename(path.c_str(), nullptr));
  const std::unique_ptr<char, Deleter<g_free>> uri(g_filename_to_uri(absolute.get(), nullptr, nullptr));
  const std::unique_ptr<GstDiscovererInfo, Deleter<g_object_unref>> info(
      discoverer ? gst_discoverer_discover_uri(discoverer.get(), uri.get(), &error) : nullptr);
  std::string reason = error != nullptr ? error->message : "its container does not tell";
  g_clear_error(&error);
  const GstClockTime duration = info ? gst_discoverer_info_get_duration(info.get()) : GST_CLOCK_TIME_NONE;
  if (!GST_CLOCK_TIME_IS_VALID(duration) || duration == 0) {
    throw Error(path + ": the length of the video is not known: " + reason);
  }
  return static_cast<double>(duration) / GST_SECOND;
}

FeatureTable RunVideo(const std::string &path, const VideoRunOptions &options) {
  FeatureTable table;
  bool skip = true;
  std::set<std::string> said;  // of all tries
  VideoRunOptions once = options;
  if (options.warning) {
    once.warning = [&](const std::string &text) {
      if (said.insert(text).second) options.warning(text);
    };
  }
  WithTries([&] {
    Run run(path, once, skip);
    try {
      table = run.Finish();
      return;
    } catch (const Cancelled &) {
      throw;
    } catch (const Standstill &) {
      throw;
    } catch (const Error &) {
      if (!run.skipped()) throw;
      skip = false;  // a damaged video: the decoder loses other pictures than were counted on
    }
    table = Run(path, once, skip).Finish();
  });
  return table;
}

}  // namespace action
