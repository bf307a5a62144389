// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the files of timelinesmooth share: pads, states and properties (timelinesmooth.cc), upstream's thread
// (timelinesmooth_input.cc) and the source pad's task (timelinesmooth_task.cc).
//
// The mutex protects what both threads touch. It is never held while anything is pushed, posted, written or waited for
// but the condition. Lock order: the mutex, then GStreamer's object lock.
#ifndef GST_ACTION_TIMELINESMOOTH_PRIVATE_H_
#define GST_ACTION_TIMELINESMOOTH_PRIVATE_H_

#include <gst/gst.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/analytics_label.h"
#include "downstream_layout.h"
#include "hold_queue.h"
#include "timeline_output.h"
#include "timeline_tracker.h"
#include "timelinesmooth.h"
#include "timelinesmooth_properties.h"

namespace action {

using Lock = std::unique_lock<std::mutex>;

struct SmoothState {
  SmoothSettings settings;  // object lock

  std::mutex mutex;
  std::condition_variable changed;
  // ---- Protected by the mutex.
  SmoothSettings active;  // READY->PAUSED to PAUSED->READY
  HoldQueue queue;
  std::optional<TimelineTracker> tracker;          // READY->PAUSED to PAUSED->READY
  std::vector<FinishedSegment> outbox;             // final segments that the source task has not written yet
  guint64 segments = 0, gaps = 0, deviations = 0;  // final ones, for stats
  GstFlowReturn flow = GST_FLOW_FLUSHING;          // why the task does not push; FLUSHING while not active
  bool eos = false;                                // EOS is in the queue, or through
  bool complete = false;                           // at EOS: the stream has been seen to its end
  bool refusing = false;                           // downstream wants no more frames of this segment
  bool aligned = false;                            // frames wait for their label
  bool wants_aligned = false;                      // the same before a stall
  bool live = false;
  bool warned_no_labels = false, warned_size = false, warned_lost = false, warned_hop = false;
  GstClockTime hold = 0;          // how long a live frame waits
  GstClockTime hop_time = 0;      // of which frames get their label at once; 0: not known
  GstClockTime upstream_min = 0;  // live: upstream's latency
  std::chrono::steady_clock::time_point last_input;
  int inside = 0;                 // upstream threads that wait for room
  GstClockID deadline = nullptr;  // that the task waits for
  bool deadline_passed = false;

  // The source task; state changes while it does not run.
  DownstreamLayout layout;
  AnalyticsLabel analytics;
  std::unique_ptr<TimelineOutput> output;
  bool written = false;      // the file holds everything
  std::string told_to_keep;  // where what another run has left will be, as was said
};

// Lets go what has its label. The mutex is held.
inline void Release(SmoothState &state) {
  state.queue.Release(state.aligned ? state.tracker->known_until() : INT64_MAX);
}

// Frames that have their label wait for downstream for at most this much time: more than a label releases at once, so
// that frames still come while those go. The mutex is held.
inline GstClockTime CommittedTime(const SmoothState &state) {
  return GST_SECOND + state.hop_time;
}

// Segments that have become final go to the outbox. The mutex is held.
void CollectSegments(SmoothState &state);

// The sink pad's functions.
GstFlowReturn SmoothChain(GstPad *pad, GstObject *parent, GstBuffer *frame);
gboolean SmoothSinkEvent(GstPad *pad, GstObject *parent, GstEvent *event);
gboolean SmoothSinkQuery(GstPad *pad, GstObject *parent, GstQuery *query);

// The source pad's task: pushes what may go, writes final segments.
void SmoothTask(gpointer pad);
// For the task, and for when it does not run any more. Nothing is held.
void WriteSegments(GstTimelineSmooth *self, const std::vector<FinishedSegment> &segments, bool post);
// All segments are known: the file is completed. complete: the stream has ended, too.
void WriteTimelineFile(GstTimelineSmooth *self, bool complete);

}  // namespace action

struct _GstTimelineSmooth {
  GstElement parent;
  GstPad *sinkpad;
  GstPad *srcpad;
  action::SmoothState *state;
};

#endif  // GST_ACTION_TIMELINESMOOTH_PRIVATE_H_
