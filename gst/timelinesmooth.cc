// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-timelinesmooth
 * @title: timelinesmooth
 *
 * Makes a stable timeline of the steps of #actionclassify: smooths their coarse labels, merges what is too short, gives
 * every segment its fine action and value category, and writes the segments to a file and to the bus as soon as they
 * are final (gst/timeline_output.h). Frames get the smoothed label; in aligned mode they wait for it, so that it
 * changes on the right frame.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=shift.mp4 ! decodebin ! r3dfeatures ! actionclassify model=model \
 *   ! timelinesmooth location=shift.json ! fakesink
 * ]|
 */
// Pads, states and properties. Upstream's thread, which brings frames and events, is in timelinesmooth_input.cc; the
// source pad's task, which pushes them, in timelinesmooth_task.cc; what time and label a frame has, in
// timeline_tracker.cc.
#include "timelinesmooth.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/guarded.h"
#include "common/post_info.h"
#include "timelinesmooth_private.h"

GST_DEBUG_CATEGORY(timeline_smooth_debug);
#define GST_CAT_DEFAULT timeline_smooth_debug

using action::Lock;
using action::Release;
using action::SmoothSettings;
using State = action::SmoothState;

G_DEFINE_FINAL_TYPE_WITH_CODE(GstTimelineSmooth, gst_timeline_smooth, GST_TYPE_ELEMENT,
                              GST_DEBUG_CATEGORY_INIT(timeline_smooth_debug, "timelinesmooth", 0, "action timeline"));
GST_ELEMENT_REGISTER_DEFINE(timelinesmooth, "timelinesmooth", GST_RANK_NONE, GST_TYPE_TIMELINE_SMOOTH);

namespace {

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));

// ---- Downstream's side

gboolean SrcEvent(GstPad *pad, GstObject *parent, GstEvent *event) {
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(parent);
  State &state = *self->state;
  if (GST_EVENT_TYPE(event) == GST_EVENT_RECONFIGURE) {
    bool restart = false;
    {
      const Lock lock(state.mutex);
      if (state.flow == GST_FLOW_NOT_LINKED) {  // it may be linked now
        state.flow = GST_FLOW_OK;
        restart = true;
      }
    }
    if (restart) gst_pad_start_task(self->srcpad, action::SmoothTask, self->srcpad, nullptr);
  }
  return gst_pad_event_default(pad, parent, event);
}

gboolean SrcQuery(GstPad *pad, GstObject *parent, GstQuery *query) {
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(parent);
  State &state = *self->state;
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return gst_pad_query_default(pad, parent, query);
  if (!gst_pad_peer_query(self->sinkpad, query)) return FALSE;
  gboolean live = FALSE;
  GstClockTime min = 0, max = GST_CLOCK_TIME_NONE;
  gst_query_parse_latency(query, &live, &min, &max);
  const Lock lock(state.mutex);
  state.upstream_min = live ? min : 0;
  min += state.hold;
  if (GST_CLOCK_TIME_IS_VALID(max)) max += state.hold + action::CommittedTime(state);
  gst_query_set_latency(query, live, min, max);
  return TRUE;
}

gboolean ActivateSrc(GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active) {
  State &state = *GST_TIMELINE_SMOOTH(parent)->state;
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  {
    const Lock lock(state.mutex);
    state.flow = active ? GST_FLOW_OK : GST_FLOW_FLUSHING;
    state.changed.notify_all();
  }
  return active ? gst_pad_start_task(pad, action::SmoothTask, pad, nullptr) : gst_pad_stop_task(pad);
}

gboolean ActivateSink(GstPad *, GstObject *parent, GstPadMode mode, gboolean active) {
  State &state = *GST_TIMELINE_SMOOTH(parent)->state;
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  if (!active) {
    const Lock lock(state.mutex);
    state.flow = GST_FLOW_FLUSHING;
    state.changed.notify_all();
  }
  return TRUE;
}

// ---- States

bool Start(GstTimelineSmooth *self) {
  State &state = *self->state;
  return action::guarded(GST_ELEMENT(self), false, [&] {
    GST_OBJECT_LOCK(self);
    const SmoothSettings settings = state.settings;
    GST_OBJECT_UNLOCK(self);
    std::vector<action::ElementRow> elements;
    if (!settings.elements.empty()) elements = action::ReadElements(settings.elements);
    state.output = std::make_unique<action::TimelineOutput>(settings.location);
    state.written = false;
    state.told_to_keep = state.output->WouldKeep();
    if (!state.told_to_keep.empty()) {
      action::PostInfo(GST_ELEMENT(self), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
                       settings.location + " of another run is there; when this run ends, it is kept as " +
                           state.told_to_keep + ". Name another file in location= for each run");
    }
    const Lock lock(state.mutex);
    state.active = settings;
    state.tracker.emplace(settings.SmoothingFor(0), settings.time_origin == action::TimeOrigin::kFirstFrame,
                          settings.profile == action::Profile::kStudy, std::move(elements), settings.elements);
    state.queue.Clear();
    state.outbox.clear();
    state.segments = state.gaps = state.deviations = 0;
    state.eos = state.refusing = state.aligned = state.wants_aligned = state.live = false;
    state.warned_no_labels = state.warned_size = state.warned_lost = state.warned_hop = false;
    state.hold = state.hop_time = state.upstream_min = 0;
    state.last_input = std::chrono::steady_clock::now();
    Release(state);
    return true;
  });
}

// Neither thread runs any more.
void Stop(GstTimelineSmooth *self) {
  State &state = *self->state;
  action::guarded(GST_ELEMENT(self), false, [&] {
    if (!state.tracker) return true;
    std::vector<action::FinishedSegment> last;
    {
      const Lock lock(state.mutex);  // the application may ask for stats
      state.queue.Clear();
      state.tracker->Interrupt();  // after EOS there is nothing left that it could end
      action::CollectSegments(state);
      last = std::exchange(state.outbox, {});
    }
    // Neither is there more to come, nor has the stream ended: after EOS nothing is left to be written.
    if (!last.empty()) last.back().segment.complete = false;
    action::WriteSegments(self, last, state.active.post_messages);
    if (state.tracker->seen_frames() && state.tracker->has_labels()) action::WriteTimelineFile(self, false);
    return true;
  });
  const Lock lock(state.mutex);
  state.tracker.reset();
  state.output.reset();
}

GstStateChangeReturn ChangeState(GstElement *element, GstStateChange transition) {
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(element);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !Start(self)) return GST_STATE_CHANGE_FAILURE;
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_timeline_smooth_parent_class)->change_state(element, transition);
  const bool failed = transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY || failed) Stop(self);
  return result;
}

// ---- Properties

void SetProperty(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
  GST_OBJECT_LOCK(object);
  const bool known = action::SetProperty(GST_TIMELINE_SMOOTH(object)->state->settings, id, value);
  GST_OBJECT_UNLOCK(object);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

GstStructure *StatsOf(State &state) {
  const Lock lock(state.mutex);
  const action::SmootherStats stats = state.tracker ? state.tracker->stats() : action::SmootherStats{};
  return gst_structure_new("stats", "segments", G_TYPE_UINT64, state.segments, "gaps", G_TYPE_UINT64, state.gaps,
                           "deviations", G_TYPE_UINT64, state.deviations, "forced-steps", G_TYPE_UINT64,
                           static_cast<guint64>(stats.forced), "steps-kept", G_TYPE_UINT64,
                           static_cast<guint64>(stats.steps_kept), nullptr);
}

void GetProperty(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  if (action::IsStats(id)) {
    g_value_take_boxed(value, StatsOf(*GST_TIMELINE_SMOOTH(object)->state));
    return;
  }
  GST_OBJECT_LOCK(object);
  const bool known = action::GetProperty(GST_TIMELINE_SMOOTH(object)->state->settings, id, value);
  GST_OBJECT_UNLOCK(object);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void Finalize(GObject *object) {
  delete GST_TIMELINE_SMOOTH(object)->state;
  G_OBJECT_CLASS(gst_timeline_smooth_parent_class)->finalize(object);
}

}  // namespace

static void gst_timeline_smooth_class_init(GstTimelineSmoothClass *klass) {
  GObjectClass *object_class = G_OBJECT_CLASS(klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
  object_class->set_property = SetProperty;
  object_class->get_property = GetProperty;
  object_class->finalize = Finalize;
  action::InstallSmoothProperties(object_class);
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
  self->state = new State;
  self->sinkpad = gst_pad_new_from_static_template(&sink_template, "sink");
  gst_pad_set_chain_function(self->sinkpad, action::SmoothChain);
  gst_pad_set_event_function(self->sinkpad, action::SmoothSinkEvent);
  gst_pad_set_query_function(self->sinkpad, action::SmoothSinkQuery);
  gst_pad_set_activatemode_function(self->sinkpad, ActivateSink);
  GST_PAD_SET_PROXY_CAPS(self->sinkpad);
  gst_element_add_pad(GST_ELEMENT(self), self->sinkpad);

  self->srcpad = gst_pad_new_from_static_template(&src_template, "src");
  gst_pad_set_event_function(self->srcpad, SrcEvent);
  gst_pad_set_query_function(self->srcpad, SrcQuery);
  gst_pad_set_activatemode_function(self->srcpad, ActivateSrc);
  GST_PAD_SET_PROXY_CAPS(self->srcpad);
  gst_element_add_pad(GST_ELEMENT(self), self->srcpad);
}
