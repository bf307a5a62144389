// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-actionoverlay
 * @title: actionoverlay
 *
 * Draws the action into the picture: a panel with coarse action, fine action and value category in its colour, and if
 * asked the confidence, the time since the action began, the time in the video and a timeline strip along the bottom.
 * It draws the label that every frame carries: a #GstCustomMeta named GstActionLabelMeta, put there by #actionclassify,
 * #timelinesmooth or #timelinelabel.
 *
 * Where downstream can, the picture is left as it is and the panel handed on as a #GstVideoOverlayComposition. Else
 * frames in the memory of a GPU are copied to main memory, drawn into and copied back.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=shift.mp4 ! decodebin ! timelinelabel location=shift.json \
 *   ! actionoverlay show=coarse+fine+value+strip ! videoconvert ! autovideosink
 * ]|
 */
// Pads and negotiation; what is drawn is in overlay_composer.cc.
#include "actionoverlay/actionoverlay.h"

#include <gst/video/video.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/elements.h"
#include "action/error.h"
#include "action/timeline/stream_clock.h"
#include "actionoverlay/overlay_blend.h"
#include "actionoverlay/overlay_composer.h"
#include "actionoverlay/properties.h"
#include "common/analytics_label.h"
#include "common/device_memory.h"
#include "common/feature_events.h"
#include "common/flow_of_events.h"
#include "common/frame_clock.h"
#include "common/glib_ptr.h"
#include "common/guarded.h"
#include "common/label_events.h"
#include "common/label_meta.h"
#include "common/timeline_event.h"
#include "common/writable.h"
#include "timelinelabel/file_labels.h"

GST_DEBUG_CATEGORY(action_overlay_debug);
#define GST_CAT_DEFAULT action_overlay_debug

namespace {

using action::CapsPtr;
using action::OverlaySettings;
using action::Segment;
using action::SettingsOf;

struct State {
  OverlaySettings settings;  // object lock

  // Streaming thread; state changes while it does not run.
  action::OverlayComposer composer;
  action::OverlayBlender blender;
  bool refused = false;   // elements.csv is of another model
  bool labelled = false;  // or will be: the labels of a model were announced
  bool warned_of_no_labels = false;
  int frames = 0;  // up to kPatience
  std::string elements_path;
  std::map<std::string, action::ElementRow> elements;  // by label; READY->PAUSED, when the property says so
  bool stand_in = false;                               // the labels are of a model trained on stand-in features
  action::FrameClock clock{action::TimeOrigin::kFirstFrame};
  GstVideoInfo info;
  bool has_info = false;   // frames can be mapped
  bool has_size = false;   // what is drawn has its place
  bool blendable = false;  // frames lie in memory that can be mapped
  bool on_device = false;  // not in main memory
  bool attach = false;     // downstream takes compositions
  bool warned = false;
  bool warned_of_fonts = false;

  // The deprecated property timeline: as timelinelabel would.
  std::unique_ptr<action::FileLabels> file;  // READY->PAUSED, when the property says so
  action::AnalyticsLabel analytics;          // of frames that it labels
};

}  // namespace

struct _GstActionOverlay {
  GstElement parent;
  GstPad *sinkpad;
  GstPad *srcpad;
  State *state;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstActionOverlay, gst_action_overlay, GST_TYPE_ELEMENT,
                              GST_DEBUG_CATEGORY_INIT(action_overlay_debug, "actionoverlay", 0, "action overlay"));
GST_ELEMENT_REGISTER_DEFINE(actionoverlay, "actionoverlay", GST_RANK_NONE, GST_TYPE_ACTION_OVERLAY);

namespace {

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));

// ---- Negotiation

constexpr const char *kComposition = GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION;

// Each structure with the composition feature added, or taken away.
CapsPtr WithComposition(const GstCaps *caps, bool with) {
  CapsPtr result(gst_caps_copy(caps));
  for (guint i = 0; i < gst_caps_get_size(result.get()); ++i) {
    GstCapsFeatures *features = gst_caps_get_features(result.get(), i);
    if (gst_caps_features_is_any(features)) continue;
    if (!with) {
      gst_caps_features_remove(features, kComposition);
    } else if (!gst_caps_features_contains(features, kComposition)) {
      gst_caps_features_add(features, kComposition);
    }
  }
  return result;
}

bool HasComposition(const GstCaps *caps) {
  const GstCapsFeatures *features = gst_caps_get_features(caps, 0);
  return features != nullptr && gst_caps_features_contains(features, kComposition);
}

bool DownstreamTakesCompositions(GstActionOverlay *self, GstCaps *caps) {
  const action::QueryPtr query(gst_query_new_allocation(caps, FALSE));
  return gst_pad_peer_query(self->srcpad, query.get()) &&
         gst_query_find_allocation_meta(query.get(), GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, nullptr);
}

// Tells downstream what comes: with compositions beside the picture if it takes them, else the picture alone.
bool Negotiate(GstActionOverlay *self, GstCaps *caps) {
  State &state = *self->state;
  state.attach = HasComposition(caps);  // then downstream agreed to it already
  if (state.attach) return gst_pad_push_event(self->srcpad, gst_event_new_caps(caps));
  const CapsPtr with = WithComposition(caps, true);
  if (gst_pad_peer_query_accept_caps(self->srcpad, with.get()) &&
      gst_pad_push_event(self->srcpad, gst_event_new_caps(with.get()))) {
    state.attach = DownstreamTakesCompositions(self, with.get());
    if (state.attach) return true;
  }
  return gst_pad_push_event(self->srcpad, gst_event_new_caps(caps));
}

bool OnCaps(GstActionOverlay *self, GstCaps *caps) {
  State &state = *self->state;
  state.analytics.SetCaps(caps);
  state.has_info = gst_video_info_from_caps(&state.info, caps) != FALSE;
  state.blendable = state.has_info && action::CanBeMapped(caps);
  state.on_device = !action::IsMainMemory(caps);
  // Of formats that GstVideoInfo does not know (DMA_DRM) the size is known all the same.
  const GstStructure *structure = gst_caps_get_structure(caps, 0);
  gint width = 0, height = 0;
  state.has_size = gst_structure_get_int(structure, "width", &width) &&
                   gst_structure_get_int(structure, "height", &height) && width > 0 && height > 0;
  if (state.has_size) state.composer.SetFrameSize(width, height);
  const bool negotiated = Negotiate(self, caps);
  GST_DEBUG_OBJECT(self, "frames of %dx%d: the panel is %s", width, height,
                   state.attach ? "handed on as a composition" : "drawn into them");
  return negotiated;
}

// What can come in, by what can go out, or the other way round.
CapsPtr QueryCaps(GstActionOverlay *self, GstPad *pad, const GstCaps *filter) {
  const bool is_sink = pad == self->sinkpad;
  GstPad *other = is_sink ? self->srcpad : self->sinkpad;
  CapsPtr result(gst_pad_peer_query_caps(other, nullptr));
  if (gst_caps_is_any(result.get())) {
    result.reset(gst_pad_get_pad_template_caps(pad));
  } else {
    CapsPtr more = WithComposition(result.get(), !is_sink);
    result.reset(is_sink ? gst_caps_merge(result.release(), more.release())
                         : gst_caps_merge(more.release(), result.release()));
  }
  if (filter != nullptr) {
    result.reset(gst_caps_intersect_full(const_cast<GstCaps *>(filter), result.get(), GST_CAPS_INTERSECT_FIRST));
  }
  return result;
}

gboolean Query(GstPad *pad, GstObject *parent, GstQuery *query) {
  GstActionOverlay *self = GST_ACTION_OVERLAY(parent);
  if (GST_QUERY_TYPE(query) == GST_QUERY_CAPS) {
    GstCaps *filter = nullptr;
    gst_query_parse_caps(query, &filter);
    gst_query_set_caps_result(query, QueryCaps(self, pad, filter).get());
    return TRUE;
  }
  if (GST_QUERY_TYPE(query) == GST_QUERY_ACCEPT_CAPS && pad == self->sinkpad) {
    GstCaps *caps = nullptr;
    gst_query_parse_accept_caps(query, &caps);
    const CapsPtr possible = QueryCaps(self, pad, caps);
    gst_query_set_accept_caps_result(query, gst_caps_is_subset(caps, possible.get()));
    return TRUE;
  }
  return gst_pad_query_default(pad, parent, query);
}

// ---- Drawing

using action::BufferPtr;

// The same frame or a new one for the same memory.
GstBuffer *Writable(BufferPtr &frame) {
  frame.reset(action::MakeWritable(frame.release()));
  return frame.get();
}

// What the property `elements` says of a fine action.
void Rename(const State &state, const std::string &fine, std::string &name, action::ValueCategory &category) {
  const auto found = state.elements.find(fine);
  if (found == state.elements.end()) return;
  name = found->second.element.name;
  category = found->second.value.value_or(category);
}

void Blend(GstActionOverlay *self, GstBuffer *buffer, GstVideoOverlayComposition *composition) {
  State &state = *self->state;
  if (state.blendable && state.blender.Blend(composition, buffer, state.info)) return;
  if (state.blendable && !state.on_device) {
    throw action::Error(action::ErrorKind::kFormat, "",
                        "a frame of " + std::to_string(state.info.width) + "x" + std::to_string(state.info.height) +
                            " pixels cannot be mapped to draw into it");
  }
  if (!std::exchange(state.warned, true)) {
    GST_ELEMENT_WARNING(self, STREAM, FORMAT,
                        ("actionoverlay cannot draw into frames in this GPU memory, or of a format that only a GPU "
                         "reads"),
                        ("Put the element that downloads them (gldownload, cudadownload, ...) before it, or a sink "
                         "behind it that takes overlay compositions"));
  }
}

// Frames that nobody labels: is the element in the wrong place?
constexpr int kPatience = 100;  // frames

void WarnOfNoLabels(GstActionOverlay *self) {
  State &state = *self->state;
  if (state.file || state.labelled || state.warned_of_no_labels) return;
  if (action::AskNetwork(GST_BASE_TRANSFORM_SINK_PAD(self)).loading) return;
  state.warned_of_no_labels = true;
  GST_ELEMENT_WARNING(self, STREAM, WRONG_TYPE,
                      ("No labels arrive: put r3dfeatures and actionclassify before actionoverlay, or timelinelabel "
                       "with a timeline file"),
                      ("Frames pass as they are"));
}

// The label that is shown, and whether it is a stand-in's.
std::optional<action::MetaLabel> LabelFor(GstActionOverlay *self, BufferPtr &frame, bool &stand_in) {
  State &state = *self->state;
  stand_in = state.stand_in;
  if (!state.file) {
    std::optional<action::MetaLabel> label = action::LabelOf(frame.get());
    state.labelled = state.labelled || label;
    if (state.frames < kPatience) ++state.frames;
    if (state.frames == kPatience) WarnOfNoLabels(self);
    if (label) Rename(state, label->fine_action, label->name, label->category);
    return label;
  }
  const Segment *segment = state.file->SegmentOf(frame.get());
  const bool labelled = gst_buffer_get_custom_meta(frame.get(), action::kLabelMeta) != nullptr;
  if (segment == nullptr) {
    if (labelled) action::SetLabel(Writable(frame), std::nullopt);
    return std::nullopt;
  }
  action::MetaLabel label = state.file->LabelOf(*segment);
  stand_in = segment->stand_in;
  Rename(state, label.fine_action, label.name, label.category);
  action::SetLabel(Writable(frame), label);
  if (!labelled) state.analytics.Attach(frame.get(), label);
  return label;
}

// Takes the frame, and gives back what is to be pushed.
BufferPtr Draw(GstActionOverlay *self, BufferPtr frame) {
  State &state = *self->state;
  const auto place = state.clock.Add(frame.get());
  GstClockTime stream_time = GST_BUFFER_PTS(frame.get());
  if (place) stream_time = static_cast<GstClockTime>(state.clock.stream().StreamTimeAt(place->position).value_or(0));
  if (GST_CLOCK_TIME_IS_VALID(stream_time)) gst_object_sync_values(GST_OBJECT(self), stream_time);
  bool stand_in = false;
  const std::optional<action::MetaLabel> label = LabelFor(self, frame, stand_in);
  state.composer.Set(SettingsOf(self));
  GstVideoOverlayComposition *composition =
      state.composer.Compose(label, stand_in, stream_time, place ? place->timeline : 0);
  if (!state.composer.unreadable().empty() && !std::exchange(state.warned_of_fonts, true)) {
    GST_ELEMENT_WARNING(self, RESOURCE, NOT_FOUND,
                        ("no installed font has all letters of '%s': boxes are drawn in their place",
                         state.composer.unreadable().c_str()),
                        ("Install fonts of its script, such as fonts-noto-cjk or fonts-noto-color-emoji"));
  }
  if (composition == nullptr) return frame;
  if (state.attach) {
    action::AttachOverlay(Writable(frame), composition);
  } else {
    Blend(self, Writable(frame), composition);
  }
  return frame;
}

// ---- Streaming

GstFlowReturn Chain(GstPad *, GstObject *parent, GstBuffer *buffer) {
  BufferPtr frame(buffer);
  GstActionOverlay *self = GST_ACTION_OVERLAY(parent);
  State &state = *self->state;
  return action::guarded(GST_ELEMENT(self), GST_FLOW_ERROR, [&] {
    if (gst_pad_check_reconfigure(self->srcpad)) {
      const CapsPtr caps(gst_pad_get_current_caps(self->sinkpad));
      if (caps && !Negotiate(self, caps.get())) {
        gst_pad_mark_reconfigure(self->srcpad);
        return GST_PAD_IS_FLUSHING(self->srcpad) ? GST_FLOW_FLUSHING : GST_FLOW_NOT_NEGOTIATED;
      }
    }
    if (state.refused) return GST_FLOW_ERROR;
    if (state.has_size) frame = Draw(self, std::move(frame));
    return gst_pad_push(self->srcpad, frame.release());
  });
}

// Elements of another model are an error as soon as the model's labels are known. False: told.
bool CheckElements(GstActionOverlay *self, const GstStructure *labels_event) {
  const State &state = *self->state;
  return action::guarded(GST_ELEMENT(self), false, [&] {
    auto facts = action::ParseLabels(labels_event);
    std::vector<action::ElementRow> rows;
    for (const auto &[label, row] : state.elements)
      rows.push_back(row);
    if (facts && !state.file) action::ApplyElements(rows, state.elements_path, facts->labels);
    return true;
  });
}

// A whole timeline, for the strip.
void OnTimeline(GstActionOverlay *self, const GstStructure *structure) {
  State &state = *self->state;
  auto facts = action::ParseTimeline(structure);
  if (!facts) {
    GST_WARNING_OBJECT(self, "an action-timeline event that is not one of timelinelabel's");
    return;
  }
  state.labelled = true;
  state.stand_in = std::ranges::any_of(facts->segments, &Segment::stand_in);
  for (Segment &segment : facts->segments)
    Rename(state, segment.fine_action, segment.name, segment.category);
  GST_DEBUG_OBJECT(self, "the strip shows %zu segments of %s", facts->segments.size(), facts->location.c_str());
  state.composer.SetTimeline(std::move(facts->segments));
  state.clock.stream().SetOrigin(facts->time_origin);
}

// As `queue` returns flow: upstream would take "no" for an error of the stream while the pipeline is being stopped.
GstFlowReturn SinkEvent(GstPad *pad, GstObject *parent, GstEvent *event) {
  GstActionOverlay *self = GST_ACTION_OVERLAY(parent);
  State &state = *self->state;
  state.clock.OnEvent(event);
  if (state.file) state.file->OnEvent(event);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
      GstCaps *caps = nullptr;
      gst_event_parse_caps(event, &caps);
      const bool taken = OnCaps(self, caps);
      gst_event_unref(event);
      return taken ? GST_FLOW_OK : action::FlowOfRefusedEvent(self->sinkpad, self->srcpad, GST_EVENT_CAPS);
    }
    case GST_EVENT_EOS:
      if (state.frames > 0) WarnOfNoLabels(self);
      break;
    case GST_EVENT_FLUSH_STOP:
      state.composer.ForgetHistory();
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      if (gst_event_has_name(event, action::kLabelsEvent)) {
        gboolean stand_in = FALSE;
        gst_structure_get_boolean(gst_event_get_structure(event), "stand-in", &stand_in);
        state.stand_in = stand_in != FALSE;
        state.labelled = true;  // they will come
        state.refused = !CheckElements(self, gst_event_get_structure(event));
        if (state.refused) {
          gst_event_unref(event);
          return GST_FLOW_ERROR;
        }
      } else if (gst_event_has_name(event, action::kTimelineEvent)) {
        OnTimeline(self, gst_event_get_structure(event));
      }
      break;
    default:
      break;
  }
  const GstEventType type = GST_EVENT_TYPE(event);
  if (gst_pad_event_default(pad, parent, event)) return GST_FLOW_OK;
  return action::FlowOfRefusedEvent(self->sinkpad, self->srcpad, type);
}

// ---- States

bool Start(GstActionOverlay *self) {
  return action::guarded(GST_ELEMENT(self), false, [&] {
    State &state = *self->state;
    const OverlaySettings settings = SettingsOf(self);
    state.refused = false;
    state.composer = {};
    state.blender = {};
    state.elements.clear();
    state.elements_path = settings.elements;
    if (!settings.elements.empty()) {
      for (action::ElementRow &row : action::ReadElements(settings.elements))
        state.elements.emplace(row.label, row);
    }
    state.file.reset();
    if (!settings.timeline.empty()) {
      state.file = std::make_unique<action::FileLabels>(settings.timeline, settings.time_origin);
      for (const std::string &warning : state.file->warnings())
        GST_ELEMENT_WARNING(self, RESOURCE, READ, ("%s", warning.c_str()), (nullptr));
      std::vector<Segment> segments = state.file->segments();
      for (Segment &segment : segments)
        Rename(state, segment.fine_action, segment.name, segment.category);
      state.composer.SetTimeline(std::move(segments));
    }
    state.stand_in = state.has_info = state.has_size = state.attach = state.blendable = state.on_device = false;
    state.warned = state.warned_of_fonts = false;
    state.labelled = state.warned_of_no_labels = false;
    state.frames = 0;
    state.clock = action::FrameClock(settings.time_origin);
    return true;
  });
}

GstStateChangeReturn ChangeState(GstElement *element, GstStateChange transition) {
  GstActionOverlay *self = GST_ACTION_OVERLAY(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !Start(self)) return GST_STATE_CHANGE_FAILURE;
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_action_overlay_parent_class)->change_state(element, transition);
  // What lies on a GPU goes back with the frames.
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) self->state->blender = {};
  return result;
}

void Finalize(GObject *object) {
  delete GST_ACTION_OVERLAY(object)->state;
  G_OBJECT_CLASS(gst_action_overlay_parent_class)->finalize(object);
}

}  // namespace

static void gst_action_overlay_class_init(GstActionOverlayClass *klass) {
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
  object_class->set_property = action::SetElementProperty<GstActionOverlay>;
  object_class->get_property = action::GetElementProperty<GstActionOverlay>;
  object_class->finalize = Finalize;
  action::ActionOverlayProperties().Install(object_class);
  element_class->change_state = ChangeState;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Action overlay", "Filter/Editor/Video",
                                        "Draws the action that every frame is labelled with, its value category and a "
                                        "timeline into the picture",
                                        "The gst-action developers");
}

static void gst_action_overlay_init(GstActionOverlay *self) {
  self->state = new State;
  self->sinkpad = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(self->sinkpad, Chain);
  gst_pad_set_event_full_function(self->sinkpad, SinkEvent);
  gst_pad_set_query_function(self->sinkpad, Query);
  GST_PAD_SET_PROXY_ALLOCATION(self->sinkpad);
  gst_element_add_pad(GST_ELEMENT(self), self->sinkpad);

  self->srcpad = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_set_query_function(self->srcpad, Query);
  gst_element_add_pad(GST_ELEMENT(self), self->srcpad);
}
