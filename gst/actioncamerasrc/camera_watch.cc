// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actioncamerasrc/camera_watch.h"

#include <utility>

#include "action/error.h"

GST_DEBUG_CATEGORY_EXTERN(action_camera_src_debug);
#define GST_CAT_DEFAULT action_camera_src_debug

namespace action {
namespace {

using std::chrono::nanoseconds;

// How often the watch looks whether frames come.
constexpr std::chrono::milliseconds kLook{50};
constexpr std::chrono::seconds kGapInterval{1};

std::string Seconds(GstClockTime time) {
  const double seconds = static_cast<double>(time) / GST_SECOND;
  const CharPtr text(g_strdup_printf("%.3g s", seconds));
  return text.get();
}

}  // namespace

CameraWatch::CameraWatch(GstBin *bin, const CameraSettings &settings, const CameraOutputs &outputs, Client &client)
    : bin_(bin),
      settings_(settings),
      outputs_(outputs),
      output_(outputs.frames),
      client_(client),
      delay_(nanoseconds(settings.retry_min), nanoseconds(settings.retry_max), g_random_int()),
      probe_(settings.uri) {}

CameraWatch::~CameraWatch() {
  Join();
}

void CameraWatch::Join() {
  Stop();
  if (thread_.joinable()) thread_.join();
}

void CameraWatch::Start() {
  thread_ = std::thread([this] { Run(); });
}

void CameraWatch::SetPlaying(bool playing) {
  const Lock lock(mutex_);
  playing_ = playing;
  changed_.notify_all();
}

void CameraWatch::End() {
  const Lock lock(mutex_);
  end_ = true;
  changed_.notify_all();
}

void CameraWatch::Stop() {
  const Lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void CameraWatch::OnProblem(GstObject *source, const std::string &reason) {
  const Lock lock(mutex_);
  // Of a connection that is gone already: nothing to be told.
  if (!connection_ || !connection_->Owns(source) || !problem_.empty()) return;
  problem_ = reason;
  changed_.notify_all();
}

void CameraWatch::OnEnd() {
  const Lock lock(mutex_);
  if (problem_.empty()) problem_ = "the camera ended the stream";
  changed_.notify_all();
}

bool CameraWatch::Query(GstQuery *query) {
  PadPtr pad;  // outlives a connection that is taken down meanwhile
  {
    const Lock lock(mutex_);
    if (connection_) pad = connection_->NewPadReference();
  }
  return pad && gst_pad_peer_query(pad.get(), query);
}

CameraStats CameraWatch::stats() {
  const Lock lock(mutex_);
  CameraStats stats = stats_;
  stats.frames = output_.frames();
  return stats;
}

void CameraWatch::Run() {
  Lock lock(mutex_);
  until_ = Clock::now();
  while (!stopping_) {
    if (std::exchange(end_, false)) {
      state_ = State::kOver;
      lock.unlock();
      outputs_.ForEach([](CameraOutput &output) { output.PushEos(); });
      lock.lock();
      Disconnect(lock);
    }
    if (state_ == State::kOver) {
      changed_.wait(lock, [this] { return stopping_; });
      break;
    }
    FollowPlaying(lock);
    LookAt(lock);
    FillGap(lock);
    if (!stopping_ && !end_) changed_.wait_for(lock, kLook);
  }
  Disconnect(lock);
}

void CameraWatch::LookAt(Lock &lock) {
  const auto now = Clock::now();
  const GstFlowReturn flow = output_.flow();
  if (flow != GST_FLOW_OK && flow != GST_FLOW_FLUSHING && flow != GST_FLOW_EOS) {
    Fail(lock, std::string("Internal data stream error: streaming stopped, reason ") + gst_flow_get_name(flow));
    return;
  }
  if (flow == GST_FLOW_EOS) {  // nobody downstream wants more
    end_ = true;
    return;
  }
  if (state_ == State::kWaiting) {
    if (now >= until_ || probe_.HasAppeared(now)) Connect(lock);
    return;
  }
  if (output_.frames() != seen_frames_ || output_.pushing()) OnFrames(lock);
  if (const uint64_t held = output_.held() - held_before_; held != held_frames_) {
    held_frames_ = held;
    last_frame_ = now;
  }
  if (!problem_.empty()) {
    Lose(lock, std::exchange(problem_, ""));
  } else if (!playing_) {
    began_ = last_frame_ = now;  // nothing can come
  } else if (state_ == State::kFlowing && now - last_frame_ > nanoseconds(settings_.stale_timeout)) {
    Lose(lock, "no frame for " + Seconds(settings_.stale_timeout));
  } else if (state_ == State::kFlowing && settings_.frozen_timeout > 0 &&
             output_.unchanged_for() > settings_.frozen_timeout) {
    ++stats_.frozen;
    LoseFrozen(lock);
  } else if (state_ == State::kConnecting && held_frames_ > 0) {
    // A camera that hung is called, and still sends the same picture.
    if (now - last_frame_ > nanoseconds(settings_.stale_timeout)) {
      Lose(lock, "no frame for " + Seconds(settings_.stale_timeout));
    } else if (output_.unchanged_for() > settings_.frozen_timeout) {
      LoseFrozen(lock);
    }
  } else if (state_ == State::kConnecting && now - began_ > nanoseconds(settings_.connect_timeout)) {
    Lose(lock, "no frame within " + Seconds(settings_.connect_timeout) + " of the connection");
  }
}

void CameraWatch::OnFrames(Lock &lock) {
  const auto now = Clock::now();
  seen_frames_ = output_.frames();
  last_frame_ = now;
  if (std::exchange(state_, State::kFlowing) == State::kFlowing) return;
  delay_.Reset();
  stats_.connected = true;
  if (!lost_at_) return;
  ++stats_.reconnects;
  const auto outage = static_cast<GstClockTime>(nanoseconds(now - *std::exchange(lost_at_, std::nullopt)).count());
  lock.unlock();
  client_.OnBack(outage);
  lock.lock();
}

void CameraWatch::Connect(Lock &lock) {
  probe_.End();
  ++stats_.attempts;
  GST_INFO_OBJECT(bin_, "attempt %" G_GUINT64_FORMAT, stats_.attempts);
  const bool playing = playing_;
  problem_.clear();
  lock.unlock();
  std::unique_ptr<CameraConnection> connection;
  std::string failed;
  outputs_.ForEach([](CameraOutput &output) { output.OnConnection(); });
  try {
    connection = std::make_unique<CameraConnection>(bin_, settings_, outputs_, [this] { OnEnd(); });
  } catch (const Error &e) {
    failed = e.what();
  }
  lock.lock();
  if (!connection) {
    Fail(lock, failed);
    return;
  }
  connection_ = std::move(connection);  // which this thread alone takes away
  state_ = State::kConnecting;
  seen_frames_ = output_.frames();
  held_before_ = output_.held();
  held_frames_ = 0;
  began_ = Clock::now();
  connection_plays_ = playing;
  lock.unlock();
  const bool started = connection_->SetState(playing ? GST_STATE_PLAYING : GST_STATE_PAUSED);
  lock.lock();
  if (!started && problem_.empty()) problem_ = "the connection cannot be begun";
}

// The connection follows the element from PAUSED to PLAYING and back.
void CameraWatch::FollowPlaying(Lock &lock) {
  if (!connection_ || connection_plays_ == playing_) return;
  const bool playing = connection_plays_ = playing_;
  lock.unlock();
  connection_->SetState(playing ? GST_STATE_PLAYING : GST_STATE_PAUSED);
  lock.lock();
}

void CameraWatch::Disconnect(Lock &lock) {
  std::unique_ptr<CameraConnection> connection = std::move(connection_);
  stats_.connected = false;
  lock.unlock();
  connection.reset();
  lock.lock();
  problem_.clear();
}

void CameraWatch::LoseFrozen(Lock &lock) {
  output_.HoldUntilChange();
  Lose(lock, "its picture has not changed for " + Seconds(settings_.frozen_timeout));
}

void CameraWatch::Lose(Lock &lock, const std::string &reason) {
  Disconnect(lock);
  if (stopping_) return;
  const bool flowed = std::exchange(state_, State::kWaiting) == State::kFlowing;
  const auto delay = delay_.Next();
  until_ = Clock::now() + delay;
  probe_.Begin();
  stats_.lost_reason = reason;
  GST_INFO_OBJECT(bin_, "lost: %s; next try in %.1f s", reason.c_str(), std::chrono::duration<double>(delay).count());
  if (lost_at_) return;  // told already; it just has not come back
  lost_at_ = flowed ? last_frame_ : Clock::now();
  lock.unlock();
  client_.OnLost(reason);
  lock.lock();
}

void CameraWatch::Fail(Lock &lock, const std::string &reason) {
  state_ = State::kOver;
  Disconnect(lock);
  lock.unlock();
  client_.OnFailed(reason);
  lock.lock();
}

// While nothing comes, downstream is told that time goes on.
void CameraWatch::FillGap(Lock &lock) {
  const auto now = Clock::now();
  if (!lost_at_ || !playing_ || now - last_gap_ < kGapInterval) return;
  last_gap_ = now;
  // A frame that comes next may be as old as this.
  const GstClockTime age = settings_.latency * GST_MSECOND + GST_SECOND;
  const GstClockTime time = gst_element_get_current_running_time(GST_ELEMENT(bin_));
  if (!GST_CLOCK_TIME_IS_VALID(time) || time < age) return;
  lock.unlock();
  output_.PushGapUntil(time - age);
  if (outputs_.sound != nullptr) outputs_.sound->PushGapUntil(time - age);
  lock.lock();
}

}  // namespace action
