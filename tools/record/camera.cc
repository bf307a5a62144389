// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/camera.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "action/error.h"
#include "actioncamerasrc/camera_uri.h"
#include "common/glib_ptr.h"
#include "record/lines.h"

namespace action {
namespace {

constexpr GstClockTime kRetryDelay = 10 * GST_SECOND;
constexpr GstClockTime kFirstSound = 20 * GST_SECOND;  // what a camera has not sent until then, it does not send

}  // namespace

CameraReader::CameraReader(const SiteSettings &site, const StationSettings &station, const SharedTime &time,
                           std::function<void(const std::string &)> say, GstClockTime patience)
    : site_(site),
      station_(station),
      time_(time),
      say_(std::move(say)),
      wants_sound_(std::ranges::any_of(
          site.stations, [&](const StationSettings &one) { return one.sound && SameCamera(one, station); })),
      // A camera whose picture stands still is called anew when it has done so for that long once more.
      patience_(patience + 2 * (site.stale + site.frozen)),
      sound_(time, [this](const std::string &what) { Tell(": " + what); }) {
  encoded_sound_.Add(&sound_.in());
}

void CameraReader::Tell(const std::string &what) const {
  say_("camera " + WithoutCredentials(station_.camera) + what);
}

void CameraReader::Start() {
  failed_ = false;
  sign_at_ = time_.Now();
  std::string line = CameraLine(site_, station_) +
                     " ! appsink name=frames sync=false async=false caps=video/x-raw enable-last-sample=false";
  // Always, so that a station that wants it later interrupts nobody.
  const bool encoded = IsRtsp(station_.camera);
  if (encoded) line += " camera.encoded ! appsink name=encoded sync=false async=false enable-last-sample=false";
  if (wants_sound_) line += " camera.sound ! appsink name=sound sync=false async=false enable-last-sample=false";
  pipeline_.reset();
  pipeline_ = std::make_unique<Pipeline>(line, time_, [this](GstMessage *message) { OnMessage(message); });
  GstElement *camera = pipeline_->Find("camera");
  g_object_set(camera, "uri", station_.camera.c_str(), nullptr);
  password_ = PasswordOf(station_);
  if (!station_.user.empty()) g_object_set(camera, "user-id", station_.user.c_str(), nullptr);
  if (!password_.empty()) g_object_set(camera, "user-pw", password_.c_str(), nullptr);
  frames_.Connect(pipeline_->Find("frames"));
  if (encoded) encoded_.Connect(pipeline_->Find("encoded"));
  if (wants_sound_) encoded_sound_.Connect(pipeline_->Find("sound"));
  pipeline_->Play();
}

bool CameraReader::Serves(const StationSettings &station) const {
  return SameCamera(station_, station) && (wants_sound_ || !station.sound);
}

void CameraReader::OnMessage(GstMessage *message) {
  const GstStructure *structure = gst_message_get_structure(message);
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    Tell(": " + TextOf(message));
    Fail(kRetryDelay);
  } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT && gst_structure_has_name(structure, "camera-lost")) {
    lost_at_ = g_get_real_time() * 1000;
    const char *reason = gst_structure_get_string(structure, "reason");
    Tell(std::string(" is lost (") + (reason != nullptr ? reason : "?") + "); it is called again until it is back");
  } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT && gst_structure_has_name(structure, "camera-back")) {
    lost_at_ = 0;
    guint64 outage = 0;
    gst_structure_get_uint64(structure, "outage", &outage);
    if (!told_up_) return;  // it had never been there
    Tell(" is back after " + std::to_string(outage / GST_SECOND) + " s");
  }
}

void CameraReader::Poll() {
  const CameraStatus status = this->status();
  if (Hangs(status)) {
    Tell(": neither a picture nor another try for " + std::to_string(patience_ / GST_SECOND) +
         " s: something hangs. It is left behind, and the camera is called anew");
    Pipeline::LeaveBehind(std::move(pipeline_));
    Fail(0);
  }
  if (!told_up_ && status.up) {
    told_up_ = true;
    up_at_ = time_.Now();
    Tell(" sends video");
  }
  if (wants_sound_) {
    sound_.Poll();
    if (told_up_ && !sound_.in().fed() && time_.Now() > up_at_ + kFirstSound && !std::exchange(told_silent_, true))
      Tell(" sends no sound that can be read: its recordings are silent");
  }
  if (!failed_ || time_.Now() < retry_at_) return;
  try {
    Start();
  } catch (const Error &e) {
    say_(e.what());
    Fail(kRetryDelay);
  }
}

void CameraReader::Fail(GstClockTime delay) {
  failed_ = true;
  retry_at_ = time_.Now() + delay;
  if (lost_at_ == 0) lost_at_ = g_get_real_time() * 1000;
}

bool CameraReader::Hangs(const CameraStatus &status) {
  const uint64_t signs = status.frames + status.attempts;
  if (failed_ || !pipeline_ || std::exchange(signs_, signs) != signs) sign_at_ = time_.Now();
  return time_.Now() > sign_at_ + patience_;
}

CameraStatus CameraReader::status() const {
  CameraStatus status;
  status.uri = WithoutCredentials(station_.camera);
  status.lost_at = lost_at_;
  if (!pipeline_) return status;
  GstStructure *stats = nullptr;
  g_object_get(pipeline_->Find("camera"), "stats", &stats, nullptr);
  const StructurePtr owner(stats);
  gboolean connected = FALSE;
  gst_structure_get(stats, "connected", G_TYPE_BOOLEAN, &connected, "frames", G_TYPE_UINT64, &status.frames, "frozen",
                    G_TYPE_UINT64, &status.frozen, "reconnects", G_TYPE_UINT64, &status.reconnects, "attempts",
                    G_TYPE_UINT64, &status.attempts, nullptr);
  status.up = connected && !failed_;
  const char *reason = gst_structure_get_string(stats, "lost-reason");
  if (reason != nullptr) status.lost_reason = reason;
  return status;
}

}  // namespace action
