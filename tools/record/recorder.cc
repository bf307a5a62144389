// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/recorder.h"

#include <gst/video/video.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/encoder.h"
#include "common/label_meta.h"
#include "record/outage_picture.h"
#include "record/retention.h"

namespace action {
namespace {

namespace fs = std::filesystem;

constexpr GstClockTime kNoCueInterval = 400 * GST_MSECOND;
constexpr GstClockTime kRetryDelay = 10 * GST_SECOND;
constexpr GstClockTime kRecentSound = 10 * GST_SECOND;
constexpr GstClockTime kLateSound = 1500 * GST_MSECOND;  // what has not come by then does not come
constexpr GstClockTime kStalled = 20 * GST_SECOND;
constexpr double kDefaultRate = 25;  // frames per second, where the stream does not say

std::string NameFor(GstBuffer *frame) {
  const std::optional<MetaLabel> label = LabelOf(frame);
  if (!label || label->state == SegmentState::kGap) return "";
  const std::string name = label->name.empty() ? label->fine_action : label->name;
  return label->category == ValueCategory::kUnknown ? name : name + " [" + NameOf(label->category) + "]";
}

int FramesPerSecond(GstCaps *caps) {
  gint numerator = 0, denominator = 1;
  gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &numerator, &denominator);
  const double rate = numerator > 0 && denominator > 0 ? static_cast<double>(numerator) / denominator : kDefaultRate;
  return std::clamp(static_cast<int>(std::lround(rate)), 1, 240);
}

}  // namespace

Recorder::Recorder(RecorderSettings settings, const SharedTime &time, Told told, Begun begun)
    : settings_(std::move(settings)),
      time_(time),
      told_(std::move(told)),
      begun_(std::move(begun)),
      names_(settings_.folder, settings_.kind) {}

Recorder::~Recorder() = default;

// ---- On the streaming thread

void Recorder::OnFrame(GstSample *sample) {
  GstBuffer *frame = gst_sample_get_buffer(sample);
  GstCaps *caps = gst_sample_get_caps(sample);
  if (frame == nullptr || caps == nullptr || !GST_BUFFER_PTS_IS_VALID(frame)) return;
  {
    const Lock lock(mutex_);
    still_.reset();
    CountLost(GST_BUFFER_OFFSET(frame));
    if (!settings_.encoder.empty()) last_picture_.reset(gst_buffer_ref(frame));
    Take(caps, frame, NameFor(frame));
  }
  TellOfBegun();
}

void Recorder::TakeSound(GstBuffer *sound) {
  if (sound == nullptr || !GST_BUFFER_PTS_IS_VALID(sound)) return;
  const Lock lock(mutex_);
  recent_sound_.emplace_back(gst_buffer_ref(sound));
  while (GST_BUFFER_PTS(recent_sound_.front().get()) + kRecentSound < GST_BUFFER_PTS(sound))
    recent_sound_.pop_front();
  for (const auto &open : files_)
    open->file->PushSound(sound);
}

void Recorder::FillSound() {
  const GstClockTime now = time_.Now();
  for (const auto &open : files_)
    if (now > kLateSound) open->file->FillSound(now - kLateSound);
}

// The camera numbers its frames: those that are missing were dropped on the way, since the analysis or the disk did not
// keep up.
void Recorder::CountLost(guint64 number) {
  const guint64 expected = std::exchange(next_number_, number == GST_BUFFER_OFFSET_NONE ? number : number + 1);
  if (expected == GST_BUFFER_OFFSET_NONE || number == GST_BUFFER_OFFSET_NONE || number <= expected) return;
  stats_.frames += number - expected;
  stats_.dropped += number - expected;
}

void Recorder::TellOfBegun() {
  std::string begun;
  GstClockTime at = 0;
  {
    const Lock lock(mutex_);
    begun = std::exchange(begun_file_, "");
    at = begun_at_;
  }
  if (!begun.empty()) begun_(begun, at);
}

void Recorder::OnGap(GstClockTime start, GstClockTime duration) {
  TakeStill(start, duration);
  TellOfBegun();
}

void Recorder::TakeStill(GstClockTime start, GstClockTime duration) {
  const Lock lock(mutex_);
  if (!last_picture_ || !caps_ || start + duration <= last_frame_) return;
  if (!still_) {
    const std::string since = LocalTimeAt(time_.WallAt(std::max(start, last_frame_))).time;
    still_ = OutagePicture(last_picture_.get(), caps_.get(),
                           "no video since " + since.substr(0, 2) + ":" + since.substr(2, 2) + ":" + since.substr(4));
    if (!still_) return;
  }
  const BufferPtr picture(gst_buffer_copy(still_.get()));
  GST_BUFFER_PTS(picture.get()) = std::max(start, last_frame_ + 1);
  GST_BUFFER_DTS(picture.get()) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION(picture.get()) = GST_CLOCK_TIME_NONE;
  const CapsPtr caps(gst_caps_ref(caps_.get()));
  Take(caps.get(), picture.get(), "");
}

void Recorder::Take(GstCaps *caps, GstBuffer *frame, const std::string &label) {
  if (stopping_) return;
  ++stats_.frames;
  const GstClockTime time = GST_BUFFER_PTS(frame);
  const bool keyframe = !settings_.encoder.empty() || !GST_BUFFER_FLAG_IS_SET(frame, GST_BUFFER_FLAG_DELTA_UNIT);
  if (current_ != nullptr && keyframe && !BelongsToCurrent(caps, frame)) CloseCurrent(time);
  if (current_ == nullptr) {
    if (!keyframe) return;
    if (failure_ && time < retry_at_) {
      ++stats_.dropped;
      return;
    }
    Open(caps, time);
    if (current_ == nullptr) return;
  }
  if (label != cue_) {
    EndCue(time);
    cue_ = label;
  }
  if (time >= next_word_) {
    current_->file->NoCueBefore(time);
    next_word_ = time + kNoCueInterval;
  }
  if (!current_->file->Push(frame)) ++stats_.dropped;
  FillSound();
  last_frame_ = std::max(last_frame_, time);
}

bool Recorder::BelongsToCurrent(GstCaps *caps, GstBuffer *frame) const {
  const GstClockTime time = GST_BUFFER_PTS(frame), begin = current_->file->begin();
  if (time > begin && time - begin > static_cast<GstClockTime>(settings_.segment) + GST_SECOND) return false;
  return PartOf(time_.WallAt(time), settings_.segment) == part_ && gst_caps_is_equal(caps_.get(), caps);
}

void Recorder::Open(GstCaps *caps, GstClockTime time) {
  try {
    const int64_t wall = time_.WallAt(time);
    auto open = std::make_unique<OpenFile>();
    std::error_code unknown;
    fs::create_directories(settings_.folder, unknown);
    if (DiskSpaceOf(settings_.folder).free < kLeastFree) {
      throw Error(ErrorKind::kNoSpaceLeft, settings_.folder.string(),
                  "the " + settings_.kind + " recording stops: the disk of " + settings_.folder.string() + " is full");
    }
    open->recording = {names_.Next(wall), settings_.kind, wall};
    const OpenFile *id = open.get();
    const std::string encoder =
        settings_.encoder.empty() ? "" : EncoderLine(settings_.encoder, settings_.bitrate, FramesPerSecond(caps));
    open->file = std::make_unique<RecordedFile>(
        RecordedFile::Settings{open->recording.path.string(), encoder, settings_.subtitles, settings_.audio_encoder,
                               settings_.durable},
        caps, time, [this, id](RecordedFile::End how, const std::optional<Error> &error) { OnDone(id, how, error); });
    NoteRecording(open->recording);
    caps_.reset(gst_caps_ref(caps));
    part_ = PartOf(wall, settings_.segment);
    current_ = open.get();
    files_.push_back(std::move(open));
    ++stats_.files;
    begun_file_ = current_->recording.path.string();
    begun_at_ = time;
    cue_from_ = next_word_ = time;
    cue_.clear();
    for (const BufferPtr &sound : recent_sound_)
      current_->file->PushSound(sound.get());
  } catch (const Error &e) {
    Fail(e);
  } catch (const std::exception &e) {
    Fail(Error(e.what()));
  }
}

void Recorder::CloseCurrent(GstClockTime end) {
  if (current_ == nullptr) return;
  EndCue(end);
  current_->recording.end = time_.WallAt(end);
  current_->file->Close(end);
  current_ = nullptr;
}

void Recorder::EndCue(GstClockTime time) {
  if (!cue_.empty()) current_->file->AddCue(cue_, cue_from_, time);
  cue_from_ = time;
}

void Recorder::Fail(const Error &error) {
  if (!failure_) told_failure_ = false;
  failure_ = error;
  retry_at_ = time_.Now() + kRetryDelay;
}

// ---- On the main loop

void Recorder::OnDone(const OpenFile *file, RecordedFile::End how, const std::optional<Error> &error) {
  std::unique_ptr<OpenFile> done;
  {
    const Lock lock(mutex_);
    const auto found = std::ranges::find_if(files_, [file](const auto &open) { return open.get() == file; });
    if (found == files_.end()) return;
    done = std::move(*found);
    files_.erase(found);
    if (current_ == done.get()) current_ = nullptr;
    stats_.recorded_until = std::max(stats_.recorded_until, time_.WallAt(done->file->written_until()));
    if (how == RecordedFile::End::kFailed) {
      if (error) Fail(*error);
      cut_.push_back(done->recording);
    }
  }
  if (how == RecordedFile::End::kClosed) {
    if (done->recording.end == 0) done->recording.end = time_.WallAt(done->file->written_until());
    try {
      NoteRecording(done->recording);
    } catch (const Error &e) {
      const Lock lock(mutex_);
      Fail(e);
    }
  }
  // The file itself goes here: its callback is over when this returns.
}

void Recorder::Poll() {
  std::optional<Error> failed;
  bool works = false;
  {
    const Lock lock(mutex_);
    FillSound();
    if (failure_ && !std::exchange(told_failure_, true)) failed = failure_;
    if (failure_ && current_ != nullptr && current_->file->written_until() > current_->file->begin() + GST_SECOND) {
      failure_.reset();
      works = true;
    }
  }
  if (failed) told_(failed);
  if (works) told_(std::nullopt);
}

void Recorder::Stop() {
  const Lock lock(mutex_);
  stopping_ = true;
  CloseCurrent(last_frame_);
  // No sound comes any more.
  for (const auto &open : files_)
    open->file->FillSound(time_.Now());
}

bool Recorder::stopped() const {
  const Lock lock(mutex_);
  return stopping_ && files_.empty();
}

std::vector<fs::path> Recorder::OpenFiles() const {
  const Lock lock(mutex_);
  std::vector<fs::path> paths;
  for (const auto &open : files_)
    paths.push_back(open->recording.path);
  return paths;
}

std::vector<Recording> Recorder::TakeCut() {
  const Lock lock(mutex_);
  return failure_ ? std::vector<Recording>() : std::exchange(cut_, {});
}

RecorderStats Recorder::stats() const {
  const Lock lock(mutex_);
  RecorderStats stats = stats_;
  stats.recording = current_ != nullptr;
  const GstClockTime now = time_.Now();
  if (current_ != nullptr && now < last_frame_ + kStalled && now > current_->file->begin() + kStalled &&
      now > current_->file->written_until() + kStalled) {
    stats.failure =
        "frames are not written to " + current_->recording.path.string() + ": the encoder or the disk hangs";
  } else if (current_ == nullptr && !failure_ && now > last_frame_ + kStalled) {
    stats.idle = true;
  }
  if (failure_) stats.failure = failure_->what();
  if (current_ != nullptr && current_->file->written_until() > 0)
    stats.recorded_until = std::max(stats.recorded_until, time_.WallAt(current_->file->written_until()));
  return stats;
}

}  // namespace action
