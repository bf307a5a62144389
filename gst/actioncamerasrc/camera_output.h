// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A stream that leaves actioncamerasrc: one for as long as the element runs, whatever becomes of the camera.
#ifndef GST_ACTION_CAMERA_OUTPUT_H_
#define GST_ACTION_CAMERA_OUTPUT_H_

#include <gst/gst.h>

#include <atomic>
#include <cstdint>

#include "common/glib_ptr.h"

namespace action {

// What a kEncoded one may be.
inline constexpr const char *kEncodedCaps = "video/x-h264; video/x-h265; image/jpeg; video/mpeg";
// What a kSound one may be: what GStreamer's RTP depayloaders make of sound.
inline constexpr const char *kSoundCaps =
    "audio/mpeg; audio/x-mulaw; audio/x-alaw; audio/x-opus; audio/x-adpcm; audio/G722; audio/AMR; audio/AMR-WB; "
    "audio/x-ac3; audio/x-vorbis; audio/x-raw";

// Times are running times of the pipeline. Frames come from the streaming thread of a connection, everything else from
// the thread that looks after it; what is pushed is pushed with the pad's stream lock held and no other.
class CameraOutput {
 public:
  enum class Kind { kFrames, kEncoded, kSound };

  // pad: the source pad, which outlives this.
  CameraOutput(GstPad *pad, Kind kind) : pad_(pad), kind_(kind) {}
  CameraOutput(const CameraOutput &) = delete;
  CameraOutput &operator=(const CameraOutput &) = delete;

  // Looks now and then whether the picture changes (kFrames).
  void WatchPicture() { watch_picture_ = true; }
  // How long it has not, of those of this connection; ns.
  GstClockTime unchanged_for() const { return unchanged_for_; }
  // Frames of the next connections are held back until their picture changes: a camera that hangs sends the same one
  // again when it is called again.
  void HoldUntilChange() { holding_ = true; }
  // Frames that were held back.
  uint64_t held() const { return held_; }

  // A frame, or a piece of sound, of the connection whose running time began `offset` after the pipeline's. now: for
  // frames without a time.
  GstFlowReturn Push(GstSample *sample, GstClockTime offset, GstClockTime now);
  // The next frame does not follow on the one before.
  void OnConnection() {
    discont_ = true;
    new_connection_ = true;
    unchanged_for_ = 0;
  }
  // No frame came until then. Does nothing before the first frame, and while a frame is being pushed.
  void PushGapUntil(GstClockTime time);
  void PushEos();

  uint64_t frames() const { return frames_; }
  // While a frame is being pushed, the camera is not to blame for silence.
  bool pushing() const { return pushing_; }
  // What downstream answered last. Other than GST_FLOW_OK: it takes nothing more.
  GstFlowReturn flow() const { return flow_; }

 private:
  void Begin();
  GstClockTime TimeOf(GstSample *sample, GstClockTime offset, GstClockTime now) const;
  bool LookAtPicture(GstBuffer *frame, GstClockTime time, bool first);
  bool HoldsBack(GstBuffer *frame, GstClockTime time);

  GstPad *const pad_;
  const Kind kind_;
  bool watch_picture_ = false;
  std::atomic<uint64_t> frames_{0};
  std::atomic<bool> pushing_{false};
  std::atomic<bool> discont_{false};
  std::atomic<GstFlowReturn> flow_{GST_FLOW_OK};
  std::atomic<GstClockTime> unchanged_for_{0};
  std::atomic<bool> holding_{false};
  std::atomic<bool> new_connection_{false};  // since a frame was held
  std::atomic<uint64_t> held_{0};

  // With the pad's stream lock.
  bool begun_ = false;      // STREAM_START was sent
  bool segmented_ = false;  // SEGMENT was sent
  bool ended_ = false;
  CapsPtr caps_;
  GstClockTime position_ = GST_CLOCK_TIME_NONE;  // the end of the last frame or GAP
  GstClockTime last_pts_ = GST_CLOCK_TIME_NONE;
  bool broken_ = false;         // kEncoded: until the next keyframe
  uint64_t picture_ = 0;        // a hash of the picture that was looked at last
  GstClockTime looked_at_ = 0;  // its time
  GstClockTime changed_at_ = 0;
  GstClockTime held_since_ = 0;  // the first frame of this connection
};

// Those of an element. encoded, sound: null when nobody wants them.
struct CameraOutputs {
  CameraOutput &frames;
  CameraOutput *encoded;
  CameraOutput *sound;

  template <typename Function>
  void ForEach(Function &&function) const {
    for (CameraOutput *output : {&frames, encoded, sound})
      if (output != nullptr) function(*output);
  }
};

}  // namespace action

#endif  // GST_ACTION_CAMERA_OUTPUT_H_
