// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timelinesmooth/delay_line.h"

#include <algorithm>
#include <utility>

#include "common/guarded.h"

GST_DEBUG_CATEGORY_STATIC(delay_line_debug);
#define GST_CAT_DEFAULT delay_line_debug

namespace action {
namespace {

// Frames that have their label and wait for downstream, where time says nothing: at most this many.
constexpr size_t kReadyFrames = 200;
constexpr GstClockTime kLongestWait = 365 * 24 * 3600 * GST_SECOND;  // more does not fit into a point of time

// Memory that comes back to a pool which has no more of it: held, it would starve its owner.
bool IsFromBoundedPool(GstBuffer *buffer) {
  if (const GstParentBufferMeta *meta = gst_buffer_get_parent_buffer_meta(buffer)) {
    return IsFromBoundedPool(meta->buffer);
  }
  if (buffer->pool == nullptr) return false;
  const StructurePtr config(gst_buffer_pool_get_config(buffer->pool));
  guint most = 0;
  gst_buffer_pool_config_get_params(config.get(), nullptr, nullptr, nullptr, &most);
  return most > 0;
}

}  // namespace

DelayLine::DelayLine(GstElement *element, GstPad *sink, GstPad *source, Client &client)
    : element_(element), sink_(sink), source_(source), client_(client) {
  static gsize once = 0;
  if (g_once_init_enter(&once)) {
    GST_DEBUG_CATEGORY_INIT(delay_line_debug, "timelinesmooth-delay", 0, "frames that wait in timelinesmooth");
    g_once_init_leave(&once, 1);
  }
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

void DelayLine::Start(const Limits &limits) {
  limits_ = limits;
  queue_.Clear();
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  eos_ = refusing_ = hold_ = wants_hold_ = live_ = warned_of_size_ = false;
  known_until_ = INT64_MIN;
  delay_ = step_ = upstream_min_ = 0;
  last_input_ = std::chrono::steady_clock::now();
  started_ = true;
  Release();
}

void DelayLine::Stop() {
  queue_.Clear();
  started_ = false;
}

void DelayLine::Release() {
  queue_.Release(hold_ ? known_until_ : INT64_MAX);
}

void DelayLine::SetKnownUntil(int64_t position) {
  if (position != known_until_)
    GST_TRACE_OBJECT(element_, "labels are known until position %" G_GINT64_FORMAT, position);
  known_until_ = position;
  Release();
}

bool DelayLine::SetMode(bool hold, bool live, GstClockTime delay, GstClockTime step) {
  GST_INFO_OBJECT(element_, "frames %s, %s, delay %" GST_TIME_FORMAT ", a step every %" GST_TIME_FORMAT,
                  hold ? "wait for their label" : "pass at once", live ? "live" : "not live", GST_TIME_ARGS(delay),
                  GST_TIME_ARGS(step));
  const bool other = delay != delay_ || step != step_;
  hold_ = wants_hold_ = hold;
  live_ = live;
  delay_ = delay;
  step_ = step;
  Release();
  return other;
}

// After a stall the line went on without holding; a new stream or segment is a new beginning.
void DelayLine::HoldAgain() {
  if (hold_ == wants_hold_) return;
  GST_INFO_OBJECT(element_, "frames wait for their label again");
  hold_ = wants_hold_;
  Release();
}

// Frames that have their label wait for downstream for at most this much time: more than a label releases at once, so
// that frames still come while those go.
GstClockTime DelayLine::ReadyTime() const {
  return GST_SECOND + step_;
}

// ---- Upstream's thread

GstFlowReturn DelayLine::Chain(BufferPtr frame) {
  Lock lock(mutex_);
  if (hold_ && IsFromBoundedPool(frame.get())) {
    lock.unlock();
    if (GstBuffer *copy = gst_buffer_copy_deep(frame.get())) frame.reset(copy);
    lock.lock();
  }
  if (flow_ != GST_FLOW_OK && flow_ != GST_FLOW_EOS) return flow_;
  if (!started_) return GST_FLOW_FLUSHING;
  if (eos_ || refusing_ || flow_ == GST_FLOW_EOS) return GST_FLOW_EOS;

  HeldItem item;
  item.position = client_.OnFrameIn(frame.get());
  item.bytes = gst_buffer_get_size(frame.get());
  if (GST_BUFFER_PTS_IS_VALID(frame.get()) && segment_.format == GST_FORMAT_TIME) {
    item.running_time = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(frame.get()));
  }
  item.object.reset(GST_MINI_OBJECT(frame.release()));
  last_input_ = std::chrono::steady_clock::now();
  queue_.Push(std::move(item));
  if (queue_.ReleaseDownTo(limits_.bytes) && !std::exchange(warned_of_size_, true)) {
    lock.unlock();
    GST_ELEMENT_WARNING(element_, RESOURCE, NO_SPACE_LEFT,
                        ("More frames wait for their label than max-size-bytes allows: the oldest go on with what is "
                         "known of them"),
                        ("The timeline is not affected. Raise max-size-bytes, make the window smaller or the picture "
                         "smaller before timelinesmooth, or set sync-mode=immediate."));
    lock.lock();
  }
  changed_.notify_all();
  WaitForRoom(lock);
  return flow_;
}

void DelayLine::WaitForRoom(Lock &lock) {
  ++inside_;
  changed_.wait(lock, [this] {
    const GstClockTime time = queue_.ReleasedTime();
    return flow_ != GST_FLOW_OK || (time > 0 ? time <= ReadyTime() : queue_.released_frames() <= kReadyFrames);
  });
  --inside_;
  last_input_ = std::chrono::steady_clock::now();
  changed_.notify_all();
}

GstFlowReturn DelayLine::SinkEvent(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START: {
      GST_DEBUG_OBJECT(element_, "flush begins");
      {
        const Lock lock(mutex_);
        flow_ = GST_FLOW_FLUSHING;
        changed_.notify_all();
      }
      const gboolean pushed = gst_pad_push_event(source_, event.release());
      gst_pad_pause_task(source_);  // returns when the task stands
      return pushed ? GST_FLOW_OK : GST_FLOW_ERROR;
    }
    case GST_EVENT_FLUSH_STOP:
      return FlushStop(std::move(event));
    default:
      if (GST_EVENT_IS_SERIALIZED(event.get())) return Enqueue(std::move(event));
      return gst_pad_push_event(source_, event.release()) ? GST_FLOW_OK : GST_FLOW_ERROR;
  }
}

GstFlowReturn DelayLine::FlushStop(EventPtr event) {
  const gboolean pushed = gst_pad_push_event(source_, event.release());
  bool active = false;
  std::vector<MiniObjectPtr> flushed;
  {
    const Lock lock(mutex_);
    flushed = queue_.Clear();
    eos_ = refusing_ = false;
    gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
    active = started_ && GST_PAD_IS_ACTIVE(source_);
    if (active) {
      client_.OnRestart();
      HoldAgain();
      Release();
      last_input_ = std::chrono::steady_clock::now();
      flow_ = GST_FLOW_OK;
    }
    changed_.notify_all();
  }
  GST_DEBUG_OBJECT(element_, "flush ends%s", active ? "" : ", while not active");
  // Not under the mutex: it notifies applications of new caps.
  for (const MiniObjectPtr &sticky : flushed)
    gst_pad_store_sticky_event(source_, GST_EVENT(sticky.get()));
  if (active) StartTask();
  return pushed ? GST_FLOW_OK : GST_FLOW_ERROR;
}

// A stream that follows on the end of one waits until that end is through. True if it is.
bool DelayLine::WaitForEndOfStream(Lock &lock) {
  changed_.wait(lock, [this] { return flow_ != GST_FLOW_OK; });
  if (flow_ != GST_FLOW_EOS) return false;
  flow_ = GST_FLOW_OK;
  eos_ = refusing_ = false;
  client_.OnRestart();
  Release();
  return true;
}

GstFlowReturn DelayLine::Enqueue(EventPtr event) {
  const GstEventType type = GST_EVENT_TYPE(event.get());
  const bool sticky = GST_EVENT_IS_STICKY(event.get());
  std::vector<MessagePtr> messages;
  bool restart = false, taken = false;
  GstFlowReturn flow = GST_FLOW_OK;
  {
    Lock lock(mutex_);
    if (type == GST_EVENT_STREAM_START && eos_) restart = WaitForEndOfStream(lock);
    // What is linked later must know the sticky events all the same.
    const bool kept = flow_ == GST_FLOW_NOT_LINKED && sticky && type != GST_EVENT_EOS;
    flow = eos_ ? GST_FLOW_EOS : flow_;
    if (!started_) flow = GST_FLOW_FLUSHING;
    taken = started_ && !eos_ && (flow_ == GST_FLOW_OK || kept);
    if (taken) {
      if (type == GST_EVENT_SEGMENT) {
        gst_event_copy_segment(event.get(), &segment_);
        refusing_ = false;
      }
      if (type == GST_EVENT_SEGMENT || type == GST_EVENT_STREAM_START) HoldAgain();
      client_.OnEventIn(event.get(), messages);
      eos_ = type == GST_EVENT_EOS;
      if (eos_) GST_DEBUG_OBJECT(element_, "EOS takes its place in the queue");
      HeldItem item;
      item.object.reset(GST_MINI_OBJECT(event.release()));
      queue_.Push(std::move(item));
      // GAPs bring no label nearer.
      if (type != GST_EVENT_GAP) last_input_ = std::chrono::steady_clock::now();
      changed_.notify_all();
    }
  }
  for (MessagePtr &message : messages)
    gst_element_post_message(element_, message.release());
  // No frame comes any more that would bring upstream the news.
  if (!taken && type == GST_EVENT_EOS && (flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS)) {
    GST_ELEMENT_FLOW_ERROR(element_, flow);
  }
  if (restart) StartTask();
  return taken ? GST_FLOW_OK : flow;
}

gboolean DelayLine::Drain(GstQuery *query) {
  {
    const Lock lock(mutex_);
    GST_DEBUG_OBJECT(element_, "upstream wants its memory back: frames that wait are copied");
    queue_.CopyFrames();
  }
  return gst_pad_peer_query(source_, query);
}

gboolean DelayLine::ActivateSink(gboolean active) {
  if (active) return TRUE;
  const Lock lock(mutex_);
  flow_ = GST_FLOW_FLUSHING;
  changed_.notify_all();
  return TRUE;
}

// ---- Downstream's side

gboolean DelayLine::SourceEvent(EventPtr event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_RECONFIGURE) {
    bool restart = false;
    {
      const Lock lock(mutex_);
      restart = flow_ == GST_FLOW_NOT_LINKED;  // it may be linked now
      if (restart) flow_ = GST_FLOW_OK;
    }
    if (restart) StartTask();
  }
  return gst_pad_event_default(source_, GST_OBJECT(element_), event.release());
}

gboolean DelayLine::Latency(GstQuery *query) {
  if (!gst_pad_peer_query(sink_, query)) return FALSE;
  gboolean live = FALSE;
  GstClockTime min = 0, max = GST_CLOCK_TIME_NONE;
  gst_query_parse_latency(query, &live, &min, &max);
  const Lock lock(mutex_);
  upstream_min_ = live ? min : 0;
  min += delay_;
  if (GST_CLOCK_TIME_IS_VALID(max)) max += delay_ + ReadyTime();
  gst_query_set_latency(query, live, min, max);
  GST_DEBUG_OBJECT(element_, "latency: min %" GST_TIME_FORMAT ", of which %" GST_TIME_FORMAT " are upstream's",
                   GST_TIME_ARGS(min), GST_TIME_ARGS(min - delay_));
  return TRUE;
}

gboolean DelayLine::ActivateSource(gboolean active) {
  {
    const Lock lock(mutex_);
    flow_ = active ? GST_FLOW_OK : GST_FLOW_FLUSHING;
    changed_.notify_all();
  }
  if (!active) return gst_pad_stop_task(source_);
  StartTask();
  return TRUE;
}

// ---- The task

void DelayLine::StartTask() {
  gst_pad_start_task(source_, &DelayLine::Run, this, nullptr);
}

namespace {

// What a waiting task is told by: lives as long as the clock may call.
struct DeadlineWait {
  GstElement *element;
  DelayLine *line;
};

}  // namespace

gboolean DelayLine::OnDeadline(GstClock *, GstClockTime, GstClockID id, gpointer wait) {
  DelayLine &line = *static_cast<DeadlineWait *>(wait)->line;
  const std::lock_guard lock(line.mutex_);
  if (line.deadline_ == id) {
    line.deadline_passed_ = true;
    line.changed_.notify_all();
  }
  return TRUE;
}

// A live frame may be late for nobody: it goes at its deadline, labelled or not.
void DelayLine::WaitForDeadline(Lock &lock, GstClock *clock) {
  const GstClockTime deadline =
      gst_element_get_base_time(element_) + queue_.head().running_time + upstream_min_ + delay_;
  GstClockID id = deadline_ = gst_clock_new_single_shot_id(clock, deadline);
  deadline_passed_ = false;
  lock.unlock();
  const auto free_wait = [](gpointer wait) {
    gst_object_unref(static_cast<DeadlineWait *>(wait)->element);
    delete static_cast<DeadlineWait *>(wait);
  };
  auto *wait = new DeadlineWait{GST_ELEMENT(gst_object_ref(element_)), this};
  gst_clock_id_wait_async(id, &DelayLine::OnDeadline, wait, free_wait);
  lock.lock();
  changed_.wait(lock, [this] {
    return deadline_passed_ || flow_ != GST_FLOW_OK || queue_.HeadMayGo() || client_.HasWork() || queue_.empty();
  });
  deadline_ = nullptr;
  if (deadline_passed_ && !queue_.HeadMayGo()) {
    GST_LOG_OBJECT(element_, "the deadline of a frame has come before its label");
    queue_.ReleaseHead();
  }
  lock.unlock();
  gst_clock_id_unschedule(id);
  gst_clock_id_unref(id);
  lock.lock();
}

// Frames are held and nothing comes, nor is anything computed: most often another branch of the pipeline is full.
void DelayLine::WaitForInput(Lock &lock) {
  const auto timeout = std::chrono::nanoseconds(std::min<GstClockTime>(limits_.stall_timeout, kLongestWait));
  if (limits_.stall_timeout == 0 || inside_ > 0) {
    changed_.wait(lock);
    return;
  }
  if (changed_.wait_until(lock, last_input_ + timeout) == std::cv_status::no_timeout) return;
  const bool stalled = flow_ == GST_FLOW_OK && !queue_.empty() && !queue_.HeadMayGo() && inside_ == 0 &&
                       std::chrono::steady_clock::now() >= last_input_ + timeout;
  if (!stalled) return;
  // A slow machine is not a full branch: what is waited for is being computed.
  lock.unlock();
  const bool busy = client_.IsComputing();
  lock.lock();
  if (busy) last_input_ = std::chrono::steady_clock::now();
  if (busy || flow_ != GST_FLOW_OK) return;
  hold_ = false;
  Release();
  lock.unlock();
  GST_ELEMENT_WARNING(element_, STREAM, FAILED,
                      ("Frames wait for their label, but no more arrive: going on without waiting (immediate)"),
                      ("Another branch of the pipeline that holds less is probably full: give its queue room with "
                       "max-size-buffers=0 max-size-bytes=0 max-size-time=0, or set sync-mode=immediate here. A source "
                       "that is merely slow: raise stall-timeout."));
  lock.lock();
}

void DelayLine::WaitForLabel(Lock &lock) {
  if (!live_) {
    WaitForInput(lock);
    return;
  }
  const ClockPtr clock(gst_element_get_clock(element_));
  if (!clock || !GST_CLOCK_TIME_IS_VALID(queue_.head().running_time)) {
    changed_.wait(lock);
  } else {
    WaitForDeadline(lock, clock.get());
  }
}

// The next thing to be pushed, once there is one; nothing when the task has been paused instead.
std::optional<HeldItem> DelayLine::Next() {
  Lock lock(mutex_);
  for (;;) {
    if (flow_ != GST_FLOW_OK) {
      gst_pad_pause_task(source_);  // under the mutex: whoever starts it anew does so after this
      return std::nullopt;
    }
    if (client_.HasWork()) {
      client_.DoWork(lock);
    } else if (queue_.HeadMayGo()) {
      break;
    } else if (queue_.empty()) {
      changed_.wait(lock);
    } else {
      WaitForLabel(lock);
    }
  }
  HeldItem item = queue_.Pop();
  if (item.is_frame()) client_.OnFrameLeaves(item.position);
  changed_.notify_all();
  return item;
}

// Downstream has said that it takes no more.
void DelayLine::OnFlow(GstFlowReturn flow) {
  GST_DEBUG_OBJECT(element_, "downstream says %s", gst_flow_get_name(flow));
  bool at_end = false;
  {
    const Lock lock(mutex_);
    if (flow == GST_FLOW_EOS) {
      // Events still pass, and a new segment is welcome: what comes now belongs to one that is in the queue already, or
      // to this one.
      refusing_ = !queue_.DropFrames();
      changed_.notify_all();
      return;
    }
    if (flow_ == GST_FLOW_OK) flow_ = flow;
    at_end = eos_;
    changed_.notify_all();
  }
  // Upstream, which would otherwise tell, is through already.
  if (at_end && (flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS)) {
    GST_ELEMENT_FLOW_ERROR(element_, flow);
    gst_pad_push_event(source_, gst_event_new_eos());
  }
}

// One step of the task. Other than GST_FLOW_OK: it was the last one.
GstFlowReturn DelayLine::PushNext() {
  std::optional<HeldItem> item = Next();
  if (!item) return GST_FLOW_OK;
  if (item->is_frame()) {
    if (gst_pad_check_reconfigure(source_)) layout_.Ask(source_);
    GstBuffer *frame = layout_.Fit(GST_BUFFER(item->object.release()));
    const GstFlowReturn flow = gst_pad_push(source_, client_.OnFrameOut(frame));
    if (flow != GST_FLOW_OK) OnFlow(flow);
    return GST_FLOW_OK;
  }
  GstEvent *event = GST_EVENT(item->object.release());
  const GstEventType type = GST_EVENT_TYPE(event);
  client_.OnEventOut(event);
  GST_LOG_OBJECT(element_, "%s leaves", GST_EVENT_TYPE_NAME(event));
  gst_pad_push_event(source_, event);
  if (type == GST_EVENT_CAPS) gst_pad_mark_reconfigure(source_);  // downstream is asked with the next frame
  return type == GST_EVENT_EOS ? GST_FLOW_EOS : GST_FLOW_OK;
}

void DelayLine::Run(gpointer line) {
  DelayLine &self = *static_cast<DelayLine *>(line);
  const GstFlowReturn flow = guarded(self.element_, GST_FLOW_ERROR, [&self] { return self.PushNext(); });
  if (flow == GST_FLOW_OK) return;
  const Lock lock(self.mutex_);
  if (self.flow_ == GST_FLOW_OK) self.flow_ = flow;
  gst_pad_pause_task(self.source_);  // under the mutex, as above
  self.changed_.notify_all();
}

}  // namespace action
