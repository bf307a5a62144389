// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/sound_track.h"

#include <algorithm>
#include <utility>

namespace action {
namespace {

constexpr int64_t kSampleBytes = kSoundChannels * 2;
// Times jitter by less: such a piece follows on the one before.
constexpr int64_t kJitter = kSoundRate * 40 / 1000;
// A piece from further ahead has a wrong time.
constexpr int64_t kMostAhead = int64_t{kSoundRate} * 10;
constexpr int64_t kMostSilence = kSoundRate;  // samples in a buffer

GstClockTime TimeOf(int64_t samples) {
  return gst_util_uint64_scale_int(static_cast<guint64>(samples), GST_SECOND, kSoundRate);
}

}  // namespace

int64_t SoundTrack::SampleAt(GstClockTime time) const {
  const auto samples = [](GstClockTime length) {
    return static_cast<int64_t>(gst_util_uint64_scale_int_round(length, kSoundRate, GST_SECOND));
  };
  return time >= begin_ ? samples(time - begin_) : -samples(begin_ - time);
}

void SoundTrack::Give(BufferPtr sound, int64_t samples, std::vector<BufferPtr> &given) {
  GST_BUFFER_PTS(sound.get()) = TimeOf(position_);
  GST_BUFFER_DTS(sound.get()) = GST_CLOCK_TIME_NONE;
  position_ += samples;
  GST_BUFFER_DURATION(sound.get()) = TimeOf(position_) - GST_BUFFER_PTS(sound.get());
  given.push_back(std::move(sound));
}

void SoundTrack::GiveSilence(int64_t samples, std::vector<BufferPtr> &given) {
  while (samples > 0) {
    const int64_t part = std::min(samples, kMostSilence);
    BufferPtr silence(gst_buffer_new_allocate(nullptr, static_cast<gsize>(part * kSampleBytes), nullptr));
    gst_buffer_memset(silence.get(), 0, 0, static_cast<gsize>(part * kSampleBytes));
    Give(std::move(silence), part, given);
    samples -= part;
  }
}

std::vector<BufferPtr> SoundTrack::Add(GstBuffer *sound) {
  std::vector<BufferPtr> given;
  if (!GST_BUFFER_PTS_IS_VALID(sound)) return given;
  const auto samples = static_cast<int64_t>(gst_buffer_get_size(sound)) / kSampleBytes;
  int64_t start = SampleAt(GST_BUFFER_PTS(sound));
  if (start - position_ > kMostAhead) return given;
  // What belongs into the file before is none of the jitter.
  if (position_ > 0 && std::abs(start - position_) <= kJitter) start = position_;
  const int64_t skipped = std::max<int64_t>(position_ - start, 0);
  const int64_t end = std::min(start + samples, end_.value_or(start + samples));
  if (start + skipped >= end) return given;
  GiveSilence(start - position_, given);
  const int64_t wanted = end - start - skipped;
  BufferPtr part(gst_buffer_copy_region(sound, GST_BUFFER_COPY_MEMORY, static_cast<gsize>(skipped * kSampleBytes),
                                        static_cast<gsize>(wanted * kSampleBytes)));
  Give(std::move(part), wanted, given);
  return given;
}

std::vector<BufferPtr> SoundTrack::FillUntil(GstClockTime time) {
  std::vector<BufferPtr> given;
  const int64_t until = SampleAt(time);
  GiveSilence(std::min(until, end_.value_or(until)) - position_, given);
  return given;
}

}  // namespace action
