// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "annotate/passes.h"

#include <gst/app/gstappsrc.h>

#include <atomic>
#include <memory>
#include <optional>

#include "action/error.h"
#include "action/timeline/timeline_file.h"
#include "action/timestamp_filler.h"
#include "common/command_line.h"
#include "common/encoder.h"
#include "common/glib_ptr.h"

namespace action {
namespace {

constexpr const char *kVideo = "video/x-raw(ANY)";
// What MP4 holds as it is; other sound is decoded.
constexpr const char *kSound =
    "audio/mpeg,mpegversion=(int)4,stream-format=(string)raw,framed=(boolean)true;"
    "audio/mpeg,mpegversion=(int)1,layer=(int)3,parsed=(boolean)true;audio/x-opus,channel-mapping-family=(int)[0,1];"
    "audio/x-ac3,framed=(boolean)true;audio/x-raw";
// Nothing waits for a clock; what comes early waits for what belongs to it, however long that takes.
constexpr const char *kAnyLength = "queue max-size-buffers=0 max-size-bytes=0 max-size-time=0";

void Set(GstElement *element, const std::string &property, const std::string &text) {
  if (text.empty()) return;
  GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), property.c_str());
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_PARAM_SPEC_VALUE_TYPE(spec));
  // Text as it is: gst_value_deserialize takes quotes and backslashes in it for its own.
  const bool is_text = G_VALUE_HOLDS_STRING(&value);
  if (is_text) g_value_set_string(&value, text.c_str());
  const bool understood = is_text || gst_value_deserialize_with_pspec(&value, text.c_str(), spec) != FALSE;
  if (understood) g_object_set_property(G_OBJECT(element), property.c_str(), &value);
  g_value_unset(&value);
  if (!understood)
    throw Error(property + " '" + text + "' is not understood; see gst-inspect-1.0 " +
                GST_OBJECT_NAME(gst_element_get_factory(element)));
}

// For a file, picture quality counts, not delay.
std::string VideoEncoder(const std::string &wanted) {
  constexpr const char *kBest = "x264enc";
  std::string encoder = wanted;
  if (wanted == "auto") {
    GstElementFactory *factory = gst_element_factory_find(kBest);
    encoder = factory != nullptr ? kBest : ChooseEncoder(wanted);
    g_clear_object(&factory);
  } else {
    encoder = ChooseEncoder(wanted);
  }
  constexpr int kKbit = 8000, kKeyframes = 50;
  return encoder == kBest ? "x264enc pass=qual quantizer=21 bitrate=40000 speed-preset=faster key-int-max=" +
                                std::to_string(kKeyframes)
                          : EncoderLine(encoder, kKbit, kKeyframes);
}

// What a subtitle says of a segment; empty: nothing.
std::string SubtitleOf(const Segment &segment) {
  if (segment.state == SegmentState::kGap) return "";
  std::string text = segment.name.empty() ? segment.fine_action : segment.name;
  if (segment.category != ValueCategory::kUnknown) text += std::string(" (") + NameOf(segment.category) + ")";
  return text;
}

// Gives the muxer all cues as soon as it is known when the first frame is shown.
class Subtitles {
 public:
  Subtitles(GstElement *source, std::vector<Segment> segments) : source_(source), segments_(std::move(segments)) {}

  static GstPadProbeReturn OnFrame(GstPad *pad, GstPadProbeInfo *info, gpointer user) {
    GstEvent *event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    if (event == nullptr) return GST_PAD_PROBE_OK;
    const EventPtr owner(event);
    const GstSegment *segment = nullptr;
    gst_event_parse_segment(event, &segment);
    const guint64 first =
        gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)));
    static_cast<Subtitles *>(user)->Push(GST_CLOCK_TIME_IS_VALID(first) ? first : 0);
    return GST_PAD_PROBE_REMOVE;
  }

 private:
  void Push(GstClockTime first) {
    GstClockTime until = 0;  // what has been said reaches to here
    for (const Segment &segment : segments_) {
      const std::string text = SubtitleOf(segment);
      if (text.empty()) continue;
      const GstClockTime start = first + static_cast<GstClockTime>(segment.start);
      // A cue lasts until the next one begins: silence is one too.
      if (start > until) PushCue("", until, start);
      until = first + static_cast<GstClockTime>(segment.end);
      PushCue(text, start, until);
    }
    PushCue("", until, until + GST_MSECOND);  // else mp4mux of 1.22 writes the last length wrong
    gst_app_src_end_of_stream(GST_APP_SRC(source_));
  }

  void PushCue(const std::string &text, GstClockTime from, GstClockTime to) {
    // mp4mux takes no empty text; one that ends at once shows nothing.
    GstBuffer *cue = gst_buffer_new_memdup(text.c_str(), text.empty() ? 1 : text.size());
    GST_BUFFER_PTS(cue) = from;
    GST_BUFFER_DURATION(cue) = to - from;
    gst_app_src_push_buffer(GST_APP_SRC(source_), cue);
  }

  GstElement *const source_;
  const std::vector<Segment> segments_;
};

// Gives a buffer that has no time the one that follows on the buffer before.
void FillTime(TimestampFiller &filler, GstPadProbeInfo *info) {
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  const auto known = [](GstClockTime time) {
    return GST_CLOCK_TIME_IS_VALID(time) ? std::optional<uint64_t>(time) : std::nullopt;
  };
  const uint64_t time = filler.Next(known(GST_BUFFER_PTS(buffer)), known(GST_BUFFER_DURATION(buffer))).timestamp;
  if (GST_BUFFER_PTS(buffer) == time) return;
  buffer = gst_buffer_make_writable(buffer);
  GST_BUFFER_PTS(buffer) = time;
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
}

// Frames as the encoder and the muxer want them: each with a time, and with an even number of rows and columns.
class FitForEncoder {
 public:
  FitForEncoder(GstElement *first, GstElement *crop) : crop_(crop) {
    const PadPtr frames(gst_element_get_static_pad(first, "sink")), pictures(gst_element_get_static_pad(crop, "sink"));
    gst_pad_add_probe(frames.get(), GST_PAD_PROBE_TYPE_BUFFER, OnFrame, this, nullptr);
    gst_pad_add_probe(frames.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, OnDecoded, this, nullptr);
    gst_pad_add_probe(pictures.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, OnUpright, this, nullptr);
  }
  // Why it cannot be encoded; empty: it can.
  std::string problem() const { return too_small_ ? "the picture is too small for H.264, which begins at 16x16" : ""; }

 private:
  static GstPadProbeReturn OnFrame(GstPad *, GstPadProbeInfo *info, gpointer user) {
    auto *self = static_cast<FitForEncoder *>(user);
    FillTime(self->filler_, info);
    // Of broken files, frames come that were due before: no player could show them.
    const GstClockTime time = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
    if (self->last_ && time <= *self->last_) return GST_PAD_PROBE_DROP;
    self->last_ = time;
    return GST_PAD_PROBE_OK;
  }

  // Of a caps event; null: it is none.
  static const GstStructure *CapsOf(GstPadProbeInfo *info, int *width, int *height) {
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return nullptr;
    GstCaps *caps = nullptr;
    gst_event_parse_caps(event, &caps);
    const GstStructure *structure = gst_caps_get_structure(caps, 0);
    gst_structure_get_int(structure, "width", width);
    gst_structure_get_int(structure, "height", height);
    return structure;
  }

  static GstPadProbeReturn OnDecoded(GstPad *, GstPadProbeInfo *info, gpointer user) {
    auto *self = static_cast<FitForEncoder *>(user);
    int width = 0, height = 0, numerator = 0, denominator = 1;
    const GstStructure *caps = CapsOf(info, &width, &height);
    if (caps == nullptr) return GST_PAD_PROBE_OK;
    if (width < kSmallest || height < kSmallest) self->too_small_ = true;
    if (gst_structure_get_fraction(caps, "framerate", &numerator, &denominator) && numerator > 0)
      self->filler_.SetFrameDuration(
          static_cast<int64_t>(gst_util_uint64_scale_int(GST_SECOND, denominator, numerator)));
    return GST_PAD_PROBE_OK;
  }

  static GstPadProbeReturn OnUpright(GstPad *, GstPadProbeInfo *info, gpointer user) {
    int width = 0, height = 0;
    if (CapsOf(info, &width, &height) != nullptr)
      g_object_set(static_cast<FitForEncoder *>(user)->crop_, "right", width % 2, "bottom", height % 2, nullptr);
    return GST_PAD_PROBE_OK;
  }

  static constexpr int kSmallest = 16;  // pixels
  GstElement *const crop_;
  TimestampFiller filler_;
  std::optional<GstClockTime> last_;  // time of the frame before
  std::atomic<bool> too_small_{false};
};

// Links what the decoder finds: the first video, and all sound.
class Tracks {
 public:
  Tracks(const ElementPtr &pipeline, const PassSettings &settings)
      : pipeline_(pipeline.get()),
        video_(ChildOf(pipeline, "video")),
        muxer_(ChildOf(pipeline, "mux")),
        audio_encoder_(settings.audio_encoder) {}

  static void OnPad(GstElement *, GstPad *pad, gpointer user) { static_cast<Tracks *>(user)->Add(pad); }
  // Some of the sound could not be taken along.
  bool lost_sound() const { return lost_sound_; }

 private:
  void Add(GstPad *pad) {
    const CapsPtr caps(gst_pad_query_caps(pad, nullptr));
    const char *name = gst_structure_get_name(gst_caps_get_structure(caps.get(), 0));
    if (g_str_has_prefix(name, "video/")) {
      if (has_video_.exchange(true)) return;
      const PadPtr sink(gst_element_get_static_pad(video_, "sink"));
      gst_pad_link_full(pad, sink.get(), GST_PAD_LINK_CHECK_NOTHING);  // FitForEncoder says better what is wrong
      return;
    }
    const bool raw = g_str_equal(name, "audio/x-raw");
    if (raw && audio_encoder_.empty()) {
      lost_sound_ = true;
      return;
    }
    std::string line = kAnyLength;
    if (raw)
      line += " ! audioconvert ! audioresample ! " + audio_encoder_;
    else if (g_str_equal(name, "audio/x-opus"))
      line += " ! opusparse";
    else if (g_str_equal(name, "audio/x-ac3"))
      line += " ! ac3parse";
    else
      line += gst_structure_has_field_typed(gst_caps_get_structure(caps.get(), 0), "layer", G_TYPE_INT)
                  ? " ! mpegaudioparse"
                  : " ! aacparse";
    GError *error = nullptr;
    GstElement *bin = gst_parse_bin_from_description_full((line + " ! " + kAnyLength).c_str(), TRUE, nullptr,
                                                          GST_PARSE_FLAG_FATAL_ERRORS, &error);
    const ErrorPtr owner(error);
    if (bin == nullptr) {
      lost_sound_ = true;
      return;
    }
    gst_bin_add(GST_BIN(pipeline_), bin);
    gst_element_link_pads(bin, "src", muxer_, "audio_%u");
    gst_element_sync_state_with_parent(bin);
    const PadPtr sink(gst_element_get_static_pad(bin, "sink")), source(gst_element_get_static_pad(bin, "src"));
    const auto on_sound = [](GstPad *, GstPadProbeInfo *buffer, gpointer filler) {
      FillTime(*static_cast<TimestampFiller *>(filler), buffer);
      return GST_PAD_PROBE_OK;
    };
    gst_pad_add_probe(source.get(), GST_PAD_PROBE_TYPE_BUFFER, on_sound, new TimestampFiller,
                      [](gpointer filler) { delete static_cast<TimestampFiller *>(filler); });
    gst_pad_link(pad, sink.get());
  }

  GstElement *const pipeline_, *const video_, *const muxer_;
  const std::string audio_encoder_;
  std::atomic<bool> has_video_{false}, lost_sound_{false};
};

}  // namespace

void WriteTimeline(const std::string &video, const std::string &output, const PassSettings &settings,
                   const FileRunOptions &options) {
  const ElementPtr pipeline = OpenFilePipeline(
      "filesrc name=source ! decodebin name=decoder ! queue ! r3dfeatures name=features orientation=auto ! "
      "actionclassify name=classify ! timelinesmooth name=smooth ! fakesink sync=false",
      video);
  for (const auto &[property, value] : settings.features)
    Set(ChildOf(pipeline, "features"), property, value);
  Set(ChildOf(pipeline, "classify"), "model", settings.model);
  Set(ChildOf(pipeline, "classify"), "elements", settings.elements);
  Set(ChildOf(pipeline, "smooth"), "profile", settings.profile);
  Set(ChildOf(pipeline, "smooth"), "location", output);
  RunToEnd(pipeline.get(), video, options);
}

void CheckShow(const std::string &show) {
  const ElementPtr overlay(GST_ELEMENT(gst_object_ref_sink(MakeElement("actionoverlay"))));
  try {
    Set(overlay.get(), "show", show);
  } catch (const Error &e) {
    throw UsageError(e.what());
  }
}

void WriteOverlay(const std::string &video, const std::string &timeline, const std::string &output,
                  const PassSettings &settings, const FileRunOptions &options) {
  const std::string line =
      "filesrc name=source ! decodebin name=decoder  queue name=video ! videoconvert ! "
      "videoflip video-direction=auto ! videocrop name=crop ! timelinelabel name=labels ! actionoverlay name=overlay ! "
      "videoconvert ! " +
      VideoEncoder(settings.encoder) + " ! h264parse ! " + kAnyLength +
      " ! mux.video_0  appsrc name=text format=time caps=text/x-raw,format=utf8 ! " + kAnyLength +
      " ! mux.subtitle_0  mp4mux name=mux ! filesink name=file";
  const ElementPtr pipeline = OpenFilePipeline(line, video, std::string(kVideo) + ";" + kSound);
  Set(ChildOf(pipeline, "labels"), "location", timeline);
  Set(ChildOf(pipeline, "overlay"), "show", settings.show);
  Set(ChildOf(pipeline, "file"), "location", output);
  Tracks tracks(pipeline, settings);
  g_signal_connect(ChildOf(pipeline, kDecoder), "pad-added", G_CALLBACK(Tracks::OnPad), &tracks);
  Subtitles subtitles(ChildOf(pipeline, "text"), ReadTimeline(timeline));
  const PadPtr labels(gst_element_get_static_pad(ChildOf(pipeline, "labels"), "sink"));
  gst_pad_add_probe(labels.get(), GST_PAD_PROBE_TYPE_BUFFER, Subtitles::OnFrame, &subtitles, nullptr);
  const FitForEncoder fit(ChildOf(pipeline, "video"), ChildOf(pipeline, "crop"));
  try {
    RunToEnd(pipeline.get(), video, options);
  } catch (const Standstill &) {
    throw;
  } catch (const Cancelled &) {
    throw;
  } catch (const Error &) {
    if (!fit.problem().empty()) throw Error(video + ": " + fit.problem());
    throw;
  }
  if (tracks.lost_sound() && options.warning) {
    options.warning("its sound cannot be written to MP4 here: install gstreamer1.0-libav, which has an AAC encoder");
  }
}

}  // namespace action
