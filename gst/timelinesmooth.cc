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
 * gst-launch-1.0 filesrc location=shift.mp4 ! decodebin ! r3dfeatures ! actionclassify model=model ! timelinesmooth
 * location=shift.json ! fakesink
 * ]|
 */
// Pads, threads and states; what time and label a frame has is in timeline_tracker.cc.
//
// Two threads meet here: upstream's, which brings frames and events, and the task of the source pad, which pushes them.
// The mutex protects what they share. It is never held while anything is pushed, posted, written or waited for but the
// condition. Lock order: the mutex, then GStreamer's object lock.
#include "timelinesmooth.h"

#include <gst/video/video.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/error.h"
#include "common/feature_events.h"
#include "common/guarded.h"
#include "common/label_events.h"
#include "common/label_meta.h"
#include "hold_queue.h"
#include "timeline_output.h"
#include "timeline_tracker.h"
#include "timelinesmooth_properties.h"

GST_DEBUG_CATEGORY_STATIC(timeline_smooth_debug);
#define GST_CAT_DEFAULT timeline_smooth_debug

namespace {

using action::HeldItem;
using action::SmoothSettings;
using action::SyncMode;
using Lock = std::unique_lock<std::mutex>;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr GstClockTime kCommittedTime = GST_SECOND;  // frames that have their label and wait for downstream

struct State {
  SmoothSettings settings;  // object lock

  std::mutex mutex;
  std::condition_variable changed;
  // ---- Protected by the mutex.
  SmoothSettings active;  // READY->PAUSED to PAUSED->READY
  action::HoldQueue queue;
  std::optional<action::TimelineTracker> tracker;  // READY->PAUSED to PAUSED->READY
  std::vector<action::FinishedSegment> outbox;     // final segments that the source task has not written yet
  GstFlowReturn flow = GST_FLOW_FLUSHING;          // why the task does not push; FLUSHING while not active
  bool eos = false;                                // EOS is in the queue, or through
  bool refusing = false;                           // downstream wants no more frames of this segment
  bool aligned = false;                            // frames wait for their label
  bool live = false;
  bool warned_no_labels = false, warned_size = false, warned_lost = false;
  GstClockTime hold = 0;          // how long a live frame waits
  GstClockTime upstream_min = 0;  // live: upstream's latency
  SteadyTime last_input;
  int inside = 0;                 // upstream threads that wait for room
  GstClockID deadline = nullptr;  // that the task waits for
  bool deadline_passed = false;

  // The source task; state changes while it does not run.
  std::unique_ptr<action::TimelineOutput> output;
  bool written = false;  // the file holds everything
};

}  // namespace

struct _GstTimelineSmooth {
  GstElement parent;
  GstPad *sinkpad;
  GstPad *srcpad;
  State *state;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstTimelineSmooth, gst_timeline_smooth, GST_TYPE_ELEMENT,
                              GST_DEBUG_CATEGORY_INIT(timeline_smooth_debug, "timelinesmooth", 0, "action timeline"));
GST_ELEMENT_REGISTER_DEFINE(timelinesmooth, "timelinesmooth", GST_RANK_NONE, GST_TYPE_TIMELINE_SMOOTH);

namespace {

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));

// ---- What both threads do; the mutex is held

void Release(State &state) {
  state.queue.Release(state.aligned ? state.tracker->known_until() : INT64_MAX);
}

void CollectSegments(State &state) {
  for (action::FinishedSegment &segment : state.tracker->TakeSegments())
    state.outbox.push_back(std::move(segment));
}

// ---- The source task

// Writes and posts final segments. Nothing is held.
void WriteOut(GstTimelineSmooth *self, const std::vector<action::FinishedSegment> &segments, bool post) {
  State &state = *self->state;
  for (const action::FinishedSegment &segment : segments) {
    GST_INFO_OBJECT(self, "segment %s", action::ToJsonLine(segment.segment).c_str());
    if (post) {
      gst_element_post_message(GST_ELEMENT(self), action::NewSegmentMessage(GST_ELEMENT(self), segment));
    }
    state.written = false;
    const std::string problem = state.output->Add(segment.segment);
    if (!problem.empty()) {
      GST_ELEMENT_WARNING(self, RESOURCE, WRITE, ("%s", problem.c_str()),
                          ("Segments are kept and written as soon as it is possible again"));
    }
  }
}

// The whole timeline is known: the file is completed.
void WriteFile(GstTimelineSmooth *self) {
  State &state = *self->state;
  if (std::exchange(state.written, true)) return;
  try {
    state.output->Write();
  } catch (const action::Error &e) {
    GST_ELEMENT_ERROR(self, RESOURCE, WRITE, ("%s", e.what()), (nullptr));
  }
}

gboolean OnDeadline(GstClock *, GstClockTime, GstClockID id, gpointer user) {
  State &state = *GST_TIMELINE_SMOOTH(user)->state;
  const std::lock_guard lock(state.mutex);
  if (state.deadline == id) {
    state.deadline_passed = true;
    state.changed.notify_all();
  }
  return TRUE;
}

// A live frame may be late for nobody: it goes at its deadline, labelled or not.
void WaitForDeadline(GstTimelineSmooth *self, Lock &lock, GstClock *clock) {
  State &state = *self->state;
  const GstClockTime running = state.queue.head().running_time;
  const GstClockTime deadline =
      gst_element_get_base_time(GST_ELEMENT(self)) + running + state.upstream_min + state.hold;
  state.deadline = gst_clock_new_single_shot_id(clock, deadline);
  state.deadline_passed = false;
  GstClockID id = state.deadline;
  lock.unlock();
  gst_clock_id_wait_async(id, OnDeadline, gst_object_ref(self), gst_object_unref);
  lock.lock();
  state.changed.wait(lock, [&state] {
    return state.deadline_passed || state.flow != GST_FLOW_OK || state.queue.HeadMayGo() || !state.outbox.empty() ||
           state.queue.empty();
  });
  state.deadline = nullptr;
  if (state.deadline_passed) state.queue.ReleaseHead();
  lock.unlock();
  gst_clock_id_unschedule(id);
  gst_clock_id_unref(id);
  lock.lock();
}

// Frames are held and nothing comes: most often another branch of the pipeline is full.
void WaitForInput(GstTimelineSmooth *self, Lock &lock) {
  State &state = *self->state;
  const auto timeout = std::chrono::nanoseconds(state.active.stall_timeout);
  if (state.active.stall_timeout == 0 || state.inside > 0) {
    state.changed.wait(lock);
    return;
  }
  if (state.changed.wait_until(lock, state.last_input + timeout) == std::cv_status::no_timeout) return;
  const bool stalled = state.flow == GST_FLOW_OK && !state.queue.empty() && !state.queue.HeadMayGo() &&
                       state.inside == 0 && std::chrono::steady_clock::now() >= state.last_input + timeout;
  if (!stalled) return;
  state.aligned = false;
  Release(state);
  lock.unlock();
  GST_ELEMENT_WARNING(self, STREAM, FAILED,
                      ("Frames wait for their label, but no more arrive: going on without waiting (immediate)"),
                      ("Another branch of the pipeline that holds less is probably full: give its queue room with "
                       "max-size-buffers=0 max-size-bytes=0 max-size-time=0, or set sync-mode=immediate here. A source "
                       "that is merely slow: raise stall-timeout."));
  lock.lock();
}

void WaitForLabel(GstTimelineSmooth *self, Lock &lock) {
  State &state = *self->state;
  if (!state.live) {
    WaitForInput(self, lock);
    return;
  }
  GstClock *clock = gst_element_get_clock(GST_ELEMENT(self));
  if (clock == nullptr || !GST_CLOCK_TIME_IS_VALID(state.queue.head().running_time)) {
    state.changed.wait(lock);
  } else {
    WaitForDeadline(self, lock, clock);
  }
  if (clock != nullptr) gst_object_unref(clock);
}

// The next thing to be pushed, once there is one; nothing when the task has been paused instead.
std::optional<HeldItem> Next(GstTimelineSmooth *self, std::optional<action::MetaLabel> &label) {
  State &state = *self->state;
  Lock lock(state.mutex);
  for (;;) {
    if (state.flow != GST_FLOW_OK) {
      gst_pad_pause_task(self->srcpad);  // under the mutex: whoever starts it anew does so after this
      return std::nullopt;
    }
    if (!state.outbox.empty()) {
      const auto segments = std::exchange(state.outbox, {});
      const bool post = state.active.post_messages;
      lock.unlock();
      WriteOut(self, segments, post);
      lock.lock();
    } else if (state.queue.HeadMayGo()) {
      break;
    } else if (state.queue.empty()) {
      state.changed.wait(lock);
    } else {
      WaitForLabel(self, lock);
    }
  }
  HeldItem item = state.queue.Pop();
  if (item.position) label = state.tracker->LabelAt(*item.position);
  state.changed.notify_all();
  return item;
}

GstFlowReturn PushFrame(GstTimelineSmooth *self, HeldItem item, const std::optional<action::MetaLabel> &label) {
  GstBuffer *buffer = GST_BUFFER(item.object.release());
  if (label || gst_buffer_get_custom_meta(buffer, action::kLabelMeta) != nullptr) {
    buffer = gst_buffer_make_writable(buffer);  // its memory stays shared
    action::SetLabel(buffer, label);
  }
  return gst_pad_push(self->srcpad, buffer);
}

// Downstream has said that it takes no more.
void OnFlow(GstTimelineSmooth *self, GstFlowReturn flow) {
  State &state = *self->state;
  bool at_end = false;
  {
    const Lock lock(state.mutex);
    if (flow == GST_FLOW_EOS) {
      // Events still pass, and a new segment is welcome.
      state.refusing = true;
      state.queue.DropFrames();
      state.changed.notify_all();
      return;
    }
    if (state.flow == GST_FLOW_OK) state.flow = flow;
    at_end = state.eos;
    state.changed.notify_all();
  }
  // Upstream, which would otherwise tell, is through already.
  if (at_end && (flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS)) {
    GST_ELEMENT_FLOW_ERROR(self, flow);
    gst_pad_push_event(self->srcpad, gst_event_new_eos());
  }
}

// The task ends, for good or until it is started anew. The mutex is held: whoever starts it does so after this.
void StopTask(GstTimelineSmooth *self, GstFlowReturn why) {
  State &state = *self->state;
  if (state.flow == GST_FLOW_OK) state.flow = why;
  gst_pad_pause_task(self->srcpad);
  state.changed.notify_all();
}

// One step of the task. Other than GST_FLOW_OK: it was the last one.
GstFlowReturn PushNext(GstTimelineSmooth *self) {
  std::optional<action::MetaLabel> label;
  std::optional<HeldItem> item = Next(self, label);
  if (!item) return GST_FLOW_OK;
  if (item->is_frame()) {
    const GstFlowReturn flow = PushFrame(self, std::move(*item), label);
    if (flow != GST_FLOW_OK) OnFlow(self, flow);
    return GST_FLOW_OK;
  }
  GstEvent *event = GST_EVENT(item->object.release());
  const bool eos = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
  if (eos) WriteFile(self);
  gst_pad_push_event(self->srcpad, event);
  return eos ? GST_FLOW_EOS : GST_FLOW_OK;
}

void Loop(gpointer pad) {
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(GST_PAD_PARENT(pad));
  const GstFlowReturn flow = action::guarded(GST_ELEMENT(self), GST_FLOW_ERROR, [self] { return PushNext(self); });
  if (flow == GST_FLOW_OK) return;
  const Lock lock(self->state->mutex);
  StopTask(self, flow);
}

// ---- Upstream's thread

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
      frame = gst_buffer_copy_deep(frame);
      item.object.reset(GST_MINI_OBJECT(frame));
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
    state.changed.wait(lock,
                       [&state] { return state.flow != GST_FLOW_OK || state.queue.ReleasedTime() <= kCommittedTime; });
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
  const GstClockTime before = state.hold;
  state.live = facts->live;
  const SyncMode mode = state.active.sync_mode;
  state.aligned = mode == SyncMode::kAligned || (mode == SyncMode::kAuto && !facts->live);
  // A frame waits until half a window of steps after its own is known: they begin a hop apart and last 16 samples; and
  // a hop is what a network that keeps up needs at most.
  const int samples = (state.active.smoothing.window / 2) * facts->hop + action::kChunkFrames + facts->hop;
  const bool timed = facts->sample_rate.known() && state.live && state.aligned;
  state.hold = timed ? gst_util_uint64_scale(static_cast<guint64>(samples) * GST_SECOND,
                                             static_cast<guint64>(facts->sample_rate.denominator),
                                             static_cast<guint64>(facts->sample_rate.numerator))
                     : 0;
  Release(state);
  return state.hold != before;
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
    if (restart) gst_pad_start_task(self->srcpad, Loop, self->srcpad, nullptr);
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
      {
        const Lock lock(state.mutex);
        for (const action::MiniObjectPtr &sticky : state.queue.Clear())
          gst_pad_store_sticky_event(self->srcpad, GST_EVENT(sticky.get()));
        state.eos = state.refusing = false;
        active = state.tracker.has_value() && GST_PAD_IS_ACTIVE(self->srcpad);
        if (active) {
          state.tracker->Finish();
          CollectSegments(state);
          state.tracker->Flush();
          Release(state);
          state.last_input = std::chrono::steady_clock::now();
          state.flow = GST_FLOW_OK;
        }
        state.changed.notify_all();
      }
      if (active) gst_pad_start_task(self->srcpad, Loop, self->srcpad, nullptr);
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
    if (restart) gst_pad_start_task(self->srcpad, Loop, self->srcpad, nullptr);
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
  if (GST_CLOCK_TIME_IS_VALID(max)) max += state.hold + kCommittedTime;
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
  return active ? gst_pad_start_task(pad, Loop, pad, nullptr) : gst_pad_stop_task(pad);
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
    state.output = std::make_unique<action::TimelineOutput>(settings.location);
    state.written = false;
    const Lock lock(state.mutex);
    state.active = settings;
    state.tracker.emplace(settings.smoothing, settings.time_origin == action::TimeOrigin::kFirstFrame);
    state.queue.Clear();
    state.outbox.clear();
    state.eos = state.refusing = state.aligned = state.live = false;
    state.warned_no_labels = state.warned_size = state.warned_lost = false;
    state.hold = state.upstream_min = 0;
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
    WriteOut(self, std::exchange(state.outbox, {}), state.active.post_messages);
    if (state.tracker->seen_frames()) WriteFile(self);
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

void GetProperty(GObject *object, guint id, GValue *value, GParamSpec *spec) {
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
