// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-r3dfeatures
 * @title: r3dfeatures
 *
 * Watches the video that passes through it and sends, for every 16 sampled frames, the 512 numbers of an R3D-18 as an
 * `action-features` event. Frames leave as they came. Of frames in the memory of a GPU (CUDAMemory, GLMemory, VAMemory)
 * those that are sampled are copied to main memory.
 *
 * ## Events (downstream)
 *
 * `action-backbone`, sticky, before the first frame that is looked at: `weights-hash` (string, SHA-256), `stand-in`
 * (boolean, not a measurement), `precision` and `device` (string), `sample-rate` (fraction), `hop` (int, samples
 * between chunks), `roi` (string, of the turned picture), `frame-roi` (string, the same of the frames as they pass),
 * `colorimetry` (string), `live` (boolean), `hop-asked` (int, the property). Again
 * when `frame-roi` changes, and `hop` (adaptive-hop).
 *
 * `action-features`, one for each chunk, before the frame that follows it and before EOS: `index` (uint64, without
 * holes), `timestamp`, `stream-time`, `running-time`, `duration` and `end` (uint64, ns: of the first sampled frame, and
 * where the next sample is due), `step-timestamp`, `step-stream-time`, `step-running-time` and `step-duration` (uint64,
 * ns: of the samples in the middle, which the chunk stands for), `frames` (int, before padding), `padded`, `discont`
 * (nothing connects it with the chunk before) and `dropped` (boolean), `features` (GBytes, 512 float32, little endian;
 * absent when dropped).
 *
 * `action-run-end`: the frames before it have all their chunks, and a GAP event follows.
 *
 * The network is loaded beside: the state changes do not wait for it. Files wait with their first frame; frames of a
 * live source pass until it is there, and `action-backbone` comes before the first that is looked at.
 *
 * ## Messages
 *
 * Element message `action-network`, when the network is there: `weights`, `weights-hash`, `device`, `precision`
 * (string) and `stand-in` (boolean).
 *
 * Element message `action-features` (property post-messages): the fields of the event; `features` only with
 * post-features. QoS message for each chunk that was dropped, with `batches`, `wait` and `compute` beside the usual
 * fields.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m filesrc location=clip.mp4 ! decodebin ! r3dfeatures orientation=auto ! fakesink
 * ]|
 */
// What is specific to being a GstElement; what is done with frames is in feature_pipeline.cc.
#include "r3dfeatures/r3dfeatures.h"

#include <gst/video/video.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "action/engine.h"
#include "common/analytics_label.h"
#include "common/device_memory.h"
#include "common/feature_events.h"
#include "common/flow_of_events.h"
#include "common/glib_ptr.h"
#include "common/guarded.h"
#include "common/object_lock.h"
#include "r3dfeatures/chunk_sender.h"
#include "r3dfeatures/enums.h"
#include "r3dfeatures/feature_pipeline.h"
#include "r3dfeatures/frame_reader.h"
#include "r3dfeatures/lag_watch.h"
#include "r3dfeatures/network_access.h"
#include "r3dfeatures/orientation.h"
#include "r3dfeatures/properties.h"

GST_DEBUG_CATEGORY(r3d_features_debug);
#define GST_CAT_DEFAULT r3d_features_debug

namespace {

using action::ChunkSender;
using action::FeatureSettings;
using action::ObjectLock;
using action::Region;
using action::SettingsOf;
using Settings = action::R3dFeaturesSettings;

struct State {
  explicit State(GstElement *element) : network(element) {}

  // Object lock: written by the application, read where something starts.
  Settings settings;
  action::NetworkAccess network;

  // Streaming thread, between READY->PAUSED and PAUSED->READY.
  Settings active;
  action::StreamOrientation orientation;
  Region announced_region;  // of the frames, in the last action-backbone
  std::unique_ptr<ChunkSender> sender;
  std::unique_ptr<action::FeaturePipeline> pipeline;  // from when the network is there
  bool started = false;                               // the first buffer was seen: `live` is known
  bool announced = false;                             // the backbone was
  std::atomic<int> announced_hop{0};                  // read by the property stats too
  std::atomic<bool> live{false};                      // read by QoS events too, which come on other threads
  action::LagWatch lag;
  bool warned_unanalysed = false;
  bool warned_of_another = false;
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

#define CAPS_WITH(features) "; " GST_VIDEO_CAPS_MAKE_WITH_FEATURES(features, GST_VIDEO_FORMATS_ALL)
#define CAPS_IN(memory) CAPS_WITH(memory) CAPS_WITH(memory ", meta:GstVideoOverlayComposition")
#define VIDEO_CAPS                           \
  GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL) \
  CAPS_WITH("memory:SystemMemory, meta:GstVideoOverlayComposition") GST_ACTION_FOR_MAPPABLE_MEMORY(CAPS_IN)

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(VIDEO_CAPS));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(VIDEO_CAPS));

// ---- State changes

bool Open(GstR3dFeatures *self) {
  return action::guarded(GST_ELEMENT(self), false, [&] {
    const Settings settings = SettingsOf(self);
    action::Region::Parse(settings.roi);  // a mistake is told here, before anything starts
    return self->state->network.Load(settings);
  });
}

// At the end of a run the chunks come at once that waited for the frames behind them.
int MostPending(const Settings &settings) {
  return static_cast<int>(settings.max_pending) +
         action::ContextOf(settings.features.mode).after / settings.features.hop;
}

bool Start(GstR3dFeatures *self) {
  return action::guarded(GST_ELEMENT(self), false, [&] {
    State &state = *self->state;
    Settings settings = SettingsOf(self);
    settings.features.roi = action::Region::Parse(settings.roi);
    if (!state.network.Load(settings)) return false;  // properties may change in READY
    state.active = settings;
    state.orientation = action::StreamOrientation(settings.orientation);
    state.announced_hop = settings.features.hop;
    state.started = state.announced = state.warned_unanalysed = state.warned_of_another = false;
    state.live = false;
    state.lag = {};
    state.network.Start({.max_pending = MostPending(settings), .batch_size = static_cast<int>(settings.batch_size)});
    return true;
  });
}

void Stop(GstR3dFeatures *self) {
  State &state = *self->state;
  state.pipeline.reset();
  state.sender.reset();
  state.network.Stop();
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
      // Before chaining up: deactivating the pads takes the stream lock, which a waiting streaming thread holds. For
      // good: a late FLUSH_STOP must not take it back.
      self->state->network.Close();
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
      self->state->network.Unload();
      break;
    default:
      break;
  }
  return result;
}

// ---- Streaming

void AnnounceBackbone(GstR3dFeatures *self) {
  State &state = *self->state;
  const FeatureSettings &features = state.active.features;
  state.announced_region = action::RegionOfFrame(features.roi, state.orientation.value());
  state.announced_hop = state.pipeline->hop();
  const action::BackboneFacts facts{.service = state.network.info(),
                                    .sample_rate = features.sample_rate,
                                    .hop = state.announced_hop,
                                    .hop_asked = features.hop,
                                    .roi = features.roi,
                                    .frame_roi = state.announced_region,
                                    .colorimetry = features.colorimetry,
                                    .mode = features.mode,
                                    .live = state.live};
  gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self), action::NewBackboneEvent(facts));
}

void OnFirstBuffer(GstR3dFeatures *self) {
  State &state = *self->state;
  state.started = true;
  state.live = action::IsLive(GST_BASE_TRANSFORM_SINK_PAD(self));
  const FeatureSettings &features = state.active.features;
  GST_INFO_OBJECT(self, "%s source, sampling %s at %s, hop %d, region %s", state.live ? "live" : "other",
                  NameOf(features.sampling), features.sample_rate.ToString().c_str(), features.hop,
                  features.roi.ToString().c_str());
}

// Makes the pipeline when the network is there. A file waits for that; a live stream passes meanwhile.
GstFlowReturn TakeUp(GstR3dFeatures *self, bool live) {
  State &state = *self->state;
  if (state.pipeline) return GST_FLOW_OK;
  if (!state.network.Open(!live)) {
    if (state.network.failed()) return GST_FLOW_ERROR;
    return live ? GST_FLOW_OK : GST_FLOW_FLUSHING;
  }
  state.sender = std::make_unique<ChunkSender>(
      GST_BASE_TRANSFORM(self), [self] { return SettingsOf(self); }, state.network.stream());
  state.pipeline = std::make_unique<action::FeaturePipeline>(state.network.engine(), state.active.features,
                                                             state.network.stream(), *state.sender);
  const action::CapsPtr caps(gst_pad_get_current_caps(GST_BASE_TRANSFORM_SINK_PAD(self)));
  GstVideoInfo info;
  if (!caps || !action::VideoInfoFromCaps(&info, caps.get())) return GST_FLOW_OK;
  return state.pipeline->SetInfo(info);
}

// Before the first frame that is looked at.
void Announce(GstR3dFeatures *self) {
  State &state = *self->state;
  state.announced = true;
  state.sender->set_live(state.live);
  state.pipeline->SetLive(state.live, state.active.max_pending);
  AnnounceBackbone(self);
}

// Before a frame: the stream's tags may say otherwise than at the one before.
void FollowOrientation(GstR3dFeatures *self) {
  State &state = *self->state;
  const action::Orientation orientation = state.orientation.value();
  if (!state.pipeline->SetOrientation(orientation)) return;
  const action::CharPtr nick(g_enum_to_string(GST_TYPE_ACTION_ORIENTATION, static_cast<gint>(orientation)));
  GST_INFO_OBJECT(self, "pictures are turned: %s", nick.get());
  if (action::RegionOfFrame(state.active.features.roi, orientation) != state.announced_region) AnnounceBackbone(self);
}

// A pipeline that is too slow shows an ever older picture, and nothing else tells.
void WatchLag(GstR3dFeatures *self, GstBuffer *buffer, const GstSegment &segment) {
  State &state = *self->state;
  const GstClockTime now = gst_element_get_current_running_time(GST_ELEMENT(self));
  const GstClockTime time = gst_segment_to_running_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  if (!state.live || !GST_CLOCK_TIME_IS_VALID(now) || !GST_CLOCK_TIME_IS_VALID(time)) return;
  const auto lag = state.lag.Add(GST_CLOCK_DIFF(time, now));
  if (!lag) return;
  GST_ELEMENT_WARNING(
      self, STREAM, FAILED,
      ("The video has fallen %.0f s behind: this machine is too slow for all that the pipeline does",
       static_cast<double>(*lag) / GST_SECOND),
      ("Put 'queue leaky=downstream' before r3dfeatures, which drops frames instead, and a queue before "
       "the encoder; take fewer pixels, a faster preset of the encoder. This is said once."));
}

void WarnOfUnanalysed(GstR3dFeatures *self, const GstSegment &segment) {
  if (segment.rate < 0) {
    GST_ELEMENT_WARNING(self, STREAM, NOT_IMPLEMENTED, ("Backward playback is passed on without features"), (nullptr));
  } else {
    GST_ELEMENT_WARNING(self, STREAM, FORMAT, ("Frames without times are passed on without features"),
                        ("The segment counts %s, not time: set format=time at the source (appsrc)",
                         gst_format_get_name(segment.format)));
  }
}

GstFlowReturn TransformIp(GstBaseTransform *base, GstBuffer *buffer) {
  GstR3dFeatures *self = GST_R3D_FEATURES(base);
  return action::guarded(GST_ELEMENT(self), GST_FLOW_ERROR, [&] {
    State &state = *self->state;
    if (!state.started) OnFirstBuffer(self);
    GstFlowReturn flow = TakeUp(self, state.live);
    if (flow != GST_FLOW_OK || !state.pipeline) return flow;
    if (!state.announced) Announce(self);
    FollowOrientation(self);
    if (base->segment.rate < 0 || base->segment.format != GST_FORMAT_TIME) {
      state.pipeline->PushFinished();
      if (!std::exchange(state.warned_unanalysed, true)) WarnOfUnanalysed(self, base->segment);
      return GST_FLOW_OK;
    }
    WatchLag(self, buffer, base->segment);
    flow = state.pipeline->Push(buffer, base->segment);
    if (state.pipeline->hop() != state.announced_hop) AnnounceBackbone(self);
    return flow;
  });
}

// The caps that come: refused with a reason, or taken in before they are forwarded.
bool OnCaps(GstR3dFeatures *self, GstCaps *caps) {
  if (const char *element = action::DownloadElementFor(caps)) {
    const action::CharPtr text(gst_caps_to_string(caps));
    GST_ELEMENT_ERROR(self, CORE, NEGOTIATION,
                      ("r3dfeatures cannot read video in this memory; put %s before it", element),
                      ("The caps are %s", text.get()));
    return false;
  }
  GstVideoInfo info;
  if (!action::VideoInfoFromCaps(&info, caps)) return true;  // the base class refuses what does not fit the template
  // Whether frames can be read is known with the network; a file waits for it here, so that its caps can be refused.
  if (TakeUp(self, action::IsLive(GST_BASE_TRANSFORM_SINK_PAD(self))) == GST_FLOW_ERROR) return false;
  if (!self->state->pipeline) return true;  // interrupted, or live: with the first frame that is looked at
  self->state->pipeline->PushFinished();
  return self->state->pipeline->SetInfo(info) != GST_FLOW_ERROR;
}

// What is to be known of the stream though nothing of it is looked at yet.
void OnStreamEvent(GstR3dFeatures *self, GstEvent *event) {
  State &state = *self->state;
  if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START) {
    state.orientation.OnNewStream();
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_TAG) {
    GstTagList *tags = nullptr;
    gst_event_parse_tag(event, &tags);
    state.orientation.OnTags(tags);
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
    state.network.Resume();
  }
}

void OnSerialized(GstR3dFeatures *self, GstEvent *event) {
  State &state = *self->state;
  action::FeaturePipeline &pipeline = *state.pipeline;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
    case GST_EVENT_SEGMENT:
      // Chunks of the old stream or segment leave before the new one; a live source must not wait for that.
      pipeline.EndRun();
      if (!state.live) pipeline.Drain();
      break;
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_STREAM_GROUP_DONE:
    case GST_EVENT_EOS:
      pipeline.EndRun();
      pipeline.Drain();
      break;
    case GST_EVENT_GAP: {
      GstClockTime start = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
      gst_event_parse_gap(event, &start, &duration);
      if (GST_CLOCK_TIME_IS_VALID(duration)) start += duration;
      pipeline.PushGap(start);
      // Frames may be held for these chunks' labels, and no frame comes that would let the chunks go.
      if (!state.live) pipeline.Drain();
      if (pipeline.TakeRunEnded()) {
        GST_DEBUG_OBJECT(self, "a gap until %" GST_TIME_FORMAT " ends the run", GST_TIME_ARGS(start));
        gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self), action::NewRunEndEvent());
      }
      break;
    }
    case GST_EVENT_FLUSH_STOP:
      GST_DEBUG_OBJECT(self, "flushed: the chunk that was being filled is forgotten");
      pipeline.Reset();
      break;
    default:
      break;
  }
}

// Features of another r3dfeatures upstream: what follows must not take them for this one's.
bool IsAnothers(GstR3dFeatures *self, GstEvent *event) {
  const bool features = gst_event_has_name(event, action::kFeaturesEvent);
  if (features && !std::exchange(self->state->warned_of_another, true)) {
    GST_ELEMENT_WARNING(self, STREAM, WRONG_TYPE,
                        ("Another r3dfeatures stands before this one, and no actionclassify between them: its features "
                         "go no further"),
                        ("Take one of them out, or set forward-features=false at the actionclassify between them"));
  }
  return features || gst_event_has_name(event, action::kBackboneEvent) ||
         gst_event_has_name(event, action::kRunEndEvent);
}

gboolean SinkEvent(GstBaseTransform *base, GstEvent *event) {
  GstR3dFeatures *self = GST_R3D_FEATURES(base);
  if (IsAnothers(self, event)) {
    gst_event_unref(event);
    return TRUE;
  }
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START) {
    self->state->network.Interrupt();
  } else if (GST_EVENT_IS_SERIALIZED(event)) {
    const bool go_on = action::guarded(GST_ELEMENT(self), false, [&] {
      if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) {
        if (self->state->pipeline) OnSerialized(self, event);
        OnStreamEvent(self, event);
        return true;
      }
      GstCaps *caps = nullptr;
      gst_event_parse_caps(event, &caps);
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
  if (direction == GST_PAD_SRC && GST_QUERY_TYPE(query) == GST_QUERY_CUSTOM) {
    const action::NetworkAccess &network = self->state->network;
    if (action::AnswerBusyQuery(query, network.computing(), network.loading())) return TRUE;
  }
  if (direction == GST_PAD_SINK) {
    // What follows labels what begins here.
    if (action::AnswerLabelsFollow(query, false)) return TRUE;
    if (GST_QUERY_TYPE(query) == GST_QUERY_DRAIN && self->state->pipeline) {
      action::guarded(GST_ELEMENT(self), false, [&] { return self->state->pipeline->Drain() == GST_FLOW_OK; });
    } else if (GST_QUERY_TYPE(query) == GST_QUERY_ACCEPT_CAPS) {
      // Let such caps come, so that they can be refused with an error that names the way out.
      GstCaps *caps = nullptr;
      gst_query_parse_accept_caps(query, &caps);
      if (action::DownloadElementFor(caps) != nullptr) {
        gst_query_set_accept_caps_result(query, TRUE);
        return TRUE;
      }
    }
  }
  return GST_BASE_TRANSFORM_CLASS(gst_r3d_features_parent_class)->query(base, direction, query);
}

// ---- Properties

void GetProperty(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  if (g_strcmp0(spec->name, "stats") == 0) {
    State &state = *GST_R3D_FEATURES(object)->state;
    g_value_take_boxed(value, action::NewStats(state.network.stats(), state.announced_hop));
  } else {
    action::GetElementProperty<GstR3dFeatures>(object, id, value, spec);
  }
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

  object_class->set_property = action::SetElementProperty<GstR3dFeatures>;
  object_class->get_property = GetProperty;
  object_class->finalize = Finalize;
  action::R3dFeaturesProperties().Install(object_class);

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
}

static void gst_r3d_features_init(GstR3dFeatures *self) {
  self->state = new State(GST_ELEMENT(self));
  gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), TRUE);
  gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), FALSE);
  action::ReturnFlowOfEvents(GST_BASE_TRANSFORM(self));
}
