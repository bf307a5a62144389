// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actioncamerasrc/camera_connection.h"

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

#include <atomic>
#include <cstring>
#include <string>
#include <utility>

#include "action/error.h"
#include "actioncamerasrc/camera_uri.h"
#include "common/glib_ptr.h"

GST_DEBUG_CATEGORY_EXTERN(action_camera_src_debug);
#define GST_CAT_DEFAULT action_camera_src_debug

namespace action {
namespace {

using SamplePtr = MiniObjectOf<GstSample>;

constexpr guint kMostEncodedBytes = 64'000'000;

GstElement *Make(const char *factory) {
  GstElement *element = gst_element_factory_make(factory, nullptr);
  if (element == nullptr) {
    throw Error(std::string("the GStreamer element ") + factory +
                " is not installed; gst-action-doctor says which package has it");
  }
  return element;
}

// Of an RTP stream.
bool IsMedia(const GstCaps *caps, const char *wanted) {
  const GstStructure *structure =
      caps != nullptr && gst_caps_get_size(caps) > 0 ? gst_caps_get_structure(caps, 0) : nullptr;
  const char *media = structure != nullptr ? gst_structure_get_string(structure, "media") : nullptr;
  return media != nullptr && std::strcmp(media, wanted) == 0;
}

using FactoryPtr = std::unique_ptr<GstElementFactory, Deleter<gst_object_unref>>;

// What takes such a stream of sound out of RTP; null: nothing that is installed.
FactoryPtr DepayloaderFor(GstCaps *caps) {
  using Factories = std::unique_ptr<GList, Deleter<gst_plugin_feature_list_free>>;
  const Factories all(gst_element_factory_list_get_elements(GST_ELEMENT_FACTORY_TYPE_DEPAYLOADER, GST_RANK_MARGINAL));
  const Factories fitting(gst_element_factory_list_filter(all.get(), caps, GST_PAD_SINK, FALSE));
  const CapsPtr sound(gst_caps_from_string(kSoundCaps));
  for (GList *item = fitting.get(); item != nullptr; item = item->next) {
    GstElementFactory *factory = GST_ELEMENT_FACTORY(item->data);
    if (gst_element_factory_can_src_any_caps(factory, sound.get()))
      return FactoryPtr(GST_ELEMENT_FACTORY(gst_object_ref(factory)));
  }
  return nullptr;
}

void LinkFirst(GstPad *pad, GstElement *next) {
  const PadPtr sink(gst_element_get_static_pad(next, "sink"));
  if (sink && !gst_pad_is_linked(sink.get())) gst_pad_link(pad, sink.get());
}

// gst_util_set_object_arg would leave a text alone that it does not understand.
void SetProtocols(GstElement *source, const std::string &text) {
  if (text.empty()) return;
  GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(source), "protocols");
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_PARAM_SPEC_VALUE_TYPE(spec));
  const bool understood = gst_value_deserialize(&value, text.c_str()) != FALSE;
  if (understood) g_object_set_property(G_OBJECT(source), "protocols", &value);
  g_value_unset(&value);
  if (!understood) throw Error("protocols '" + text + "' is not understood; it is like tcp, udp or udp+tcp");
}

void OnPad(GstElement *, GstPad *pad, gpointer next) {
  LinkFirst(pad, GST_ELEMENT(next));
}

void OnVideoPad(GstElement *, GstPad *pad, gpointer next) {
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  if (!IsMedia(caps.get(), "audio")) LinkFirst(pad, GST_ELEMENT(next));
}

// Not of decoders for sound that somebody put in all the same.
void OnDecodedPad(GstElement *, GstPad *pad, gpointer next) {
  const CapsPtr caps(gst_pad_query_caps(pad, nullptr));
  const GstStructure *structure = gst_caps_get_size(caps.get()) > 0 ? gst_caps_get_structure(caps.get(), 0) : nullptr;
  if (structure != nullptr && g_str_has_prefix(gst_structure_get_name(structure), "video/"))
    LinkFirst(pad, GST_ELEMENT(next));
}

}  // namespace

struct CameraConnection::Frames {
  GstBin *bin;
  const CameraOutputs outputs;
  const std::function<void()> on_end;
  std::atomic<GstClockTime> offset{0};
  const CapsPtr encoded_caps{gst_caps_from_string(kEncodedCaps)};
  bool told_codec = false;
  bool video_chosen = false, sound_chosen = false;

  // rtspsrc asks before it sets up a stream: what nobody wants is not even sent. The first of each kind is taken; sound
  // that cannot be read is left, so that it does not end the video.
  static gboolean OnSelectStream(GstElement *source, guint number, GstCaps *caps, gpointer user) {
    auto *self = static_cast<Frames *>(user);
    bool chosen = false;
    if (IsMedia(caps, "video")) {
      chosen = !std::exchange(self->video_chosen, true);
    } else if (self->outputs.sound != nullptr && !self->sound_chosen && IsMedia(caps, "audio")) {
      const CapsPtr rtp(gst_caps_copy(caps));  // which the answer to DESCRIBE does not call so yet
      GstStructure *structure = gst_caps_get_structure(rtp.get(), 0);
      gst_structure_set_name(structure, "application/x-rtp");
      chosen = self->sound_chosen = DepayloaderFor(rtp.get()) != nullptr;
      const char *codec = gst_structure_get_string(structure, "encoding-name");
      if (!chosen)
        GST_ELEMENT_WARNING(source, STREAM, CODEC_NOT_FOUND,
                            ("nothing that is installed reads its sound (%s)", codec != nullptr ? codec : "?"),
                            (nullptr));
    }
    GST_DEBUG_OBJECT(source, "stream %u is %s: %" GST_PTR_FORMAT, number, chosen ? "taken" : "left",
                     static_cast<void *>(caps));
    return chosen;
  }

  static GstFlowReturn OnSample(GstAppSink *sink, gpointer user) {
    auto *self = static_cast<Frames *>(user);
    const SamplePtr sample(gst_app_sink_pull_sample(sink));
    if (!sample) return GST_FLOW_EOS;
    return self->outputs.frames.Push(sample.get(), self->offset, self->Now());
  }

  // What becomes of the encoded stream is no concern of the frames'; one of a codec that the pad does not give (VP8) is
  // decoded all the same.
  static GstFlowReturn OnEncoded(GstAppSink *sink, gpointer user) {
    auto *self = static_cast<Frames *>(user);
    const SamplePtr sample(gst_app_sink_pull_sample(sink));
    if (!sample) return GST_FLOW_EOS;
    GstCaps *caps = gst_sample_get_caps(sample.get());
    if (caps == nullptr || !gst_caps_can_intersect(caps, self->encoded_caps.get())) {
      if (!std::exchange(self->told_codec, true)) {
        GST_WARNING_OBJECT(self->bin, "the pad 'encoded' does not give what the camera sends: %" GST_PTR_FORMAT,
                           static_cast<void *>(caps));
      }
      return GST_FLOW_OK;
    }
    self->outputs.encoded->Push(sample.get(), self->offset, self->Now());
    return GST_FLOW_OK;
  }

  // Nor is what becomes of the sound.
  static GstFlowReturn OnSound(GstAppSink *sink, gpointer user) {
    auto *self = static_cast<Frames *>(user);
    const SamplePtr sample(gst_app_sink_pull_sample(sink));
    if (!sample) return GST_FLOW_EOS;
    self->outputs.sound->Push(sample.get(), self->offset, self->Now());
    return GST_FLOW_OK;
  }

  GstClockTime Now() const { return gst_element_get_current_running_time(GST_ELEMENT(bin)); }

  static void OnEos(GstAppSink *, gpointer user) { static_cast<Frames *>(user)->on_end(); }

  // Decoders ask what downstream takes and can do: that is what follows the element.
  static GstPadProbeReturn OnQuery(GstPad *, GstPadProbeInfo *info, gpointer user) {
    GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
    const GstQueryType type = GST_QUERY_TYPE(query);
    if (type != GST_QUERY_ALLOCATION && type != GST_QUERY_CAPS) return GST_PAD_PROBE_OK;
    const PadPtr source(gst_element_get_static_pad(GST_ELEMENT(static_cast<Frames *>(user)->bin), "src"));
    if (type == GST_QUERY_ALLOCATION)
      return gst_pad_peer_query(source.get(), query) ? GST_PAD_PROBE_HANDLED : GST_PAD_PROBE_OK;
    GstCaps *filter = nullptr;
    gst_query_parse_caps(query, &filter);
    const CapsPtr taken(gst_pad_peer_query_caps(source.get(), filter));
    const CapsPtr raw(gst_pad_get_pad_template_caps(source.get()));
    const CapsPtr both(gst_caps_intersect_full(taken.get(), raw.get(), GST_CAPS_INTERSECT_FIRST));
    gst_query_set_caps_result(query, both.get());
    return GST_PAD_PROBE_HANDLED;
  }
};

CameraConnection::CameraConnection(GstBin *bin, const CameraSettings &settings, const CameraOutputs &outputs,
                                   std::function<void()> on_end)
    : bin_(bin),
      connection_(gst_bin_new(nullptr)),
      frames_(new Frames{bin, outputs, std::move(on_end)}),
      live_(IsLiveUri(settings.uri)) {
  const std::unique_ptr<GstElement, Deleter<gst_object_unref>> owner(
      GST_ELEMENT(gst_object_ref_sink(connection_)));  // until the bin has it
  GstElement *sink = sink_ = Make("appsink");
  gst_bin_add(GST_BIN(connection_), sink);
  const CapsPtr caps(gst_caps_new_empty_simple("video/x-raw"));
  g_object_set(sink, "caps", caps.get(), "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, "wait-on-eos",
               FALSE, nullptr);
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = &Frames::OnSample;
  callbacks.eos = &Frames::OnEos;
  gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, frames_.get(), nullptr);
  const PadPtr pad(gst_element_get_static_pad(sink, "sink"));
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, &Frames::OnQuery, frames_.get(), nullptr);

  GstElement *next = sink;
  if (!live_) {  // a file is read no faster than it was recorded
    next = Make("clocksync");
    gst_bin_add(GST_BIN(connection_), next);
    gst_element_link(next, sink);
  }
  GstElement *decoder = IsRtsp(settings.uri) ? NewRtspSource(settings) : NewUriSource(settings);
  g_signal_connect(decoder, "pad-added", G_CALLBACK(OnDecodedPad), next);
  gst_element_set_locked_state(connection_, TRUE);
  gst_bin_add(bin_, connection_);
}

// Returns the decoder behind it.
GstElement *CameraConnection::NewRtspSource(const CameraSettings &settings) {
  GstElement *source = Make("rtspsrc");
  gst_bin_add(GST_BIN(connection_), source);
  GstElement *decoder = Make("decodebin");
  gst_bin_add(GST_BIN(connection_), decoder);
  constexpr guint64 kMicrosecond = 1000;
  g_object_set(source, "location", settings.uri.c_str(), "latency", settings.latency, "add-reference-timestamp-meta",
               TRUE, "tcp-timeout", settings.connect_timeout / kMicrosecond, nullptr);
  SetProtocols(source, settings.protocols);
  if (!settings.user_id.empty()) g_object_set(source, "user-id", settings.user_id.c_str(), nullptr);
  if (!settings.user_pw.empty()) g_object_set(source, "user-pw", settings.user_pw.c_str(), nullptr);
  g_signal_connect(source, "select-stream", G_CALLBACK(&Frames::OnSelectStream), frames_.get());
  if (frames_->outputs.encoded != nullptr) {
    AddEncodedBranch(source, decoder);
  } else {
    g_signal_connect(source, "pad-added", G_CALLBACK(OnVideoPad), decoder);
  }
  if (frames_->outputs.sound != nullptr) AddSound(source);
  return decoder;
}

// source ! depayloader ! appsink, where the depayloader comes with the stream.
void CameraConnection::AddSound(GstElement *source) {
  GstElement *sink = Make("appsink");
  gst_bin_add(GST_BIN(connection_), sink);
  g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = &Frames::OnSound;
  gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, frames_.get(), nullptr);
  const auto on_pad = +[](GstElement *rtspsrc, GstPad *pad, gpointer next) {
    const CapsPtr caps(gst_pad_get_current_caps(pad));
    const FactoryPtr factory = IsMedia(caps.get(), "audio") ? DepayloaderFor(caps.get()) : nullptr;
    GstElement *depayloader = factory ? gst_element_factory_create(factory.get(), nullptr) : nullptr;
    const std::unique_ptr<GstObject, Deleter<gst_object_unref>> bin(gst_object_get_parent(GST_OBJECT(rtspsrc)));
    if (depayloader == nullptr) return;
    gst_bin_add(GST_BIN(bin.get()), depayloader);
    gst_element_link(depayloader, GST_ELEMENT(next));
    gst_element_sync_state_with_parent(depayloader);
    LinkFirst(pad, depayloader);
  };
  g_signal_connect(source, "pad-added", G_CALLBACK(on_pad), sink);
}

// A depayloader that came while the connection was going down.
void CameraConnection::StopStrays() {
  const std::unique_ptr<GstIterator, Deleter<gst_iterator_free>> children(
      gst_bin_iterate_elements(GST_BIN(connection_)));
  const auto stop = [](const GValue *child, gpointer) {
    gst_element_set_state(GST_ELEMENT(g_value_get_object(child)), GST_STATE_NULL);
  };
  while (gst_iterator_foreach(children.get(), stop, nullptr) == GST_ITERATOR_RESYNC)
    gst_iterator_resync(children.get());
}

// source ! parsebin ! tee ! queue ! decoder; tee ! queue ! appsink. A branch that waits does not hold the other back.
void CameraConnection::AddEncodedBranch(GstElement *source, GstElement *decoder) {
  GstElement *parser = Make("parsebin"), *tee = Make("tee"), *to_decoder = Make("queue"), *queue = Make("queue"),
             *sink = Make("appsink");
  for (GstElement *element : {parser, tee, to_decoder, queue, sink})
    gst_bin_add(GST_BIN(connection_), element);
  g_object_set(queue, "max-size-buffers", 0, "max-size-bytes", kMostEncodedBytes, "max-size-time", guint64{0}, nullptr);
  gst_util_set_object_arg(G_OBJECT(queue), "leaky", "downstream");
  g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = &Frames::OnEncoded;
  gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, frames_.get(), nullptr);
  gst_element_link_many(tee, to_decoder, decoder, nullptr);
  gst_element_link_many(tee, queue, sink, nullptr);
  g_signal_connect(source, "pad-added", G_CALLBACK(OnVideoPad), parser);
  g_signal_connect(parser, "pad-added", G_CALLBACK(OnPad), tee);
}

GstElement *CameraConnection::NewUriSource(const CameraSettings &settings) {
  GstElement *source = Make("uridecodebin");
  gst_bin_add(GST_BIN(connection_), source);
  const CapsPtr caps(gst_caps_from_string("video/x-raw(ANY)"));
  g_object_set(source, "uri", settings.uri.c_str(), "caps", caps.get(), "expose-all-streams", FALSE, nullptr);
  return source;
}

CameraConnection::~CameraConnection() {
  gst_element_set_state(connection_, GST_STATE_NULL);
  StopStrays();
  gst_bin_remove(bin_, connection_);
}

bool CameraConnection::SetState(GstState state) {
  if (state == GST_STATE_PLAYING) {
    // A live source takes its times from the pipeline's clock; what else there is begins at 0 now.
    const GstClockTime base = gst_element_get_base_time(GST_ELEMENT(bin_));
    const GstClockTime now = gst_element_get_current_running_time(GST_ELEMENT(bin_));
    const GstClockTime offset = live_ || !GST_CLOCK_TIME_IS_VALID(now) ? 0 : now;
    frames_->offset = offset;
    gst_element_set_base_time(connection_, base + offset);
  }
  gst_element_set_start_time(connection_, GST_CLOCK_TIME_NONE);
  return gst_element_set_state(connection_, state) != GST_STATE_CHANGE_FAILURE;
}

bool CameraConnection::Owns(GstObject *object) const {
  return object == GST_OBJECT(connection_) || gst_object_has_as_ancestor(object, GST_OBJECT(connection_));
}

PadPtr CameraConnection::NewPadReference() const {
  return PadPtr(gst_element_get_static_pad(sink_, "sink"));
}

}  // namespace action
