// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One file of a recording while it is being written.
#ifndef GST_ACTION_RECORD_RECORDED_FILE_H_
#define GST_ACTION_RECORD_RECORDED_FILE_H_

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "action/error.h"
#include "common/glib_ptr.h"
#include "record/pipeline.h"
#include "record/sound_track.h"

namespace action {

// MP4 has no motion JPEG; QuickTime, its parent, does.
inline constexpr const char *kMuxer = "mp4mux", *kMotionJpegMuxer = "qtmux";
const char *MuxerOf(GstCaps *caps);

// An MP4 file in fragments of a second, which reach the disk's cache at once: what a crash leaves plays but for its
// last second or so. Closed, it is an ordinary MP4, or with sound one that is still in fragments. A pipeline of its
// own, so that what goes wrong with the file concerns nothing else, and a file can begin at any frame, with any caps.
class RecordedFile {
 public:
  struct Settings {
    std::string path;
    std::string encoder;  // as EncoderLine; empty: the frames are encoded already
    bool subtitles = false;
    std::string audio_encoder;  // name; empty: no sound
    bool durable = false;
  };
  enum class End { kClosed, kFailed };
  // How it ended; error: why. Called once, on the main loop.
  using Done = std::function<void(End how, const std::optional<Error> &error)>;

  // caps: of the frames; begin: running time of the first one. Throws Error.
  RecordedFile(const Settings &settings, GstCaps *caps, GstClockTime begin, Done done);
  // Closed at once, without waiting for what is on its way: as after a crash.
  ~RecordedFile();
  RecordedFile(const RecordedFile &) = delete;
  RecordedFile &operator=(const RecordedFile &) = delete;

  // A frame with running times. False: it was dropped, since the disk or the encoder does not keep up.
  bool Push(GstBuffer *frame);
  // What the subtitles say from `from` to `to`, in the order of time; running times. Written when the file is closed.
  void AddCue(const std::string &text, GstClockTime from, GstClockTime to);
  // Wanted every half second: the muxer holds frames back until it knows that no cue comes before them.
  void NoCueBefore(GstClockTime time);
  // Sound with running times (kRawSound), of which the file takes what belongs to it.
  void PushSound(GstBuffer *sound);
  // No sound from before `time` comes any more: what is missing is silence.
  void FillSound(GstClockTime time);
  // No more frames come, and no sound from after `end`: the file is closed, then Done is called. With sound, that is
  // when the sound has come too.
  void Close(GstClockTime end);

  const std::string &path() const { return settings_.path; }
  GstClockTime begin() const { return begin_; }
  // The running time up to which frames have been handed to the file's filesystem.
  GstClockTime written_until() const { return written_until_; }

 private:
  static gboolean OnMessage(GstBus *, GstMessage *message, gpointer user);
  static gboolean OnSync(gpointer user);
  static GstPadProbeReturn OnVideo(GstPad *, GstPadProbeInfo *info, gpointer user);
  static GstPadProbeReturn OnMuxed(GstPad *, GstPadProbeInfo *info, gpointer user);
  void GiveSound(std::vector<BufferPtr> pieces);
  void Finish(End how, const std::optional<Error> &error);

  const Settings settings_;
  const GstClockTime begin_;
  Done done_;
  ElementPtr pipeline_;
  GstElement *video_ = nullptr;  // owned by the pipeline
  GstElement *text_ = nullptr;
  GstElement *sound_ = nullptr;
  SoundTrack sound_track_;
  std::vector<BufferPtr> cues_;
  GstClockTime last_decoded_ = 0;  // of the thread that brings frames to the muxer
  bool dropping_ = false;
  GstClockTime next_keyframe_ = GST_SECOND;  // in the file
  bool syncing_ = false;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what comes back from another thread
  std::atomic<GstClockTime> written_until_{0};
  guint watch_ = 0, sync_ = 0;
};

}  // namespace action

#endif  // GST_ACTION_RECORD_RECORDED_FILE_H_
