// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The part of timelinesmooth that delays: frames and events wait in a queue, and the source pad's task pushes them. It
// has the duties of GStreamer's `queue`: downstream's flow goes back upstream, EOS keeps its place, a flush wakes both
// sides, latency is answered. It knows nothing of labels but the position up to which they are known.
#ifndef GST_ACTION_TIMELINESMOOTH_DELAY_LINE_H_
#define GST_ACTION_TIMELINESMOOTH_DELAY_LINE_H_

#include <gst/gst.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "common/glib_ptr.h"
#include "timelinesmooth/downstream_layout.h"
#include "timelinesmooth/hold_queue.h"

namespace action {

// One mutex protects what upstream's thread and the task share: the line's own members, and what its client says below.
// It is never held while anything is pushed, posted, written or waited for but the condition. Lock order: the mutex,
// then GStreamer's object lock.
class DelayLine {
 public:
  using Lock = std::unique_lock<std::mutex>;

  // What is done with what passes.
  class Client {
   public:
    // ---- Upstream's thread, the mutex held.
    // A frame has come. Returns the position whose label it waits for; nothing: it waits for none.
    virtual std::optional<int64_t> OnFrameIn(GstBuffer *frame) = 0;
    // A serialized event has come. What is to be posted once the mutex is free goes to `messages`.
    virtual void OnEventIn(GstEvent *event, std::vector<MessagePtr> &messages) = 0;
    // What comes next has nothing to do with what was: after a flush, or when a stream follows on the end of one.
    virtual void OnRestart() = 0;

    // ---- The task.
    // The mutex held: whether there is something to do beside pushing.
    virtual bool HasWork() const = 0;
    // The mutex held, and released meanwhile.
    virtual void DoWork(Lock &lock) = 0;
    // The mutex held: a frame with this position leaves the queue (nothing: one that waited for no label).
    virtual void OnFrameLeaves(std::optional<int64_t> position) = 0;
    // Nothing held: the last touch before that frame, or an event, is pushed. Takes the frame and gives it back.
    virtual GstBuffer *OnFrameOut(GstBuffer *frame) = 0;
    virtual void OnEventOut(GstEvent *event) = 0;
    // Nothing held: nothing has come for long; whether what is waited for is being computed.
    virtual bool IsComputing() = 0;

   protected:
    ~Client() = default;
  };

  struct Limits {
    guint64 bytes = 0;               // of frames that wait for their label
    GstClockTime stall_timeout = 0;  // without input; 0: none
  };

  // The pads are the element's, which live as long.
  DelayLine(GstElement *element, GstPad *sink, GstPad *source, Client &client);

  Lock Hold() { return Lock(mutex_); }

  // ---- Under the lock.
  // READY->PAUSED.
  void Start(const Limits &limits);
  // PAUSED->READY: neither thread runs any more.
  void Stop();
  // Frames before this position have their label.
  void SetKnownUntil(int64_t position);
  // How the line works from here on. hold: whether frames wait for their label. delay: how long one does in a live
  // pipeline. step: the time of frames that get their label at once. Returns whether the latency is another now.
  bool SetMode(bool hold, bool live, GstClockTime delay, GstClockTime step);
  bool live() const { return live_; }
  const GstSegment &segment() const { return segment_; }

  // ---- The pads' functions.
  GstFlowReturn Chain(BufferPtr frame);
  GstFlowReturn SinkEvent(EventPtr event);
  gboolean SourceEvent(EventPtr event);
  // Serialized queries, which wait in no queue: what asks would stand still, and with it what the queue waits for.
  gboolean Drain(GstQuery *query);
  gboolean Latency(GstQuery *query);
  gboolean ActivateSink(gboolean active);
  gboolean ActivateSource(gboolean active);

 private:
  static void Run(gpointer line);
  static gboolean OnDeadline(GstClock *clock, GstClockTime time, GstClockID id, gpointer wait);

  GstFlowReturn Enqueue(EventPtr event);
  GstFlowReturn FlushStop(EventPtr event);
  bool WaitForEndOfStream(Lock &lock);
  void WaitForRoom(Lock &lock);
  GstClockTime ReadyTime() const;
  void Release();
  void HoldAgain();

  GstFlowReturn PushNext();
  std::optional<HeldItem> Next();
  void WaitForLabel(Lock &lock);
  void WaitForDeadline(Lock &lock, GstClock *clock);
  void WaitForInput(Lock &lock);
  void OnFlow(GstFlowReturn flow);
  void StartTask();

  GstElement *const element_;
  GstPad *const sink_;
  GstPad *const source_;
  Client &client_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // ---- Protected by the mutex.
  bool started_ = false;
  Limits limits_;
  HoldQueue queue_;
  GstSegment segment_;                      // of what comes in
  GstFlowReturn flow_ = GST_FLOW_FLUSHING;  // why the task does not push; FLUSHING while not active
  bool eos_ = false;                        // EOS is in the queue, or through
  bool refusing_ = false;                   // downstream wants no more frames of this segment
  bool hold_ = false;                       // frames wait for their label
  bool wants_hold_ = false;                 // the same before a stall
  bool live_ = false;
  bool warned_of_size_ = false;
  int64_t known_until_ = INT64_MIN;
  GstClockTime delay_ = 0;         // of a live frame
  GstClockTime step_ = 0;          // 0: not known
  GstClockTime upstream_min_ = 0;  // live: upstream's latency
  std::chrono::steady_clock::time_point last_input_;
  int inside_ = 0;                 // upstream threads that wait for room
  GstClockID deadline_ = nullptr;  // that the task waits for
  bool deadline_passed_ = false;

  DownstreamLayout layout_;  // the task's
};

}  // namespace action

#endif  // GST_ACTION_TIMELINESMOOTH_DELAY_LINE_H_
