// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The source pad's task of timelinesmooth: waits for labels, pushes frames and events, writes final segments.
#include <algorithm>
#include <utility>

#include "action/error.h"
#include "action/timeline/timeline_file.h"
#include "common/feature_events.h"
#include "common/guarded.h"
#include "common/label_meta.h"
#include "common/post_info.h"
#include "timelinesmooth_private.h"

GST_DEBUG_CATEGORY_EXTERN(timeline_smooth_debug);
#define GST_CAT_DEFAULT timeline_smooth_debug

namespace action {
namespace {

constexpr GstClockTime kLongestWait = 365 * 24 * 3600 * GST_SECOND;  // more does not fit into a point of time

gboolean OnDeadline(GstClock *, GstClockTime, GstClockID id, gpointer user) {
  SmoothState &state = *GST_TIMELINE_SMOOTH(user)->state;
  const std::lock_guard lock(state.mutex);
  if (state.deadline == id) {
    state.deadline_passed = true;
    state.changed.notify_all();
  }
  return TRUE;
}

// A live frame may be late for nobody: it goes at its deadline, labelled or not.
void WaitForDeadline(GstTimelineSmooth *self, Lock &lock, GstClock *clock) {
  SmoothState &state = *self->state;
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

// Frames are held and nothing comes, nor is anything computed: most often another branch of the pipeline is full.
void WaitForInput(GstTimelineSmooth *self, Lock &lock) {
  SmoothState &state = *self->state;
  const auto timeout = std::chrono::nanoseconds(std::min<GstClockTime>(state.active.stall_timeout, kLongestWait));
  if (state.active.stall_timeout == 0 || state.inside > 0) {
    state.changed.wait(lock);
    return;
  }
  if (state.changed.wait_until(lock, state.last_input + timeout) == std::cv_status::no_timeout) return;
  const bool stalled = state.flow == GST_FLOW_OK && !state.queue.empty() && !state.queue.HeadMayGo() &&
                       state.inside == 0 && std::chrono::steady_clock::now() >= state.last_input + timeout;
  if (!stalled) return;
  // A slow machine is not a full branch: what is waited for is being computed.
  lock.unlock();
  const bool busy = IsNetworkBusy(self->sinkpad);
  lock.lock();
  if (busy) state.last_input = std::chrono::steady_clock::now();
  if (busy || state.flow != GST_FLOW_OK) return;
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
  SmoothState &state = *self->state;
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
std::optional<HeldItem> Next(GstTimelineSmooth *self, std::optional<MetaLabel> &label) {
  SmoothState &state = *self->state;
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
      WriteSegments(self, segments, post);
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

GstFlowReturn PushFrame(GstTimelineSmooth *self, HeldItem item, const std::optional<MetaLabel> &label) {
  SmoothState &state = *self->state;
  if (gst_pad_check_reconfigure(self->srcpad)) state.layout.Ask(self->srcpad);
  GstBuffer *buffer = state.layout.Fit(GST_BUFFER(item.object.release()));
  if (label || gst_buffer_get_custom_meta(buffer, kLabelMeta) != nullptr) {
    buffer = gst_buffer_make_writable(buffer);  // its memory stays shared
    SetLabel(buffer, label);
    if (label) state.analytics.Attach(buffer, *label);
  }
  return gst_pad_push(self->srcpad, buffer);
}

// Downstream has said that it takes no more.
void OnFlow(GstTimelineSmooth *self, GstFlowReturn flow) {
  SmoothState &state = *self->state;
  bool at_end = false;
  {
    const Lock lock(state.mutex);
    if (flow == GST_FLOW_EOS) {
      // Events still pass, and a new segment is welcome: what comes now belongs to one that is in the queue already, or
      // to this one.
      state.refusing = !state.queue.DropFrames();
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

// One step of the task. Other than GST_FLOW_OK: it was the last one.
GstFlowReturn PushNext(GstTimelineSmooth *self) {
  std::optional<MetaLabel> label;
  std::optional<HeldItem> item = Next(self, label);
  if (!item) return GST_FLOW_OK;
  if (item->is_frame()) {
    const GstFlowReturn flow = PushFrame(self, std::move(*item), label);
    if (flow != GST_FLOW_OK) OnFlow(self, flow);
    return GST_FLOW_OK;
  }
  SmoothState &state = *self->state;
  GstEvent *event = GST_EVENT(item->object.release());
  const GstEventType type = GST_EVENT_TYPE(event);
  const bool eos = type == GST_EVENT_EOS;
  if (eos) {
    bool complete = true, labelled = true;
    {
      const Lock lock(state.mutex);
      complete = state.complete;
      labelled = state.tracker->has_labels() || !state.tracker->seen_frames();
    }
    if (labelled) WriteTimelineFile(self, complete);
  }
  if (type == GST_EVENT_CAPS) {
    GstCaps *caps = nullptr;
    gst_event_parse_caps(event, &caps);
    state.analytics.SetCaps(caps);
  } else if (type == GST_EVENT_CUSTOM_DOWNSTREAM_STICKY && gst_event_has_name(event, kBackboneEvent)) {
    if (const auto facts = ParseBackbone(gst_event_get_structure(event))) state.analytics.SetRegion(facts->roi);
  }
  gst_pad_push_event(self->srcpad, event);
  if (type == GST_EVENT_CAPS) gst_pad_mark_reconfigure(self->srcpad);  // asked with the next frame
  return eos ? GST_FLOW_EOS : GST_FLOW_OK;
}

}  // namespace

void WriteSegments(GstTimelineSmooth *self, const std::vector<FinishedSegment> &segments, bool post) {
  SmoothState &state = *self->state;
  for (const FinishedSegment &segment : segments) {
    GST_INFO_OBJECT(self, "segment %s", ToJsonLine(segment.segment).c_str());
    state.written = false;
    // Who is told of it finds it in the file.
    const std::string problem = state.output->Add(segment.segment);
    if (post) {
      gst_element_post_message(GST_ELEMENT(self), NewSegmentMessage(GST_ELEMENT(self), segment));
    }
    if (!problem.empty()) {
      GST_ELEMENT_WARNING(self, RESOURCE, WRITE, ("%s", problem.c_str()),
                          ("Segments are kept and written as soon as it is possible again"));
    }
  }
}

void WriteTimelineFile(GstTimelineSmooth *self, bool complete) {
  SmoothState &state = *self->state;
  if (std::exchange(state.written, true)) return;
  try {
    const std::string kept = state.output->Finish(complete);
    if (kept.empty() || kept == state.told_to_keep) return;
    PostInfo(GST_ELEMENT(self), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
             "a timeline of another run was there: kept as " + kept + ". Name another file in location= for each run");
  } catch (const Error &e) {
    GST_ELEMENT_ERROR(self, RESOURCE, WRITE, ("%s", e.what()), (nullptr));
  }
}

void SmoothTask(gpointer pad) {
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(GST_PAD_PARENT(pad));
  const GstFlowReturn flow = guarded(GST_ELEMENT(self), GST_FLOW_ERROR, [self] { return PushNext(self); });
  if (flow == GST_FLOW_OK) return;
  SmoothState &state = *self->state;
  const Lock lock(state.mutex);
  if (state.flow == GST_FLOW_OK) state.flow = flow;
  gst_pad_pause_task(self->srcpad);  // under the mutex, as above
  state.changed.notify_all();
}

}  // namespace action
