// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The sound of one recorded file.
#ifndef GST_ACTION_RECORD_SOUND_TRACK_H_
#define GST_ACTION_RECORD_SOUND_TRACK_H_

#include <gst/gst.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "common/glib_ptr.h"

namespace action {

// How sound is passed on in the recorder, whatever the camera sends.
inline constexpr int kSoundRate = 48'000, kSoundChannels = 2;
inline constexpr const char *kRawSound = "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2";

// Takes pieces of sound as they come, with running times, and gives what belongs into the file without a hole: silence
// where nothing came, and nothing twice. What it gives has times from the file's begin on.
class SoundTrack {
 public:
  explicit SoundTrack(GstClockTime begin) : begin_(begin) {}

  // sound: of kRawSound.
  std::vector<BufferPtr> Add(GstBuffer *sound);
  // No sound from before `time` comes any more.
  std::vector<BufferPtr> FillUntil(GstClockTime time);
  // The file ends then.
  void SetEnd(GstClockTime end) { end_ = SampleAt(end); }
  // All of the sound until the end was given.
  bool complete() const { return end_ && position_ >= *end_; }

 private:
  int64_t SampleAt(GstClockTime time) const;
  void Give(BufferPtr sound, int64_t samples, std::vector<BufferPtr> &given);
  void GiveSilence(int64_t samples, std::vector<BufferPtr> &given);

  const GstClockTime begin_;
  int64_t position_ = 0;  // samples that were given
  std::optional<int64_t> end_;
};

}  // namespace action

#endif  // GST_ACTION_RECORD_SOUND_TRACK_H_
