// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Upstream's thread of timelinesmooth: takes frames and events in and gives them their place, and flushes.
#include <gst/video/video.h>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "common/feature_events.h"
#include "common/guarded.h"
#include "common/label_events.h"
#include "timelinesmooth_private.h"

GST_DEBUG_CATEGORY_EXTERN(timeline_smooth_debug);
#define GST_CAT_DEFAULT timeline_smooth_debug

namespace action {
namespace {

// Frames that have their label and wait for downstream, where time says nothing: at most this many.
constexpr size_t kCommittedFrames = 200;

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
  SmoothState &state = *self->state;
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

// The mode is known with the backbone: before it, nothing says whether the source is live.
bool OnBackbone(SmoothState &state, const GstStructure *structure) {
  const auto facts = ParseBackbone(structure);
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
  const SmoothingSettings smoothing = state.active.SmoothingFor(static_cast<double>(state.hop_time) / GST_SECOND);
  state.tracker->SetSmoothing(smoothing);
  // A frame waits until half a window of steps after its own is known, or what lies in the look-ahead: they begin a hop
  // apart and last 16 samples; and a hop is what a network that keeps up needs at most.
  const bool viterbi = smoothing.method == SmoothingMethod::kViterbi;
  const int samples = (viterbi ? 0 : (smoothing.window / 2) * facts->hop) + kChunkFrames + facts->hop;
  const bool timed = facts->sample_rate.known() && state.live && state.aligned;
  state.hold = timed ? time_of(samples) + static_cast<GstClockTime>(viterbi ? smoothing.lookahead : 0) : 0;
  Release(state);
  return state.hold != hold_before || state.hop_time != hop_before;
}

// A study measures elements of a few seconds, which a step every two seconds cannot. The mutex is held.
GstMessage *HopWarning(GstTimelineSmooth *self, const GstStructure *backbone) {
  SmoothState &state = *self->state;
  constexpr int kStudyHop = 4;
  const auto facts = ParseBackbone(backbone);
  if (!facts || state.active.profile != Profile::kStudy || facts->hop <= kStudyHop ||
      std::exchange(state.warned_hop, true)) {
    return nullptr;
  }
  GError *error = g_error_new(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
                              "profile=study is meant for r3dfeatures hop=4; with hop=%d there is a step only every "
                              "%.1f s, and elements of a few seconds are lost",
                              facts->hop, static_cast<double>(state.hop_time) / GST_SECOND);
  GstMessage *message = gst_message_new_warning(GST_OBJECT(self), error, "Set hop=4 at r3dfeatures");
  g_error_free(error);
  return message;
}

// What an event that keeps its place in the queue does to the timeline. The mutex is held. Returns what is to be posted
// when it is not.
std::vector<GstMessage *> OnSerialized(GstTimelineSmooth *self, SmoothState &state, GstEvent *event) {
  TimelineTracker &tracker = *state.tracker;
  const GstStructure *structure = gst_event_get_structure(event);
  std::vector<GstMessage *> messages;
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
      CollectSegments(state);
      if (!state.outbox.empty()) state.outbox.back().segment.complete = state.complete;
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM:
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      if (gst_event_has_name(event, kBackboneEvent)) {
        if (OnBackbone(state, structure)) messages.emplace_back(gst_message_new_latency(GST_OBJECT(self)));
        if (GstMessage *warning = HopWarning(self, structure)) messages.emplace_back(warning);
      } else if (gst_event_has_name(event, kLabelsEvent)) {
        if (!tracker.SetLabels(structure)) GST_WARNING_OBJECT(self, "action-labels that are not actionclassify's");
      } else if (gst_event_has_name(event, kStepEvent)) {
        const auto result = tracker.AddStep(structure);
        if (result == TimelineTracker::StepResult::kNotAStep) {
          GST_WARNING_OBJECT(self, "a step that does not fit the labels");
        } else if (result == TimelineTracker::StepResult::kLost && !std::exchange(state.warned_lost, true)) {
          GError *error = g_error_new_literal(GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
                                              "Steps of the timeline were lost on the way: they are written as gaps");
          messages.emplace_back(
              gst_message_new_warning(GST_OBJECT(self), error,
                                      "A full queue with leaky=downstream throws events away; put it before "
                                      "r3dfeatures. This is said once."));
          g_error_free(error);
        }
      }
      break;
    default:
      break;
  }
  CollectSegments(state);
  Release(state);
  return messages;
}

// At EOS: whether the stream was seen to its end. A file that breaks off, and Ctrl-C with gst-launch-1.0 -e, end in EOS
// too, before the time that upstream said it would last (or that the segment was to end at).
bool IsComplete(GstTimelineSmooth *self) {
  SmoothState &state = *self->state;
  GstSegment segment;
  GstClockTime seen = GST_CLOCK_TIME_NONE;
  {
    const Lock lock(state.mutex);
    if (!state.tracker) return false;
    segment = state.tracker->segment();
    seen = state.tracker->stream_end();
  }
  gint64 duration = 0;
  if (!GST_CLOCK_TIME_IS_VALID(seen) || segment.format != GST_FORMAT_TIME ||
      !gst_pad_peer_query_duration(self->sinkpad, GST_FORMAT_TIME, &duration) || duration <= 0) {
    return true;
  }
  auto expected = static_cast<GstClockTime>(duration);
  if (GST_CLOCK_TIME_IS_VALID(segment.stop)) {
    const GstClockTime stop = gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, segment.stop);
    if (GST_CLOCK_TIME_IS_VALID(stop)) expected = std::min(expected, stop);
  }
  // Sound may last a little longer than the picture, and containers round.
  return seen + 2 * GST_SECOND + expected / 100 >= expected;
}

gboolean Enqueue(GstTimelineSmooth *self, GstEvent *event) {
  SmoothState &state = *self->state;
  const bool complete = GST_EVENT_TYPE(event) == GST_EVENT_EOS && IsComplete(self);
  HeldItem item;
  item.object.reset(GST_MINI_OBJECT(event));
  return guarded(GST_ELEMENT(self), FALSE, [&] {
    const GstEventType type = GST_EVENT_TYPE(event);
    std::vector<GstMessage *> messages;
    bool restart = false, taken = false;
    GstFlowReturn refused = GST_FLOW_OK;
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
      // What is linked later must know the sticky events all the same.
      const bool kept = state.flow == GST_FLOW_NOT_LINKED && GST_EVENT_IS_STICKY(event) && type != GST_EVENT_EOS;
      if (type == GST_EVENT_EOS && !state.eos) refused = state.flow;
      if ((state.flow == GST_FLOW_OK || kept) && !state.eos && state.tracker) {
        if (type == GST_EVENT_EOS) state.complete = complete;
        messages = OnSerialized(self, state, event);
        state.queue.Push(std::move(item));
        state.last_input = std::chrono::steady_clock::now();
        taken = true;
        state.changed.notify_all();
      }
    }
    for (GstMessage *message : messages)
      gst_element_post_message(GST_ELEMENT(self), message);
    // No frame comes any more that would bring upstream the news.
    if (refused == GST_FLOW_NOT_LINKED || refused < GST_FLOW_EOS) GST_ELEMENT_FLOW_ERROR(self, refused);
    if (restart) gst_pad_start_task(self->srcpad, SmoothTask, self->srcpad, nullptr);
    return taken ? TRUE : FALSE;
  });
}

// As r3dfeatures would have asked.
bool IsLive(GstTimelineSmooth *self) {
  const QueryPtr query(gst_query_new_latency());
  gboolean live = FALSE;
  if (gst_pad_peer_query(self->sinkpad, query.get())) gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
  return live != FALSE;
}

}  // namespace

void CollectSegments(SmoothState &state) {
  for (FinishedSegment &finished : state.tracker->TakeSegments()) {
    const bool gap = finished.segment.state == SegmentState::kGap;
    ++(gap ? state.gaps : state.segments);
    state.deviations += finished.segment.deviation != Deviation::kNone ? 1 : 0;
    state.outbox.push_back(std::move(finished));
  }
}

GstFlowReturn SmoothChain(GstPad *, GstObject *parent, GstBuffer *frame) {
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(parent);
  SmoothState &state = *self->state;
  HeldItem item;
  item.object.reset(GST_MINI_OBJECT(frame));
  return guarded(GST_ELEMENT(self), GST_FLOW_ERROR, [&] {
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
      // A file would be read to its end for nothing; a live picture goes on.
      if (warn_labels && !IsLive(self)) {
        GST_ELEMENT_ERROR(self, STREAM, WRONG_TYPE,
                          ("No labels arrive: put r3dfeatures ! actionclassify before timelinesmooth, in this order"),
                          ("No timeline is written"));
        return GST_FLOW_ERROR;
      }
      if (warn_labels) {
        GST_ELEMENT_WARNING(self, STREAM, WRONG_TYPE,
                            ("No labels arrive: put r3dfeatures ! actionclassify before timelinesmooth, in this order"),
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
      const GstClockTime time = state.queue.ReleasedTime();
      return state.flow != GST_FLOW_OK ||
             (time > 0 ? time <= CommittedTime(state) : state.queue.released_frames() <= kCommittedFrames);
    });
    --state.inside;
    state.last_input = std::chrono::steady_clock::now();
    state.changed.notify_all();
    return state.flow;
  });
}

gboolean SmoothSinkEvent(GstPad *, GstObject *parent, GstEvent *event) {
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(parent);
  SmoothState &state = *self->state;
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
      std::vector<MiniObjectPtr> flushed;
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
      for (const MiniObjectPtr &sticky : flushed)
        gst_pad_store_sticky_event(self->srcpad, GST_EVENT(sticky.get()));
      if (active) gst_pad_start_task(self->srcpad, SmoothTask, self->srcpad, nullptr);
      return result;
    }
    default:
      return GST_EVENT_IS_SERIALIZED(event) ? Enqueue(self, event) : gst_pad_push_event(self->srcpad, event);
  }
}

gboolean SmoothSinkQuery(GstPad *pad, GstObject *parent, GstQuery *query) {
  GstTimelineSmooth *self = GST_TIMELINE_SMOOTH(parent);
  SmoothState &state = *self->state;
  if (AnswerLabelsFollow(query, true)) return TRUE;
  // A serialized query waits in no queue: what asks would stand still, and with it what the queue waits for.
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_ALLOCATION:
      // No pool of downstream's: its buffers would be held here, and it would starve. What it reads is asked by the
      // task, which makes up for the rest (DownstreamLayout).
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

}  // namespace action
