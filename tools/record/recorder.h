// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A station's recording of one kind: one file after the other.
#ifndef GST_ACTION_RECORD_RECORDER_H_
#define GST_ACTION_RECORD_RECORDER_H_

#include <gst/gst.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/glib_ptr.h"
#include "record/folders.h"
#include "record/pipeline.h"
#include "record/recorded_file.h"

namespace action {

struct RecorderSettings {
  std::filesystem::path folder;  // of the station
  std::string kind;              // "overlay" or "raw"
  int64_t segment = 0;           // ns
  std::string encoder;           // name; empty: frames are encoded already
  int bitrate = 0;               // kbit/s
  bool subtitles = false;
  std::string audio_encoder;  // name; empty: no sound
  bool durable = false;
};

struct RecorderStats {
  bool idle = false;           // no file has been open for a while, and nothing is known to be wrong
  bool recording = false;      // a file is open
  std::string failure;         // why it does not record; empty: nothing is wrong
  int64_t recorded_until = 0;  // ns since 1970; 0: nothing yet
  uint64_t frames = 0, dropped = 0, files = 0;
};

// Frames come on a streaming thread; everything else is called on the main loop. A new file begins when the clock says
// so, and with frames of another kind. What fails is tried again.
class Recorder final : public FrameConsumer {
 public:
  // told: on the main loop, once when recording fails, with the reason, and once when it goes on (nothing).
  using Told = std::function<void(const std::optional<Error> &)>;

  // begun: a file begins with a frame of this running time; on the streaming thread.
  using Begun = std::function<void(const std::string &file, GstClockTime begin)>;

  Recorder(RecorderSettings settings, const SharedTime &time, Told told, Begun begun);
  ~Recorder();

  void OnFrame(GstSample *sample) override;
  // The picture stands still and says since when.
  void OnGap(GstClockTime start, GstClockTime duration) override;

  // Takes the sound, on a streaming thread of its own.
  FrameConsumer &sound() { return sound_; }

  // Now and then: says what has changed.
  void Poll();
  // No file is opened any more, those that are open are closed.
  void Stop();
  bool stopped() const;
  std::vector<std::filesystem::path> OpenFiles() const;
  RecorderStats stats() const;
  // Files that a failure has cut off, once recording goes on; each is told of once.
  std::vector<Recording> TakeCut();

 private:
  struct OpenFile {
    Recording recording;
    std::unique_ptr<RecordedFile> file;
  };
  using Lock = std::lock_guard<std::mutex>;
  class Sound final : public FrameConsumer {
   public:
    explicit Sound(Recorder &recorder) : recorder_(recorder) {}
    void OnFrame(GstSample *sample) override { recorder_.TakeSound(gst_sample_get_buffer(sample)); }
    void OnGap(GstClockTime, GstClockTime) override {}

   private:
    Recorder &recorder_;
  };

  void TakeSound(GstBuffer *sound);
  void TellOfBegun();
  void TakeStill(GstClockTime start, GstClockTime duration);
  // With the lock.
  void CountLost(guint64 number);
  void Take(GstCaps *caps, GstBuffer *frame, const std::string &label);
  bool BelongsToCurrent(GstCaps *caps, GstBuffer *frame) const;
  void Open(GstCaps *caps, GstClockTime time);
  void CloseCurrent(GstClockTime end);
  void FillSound();
  void EndCue(GstClockTime time);
  void Fail(const Error &error);

  void OnDone(const OpenFile *file, RecordedFile::End how, const std::optional<Error> &error);

  const RecorderSettings settings_;
  const SharedTime &time_;
  const Told told_;
  const Begun begun_;
  Sound sound_{*this};

  mutable std::mutex mutex_;
  FileNames names_;
  std::vector<std::unique_ptr<OpenFile>> files_;  // being written or closed
  OpenFile *current_ = nullptr;                   // one of files_
  GstClockTime begun_at_ = 0;
  std::string begun_file_;  // that has not been told of
  CapsPtr caps_;            // of the current file's frames
  int64_t part_ = 0;        // PartOf the current file
  bool stopping_ = false;
  std::optional<Error> failure_;
  std::vector<Recording> cut_;
  bool told_failure_ = false;
  GstClockTime retry_at_ = 0;
  GstClockTime last_frame_ = 0;
  guint64 next_number_ = GST_BUFFER_OFFSET_NONE;  // of the camera's frames
  std::string cue_;
  GstClockTime cue_from_ = 0;
  GstClockTime next_word_ = 0;          // when the file is told that there is no cue
  std::deque<BufferPtr> recent_sound_;  // of the last seconds: labelled frames come later than their sound
  BufferPtr last_picture_;
  BufferPtr still_;  // of the outage there is
  RecorderStats stats_;
};

}  // namespace action

#endif  // GST_ACTION_RECORD_RECORDER_H_
