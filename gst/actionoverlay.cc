// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-actionoverlay
 * @title: actionoverlay
 *
 * Draws the action into the picture: a panel with coarse action, fine action and value category in its colour, and if
 * asked the confidence, the time since the action began and a timeline strip along the bottom. It draws the label that
 * every frame carries (gst/common/label_meta.h), or that of a timeline file.
 *
 * Where downstream can, the picture is left as it is and the panel handed on as a #GstVideoOverlayComposition.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=shift.mp4 ! decodebin ! actionoverlay timeline=shift.json \
 *   show=coarse+fine+value+strip ! videoconvert ! autovideosink
 * ]|
 */
// Pads and negotiation; what is drawn is in overlay_composer.cc.
#include "actionoverlay.h"

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
#include "action/timeline/timeline_file.h"
#include "actionoverlay_properties.h"
#include "common/analytics_label.h"
#include "common/glib_ptr.h"
#include "common/guarded.h"
#include "common/label_events.h"
#include "common/label_meta.h"
#include "overlay_blend.h"
#include "overlay_composer.h"

GST_DEBUG_CATEGORY_STATIC(action_overlay_debug);
#define GST_CAT_DEFAULT action_overlay_debug

namespace {

using action::CapsPtr;
using action::OverlaySettings;
using action::Segment;

constexpr int64_t kFileResolution = GST_MSECOND / 2;  // times in files are rounded to the millisecond

struct State {
  OverlaySettings settings;  // object lock

  // Streaming thread; state changes while it does not run.
  action::OverlayComposer composer;
  action::OverlayBlender blender;
  bool labelled = false;  // or will be: the labels of a model were announced
  bool warned_of_no_labels = false;
  int frames = 0;                    // up to kPatience
  action::AnalyticsLabel analytics;  // of frames that the timeline file labels
  std::vector<Segment> timeline;     // READY->PAUSED, when the property says so
  bool from_file = false;
  std::string elements_path;
  std::map<std::string, action::ElementRow> elements;  // by label; READY->PAUSED, when the property says so
  bool stand_in = false;                               // the labels are of a model trained on stand-in features
  GstSegment segment;
  std::optional<GstClockTime> origin;  // stream time of the first frame
  GstVideoInfo info;
  bool has_info = false;
  bool blendable = false;  // frames lie in memory that can be drawn into
  bool attach = false;     // downstream takes compositions
  bool warned = false;
  bool warned_of_fonts = false;
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

bool IsSystemMemory(const GstCaps *caps) {
  const CapsPtr plain = WithComposition(caps, false);
  const GstCapsFeatures *features = gst_caps_get_features(plain.get(), 0);
  return features == nullptr || gst_caps_features_is_equal(features, GST_CAPS_FEATURES_MEMORY_SYSTEM_MEMORY);
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
  state.blendable = IsSystemMemory(caps);
  state.analytics.SetCaps(caps);
  state.has_info = gst_video_info_from_caps(&state.info, caps);
  if (state.has_info) state.composer.SetFrameSize(state.info.width, state.info.height);
  return Negotiate(self, caps);
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
GstBuffer *MakeWritable(BufferPtr &frame) {
  frame.reset(gst_buffer_make_writable(frame.release()));
  return frame.get();
}

// The label that the timeline file has for a frame.
const Segment *SegmentAt(const std::vector<Segment> &timeline, int64_t time) {
  const auto after = std::ranges::upper_bound(timeline, time + kFileResolution, {}, &Segment::start);
  if (after == timeline.begin()) return nullptr;
  const Segment &segment = *std::prev(after);
  return time + kFileResolution < segment.end ? &segment : nullptr;
}

// What the property `elements` says of a fine action.
void Rename(const State &state, const std::string &fine, std::string &name, action::ValueCategory &category) {
  const auto found = state.elements.find(fine);
  if (found == state.elements.end()) return;
  name = found->second.element.name;
  category = found->second.value.value_or(category);
}

std::optional<action::MetaLabel> ToLabel(const Segment *segment, int64_t origin) {
  if (segment == nullptr) return std::nullopt;
  action::MetaLabel label = action::MetaLabelOf(*segment);
  label.segment_start = static_cast<GstClockTime>(std::max<int64_t>(0, segment->start + origin));
  return label;
}

// Beside what other elements want drawn.
void Attach(GstBuffer *buffer, GstVideoOverlayComposition *composition) {
  GstVideoOverlayCompositionMeta *meta = gst_buffer_get_video_overlay_composition_meta(buffer);
  if (meta == nullptr) {
    gst_buffer_add_video_overlay_composition_meta(buffer, composition);
    return;
  }
  const action::CompositionPtr both(gst_video_overlay_composition_copy(meta->overlay));
  for (guint i = 0; i < gst_video_overlay_composition_n_rectangles(composition); ++i) {
    gst_video_overlay_composition_add_rectangle(both.get(),
                                                gst_video_overlay_composition_get_rectangle(composition, i));
  }
  gst_buffer_remove_video_overlay_composition_meta(buffer, meta);
  gst_buffer_add_video_overlay_composition_meta(buffer, both.get());
}

void Blend(GstActionOverlay *self, GstBuffer *buffer, GstVideoOverlayComposition *composition) {
  State &state = *self->state;
  if (!state.blendable) {
    if (!std::exchange(state.warned, true)) {
      GST_ELEMENT_WARNING(self, STREAM, FORMAT, ("actionoverlay cannot draw into frames in GPU memory"),
                          ("Put the element that downloads them (gldownload, cudadownload, ...) before it, or a sink "
                           "behind it that takes overlay compositions"));
    }
    return;
  }
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &state.info, buffer, GST_MAP_READWRITE)) {
    throw action::Error("a frame of " + std::to_string(state.info.width) + "x" + std::to_string(state.info.height) +
                        " pixels cannot be mapped to draw into it");
  }
  state.blender.Blend(composition, &frame);
  gst_video_frame_unmap(&frame);
}

// Frames that nobody labels: is the element in the wrong place?
constexpr int kPatience = 100;  // frames

void WarnOfNoLabels(GstActionOverlay *self) {
  State &state = *self->state;
  if (state.from_file || state.labelled || std::exchange(state.warned_of_no_labels, true)) return;
  GST_ELEMENT_WARNING(self, STREAM, WRONG_TYPE,
                      ("No labels arrive: put r3dfeatures and actionclassify before actionoverlay, or name a timeline "
                       "file with timeline="),
                      ("Frames pass as they are"));
}

// Takes the frame, and gives back what is to be pushed.
BufferPtr Draw(GstActionOverlay *self, BufferPtr frame) {
  GstBuffer *buffer = frame.get();
  State &state = *self->state;
  const GstClockTime stream_time =
      state.segment.format == GST_FORMAT_TIME
          ? gst_segment_to_stream_time(&state.segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer))
          : GST_BUFFER_PTS(buffer);
  const bool timed = GST_CLOCK_TIME_IS_VALID(stream_time);
  if (timed && !state.origin) state.origin = stream_time;
  OverlaySettings settings;
  GST_OBJECT_LOCK(self);
  settings = state.settings;
  GST_OBJECT_UNLOCK(self);
  const auto origin = static_cast<int64_t>(settings.from_first_frame ? state.origin.value_or(0) : 0);
  const int64_t time = timed ? static_cast<int64_t>(stream_time) - origin : 0;

  std::optional<action::MetaLabel> label;
  bool stand_in = state.stand_in;
  if (state.from_file) {
    const Segment *segment = timed ? SegmentAt(state.timeline, time) : nullptr;
    label = ToLabel(segment, origin);
    stand_in = segment != nullptr && segment->stand_in;
    const bool labelled = gst_buffer_get_custom_meta(buffer, action::kLabelMeta) != nullptr;
    if (label || labelled) {
      buffer = MakeWritable(frame);
      action::SetLabel(buffer, label);
      if (label && !labelled) state.analytics.Attach(buffer, *label);
    }
  } else {
    label = action::LabelOf(buffer);
    state.labelled = state.labelled || label;
    if (state.frames < kPatience && ++state.frames == kPatience) WarnOfNoLabels(self);
    if (label) Rename(state, label->fine_action, label->name, label->category);
  }
  state.composer.Set(settings);
  GstVideoOverlayComposition *composition = state.composer.Compose(label, stand_in, stream_time, time);
  if (!state.composer.unreadable().empty() && !std::exchange(state.warned_of_fonts, true)) {
    GST_ELEMENT_WARNING(self, RESOURCE, NOT_FOUND,
                        ("no installed font has all letters of '%s': boxes are drawn in their place",
                         state.composer.unreadable().c_str()),
                        ("Install fonts of its script, such as fonts-noto-cjk or fonts-noto-color-emoji"));
  }
  if (composition == nullptr) return frame;
  buffer = MakeWritable(frame);
  if (state.attach) {
    Attach(buffer, composition);
  } else {
    Blend(self, buffer, composition);
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
    if (state.has_info) frame = Draw(self, std::move(frame));
    return gst_pad_push(self->srcpad, frame.release());
  });
}

// Elements of another model are an error as soon as the model's labels are known.
void CheckElements(GstActionOverlay *self, const GstStructure *labels_event) {
  const State &state = *self->state;
  action::guarded(GST_ELEMENT(self), false, [&] {
    auto facts = action::ParseLabels(labels_event);
    std::vector<action::ElementRow> rows;
    for (const auto &[label, row] : state.elements)
      rows.push_back(row);
    if (facts && !state.from_file) action::ApplyElements(rows, state.elements_path, facts->labels);
    return true;
  });
}

gboolean SinkEvent(GstPad *pad, GstObject *parent, GstEvent *event) {
  GstActionOverlay *self = GST_ACTION_OVERLAY(parent);
  State &state = *self->state;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
      GstCaps *caps = nullptr;
      gst_event_parse_caps(event, &caps);
      const bool taken = OnCaps(self, caps);
      gst_event_unref(event);
      return taken;
    }
    case GST_EVENT_EOS:
      if (state.frames > 0) WarnOfNoLabels(self);
      break;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event, &state.segment);
      break;
    case GST_EVENT_FLUSH_STOP:
      state.composer.ForgetHistory();
      gst_segment_init(&state.segment, GST_FORMAT_UNDEFINED);
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      if (gst_event_has_name(event, action::kLabelsEvent)) {
        gboolean stand_in = FALSE;
        gst_structure_get_boolean(gst_event_get_structure(event), "stand-in", &stand_in);
        state.stand_in = stand_in != FALSE;
        state.labelled = true;  // they will come
        CheckElements(self, gst_event_get_structure(event));
      }
      break;
    default:
      break;
  }
  return gst_pad_event_default(pad, parent, event);
}

// ---- States

bool Start(GstActionOverlay *self) {
  return action::guarded(GST_ELEMENT(self), false, [&] {
    State &state = *self->state;
    GST_OBJECT_LOCK(self);
    const std::string path = state.settings.timeline, elements = state.settings.elements;
    GST_OBJECT_UNLOCK(self);
    state.composer = {};
    state.blender = {};
    state.from_file = !path.empty();
    state.timeline.clear();
    if (state.from_file) {
      action::TimelineFile file = action::ReadTimelineFile(path);
      state.timeline = std::move(file.runs.back().segments);
      for (const std::string &warning : file.warnings)
        GST_ELEMENT_WARNING(self, RESOURCE, READ, ("%s", warning.c_str()), (nullptr));
    }
    state.elements.clear();
    state.elements_path = elements;
    if (!elements.empty()) {
      for (action::ElementRow &row : action::ReadElements(elements))
        state.elements.emplace(row.label, row);
    }
    for (Segment &segment : state.timeline)
      Rename(state, segment.fine_action, segment.name, segment.category);
    state.composer.SetTimeline(state.timeline);
    state.stand_in = state.has_info = state.attach = state.blendable = state.warned = state.warned_of_fonts = false;
    state.labelled = state.warned_of_no_labels = false;
    state.frames = 0;
    state.origin.reset();
    gst_segment_init(&state.segment, GST_FORMAT_UNDEFINED);
    return true;
  });
}

GstStateChangeReturn ChangeState(GstElement *element, GstStateChange transition) {
  GstActionOverlay *self = GST_ACTION_OVERLAY(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !Start(self)) return GST_STATE_CHANGE_FAILURE;
  return GST_ELEMENT_CLASS(gst_action_overlay_parent_class)->change_state(element, transition);
}

// ---- Properties

void SetProperty(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
  GST_OBJECT_LOCK(object);
  const bool known = action::SetProperty(GST_ACTION_OVERLAY(object)->state->settings, id, value);
  GST_OBJECT_UNLOCK(object);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void GetProperty(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  GST_OBJECT_LOCK(object);
  const bool known = action::GetProperty(GST_ACTION_OVERLAY(object)->state->settings, id, value);
  GST_OBJECT_UNLOCK(object);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void Finalize(GObject *object) {
  delete GST_ACTION_OVERLAY(object)->state;
  G_OBJECT_CLASS(gst_action_overlay_parent_class)->finalize(object);
}

}  // namespace

static void gst_action_overlay_class_init(GstActionOverlayClass *klass) {
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
  object_class->set_property = SetProperty;
  object_class->get_property = GetProperty;
  object_class->finalize = Finalize;
  action::InstallOverlayProperties(object_class);
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
  gst_pad_set_event_function(self->sinkpad, SinkEvent);
  gst_pad_set_query_function(self->sinkpad, Query);
  GST_PAD_SET_PROXY_ALLOCATION(self->sinkpad);
  gst_element_add_pad(GST_ELEMENT(self), self->sinkpad);

  self->srcpad = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_set_query_function(self->srcpad, Query);
  gst_element_add_pad(GST_ELEMENT(self), self->srcpad);
}
