// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/recorded_file.h"

#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/glib_ptr.h"
#include "record/background_sync.h"

namespace action {
namespace {

// A fragment ends with the first keyframe after this: a little less than the second from one keyframe to the next,
// which jitter would make two.
constexpr const char *kFragments = " name=mux fragment-duration=900 fragment-mode=";
// With a second track that has data in each fragment mp4mux (1.22, and later ones) loses 4 kB for each track and
// fragment in the first way: 30 MB an hour. It does not in the second, which writes no index of the whole at the end.
constexpr const char *kOrdinaryOnceClosed = "first-moov-then-finalise", *kFragmented = "dash-or-mss";

// What may wait for the encoder or the disk.
constexpr guint64 kMostFrames = 50;
constexpr guint64 kMostBytes = 64'000'000;  // of encoded frames
constexpr guint64 kMostSoundBytes = 4'000'000;

const char *ParserOf(GstCaps *caps) {
  const char *name = gst_structure_get_name(gst_caps_get_structure(caps, 0));
  if (std::strcmp(name, "video/x-h264") == 0) return "h264parse ! h264timestamper ! ";
  if (std::strcmp(name, "video/x-h265") == 0) return "h265parse ! h265timestamper ! ";
  if (std::strcmp(name, "image/jpeg") == 0) return "jpegparse ! ";
  return "";
}

// As mp4mux takes it: a text ends with a zero.
const std::string kNoText(1, '\0');

BufferPtr Cue(const std::string &text, GstClockTime time, GstClockTime duration) {
  BufferPtr cue(gst_buffer_new_memdup(text.data(), text.size()));
  GST_BUFFER_PTS(cue.get()) = time;
  GST_BUFFER_DURATION(cue.get()) = duration;
  return cue;
}

std::optional<Error> ErrorOf(GstMessage *message, const std::string &path) {
  GError *error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  const ErrorPtr owner(error);
  const bool full = g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT);
  return Error(full ? ErrorKind::kNoSpaceLeft : ErrorKind::kOpenWrite, path,
               "cannot record to " + path + ": " + (full ? "No space left on device" : error->message));
}

}  // namespace

const char *MuxerOf(GstCaps *caps) {
  return gst_structure_has_name(gst_caps_get_structure(caps, 0), "image/jpeg") ? kMotionJpegMuxer : kMuxer;
}

RecordedFile::RecordedFile(const Settings &settings, GstCaps *caps, GstClockTime begin, Done done)
    : settings_(settings), begin_(begin), done_(std::move(done)), sound_track_(begin) {
  const bool encoded = settings.encoder.empty();
  const bool sound = !settings.audio_encoder.empty();
  std::string line = std::string(MuxerOf(caps)) + kFragments + (sound ? kFragmented : kOrdinaryOnceClosed) +
                     " ! filesink name=file buffer-mode=unbuffered appsrc name=video format=time is-live=true ! ";
  line += encoded ? ParserOf(caps)
                  : "queue max-size-buffers=2 max-size-bytes=0 max-size-time=0 ! videoconvert ! " + settings.encoder +
                        " ! h264parse ! ";
  line += "queue name=to-mux max-size-buffers=0 max-size-bytes=0 max-size-time=3000000000 ! mux.video_0 ";
  if (settings.subtitles)
    line +=
        "appsrc name=text format=time is-live=true caps=text/x-raw,format=utf8 ! queue max-size-buffers=0 "
        "max-size-bytes=0 max-size-time=0 ! mux.subtitle_0 ";
  if (sound) {
    line += std::string("appsrc name=sound format=time is-live=true caps=") + kRawSound + " ! audioconvert ! " +
            settings.audio_encoder + (settings.audio_encoder == "opusenc" ? "" : " ! aacparse") +
            " ! queue max-size-buffers=0 max-size-bytes=0 max-size-time=60000000000 ! mux.audio_0";
  }
  pipeline_ = ParsePipeline(line);
  g_object_set(FindElement(pipeline_.get(), "file"), "location", settings.path.c_str(), nullptr);
  video_ = FindElement(pipeline_.get(), "video");
  text_ = settings.subtitles ? FindElement(pipeline_.get(), "text") : nullptr;
  sound_ = sound ? FindElement(pipeline_.get(), "sound") : nullptr;
  g_object_set(video_, "caps", caps, nullptr);
  const PadPtr video(gst_element_get_static_pad(FindElement(pipeline_.get(), "to-mux"), "sink"));
  gst_pad_add_probe(video.get(), GST_PAD_PROBE_TYPE_BUFFER, OnVideo, this, nullptr);
  // Everything has the times of the frames; nothing waits for a clock.
  const PadPtr muxed(gst_element_get_static_pad(FindElement(pipeline_.get(), "file"), "sink"));
  gst_pad_add_probe(muxed.get(),
                    static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST), OnMuxed,
                    this, nullptr);
  GstBus *bus = gst_element_get_bus(pipeline_.get());
  watch_ = gst_bus_add_watch(bus, OnMessage, this);
  gst_object_unref(bus);
  if (settings.durable) sync_ = g_timeout_add_seconds(1, OnSync, this);
  if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    // The bus says why, on the main loop.
    video_ = text_ = sound_ = nullptr;
  }
}

RecordedFile::~RecordedFile() {
  if (watch_ != 0) g_source_remove(watch_);
  if (sync_ != 0) g_source_remove(sync_);
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

bool RecordedFile::Push(GstBuffer *frame) {
  if (video_ == nullptr) return false;
  guint64 waiting = 0;
  g_object_get(video_, settings_.encoder.empty() ? "current-level-bytes" : "current-level-buffers", &waiting, nullptr);
  if (settings_.encoder.empty()) {
    const bool keyframe = !GST_BUFFER_FLAG_IS_SET(frame, GST_BUFFER_FLAG_DELTA_UNIT);
    if (waiting > kMostBytes) dropping_ = true;
    if (dropping_ && keyframe && waiting < kMostBytes / 2) dropping_ = false;
    if (dropping_) return false;
  } else if (waiting >= kMostFrames) {
    return false;
  }
  GstBuffer *copy = gst_buffer_copy(frame);  // the pixels are shared
  const auto shift = [this](GstClockTime time) {
    return GST_CLOCK_TIME_IS_VALID(time) ? (time > begin_ ? time - begin_ : 0) : time;
  };
  GST_BUFFER_PTS(copy) = shift(GST_BUFFER_PTS(frame));
  GST_BUFFER_DTS(copy) = shift(GST_BUFFER_DTS(frame));
  // The encoder counts frames; where some were dropped on the way, its second is longer than one.
  if (!settings_.encoder.empty() && GST_BUFFER_PTS(copy) >= next_keyframe_) {
    next_keyframe_ = GST_BUFFER_PTS(copy) + GST_SECOND;
    gst_element_send_event(video_, gst_video_event_new_downstream_force_key_unit(
                                       GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, FALSE, 0));
  }
  return gst_app_src_push_buffer(GST_APP_SRC(video_), copy) == GST_FLOW_OK;
}

// Not at once: for each fragment that has a cue in it, mp4mux (1.22, and later ones) loses 4 kB, which are 15 MB an
// hour.
void RecordedFile::AddCue(const std::string &text, GstClockTime from, GstClockTime to) {
  if (text_ == nullptr || to <= from || from < begin_) return;
  cues_.push_back(Cue(text, from - begin_, to - from));
}

void RecordedFile::NoCueBefore(GstClockTime time) {
  if (text_ == nullptr || time < begin_) return;
  GstBuffer *gap = gst_buffer_new();
  GST_BUFFER_PTS(gap) = time - begin_;
  GST_BUFFER_FLAG_SET(gap, GST_BUFFER_FLAG_GAP);
  gst_app_src_push_buffer(GST_APP_SRC(text_), gap);
}

void RecordedFile::GiveSound(std::vector<BufferPtr> pieces) {
  guint64 waiting = 0;
  g_object_get(sound_, "current-level-bytes", &waiting, nullptr);
  for (BufferPtr &piece : pieces)
    if (waiting < kMostSoundBytes) gst_app_src_push_buffer(GST_APP_SRC(sound_), piece.release());
  if (sound_track_.complete()) gst_app_src_end_of_stream(GST_APP_SRC(std::exchange(sound_, nullptr)));
}

void RecordedFile::PushSound(GstBuffer *sound) {
  if (sound_ != nullptr) GiveSound(sound_track_.Add(sound));
}

void RecordedFile::FillSound(GstClockTime time) {
  if (sound_ != nullptr) GiveSound(sound_track_.FillUntil(time));
}

void RecordedFile::Close(GstClockTime end) {
  if (video_ == nullptr) return;
  sound_track_.SetEnd(std::max(end, begin_));
  if (sound_ != nullptr) GiveSound({});
  // mp4mux (1.22) forgets the length of the last one.
  if (!cues_.empty()) {
    const GstBuffer *last = cues_.back().get();
    cues_.push_back(Cue(kNoText, GST_BUFFER_PTS(last) + GST_BUFFER_DURATION(last), GST_MSECOND));
  }
  for (BufferPtr &cue : cues_)
    gst_app_src_push_buffer(GST_APP_SRC(text_), cue.release());
  gst_app_src_end_of_stream(GST_APP_SRC(video_));
  if (text_ != nullptr) gst_app_src_end_of_stream(GST_APP_SRC(text_));
}

// A camera's times may jump back by a frame or two (jitter, a clock that is set). The muxer would write that as a frame
// that is shown before it is decoded, and some players then show all of the file later.
GstPadProbeReturn RecordedFile::OnVideo(GstPad *, GstPadProbeInfo *info, gpointer user) {
  GstClockTime &last = static_cast<RecordedFile *>(user)->last_decoded_;
  GstBuffer *frame = GST_PAD_PROBE_INFO_BUFFER(info);
  if (!GST_BUFFER_PTS_IS_VALID(frame)) return GST_PAD_PROBE_OK;
  const GstClockTime decoded = std::max(GST_BUFFER_DTS_OR_PTS(frame), last);
  last = decoded;
  if (GST_BUFFER_DTS_OR_PTS(frame) == decoded && GST_BUFFER_PTS(frame) >= decoded) return GST_PAD_PROBE_OK;
  frame = gst_buffer_make_writable(frame);
  GST_BUFFER_DTS(frame) = decoded;
  GST_BUFFER_PTS(frame) = std::max(GST_BUFFER_PTS(frame), decoded);
  GST_PAD_PROBE_INFO_DATA(info) = frame;
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn RecordedFile::OnMuxed(GstPad *, GstPadProbeInfo *info, gpointer user) {
  auto *self = static_cast<RecordedFile *>(user);
  GstBuffer *buffer = (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) != 0
                          ? GST_PAD_PROBE_INFO_BUFFER(info)
                          : gst_buffer_list_get(GST_PAD_PROBE_INFO_BUFFER_LIST(info), 0);
  if (buffer != nullptr && GST_BUFFER_PTS_IS_VALID(buffer))
    self->written_until_ = self->begin_ + GST_BUFFER_PTS(buffer);
  return GST_PAD_PROBE_OK;
}

gboolean RecordedFile::OnSync(gpointer user) {
  auto *self = static_cast<RecordedFile *>(user);
  if (std::exchange(self->syncing_, true)) return G_SOURCE_CONTINUE;  // the disk is slow
  SyncInBackground(self->settings_.path, [self, alive = std::weak_ptr<bool>(self->alive_)] {
    if (!alive.expired()) self->syncing_ = false;
  });
  return G_SOURCE_CONTINUE;
}

gboolean RecordedFile::OnMessage(GstBus *, GstMessage *message, gpointer user) {
  auto *self = static_cast<RecordedFile *>(user);
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_EOS && GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR)
    return G_SOURCE_CONTINUE;
  self->watch_ = 0;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) {
    self->Finish(End::kClosed, std::nullopt);
  } else {
    self->Finish(End::kFailed, ErrorOf(message, self->settings_.path));
  }
  return G_SOURCE_REMOVE;  // self may be gone
}

void RecordedFile::Finish(End how, const std::optional<Error> &error) {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  SyncInBackground(settings_.path, [this, alive = std::weak_ptr<bool>(alive_), how, error] {
    if (alive.expired()) return;
    const Done done = std::move(done_);  // may be the end of this
    done(how, error);
  });
}

}  // namespace action
