// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_RECORD_SOUND_DECODER_H_
#define GST_ACTION_RECORD_SOUND_DECODER_H_

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "record/pipeline.h"

namespace action {

// Makes kRawSound (sound_track.h) of what a camera sends. A pipeline of its own: what goes wrong with the sound
// concerns no picture. On the main loop; sound comes and goes on threads of their own.
class SoundDecoder {
 public:
  // say: what goes wrong.
  SoundDecoder(const SharedTime &time, std::function<void(const std::string &)> say);
  ~SoundDecoder();
  SoundDecoder(const SoundDecoder &) = delete;
  SoundDecoder &operator=(const SoundDecoder &) = delete;

  FrameInput &in() { return in_; }
  FrameFeed &out() { return out_; }
  // Now and then: begins with the first sound, and again after a failure.
  void Poll();

 private:
  void Begin();
  void OnMessage(GstMessage *message);
  void Fail(const std::string &what);

  const SharedTime &time_;
  const std::function<void(const std::string &)> say_;
  FrameInput in_;
  FrameFeed out_;
  std::unique_ptr<Pipeline> pipeline_;
  std::set<std::string> said_;
  bool failed_ = false;
  GstClockTime retry_at_ = 0;
};

}  // namespace action

#endif  // GST_ACTION_RECORD_SOUND_DECODER_H_
