// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_RECORD_CAMERA_H_
#define GST_ACTION_RECORD_CAMERA_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "record/pipeline.h"
#include "record/settings.h"
#include "record/sound_decoder.h"

namespace action {

struct CameraStatus {
  std::string uri;  // without user name and password
  bool up = false;  // frames come
  uint64_t frames = 0;
  uint64_t reconnects = 0;
  uint64_t attempts = 0;
  uint64_t frozen = 0;      // of the losses, for a picture that did not change
  std::string lost_reason;  // empty: it was never lost
  int64_t lost_at = 0;      // ns since 1970; 0: it is not lost
};

// A camera, read and decoded once for all stations that look at it. On the main loop; frames come on a thread of their
// own.
class CameraReader {
 public:
  // Neither a picture nor another try for so long: something in it hangs. A try ends after the connect timeout, and the
  // next begins half a minute later.
  static constexpr GstClockTime kPatience = 120 * GST_SECOND;

  // say: what happens to the camera, in words.
  CameraReader(const SiteSettings &site, const StationSettings &station, const SharedTime &time,
               std::function<void(const std::string &)> say, GstClockTime patience = kPatience);
  CameraReader(const CameraReader &) = delete;
  CameraReader &operator=(const CameraReader &) = delete;

  void Start();
  // Whether it gives a station what that wants.
  bool Serves(const StationSettings &station) const;
  // That of when the camera was called; its file may have changed since.
  const std::string &password() const { return password_; }
  FrameFeed &frames() { return frames_; }
  // As the camera sends it; nothing of a camera that is not called by RTSP.
  FrameFeed &encoded() { return encoded_; }
  // Of kRawSound; nothing where no station wanted it when the camera was called.
  FrameFeed &sound() { return sound_.out(); }
  CameraStatus status() const;
  // Now and then: a pipeline that has failed is begun again, and one that hangs is left behind.
  void Poll();

 private:
  void OnMessage(GstMessage *message);
  bool Hangs(const CameraStatus &status);
  // It is called anew when so much time has passed.
  void Fail(GstClockTime delay);
  // what: follows the camera's address.
  void Tell(const std::string &what) const;

  const SiteSettings site_;
  const StationSettings station_;  // one of those that look at it
  const SharedTime &time_;
  const std::function<void(const std::string &)> say_;
  const bool wants_sound_;
  const GstClockTime patience_;
  FrameFeed frames_, encoded_, encoded_sound_;
  SoundDecoder sound_;
  std::string password_;
  std::unique_ptr<Pipeline> pipeline_;
  bool failed_ = false;
  GstClockTime retry_at_ = 0;
  int64_t lost_at_ = 0;
  bool told_up_ = false;
  GstClockTime up_at_ = GST_CLOCK_TIME_NONE;
  bool told_silent_ = false;
  uint64_t signs_ = 0;        // of life: frames and tries
  GstClockTime sign_at_ = 0;  // the last
};

}  // namespace action

#endif  // GST_ACTION_RECORD_CAMERA_H_
