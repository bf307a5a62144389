// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Keeps a camera connected: begins connections, notices when one is lost, waits, tries again.
#ifndef GST_ACTION_CAMERA_WATCH_H_
#define GST_ACTION_CAMERA_WATCH_H_

#include <gst/gst.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "actioncamerasrc/camera_connection.h"
#include "actioncamerasrc/camera_output.h"
#include "actioncamerasrc/port_probe.h"
#include "actioncamerasrc/properties.h"
#include "actioncamerasrc/retry_delay.h"

namespace action {

struct CameraStats {
  bool connected = false;
  uint64_t frames = 0;
  uint64_t reconnects = 0;
  uint64_t attempts = 0;
  uint64_t frozen = 0;  // of the losses, for a picture that did not change
  std::string lost_reason;
};

// From READY->PAUSED to PAUSED->READY. A thread of its own does what may take long; the functions return at once, but
// for Join.
class CameraWatch {
 public:
  // Told on the thread of the watch, with no lock held.
  class Client {
   public:
    virtual void OnLost(const std::string &reason) = 0;
    virtual void OnBack(GstClockTime outage) = 0;
    // Nothing more will come: frames are refused downstream, or an element is missing.
    virtual void OnFailed(const std::string &reason) = 0;

   protected:
    ~Client() = default;
  };

  CameraWatch(GstBin *bin, const CameraSettings &settings, const CameraOutputs &outputs, Client &client);
  ~CameraWatch();
  CameraWatch(const CameraWatch &) = delete;
  CameraWatch &operator=(const CameraWatch &) = delete;

  void Start();
  void SetPlaying(bool playing);
  // Sends EOS and takes the camera's frames no longer.
  void End();
  // No more connections are begun.
  void Stop();
  // Stops, takes the connection down and waits for the thread. The source pad must take no more (deactivated), so that
  // no push is waited for. Not on a thread of the connection's, which would wait for itself.
  void Join();
  // The connection has an error. source: whose message it is.
  void OnProblem(GstObject *source, const std::string &reason);

  // Asks the connection, when there is one.
  bool Query(GstQuery *query);
  CameraStats stats();

 private:
  using Clock = std::chrono::steady_clock;
  using Lock = std::unique_lock<std::mutex>;
  enum class State { kWaiting, kConnecting, kFlowing, kOver };

  void Run();
  void OnEnd();
  void Connect(Lock &lock);
  void Disconnect(Lock &lock);
  void Lose(Lock &lock, const std::string &reason);
  void LoseFrozen(Lock &lock);
  void OnFrames(Lock &lock);
  void Fail(Lock &lock, const std::string &reason);
  void FollowPlaying(Lock &lock);
  void LookAt(Lock &lock);
  void FillGap(Lock &lock);

  GstBin *const bin_;
  const CameraSettings settings_;
  const CameraOutputs outputs_;
  CameraOutput &output_;  // of frames
  Client &client_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool end_ = false;
  bool playing_ = false;
  std::string problem_;  // of the connection there is
  CameraStats stats_;
  std::unique_ptr<CameraConnection> connection_;

  // The thread's own.
  State state_ = State::kWaiting;
  bool connection_plays_ = false;
  RetryDelay delay_;
  PortProbe probe_;
  Clock::time_point until_;       // kWaiting: of the next try
  Clock::time_point began_;       // kConnecting: of this try
  Clock::time_point last_frame_;  // kFlowing
  Clock::time_point last_gap_;
  uint64_t seen_frames_ = 0;
  uint64_t held_before_ = 0, held_frames_ = 0;  // before this connection, and of it
  std::optional<Clock::time_point> lost_at_;    // an outage that was told

  std::thread thread_;
};

}  // namespace action

#endif  // GST_ACTION_CAMERA_WATCH_H_
