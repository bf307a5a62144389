// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-timelinelabel
 * @title: timelinelabel
 *
 * Gives frames the labels of a timeline file, which #timelinesmooth or the Python system wrote: the second pass of two,
 * in which every label is final. Frames get the #GstCustomMeta of #actionclassify; those of which the file says nothing
 * get none, and lose the one that they had.
 *
 * ## Events (downstream)
 *
 * `action-timeline`, sticky, before the first frame: `location` (string), `time-origin` (string, first-frame or
 * stream), `stand-in` (boolean), and of each segment `start` and `end` (GBytes of int64, little endian, ns of timeline
 * time), `fine-action`, `value-category` and `state` (GStrv). #actionoverlay draws its strip from it.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=shift.mp4 ! decodebin ! timelinelabel location=shift.json \
 *   ! actionoverlay show=coarse+fine+value+strip ! videoconvert ! autovideosink
 * ]|
 */
#include "timelinelabel/timelinelabel.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "action/error.h"
#include "common/analytics_label.h"
#include "common/flow_of_events.h"
#include "common/frame_labeller.h"
#include "common/guarded.h"
#include "common/timeline_event.h"
#include "timelinelabel/file_labels.h"
#include "timelinelabel/properties.h"

GST_DEBUG_CATEGORY_STATIC(timeline_label_debug);
#define GST_CAT_DEFAULT timeline_label_debug

namespace {

using action::SettingsOf;
using Settings = action::TimelineLabelSettings;

struct State {
  Settings settings;  // object lock

  // Streaming thread; state changes while it does not run.
  Settings active;
  std::unique_ptr<action::FileLabels> labels;  // READY->PAUSED to PAUSED->READY
  action::FrameLabeller labeller;
  bool announced = false;  // the timeline, downstream
};

}  // namespace

struct _GstTimelineLabel {
  GstBaseTransform parent;
  State *state;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstTimelineLabel, gst_timeline_label, GST_TYPE_BASE_TRANSFORM,
                              GST_DEBUG_CATEGORY_INIT(timeline_label_debug, "timelinelabel", 0,
                                                      "labels of a timeline file"));
GST_ELEMENT_REGISTER_DEFINE(timelinelabel, "timelinelabel", GST_RANK_NONE, GST_TYPE_TIMELINE_LABEL);

namespace {

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));

// ---- Streaming

gboolean SinkEvent(GstBaseTransform *base, GstEvent *event) {
  State &state = *GST_TIMELINE_LABEL(base)->state;
  if (state.labels) state.labels->OnEvent(event);
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
    GstCaps *caps = nullptr;
    gst_event_parse_caps(event, &caps);
    state.labeller.SetCaps(caps);
  } else if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START) {
    state.announced = false;
  }
  return GST_BASE_TRANSFORM_CLASS(gst_timeline_label_parent_class)->sink_event(base, event);
}

void Announce(GstTimelineLabel *self) {
  State &state = *self->state;
  if (std::exchange(state.announced, true)) return;
  GST_DEBUG_OBJECT(self, "announcing %zu segments of %s", state.labels->segments().size(),
                   state.active.location.c_str());
  gst_pad_push_event(
      GST_BASE_TRANSFORM_SRC_PAD(self),
      action::NewTimelineEvent(state.active.location, state.active.time_origin, state.labels->segments()));
}

// The frame itself is shared; only what hangs on it is written.
GstFlowReturn PrepareOutputBuffer(GstBaseTransform *base, GstBuffer *input, GstBuffer **output) {
  return action::guarded(GST_ELEMENT(base), GST_FLOW_ERROR, [&] {
    GstTimelineLabel *self = GST_TIMELINE_LABEL(base);
    State &state = *self->state;
    Announce(self);
    const action::Segment *segment = state.labels->SegmentOf(input);
    GST_TRACE_OBJECT(self, "frame at %" GST_TIME_FORMAT ": %s", GST_TIME_ARGS(GST_BUFFER_PTS(input)),
                     segment != nullptr ? segment->fine_action.c_str() : "nothing");
    std::optional<action::MetaLabel> label;
    if (segment != nullptr) label = state.labels->LabelOf(*segment);
    *output = state.labeller.Put(base, input, label);
    return GST_FLOW_OK;
  });
}

GstFlowReturn TransformIp(GstBaseTransform *, GstBuffer *) {
  return GST_FLOW_OK;
}

gboolean Query(GstBaseTransform *base, GstPadDirection direction, GstQuery *query) {
  if (direction == GST_PAD_SINK && action::AnswerLabelsFollow(query, true)) return TRUE;
  return GST_BASE_TRANSFORM_CLASS(gst_timeline_label_parent_class)->query(base, direction, query);
}

// ---- States

bool Start(GstTimelineLabel *self) {
  return action::guarded(GST_ELEMENT(self), false, [self] {
    State &state = *self->state;
    state.active = SettingsOf(self);
    if (state.active.location.empty()) {
      throw action::Error("no timeline: set the property 'location' to a file that timelinesmooth wrote");
    }
    state.labels = std::make_unique<action::FileLabels>(state.active.location, state.active.time_origin);
    for (const std::string &warning : state.labels->warnings())
      GST_ELEMENT_WARNING(self, RESOURCE, READ, ("%s", warning.c_str()), (nullptr));
    state.labeller.Reset();
    state.announced = false;
    return true;
  });
}

GstStateChangeReturn ChangeState(GstElement *element, GstStateChange transition) {
  GstTimelineLabel *self = GST_TIMELINE_LABEL(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !Start(self)) return GST_STATE_CHANGE_FAILURE;
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_timeline_label_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) self->state->labels.reset();
  return result;
}

void Finalize(GObject *object) {
  delete GST_TIMELINE_LABEL(object)->state;
  G_OBJECT_CLASS(gst_timeline_label_parent_class)->finalize(object);
}

}  // namespace

static void gst_timeline_label_class_init(GstTimelineLabelClass *klass) {
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS(klass);

  object_class->set_property = action::SetElementProperty<GstTimelineLabel>;
  object_class->get_property = action::GetElementProperty<GstTimelineLabel>;
  object_class->finalize = Finalize;
  action::TimelineLabelProperties().Install(object_class);

  element_class->change_state = ChangeState;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Timeline labels", "Filter/Analyzer/Video",
                                        "Gives every frame the label that a timeline file has for it",
                                        "The gst-action developers");

  transform_class->transform_ip = TransformIp;
  transform_class->transform_ip_on_passthrough = FALSE;
  transform_class->prepare_output_buffer = PrepareOutputBuffer;
  transform_class->sink_event = SinkEvent;
  transform_class->query = Query;
  transform_class->passthrough_on_same_caps = TRUE;
}

static void gst_timeline_label_init(GstTimelineLabel *self) {
  self->state = new State;
  gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), TRUE);
  gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), FALSE);
  action::ReturnFlowOfEvents(GST_BASE_TRANSFORM(self));
}
