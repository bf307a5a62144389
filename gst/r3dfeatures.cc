/**
 * SECTION:element-r3dfeatures
 * @title: r3dfeatures
 *
 * Watches the video that passes through it and sends, for every 16 sampled frames, the 512 numbers of an R3D-18 as an
 * `action-features` event (see gst/common/feature_events.h for its fields). Frames leave as they came.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=clip.mp4 ! decodebin ! videoflip video-direction=auto ! r3dfeatures ! fakesink
 * ]|
 */
// What is specific to being a GstElement; what is done with frames is in feature_pipeline.cc.
#include "r3dfeatures.h"

#include <gst/video/video.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "action/engine.h"
#include "action/engine_library.h"
#include "action/r3d18_spec.h"
#include "common/enums.h"
#include "common/feature_events.h"
#include "common/frame_reader.h"
#include "common/glib_ptr.h"
#include "common/guarded.h"
#include "feature_pipeline.h"

GST_DEBUG_CATEGORY_STATIC(r3d_features_debug);
#define GST_CAT_DEFAULT r3d_features_debug

namespace {

using action::FeatureSettings;

enum {
  PROP_0,
  PROP_WEIGHTS,
  PROP_DEVICE,
  PROP_PRECISION,
  PROP_SAMPLE_RATE,
  PROP_SAMPLING,
  PROP_HOP,
  PROP_ROI,
  PROP_COLORIMETRY,
  PROP_MAX_PENDING,
  PROP_GAP_THRESHOLD,
  PROP_POST_MESSAGES,
  PROP_POST_FEATURES,
};

constexpr guint kDefaultMaxPending = 4;

// Properties as they were set; parsed in NULL->READY, where an error can be posted.
struct Settings {
  std::string weights;
  std::string device = "auto";
  action::Precision precision = action::Precision::kAuto;
  std::string roi = "0,0,1,1";
  guint max_pending = kDefaultMaxPending;
  bool post_messages = true;
  bool post_features = false;
  FeatureSettings features;
};

// Sends chunks out as events and messages of the element.
class ElementSink : public action::FeatureSink {
 public:
  ElementSink(GstR3dFeatures *element, const Settings &settings) : element_(element), settings_(settings) {}
  void set_live(bool live) { live_ = live; }
  void OnChunk(const action::ChunkFacts &facts, const std::optional<action::Features> &features) override;
  void OnIrregular(int64_t interval_ns) override;

 private:
  GstR3dFeatures *const element_;
  const Settings settings_;
  bool live_ = false;
};

struct State {
  // Object lock: written by the application, read where something starts.
  Settings settings;
  // Object lock for the pointer: set in READY->PAUSED, taken away in PAUSED->READY, interrupted from any thread.
  std::shared_ptr<action::FeatureStream> stream;

  std::atomic<bool> stopping{false};  // from PAUSED->READY on: a late FLUSH_STOP must not take the interruption back

  // State changes only; the streaming thread does not run meanwhile.
  action::Engine *engine = nullptr;                 // set in NULL->READY
  std::shared_ptr<action::FeatureService> service;  // NULL->READY to READY->NULL

  // Streaming thread, between READY->PAUSED and PAUSED->READY.
  Settings active;
  std::unique_ptr<ElementSink> sink;
  std::unique_ptr<action::FeaturePipeline> pipeline;
  bool started = false;           // the first buffer was seen: `live` is known and the backbone was announced
  std::atomic<bool> live{false};  // read by QoS events too, which come on other threads
  bool warned_backwards = false;
};

}  // namespace

struct _GstR3dFeatures {
  GstBaseTransform parent;
  State *state;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstR3dFeatures, gst_r3d_features, GST_TYPE_BASE_TRANSFORM,
                              GST_DEBUG_CATEGORY_INIT(r3d_features_debug, "r3dfeatures", 0,
                                                      "R3D-18 feature extraction"));
GST_ELEMENT_REGISTER_DEFINE(r3dfeatures, "r3dfeatures", GST_RANK_NONE, GST_TYPE_R3D_FEATURES);

namespace {

#define VIDEO_CAPS                           \
  GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL) \
  "; " GST_VIDEO_CAPS_MAKE_WITH_FEATURES("memory:SystemMemory, meta:GstVideoOverlayComposition", GST_VIDEO_FORMATS_ALL)

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(VIDEO_CAPS));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(VIDEO_CAPS));

State &StateOf(gpointer element) {
  return *GST_R3D_FEATURES(element)->state;
}

std::shared_ptr<action::FeatureStream> StreamOf(GstR3dFeatures *self) {
  GST_OBJECT_LOCK(self);
  auto stream = self->state->stream;
  GST_OBJECT_UNLOCK(self);
  return stream;
}

void ElementSink::OnChunk(const action::ChunkFacts &facts, const std::optional<action::Features> &features) {
  GstEvent *event = action::NewFeaturesEvent(facts, features);
  GST_LOG_OBJECT(element_, "chunk %" G_GUINT64_FORMAT " at %" GST_TIME_FORMAT ", %d frames%s", facts.index,
                 GST_TIME_ARGS(facts.time.timestamp), facts.frames, features ? "" : ", dropped");
  if (!features) {
    gst_element_post_message(
        GST_ELEMENT(element_),
        gst_message_new_qos(GST_OBJECT(element_), live_, facts.time.running_time, facts.time.stream_time,
                            facts.time.timestamp, facts.time.end - facts.time.timestamp));
  }
  if (settings_.post_messages) {
    gst_element_post_message(GST_ELEMENT(element_),
                             action::NewFeaturesMessage(GST_ELEMENT(element_), event, settings_.post_features));
  }
  gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(element_), event);
}

void ElementSink::OnIrregular(int64_t interval_ns) {
  GST_ELEMENT_WARNING(element_, STREAM, FORMAT, ("The frame rate is not constant: sampling goes on by timestamp"),
                      ("Two frames are %" G_GINT64_FORMAT
                       " ns apart, which is not what the caps announce. Set sampling=timestamp to sample "
                       "this stream by time from its start, or sampling=stride to count frames all the same.",
                       interval_ns));
}

// ---- State changes

bool Open(GstR3dFeatures *self) {
  GST_OBJECT_LOCK(self);
  Settings settings = self->state->settings;
  GST_OBJECT_UNLOCK(self);
  const action::EngineOrError found = action::FindEngine();
  if (found.engine == nullptr) {
    GST_ELEMENT_ERROR(self, LIBRARY, INIT, ("%s", found.error.c_str()), (nullptr));
    return false;
  }
  return action::guarded(GST_ELEMENT(self), false, [&] {
    State &state = *self->state;
    settings.features.roi = action::Region::Parse(settings.roi);
    action::Engine::Request request;
    request.weights = settings.weights;
    request.device = action::Device::Parse(settings.device);
    request.precision = settings.precision;
    state.engine = found.engine;
    state.service = state.engine->OpenFeatureService(request);
    const action::ServiceInfo &info = state.service->info();
    GST_INFO_OBJECT(self, "weights %s (%s) on %s in %s", info.weights_path.c_str(), info.weights_hash.c_str(),
                    info.device.ToString().c_str(), NameOf(info.precision));
    if (info.stand_in) {
      GST_ELEMENT_WARNING(
          self, LIBRARY, SETTINGS, ("%s", action::kStandInNotice),
          ("%s holds seeded weights that were never trained. Features are repeatable and good enough to try "
           "things out; get the published weights with 'gst-action-weights fetch'.",
           info.weights_path.c_str()));
    }
    return true;
  });
}

bool Start(GstR3dFeatures *self) {
  GST_OBJECT_LOCK(self);
  Settings settings = self->state->settings;
  GST_OBJECT_UNLOCK(self);
  return action::guarded(GST_ELEMENT(self), false, [&] {
    State &state = *self->state;
    settings.features.roi = action::Region::Parse(settings.roi);
    state.active = settings;
    state.started = state.warned_backwards = false;
    state.live = false;
    state.stopping = false;
    std::shared_ptr<action::FeatureStream> stream = state.service->OpenStream(static_cast<int>(settings.max_pending));
    state.sink = std::make_unique<ElementSink>(self, settings);
    state.pipeline = std::make_unique<action::FeaturePipeline>(*state.engine, settings.features, *stream, *state.sink);
    GST_OBJECT_LOCK(self);
    state.stream = std::move(stream);
    GST_OBJECT_UNLOCK(self);
    return true;
  });
}

void Stop(GstR3dFeatures *self) {
  State &state = *self->state;
  state.pipeline.reset();
  state.sink.reset();
  GST_OBJECT_LOCK(self);
  auto stream = std::move(state.stream);
  GST_OBJECT_UNLOCK(self);
}

GstStateChangeReturn ChangeState(GstElement *element, GstStateChange transition) {
  GstR3dFeatures *self = GST_R3D_FEATURES(element);
  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (!Open(self)) return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (!Start(self)) return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      self->state->stopping = true;
      // Before chaining up: deactivating the pads takes the stream lock, which a waiting streaming thread holds.
      if (const auto stream = StreamOf(self)) stream->Interrupt();
      break;
    default:
      break;
  }
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_r3d_features_parent_class)->change_state(element, transition);
  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (result == GST_STATE_CHANGE_FAILURE) Stop(self);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      Stop(self);
      break;
    case GST_STATE_CHANGE_READY_TO_NULL:
      self->state->service.reset();
      break;
    default:
      break;
  }
  return result;
}

// ---- Streaming

bool AskWhetherLive(GstR3dFeatures *self) {
  const action::QueryPtr query(gst_query_new_latency());
  gboolean live = FALSE;
  if (gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(self), query.get())) {
    gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
  }
  return live != FALSE;
}

void OnFirstBuffer(GstR3dFeatures *self) {
  State &state = *self->state;
  state.started = true;
  state.live = AskWhetherLive(self);
  state.sink->set_live(state.live);
  state.pipeline->SetLive(state.live);
  const FeatureSettings &features = state.active.features;
  action::BackboneFacts facts{state.service->info(), features.sample_rate, features.hop,
                              features.roi,          features.colorimetry, state.live};
  gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self), action::NewBackboneEvent(facts));
}

GstFlowReturn TransformIp(GstBaseTransform *base, GstBuffer *buffer) {
  GstR3dFeatures *self = GST_R3D_FEATURES(base);
  return action::guarded(GST_ELEMENT(self), GST_FLOW_ERROR, [&] {
    State &state = *self->state;
    if (!state.started) OnFirstBuffer(self);
    if (base->segment.rate < 0) {
      state.pipeline->PushFinished();
      if (!std::exchange(state.warned_backwards, true)) {
        GST_ELEMENT_WARNING(self, STREAM, NOT_IMPLEMENTED, ("Backward playback is passed on without features"),
                            (nullptr));
      }
      return GST_FLOW_OK;
    }
    return state.pipeline->Push(buffer, base->segment);
  });
}

// Memory that only a GPU or another device can read, and the element that brings it back.
const char *DownloadElementFor(const GstCaps *caps) {
  static constexpr struct {
    const char *feature;
    const char *element;
  } kDownloads[] = {
      {"memory:GLMemory", "gldownload"},
      {"memory:CUDAMemory", "cudadownload"},
      {"memory:NVMM", "nvvideoconvert"},
      {"memory:VASurface", "vaapipostproc"},
      {"memory:VAMemory", "vapostproc"},
      {"memory:D3D11Memory", "d3d11download"},
      {"memory:D3D12Memory", "d3d12download"},
      {"memory:DMABuf", "vapostproc, or videoconvert where it can map the memory,"},
      {"memory:VulkanImage", "vulkandownload"},
      {"memory:MSDKMemory", "msdkvpp"},
  };
  const GstCapsFeatures *features = gst_caps_get_size(caps) > 0 ? gst_caps_get_features(caps, 0) : nullptr;
  if (features == nullptr || gst_caps_features_is_any(features)) return nullptr;
  for (const auto &row : kDownloads) {
    if (gst_caps_features_contains(features, row.feature)) return row.element;
  }
  return nullptr;
}

// The caps that come: refused with a reason, or taken in before they are forwarded.
bool OnCaps(GstR3dFeatures *self, GstCaps *caps) {
  if (const char *element = DownloadElementFor(caps)) {
    const action::CharPtr text(gst_caps_to_string(caps));
    GST_ELEMENT_ERROR(self, CORE, NEGOTIATION, ("r3dfeatures reads video in system memory; put %s before it", element),
                      ("The caps are %s", text.get()));
    return false;
  }
  GstVideoInfo info;
  if (!action::VideoInfoFromCaps(&info, caps)) return true;  // the base class refuses what does not fit the template
  return self->state->pipeline->SetInfo(info) != GST_FLOW_ERROR;
}

void OnSerialized(GstR3dFeatures *self, GstEvent *event) {
  State &state = *self->state;
  action::FeaturePipeline &pipeline = *state.pipeline;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_SEGMENT:
      // Chunks of the old segment leave before the new one; a live source must not wait for that.
      pipeline.EndRun();
      if (!state.live) pipeline.Drain();
      break;
    case GST_EVENT_EOS:
      pipeline.EndRun();
      pipeline.Drain();
      break;
    case GST_EVENT_GAP: {
      GstClockTime start = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
      gst_event_parse_gap(event, &start, &duration);
      if (GST_CLOCK_TIME_IS_VALID(duration)) start += duration;
      pipeline.PushGap(start);
      break;
    }
    case GST_EVENT_FLUSH_STOP:
      pipeline.Reset();
      if (!state.stopping) StreamOf(self)->Resume();
      break;
    default:
      break;
  }
}

gboolean SinkEvent(GstBaseTransform *base, GstEvent *event) {
  GstR3dFeatures *self = GST_R3D_FEATURES(base);
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START) {
    if (const auto stream = StreamOf(self)) stream->Interrupt();
  } else if (self->state->pipeline && GST_EVENT_IS_SERIALIZED(event)) {
    const bool go_on = action::guarded(GST_ELEMENT(self), false, [&] {
      if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) {
        OnSerialized(self, event);
        return true;
      }
      GstCaps *caps = nullptr;
      gst_event_parse_caps(event, &caps);
      self->state->pipeline->PushFinished();
      return OnCaps(self, caps);
    });
    // A caps event that failed goes no further; anything else (EOS!) must still arrive.
    if (!go_on && GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
      gst_event_unref(event);
      return FALSE;
    }
  }
  return GST_BASE_TRANSFORM_CLASS(gst_r3d_features_parent_class)->sink_event(base, event);
}

gboolean SrcEvent(GstBaseTransform *base, GstEvent *event) {
  GstR3dFeatures *self = GST_R3D_FEATURES(base);
  // A decoder that obeys QoS drops frames before they are sampled. From a live source there is no way around it.
  if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) {
    if (!self->state->live) {
      gst_event_unref(event);
      return TRUE;
    }
  }
  return GST_BASE_TRANSFORM_CLASS(gst_r3d_features_parent_class)->src_event(base, event);
}

gboolean Query(GstBaseTransform *base, GstPadDirection direction, GstQuery *query) {
  GstR3dFeatures *self = GST_R3D_FEATURES(base);
  if (direction == GST_PAD_SINK) {
    if (GST_QUERY_TYPE(query) == GST_QUERY_DRAIN && self->state->pipeline) {
      action::guarded(GST_ELEMENT(self), false, [&] { return self->state->pipeline->Drain() == GST_FLOW_OK; });
    } else if (GST_QUERY_TYPE(query) == GST_QUERY_ACCEPT_CAPS) {
      // Let such caps come, so that they can be refused with an error that names the way out.
      GstCaps *caps = nullptr;
      gst_query_parse_accept_caps(query, &caps);
      if (DownloadElementFor(caps) != nullptr) {
        gst_query_set_accept_caps_result(query, TRUE);
        return TRUE;
      }
    }
  }
  return GST_BASE_TRANSFORM_CLASS(gst_r3d_features_parent_class)->query(base, direction, query);
}

// ---- Properties

std::string ToString(const GValue *value) {
  const char *text = g_value_get_string(value);
  return text != nullptr ? text : "";
}

void SetProperty(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
  GST_OBJECT_LOCK(object);
  Settings &settings = StateOf(object).settings;
  switch (id) {
    case PROP_WEIGHTS:
      settings.weights = ToString(value);
      break;
    case PROP_DEVICE:
      settings.device = ToString(value);
      break;
    case PROP_PRECISION:
      settings.precision = static_cast<action::Precision>(g_value_get_enum(value));
      break;
    case PROP_SAMPLE_RATE:
      settings.features.sample_rate = {gst_value_get_fraction_numerator(value),
                                       gst_value_get_fraction_denominator(value)};
      break;
    case PROP_SAMPLING:
      settings.features.sampling = static_cast<action::Sampling>(g_value_get_enum(value));
      break;
    case PROP_HOP:
      settings.features.hop = g_value_get_int(value);
      break;
    case PROP_ROI:
      settings.roi = ToString(value);
      break;
    case PROP_COLORIMETRY:
      settings.features.colorimetry = static_cast<action::Colorimetry>(g_value_get_enum(value));
      break;
    case PROP_MAX_PENDING:
      settings.max_pending = g_value_get_uint(value);
      break;
    case PROP_GAP_THRESHOLD:
      settings.features.gap_threshold = g_value_get_uint64(value);
      break;
    case PROP_POST_MESSAGES:
      settings.post_messages = g_value_get_boolean(value) != FALSE;
      break;
    case PROP_POST_FEATURES:
      settings.post_features = g_value_get_boolean(value) != FALSE;
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
      break;
  }
  GST_OBJECT_UNLOCK(object);
}

void GetProperty(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  GST_OBJECT_LOCK(object);
  const Settings &settings = StateOf(object).settings;
  switch (id) {
    case PROP_WEIGHTS:
      g_value_set_string(value, settings.weights.empty() ? nullptr : settings.weights.c_str());
      break;
    case PROP_DEVICE:
      g_value_set_string(value, settings.device.c_str());
      break;
    case PROP_PRECISION:
      g_value_set_enum(value, static_cast<int>(settings.precision));
      break;
    case PROP_SAMPLE_RATE:
      gst_value_set_fraction(value, static_cast<int>(settings.features.sample_rate.numerator),
                             static_cast<int>(settings.features.sample_rate.denominator));
      break;
    case PROP_SAMPLING:
      g_value_set_enum(value, static_cast<int>(settings.features.sampling));
      break;
    case PROP_HOP:
      g_value_set_int(value, settings.features.hop);
      break;
    case PROP_ROI:
      g_value_set_string(value, settings.roi.c_str());
      break;
    case PROP_COLORIMETRY:
      g_value_set_enum(value, static_cast<int>(settings.features.colorimetry));
      break;
    case PROP_MAX_PENDING:
      g_value_set_uint(value, settings.max_pending);
      break;
    case PROP_GAP_THRESHOLD:
      g_value_set_uint64(value, settings.features.gap_threshold);
      break;
    case PROP_POST_MESSAGES:
      g_value_set_boolean(value, settings.post_messages);
      break;
    case PROP_POST_FEATURES:
      g_value_set_boolean(value, settings.post_features);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
      break;
  }
  GST_OBJECT_UNLOCK(object);
}

void InstallProperties(GObjectClass *object_class) {
  constexpr auto kFlags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  const auto install = [object_class](guint id, GParamSpec *spec) {
    g_object_class_install_property(object_class, id, spec);
  };
  install(PROP_WEIGHTS,
          g_param_spec_string(
              "weights", "Weights",
              "File with the weights of torchvision's video.r3d_18 (.pth, .pt or .safetensors). Not set: "
              "GST_ACTION_WEIGHTS, then $XDG_DATA_HOME/gst-action/r3d_18-b3b3357e.pth, then torch hub's cache. "
              "'gst-action-weights fetch' puts the published file there",
              nullptr, kFlags));
  install(PROP_DEVICE,
          g_param_spec_string(
              "device", "Device",
              "Where the network runs: auto (a CUDA GPU if there is one, else the CPU), cpu, cuda or cuda:N. "
              "Elements with the same weights, device and precision share one network",
              "auto", kFlags));
  install(
      PROP_PRECISION,
      g_param_spec_enum("precision", "Precision",
                        "Number format of the network. auto takes what is fast and exact enough on the device; fp32 "
                        "repeats the reference most closely",
                        GST_TYPE_ACTION_PRECISION, static_cast<int>(action::Precision::kAuto), kFlags));
  install(PROP_SAMPLE_RATE,
          gst_param_spec_fraction(
              "sample-rate", "Sample rate",
              "Frames per second that are looked at. Must be what the model was trained with (8/1 in the "
              "reference); 16 of them make one chunk",
              1, 1000, 1000, 1, 8, 1, kFlags));
  install(PROP_SAMPLING,
          g_param_spec_enum(
              "sampling", "Sampling",
              "How frames are chosen. auto counts frames as the reference does while a file keeps its announced "
              "rate, and goes by time for variable rates and live sources",
              GST_TYPE_ACTION_SAMPLING, static_cast<int>(action::Sampling::kAuto), kFlags));
  install(PROP_HOP,
          g_param_spec_int("hop", "Hop",
                           "Samples from the start of one chunk to the next. 16: chunks do not overlap, as in the "
                           "reference, one every 2 s at 8/1; 4: one every 0.5 s, for a finer timeline at four times "
                           "the work",
                           1, action::kChunkFrames, action::kChunkFrames, kFlags));
  install(PROP_ROI, g_param_spec_string(
                        "roi", "Region of interest",
                        "Part of the picture that is looked at: x,y,width,height as fractions of its size. 0.5,0,0.5,1 "
                        "is the right half. Must be what the model was trained with",
                        "0,0,1,1", kFlags));
  install(PROP_COLORIMETRY,
          g_param_spec_enum(
              "colorimetry", "Colorimetry",
              "How YUV becomes RGB. reference: BT.601 whatever the stream says, as cv2.VideoCapture, which the "
              "published weights and existing models were trained with; stream: as the stream says, for "
              "models trained anew",
              GST_TYPE_ACTION_COLORIMETRY, static_cast<int>(action::Colorimetry::kReference), kFlags));
  install(
      PROP_MAX_PENDING,
      g_param_spec_uint("max-pending", "Maximum pending chunks",
                        "Chunks (0.6 MB each) that may wait for the network. When it is full a file waits, and a live "
                        "source loses its oldest waiting chunk",
                        1, 1024, kDefaultMaxPending, kFlags));
  install(PROP_GAP_THRESHOLD,
          g_param_spec_uint64(
              "gap-threshold", "Gap threshold",
              "Missing time, in nanoseconds, from which a chunk is ended and a new one begun instead of one "
              "chunk covering the hole. A lost frame is not a hole",
              0, G_MAXINT64, GST_SECOND, kFlags));
  install(PROP_POST_MESSAGES,
          g_param_spec_boolean("post-messages", "Post messages",
                               "Post an element message 'action-features' for every chunk: its times and state", TRUE,
                               kFlags));
  install(PROP_POST_FEATURES,
          g_param_spec_boolean("post-features", "Post features",
                               "Put the 512 numbers (a GBytes of float32, 2 kB) into the messages too", FALSE, kFlags));
}

void Finalize(GObject *object) {
  delete GST_R3D_FEATURES(object)->state;
  G_OBJECT_CLASS(gst_r3d_features_parent_class)->finalize(object);
}

}  // namespace

static void gst_r3d_features_class_init(GstR3dFeaturesClass *klass) {
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS(klass);

  object_class->set_property = SetProperty;
  object_class->get_property = GetProperty;
  object_class->finalize = Finalize;
  InstallProperties(object_class);

  element_class->change_state = ChangeState;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "R3D-18 video features", "Filter/Analyzer/Video",
                                        "Turns every 16 sampled frames into the 512 features of an R3D-18 and sends "
                                        "them downstream as an action-features "
                                        "event; the video passes untouched",
                                        "The gst-action developers");

  transform_class->transform_ip = TransformIp;
  transform_class->transform_ip_on_passthrough = TRUE;
  transform_class->sink_event = SinkEvent;
  transform_class->src_event = SrcEvent;
  transform_class->query = Query;
  transform_class->passthrough_on_same_caps = TRUE;

  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_PRECISION, static_cast<GstPluginAPIFlags>(0));
  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_SAMPLING, static_cast<GstPluginAPIFlags>(0));
  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_COLORIMETRY, static_cast<GstPluginAPIFlags>(0));
}

static void gst_r3d_features_init(GstR3dFeatures *self) {
  self->state = new State;
  gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), TRUE);
  gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), FALSE);
}
