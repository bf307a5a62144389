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
// Pads, states and upstream's thread, which brings frames and events. The source pad's task, which pushes them, is in
// timelinesmooth_task.cc; what time and label a frame has, in timeline_tracker.cc.
#include "timelinesmooth.h"

#include <gst/video/video.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/feature_events.h"
#include "common/guarded.h"
#include "common/label_events.h"
#include "timelinesmooth_private.h"

GST_DEBUG_CATEGORY(timeline_smooth_debug);
#define GST_CAT_DEFAULT timeline_smooth_debug

using action::HeldItem;
using action::Lock;
using action::Release;
using action::SmoothSettings;
using action::SyncMode;
using State = action::SmoothState;

// Frames that have their label and wait for downstream: at most this much time more than a label releases at once, so
// that frames still come while those go; and this many where time says nothing.
constexpr GstClockTime kCommittedTime = GST_SECOND;
constexpr size_t kCommittedFrames = 200;

G_DEFINE_FINAL_TYPE_WITH_CODE(GstTimelineSmooth, gst_timeline_smooth, GST_TYPE_ELEMENT,
                              GST_DEBUG_CATEGORY_INIT(timeline_smooth_debug, "timelinesmooth", 0, "action timeline"));
GST_ELEMENT_REGISTER_DEFINE(timelinesmooth, "timelinesmooth", GST_RANK_NONE, GST_TYPE_TIMELINE_SMOOTH);

namespace {

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));

// ---- Upstream's thread

// The mutex is held.
void CollectSegments(State &state) {
  for (action::FinishedSegment &finished : state.tracker->TakeSegments()) {
    const bool gap = finished.segment.state == action::SegmentState::kGap;
    ++(gap ? state.gaps : state.segments);
    state.deviations += finished.segment.deviation != action::Deviation::kNone ? 1 : 0;
    state.outbox.push_back(std::move(finished));
  }
}

// Memory that comes back to a pool which has no more of it: held, it would starve its owner.
bool IsFromBoundedPool(GstBuffer *buffer) {
  if (const GstParentBufferMeta *meta = gst_buffer_get_parent_buffer_meta(buffer)) {
    return IsFromBoundedPool(meta->buffer);
  }
  if (buffer->pool == nullptr) return false;
  GstStructure *config = gst_buffer_pool_get_config(buffer->pool);
  guint most = 0;
  gst_buffer_pool_config_get_params(config, nullptr, nullptr, nullptr, &most);
  gst_structure_free(config);
  return most > 0;
}

constexpr gint64 kNtpToUnix = G_GINT64_CONSTANT(2208988800) * GST_SECOND;

// Wall-clock time of a frame, ns since 1970, where the buffer or a live source tells it.
void NoteWallClock(GstTimelineSmooth *self, GstBuffer *buffer) {
  State &state = *self->state;
  static GstStaticCaps ntp = GST_STATIC_CAPS("timestamp/x-ntp"), unix_time = GST_STATIC_CAPS("timestamp/x-unix");
  for (GstStaticCaps *kind : {&ntp, &unix_time}) {
    GstCaps *caps = gst_static_caps_get(kind);
    const GstReferenceTimestampMeta *meta = gst_buffer_get_reference_timestamp_meta(buffer, caps);
    gst_caps_unref(caps);
    if (meta == nullptr) continue;
    state.tracker->SetWallClock(static_cast<gint64>(meta->timestamp) - (kind == &ntp ? kNtpToUnix : 0),
                                "reference-timestamp");
    return;
  }
  if (!state.live || state.tracker->has_wall_clock_from("reference-timestamp")) return;
  GstClock *clock = gst_element_get_clock(GST_ELEMENT(self));
  if (clock == nullptr) return;
  const GstClockTime running =
      gst_segment_to_running_time(&state.tracker->segment(), GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  const auto behind = static_cast<gint64>(gst_clock_get_time(clock)) -
                      static_cast<gint64>(gst_element_get_base_time(GST_ELEMENT(self)) + running);
  if (GST_CLOCK_TIME_IS_VALID(running)) {
    state.tracker->SetWallClock(g_get_real_time() * GST_USECOND - behind, "pipeline-clock");
  }
  gst_object_unref(clock);
}

GstFlowReturn Chain(GstPad *, GstObject *parent, GstBuffer *frame) {
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(parent);
  State &state = *self->state;
  HeldItem item;
  item.object.reset(GST_MINI_OBJECT(frame));
  return action::guarded(GST_ELEMENT(self), GST_FLOW_ERROR, [&] {
    Lock lock(state.mutex);
    if (state.aligned && IsFromBoundedPool(frame)) {
      lock.unlock();
      if (GstBuffer *copy = gst_buffer_copy_deep(frame)) item.object.reset(GST_MINI_OBJECT(frame = copy));
      lock.lock();
    }
    if (state.flow != GST_FLOW_OK && state.flow != GST_FLOW_EOS) return state.flow;
    if (state.eos || state.refusing || state.flow == GST_FLOW_EOS) return GST_FLOW_EOS;

    const std::optional<int64_t> position = state.tracker->AddFrame(frame);
    const bool labels = state.tracker->has_labels();
    if (position) NoteWallClock(self, frame);
    if (labels) item.position = position;
    item.bytes = gst_buffer_get_size(frame);
    if (GST_BUFFER_PTS_IS_VALID(frame)) {
      item.running_time =
          gst_segment_to_running_time(&state.tracker->segment(), GST_FORMAT_TIME, GST_BUFFER_PTS(frame));
    }
    state.last_input = std::chrono::steady_clock::now();
    state.queue.Push(std::move(item));
    const bool too_much = state.queue.ReleaseDownTo(state.active.max_size_bytes);
    const bool warn_size = too_much && !std::exchange(state.warned_size, true);
    const bool warn_labels = !labels && !std::exchange(state.warned_no_labels, true);
    state.changed.notify_all();
    if (warn_size || warn_labels) {
      lock.unlock();
      if (warn_labels) {
        GST_ELEMENT_WARNING(self, STREAM, WRONG_TYPE,
                            ("No labels arrive: put r3dfeatures ! actionclassify before timelinesmooth"),
                            ("Frames pass as they are, and there is no timeline"));
      }
      if (warn_size) {
        GST_ELEMENT_WARNING(self, RESOURCE, NO_SPACE_LEFT,
                            ("More frames wait for their label than max-size-bytes allows: the oldest go on with what "
                             "is known of them"),
                            ("The timeline is not affected. Raise max-size-bytes, make the window smaller or the "
                             "picture smaller before timelinesmooth, or set sync-mode=immediate."));
      }
      lock.lock();
    }
    ++state.inside;
    state.changed.wait(lock, [&state] {
      return state.flow != GST_FLOW_OK || (state.queue.ReleasedTime() <= kCommittedTime + state.hop_time &&
                                           state.queue.released_frames() <= kCommittedFrames);
    });
    --state.inside;
    state.last_input = std::chrono::steady_clock::now();
    state.changed.notify_all();
    return state.flow;
  });
}

// The mode is known with the backbone: before it, nothing says whether the source is live.
bool OnBackbone(State &state, const GstStructure *structure) {
  const auto facts = action::ParseBackbone(structure);
  if (!facts) return false;
  const GstClockTime hold_before = state.hold, hop_before = state.hop_time;
  state.live = facts->live;
  const SyncMode mode = state.active.sync_mode;
  state.aligned = state.wants_aligned = mode == SyncMode::kAligned || (mode == SyncMode::kAuto && !facts->live);
  const auto time_of = [&facts](int samples) -> GstClockTime {
    if (!facts->sample_rate.known()) return 0;
    return gst_util_uint64_scale(static_cast<guint64>(samples) * GST_SECOND,
                                 static_cast<guint64>(facts->sample_rate.denominator),
                                 static_cast<guint64>(facts->sample_rate.numerator));
  };
  state.hop_time = time_of(facts->hop);
  const action::SmoothingSettings smoothing =
      state.active.SmoothingFor(static_cast<double>(state.hop_time) / GST_SECOND);
  state.tracker->SetSmoothing(smoothing);
  // A frame waits until half a window of steps after its own is known, or what lies in the look-ahead: they begin a hop
  // apart and last 16 samples; and a hop is what a network that keeps up needs at most.
  const bool viterbi = smoothing.method == action::SmoothingMethod::kViterbi;
  const int samples = (viterbi ? 0 : (smoothing.window / 2) * facts->hop) + action::kChunkFrames + facts->hop;
  const bool timed = facts->sample_rate.known() && state.live && state.aligned;
  state.hold = timed ? time_of(samples) + static_cast<GstClockTime>(viterbi ? smoothing.lookahead : 0) : 0;
  Release(state);
  return state.hold != hold_before || state.hop_time != hop_before;
}

// What an event that keeps its place in the queue does to the timeline. The mutex is held. Returns what is to be posted
// when it is not.
GstMessage *OnSerialized(GstTimelineSmooth *self, State &state, GstEvent *event) {
  action::TimelineTracker &tracker = *state.tracker;
  const GstStructure *structure = gst_event_get_structure(event);
  GstMessage *message = nullptr;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_SEGMENT: {
      const GstSegment *segment = nullptr;
      gst_event_parse_segment(event, &segment);
      tracker.SetSegment(*segment);
      state.refusing = false;
      break;
    }
    case GST_EVENT_CAPS: {
      GstCaps *caps = nullptr;
      gst_event_parse_caps(event, &caps);
      gint numerator = 0, denominator = 1;
      gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &numerator, &denominator);
      const bool known = numerator > 0 && denominator > 0;
      tracker.SetFrameDuration(known ? gst_util_uint64_scale_int(GST_SECOND, denominator, numerator) : 0);
      break;
    }
    case GST_EVENT_SEGMENT_DONE:
      tracker.EndRun();
      break;
    case GST_EVENT_EOS:
      tracker.Finish();
      state.eos = true;
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM:
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      if (gst_event_has_name(event, action::kBackboneEvent)) {
        if (OnBackbone(state, structure)) message = gst_message_new_latency(GST_OBJECT(self));
      } else if (gst_event_has_name(event, action::kLabelsEvent)) {
        if (!tracker.SetLabels(structure)) GST_WARNING_OBJECT(self, "action-labels that are not actionclassify's");
      } else if (gst_event_has_name(event, action::kStepEvent)) {
        const auto result = tracker.AddStep(structure);
        if (result == action::TimelineTracker::StepResult::kNotAStep) {
          GST_WARNING_OBJECT(self, "a step that does not fit the labels");
        } else if (result == action::TimelineTracker::StepResult::kLost && !std::exchange(state.warned_lost, true)) {
          GError *error = g_error_new_literal(GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
                                              "Steps of the timeline were lost on the way: they are written as gaps");
          message = gst_message_new_warning(GST_OBJECT(self), error,
                                            "A full queue with leaky=downstream throws events away; put it before "
                                            "r3dfeatures. This is said once.");
          g_error_free(error);
        }
      }
      break;
    default:
      break;
  }
  CollectSegments(state);
  Release(state);
  return message;
}

gboolean Enqueue(GstTimelineSmooth *self, GstEvent *event) {
  State &state = *self->state;
  HeldItem item;
  item.object.reset(GST_MINI_OBJECT(event));
  return action::guarded(GST_ELEMENT(self), FALSE, [&] {
    const GstEventType type = GST_EVENT_TYPE(event);
    GstMessage *message = nullptr;
    bool restart = false, taken = false;
    {
      Lock lock(state.mutex);
      // A new stream after the end of one, once that is through.
      if (type == GST_EVENT_STREAM_START && state.eos) {
        state.changed.wait(lock, [&state] { return state.flow != GST_FLOW_OK; });
        if (state.flow == GST_FLOW_EOS) {
          state.flow = GST_FLOW_OK;
          state.eos = state.refusing = false;
          restart = true;
          state.tracker->Flush();
          state.aligned = state.wants_aligned;
          Release(state);
        }
      }
      if (state.flow == GST_FLOW_OK && !state.eos && state.tracker) {
        message = OnSerialized(self, state, event);
        state.queue.Push(std::move(item));
        state.last_input = std::chrono::steady_clock::now();
        taken = true;
        state.changed.notify_all();
      }
    }
    if (message != nullptr) gst_element_post_message(GST_ELEMENT(self), message);
    if (restart) gst_pad_start_task(self->srcpad, action::SmoothTask, self->srcpad, nullptr);
    return taken ? TRUE : FALSE;
  });
}

gboolean SinkEvent(GstPad *, GstObject *parent, GstEvent *event) {
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(parent);
  State &state = *self->state;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START: {
      {
        const Lock lock(state.mutex);
        state.flow = GST_FLOW_FLUSHING;
        state.changed.notify_all();
      }
      const gboolean result = gst_pad_push_event(self->srcpad, event);
      gst_pad_pause_task(self->srcpad);  // returns when the task stands
      return result;
    }
    case GST_EVENT_FLUSH_STOP: {
      const gboolean result = gst_pad_push_event(self->srcpad, event);
      bool active = false;
      std::vector<action::MiniObjectPtr> flushed;
      {
        const Lock lock(state.mutex);
        flushed = state.queue.Clear();
        state.eos = state.refusing = false;
        active = state.tracker.has_value() && GST_PAD_IS_ACTIVE(self->srcpad);
        if (active) {
          state.tracker->Finish();
          CollectSegments(state);
          state.tracker->Flush();
          state.aligned = state.wants_aligned;  // a stall is over
          Release(state);
          state.last_input = std::chrono::steady_clock::now();
          state.flow = GST_FLOW_OK;
        }
        state.changed.notify_all();
      }
      // Not under the mutex: it notifies applications of new caps.
      for (const action::MiniObjectPtr &sticky : flushed)
        gst_pad_store_sticky_event(self->srcpad, GST_EVENT(sticky.get()));
      if (active) gst_pad_start_task(self->srcpad, action::SmoothTask, self->srcpad, nullptr);
      return result;
    }
    default:
      return GST_EVENT_IS_SERIALIZED(event) ? Enqueue(self, event) : gst_pad_push_event(self->srcpad, event);
  }
}

gboolean SinkQuery(GstPad *pad, GstObject *parent, GstQuery *query) {
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(parent);
  State &state = *self->state;
  // A serialized query waits in no queue: what asks would stand still, and with it what the queue waits for.
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_ALLOCATION:
      // No pool of downstream's: its buffers would be held here, and it would starve.
      gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
      return TRUE;
    case GST_QUERY_DRAIN: {
      {
        const Lock lock(state.mutex);
        state.queue.CopyFrames();
      }
      return gst_pad_peer_query(self->srcpad, query);
    }
    default:
      return gst_pad_query_default(pad, parent, query);
  }
}

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
  if (GST_CLOCK_TIME_IS_VALID(max)) max += state.hold + kCommittedTime + state.hop_time;
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
    const Lock lock(state.mutex);
    state.active = settings;
    state.tracker.emplace(settings.SmoothingFor(0), settings.time_origin == action::TimeOrigin::kFirstFrame,
                          settings.profile == action::Profile::kStudy, std::move(elements), settings.elements);
    state.queue.Clear();
    state.outbox.clear();
    state.segments = state.gaps = state.deviations = 0;
    state.eos = state.refusing = state.aligned = state.wants_aligned = state.live = false;
    state.warned_no_labels = state.warned_size = state.warned_lost = false;
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
    state.queue.Clear();
    state.tracker->Finish();
    CollectSegments(state);
    action::WriteSegments(self, std::exchange(state.outbox, {}), state.active.post_messages);
    if (state.tracker->seen_frames()) action::WriteTimelineFile(self);
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
  gst_pad_set_chain_function(self->sinkpad, Chain);
  gst_pad_set_event_function(self->sinkpad, SinkEvent);
  gst_pad_set_query_function(self->sinkpad, SinkQuery);
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
