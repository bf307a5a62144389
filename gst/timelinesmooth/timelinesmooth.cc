// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-timelinesmooth
 * @title: timelinesmooth
 *
 * Makes a stable timeline of the steps of #actionclassify: smooths their coarse labels, merges what is too short, gives
 * every segment its fine action and value category, and writes the segments to a file and to the bus as soon as they
 * are final. Frames get the smoothed label; in aligned mode they wait for it, so that it
 * changes on the right frame.
 *
 * ## Messages
 *
 * Element message `action-segment` (property post-messages), one for each final segment: `timestamp`, `stream-time`,
 * `running-time` and `duration` (uint64, ns), `start` and `end` (int64, ns of timeline time, as in the file),
 * `coarse-action`, `fine-action`, `value-category` (VA, RNVA, NVA, UNKNOWN), `state` (measured, absent, unknown, gap),
 * `name` (of elements.csv) and `deviation` ("", skipped, out-of-order; all string), `num-frames` (int64, steps),
 * `confidence` (double), `stand-in` (boolean), and where they are known `wall-clock-start` and `wall-clock-end` (int64,
 * ns since 1970) and `wall-clock-source` (string).
 *
 * ## Frames
 *
 * The #GstCustomMeta of #actionclassify, smoothed; `provisional` is TRUE while the segment is open.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=shift.mp4 ! decodebin ! r3dfeatures orientation=auto ! actionclassify model=model \
 *   ! timelinesmooth location=shift.json ! fakesink
 * ]|
 */
// Pads, states and properties. What waits and when it goes is in delay_line.cc, what is done with labels in
// smooth_labels.cc, what time and label a frame has in timeline_tracker.cc.
#include "timelinesmooth/timelinesmooth.h"

#include <gst/video/video.h>

#include <utility>

#include "common/analytics_label.h"
#include "common/feature_events.h"
#include "common/guarded.h"
#include "common/property_table.h"
#include "timelinesmooth/timelinesmooth_private.h"

GST_DEBUG_CATEGORY(timeline_smooth_debug);
#define GST_CAT_DEFAULT timeline_smooth_debug

G_DEFINE_FINAL_TYPE_WITH_CODE(GstTimelineSmooth, gst_timeline_smooth, GST_TYPE_ELEMENT,
                              GST_DEBUG_CATEGORY_INIT(timeline_smooth_debug, "timelinesmooth", 0, "action timeline"));
GST_ELEMENT_REGISTER_DEFINE(timelinesmooth, "timelinesmooth", GST_RANK_NONE, GST_TYPE_TIMELINE_SMOOTH);

namespace {

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));

action::SmoothLabels &LabelsOf(gpointer element) {
  return GST_TIMELINE_SMOOTH(element)->state->labels;
}

action::DelayLine &LineOf(gpointer element) {
  return LabelsOf(element).line();
}

// ---- The sink pad

// A file would be read to its end for nothing; a live picture goes on.
GstFlowReturn SayThatLabelsAreMissing(GstTimelineSmooth *self) {
  const action::EventPtr event(gst_pad_get_sticky_event(self->sinkpad, GST_EVENT_SEGMENT, 0));
  const GstSegment *segment = nullptr;
  if (event) gst_event_parse_segment(event.get(), &segment);
  if (segment != nullptr && segment->format != GST_FORMAT_TIME) {
    GST_ELEMENT_WARNING(self, STREAM, FORMAT, ("Frames without times are passed on, and there is no timeline"),
                        ("The segment counts %s, not time: set format=time at the source (appsrc)",
                         gst_format_get_name(segment->format)));
    return GST_FLOW_OK;
  }
  const char *text = "No labels arrive: put r3dfeatures ! actionclassify before timelinesmooth, in this order";
  if (action::IsLive(self->sinkpad)) {
    GST_ELEMENT_WARNING(self, STREAM, WRONG_TYPE, ("%s", text), ("Frames pass as they are, and there is no timeline"));
    return GST_FLOW_OK;
  }
  GST_ELEMENT_ERROR(self, STREAM, WRONG_TYPE, ("%s", text), ("No timeline is written"));
  return GST_FLOW_ERROR;
}

GstFlowReturn Chain(GstPad *, GstObject *parent, GstBuffer *buffer) {
  action::BufferPtr frame(buffer);
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(parent);
  return action::guarded(GST_ELEMENT(self), GST_FLOW_ERROR, [&] {
    if (LabelsOf(self).NeedsLabels()) {
      const GstFlowReturn flow = SayThatLabelsAreMissing(self);
      if (flow != GST_FLOW_OK) return flow;
    }
    return LineOf(self).Chain(std::move(frame));
  });
}

GstFlowReturn SinkEvent(GstPad *, GstObject *parent, GstEvent *raw) {
  action::EventPtr event(raw);
  return action::guarded(GST_ELEMENT(parent), GST_FLOW_ERROR, [&] {
    if (GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS) LabelsOf(parent).NoteWhetherComplete();
    if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEGMENT) LabelsOf(parent).NoteVideo();
    return LineOf(parent).SinkEvent(std::move(event));
  });
}

gboolean SinkQuery(GstPad *pad, GstObject *parent, GstQuery *query) {
  if (action::AnswerLabelsFollow(query, true)) return TRUE;
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_ALLOCATION:
      // No pool of downstream's: its buffers would be held here, and it would starve. What it reads is asked by the
      // task, which makes up for the rest (DownstreamLayout).
      gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
      return TRUE;
    case GST_QUERY_DRAIN:
      return LineOf(parent).Drain(query);
    default:
      return gst_pad_query_default(pad, parent, query);
  }
}

gboolean ActivateSink(GstPad *, GstObject *parent, GstPadMode mode, gboolean active) {
  return mode == GST_PAD_MODE_PUSH ? LineOf(parent).ActivateSink(active) : FALSE;
}

// ---- The source pad

gboolean SourceEvent(GstPad *, GstObject *parent, GstEvent *event) {
  if (gst_event_has_name(event, action::kRecordingEvent)) LabelsOf(parent).OnRecording(gst_event_get_structure(event));
  return LineOf(parent).SourceEvent(action::EventPtr(event));
}

gboolean SourceQuery(GstPad *pad, GstObject *parent, GstQuery *query) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_LATENCY) return LineOf(parent).Latency(query);
  return gst_pad_query_default(pad, parent, query);
}

gboolean ActivateSource(GstPad *, GstObject *parent, GstPadMode mode, gboolean active) {
  return mode == GST_PAD_MODE_PUSH ? LineOf(parent).ActivateSource(active) : FALSE;
}

// ---- States

GstStateChangeReturn ChangeState(GstElement *element, GstStateChange transition) {
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    const bool started = action::guarded(element, false, [self] {
      LabelsOf(self).Start(action::SettingsOf(self));
      return true;
    });
    if (!started) return GST_STATE_CHANGE_FAILURE;
  }
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_timeline_smooth_parent_class)->change_state(element, transition);
  const bool failed = transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY || failed) LabelsOf(self).Stop();
  return result;
}

// ---- Properties

void GetProperty(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  if (g_strcmp0(spec->name, "stats") == 0) {
    g_value_take_boxed(value, LabelsOf(object).Stats());
  } else {
    action::GetElementProperty<GstTimelineSmooth>(object, id, value, spec);
  }
}

void Finalize(GObject *object) {
  delete GST_TIMELINE_SMOOTH(object)->state;
  G_OBJECT_CLASS(gst_timeline_smooth_parent_class)->finalize(object);
}

}  // namespace

static void gst_timeline_smooth_class_init(GstTimelineSmoothClass *klass) {
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
  object_class->set_property = action::SetElementProperty<GstTimelineSmooth>;
  object_class->get_property = GetProperty;
  object_class->finalize = Finalize;
  action::TimelineSmoothProperties().Install(object_class);
  element_class->change_state = ChangeState;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Action timeline", "Filter/Analyzer/Video",
                                        "Smooths the steps of actionclassify to a timeline of segments with value "
                                        "categories, writes it to a file and to the bus, and puts the smoothed label "
                                        "on every frame",
                                        "The gst-action developers");
}

static void gst_timeline_smooth_init(GstTimelineSmooth *self) {
  self->sinkpad = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(self->sinkpad, Chain);
  gst_pad_set_event_full_function(self->sinkpad, SinkEvent);
  gst_pad_set_query_function(self->sinkpad, SinkQuery);
  gst_pad_set_activatemode_function(self->sinkpad, ActivateSink);
  GST_PAD_SET_PROXY_CAPS(self->sinkpad);
  gst_element_add_pad(GST_ELEMENT(self), self->sinkpad);

  self->srcpad = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_set_event_function(self->srcpad, SourceEvent);
  gst_pad_set_query_function(self->srcpad, SourceQuery);
  gst_pad_set_activatemode_function(self->srcpad, ActivateSource);
  GST_PAD_SET_PROXY_CAPS(self->srcpad);
  gst_element_add_pad(GST_ELEMENT(self), self->srcpad);
  self->state = new action::TimelineSmoothState(GST_ELEMENT(self), self->sinkpad, self->srcpad);
}
