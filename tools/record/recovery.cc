// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/recovery.h"

#include <gst/gst.h>

#include <cstring>
#include <memory>
#include <optional>
#include <system_error>

#include "action/deleter.h"
#include "action/error.h"
#include "action/io/atomic_file.h"
#include "common/glib_ptr.h"
#include "record/lines.h"
#include "record/mp4_boxes.h"
#include "record/pipeline.h"
#include "record/recorded_file.h"

namespace action {
namespace {

namespace fs = std::filesystem;

constexpr GstClockTime kLook = 100 * GST_MSECOND;
constexpr uintmax_t kSmallFile = 1'000'000;  // bytes: of which the last fragment is a large part
constexpr double kMostOfIt = 0.8;            // share of the bytes that a whole copy has at least

// Each track of the file to one of the new file, as it is.
struct Copy {
  GstElement *pipeline = nullptr;
  const char *muxer = nullptr;
  bool other_muxer = false;  // this one does not take what the file holds
};

void OnPad(GstElement *, GstPad *pad, gpointer user) {
  auto *copy = static_cast<Copy *>(user);
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  if (!caps) return;
  if (std::strcmp(MuxerOf(caps.get()), kMotionJpegMuxer) == 0 && std::strcmp(copy->muxer, kMotionJpegMuxer) != 0) {
    copy->other_muxer = true;
    return;
  }
  const char *name = gst_structure_get_name(gst_caps_get_structure(caps.get(), 0));
  const char *track = g_str_has_prefix(name, "text/")    ? "subtitle_%u"
                      : g_str_has_prefix(name, "audio/") ? "audio_%u"
                                                         : "video_%u";
  GstElement *queue = gst_element_factory_make("queue", nullptr);
  g_object_set(queue, "max-size-buffers", 0, "max-size-bytes", 0, "max-size-time", guint64{0}, nullptr);
  gst_bin_add(GST_BIN(copy->pipeline), queue);
  gst_element_link_pads(queue, "src", FindElement(copy->pipeline, "mux"), track);
  gst_element_sync_state_with_parent(queue);
  const PadPtr sink(gst_element_get_static_pad(queue, "sink"));
  gst_pad_link(pad, sink.get());
}

struct Copied {
  GstClockTime length = 0;  // of what was read
  std::string failure;      // empty: all of it was
  bool stopped = false;
};

Copied CopyTracks(const fs::path &from, const fs::path &to, const char *muxer, const std::atomic<bool> &stop) {
  const ElementPtr pipeline = ParsePipeline("filesrc location=" + Quoted(from.string()) + " ! qtdemux name=demux  " +
                                            muxer + " name=mux ! filesink name=file location=" + Quoted(to.string()));
  Copy copy{pipeline.get(), muxer};
  GstElement *demux = FindElement(pipeline.get(), "demux");
  g_signal_connect(demux, "pad-added", G_CALLBACK(OnPad), &copy);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const std::unique_ptr<GstBus, Deleter<gst_object_unref>> bus(gst_element_get_bus(pipeline.get()));
  Copied copied;
  for (;;) {
    const MessagePtr message(
        gst_bus_timed_pop_filtered(bus.get(), kLook, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    if (!message && stop) copied.stopped = true;
    if (copied.stopped) break;
    if (!message) continue;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
      copied.failure = TextOf(message.get());
      // What the copy cannot take says nothing of the file.
      copied.stopped = GST_MESSAGE_SRC(message.get()) != GST_OBJECT(demux);
    } else {
      gint64 length = 0;
      if (gst_element_query_position(FindElement(pipeline.get(), "file"), GST_FORMAT_TIME, &length) ||
          gst_element_query_duration(demux, GST_FORMAT_TIME, &length))
        copied.length = static_cast<GstClockTime>(length);
    }
    break;
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  if (copy.other_muxer && std::strcmp(muxer, kMotionJpegMuxer) != 0)
    return CopyTracks(from, to, kMotionJpegMuxer, stop);
  return copied;
}

std::string Seconds(GstClockTime time) {
  const CharPtr text(g_strdup_printf("%.1f s", static_cast<double>(time) / GST_SECOND));
  return text.get();
}

// Puts what could not be read aside.
void MoveAside(Recording recording, const std::string &why, const std::function<void(const std::string &)> &told) {
  const fs::path from = recording.path;
  fs::path to = from.string() + ".unreadable";
  std::error_code failed;
  for (int number = 2; fs::exists(to, failed); ++number)
    to = from.string() + ".unreadable" + std::to_string(number);
  fs::rename(from, to, failed);
  if (failed) {
    told("cannot move " + from.string() + " aside: " + failed.message());
    return;
  }
  recording.path = to;
  recording.aside = true;
  NoteRecording(recording);
  told("nothing can be read of " + from.string() + " (" + why + "): moved aside as " + to.filename().string());
}

void Recover(Recording recording, const std::function<void(const std::string &)> &told, const std::atomic<bool> &stop) {
  const fs::path path = recording.path;
  const fs::path copy = path.parent_path() / ("." + path.filename().string() + ".part");
  DropSubtitleTrack(path);
  const Copied copied = CopyTracks(path, copy, kMuxer, stop);
  std::error_code failed;
  if (copied.stopped) {  // it stays as it is, for the next time
    fs::remove(copy, failed);
    return;
  }
  if (!copied.failure.empty() || copied.length == 0) {
    fs::remove(copy, failed);
    MoveAside(recording, copied.failure.empty() ? "it has no pictures" : copied.failure, told);
    return;
  }
  SyncToDisk(copy.string());
  const auto was = fs::file_size(path, failed), is = fs::file_size(copy, failed);
  if (was > kSmallFile && static_cast<double>(is) < kMostOfIt * static_cast<double>(was)) {
    // A part in its middle is damaged, and hides the rest. Somebody may know a way.
    const fs::path whole = path.string() + ".damaged";
    if (!fs::exists(whole, failed)) fs::rename(path, whole, failed);
    told("only a part of " + path.string() + " can be read; as it was it is " + whole.filename().string());
  }
  fs::rename(copy, path, failed);
  if (failed) {
    told("cannot write " + path.string() + " anew: " + failed.message());
    return;
  }
  SyncToDisk(path.parent_path().string());
  recording.end = recording.begin + static_cast<int64_t>(copied.length);
  NoteRecording(recording);
  told(path.string() + " was cut off: closed after " + Seconds(copied.length));
}

}  // namespace

std::vector<Recording> UnclosedRecordings(const fs::path &output) {
  std::vector<Recording> unclosed;
  for (const fs::path &station : FoldersIn(output)) {
    for (const fs::path &day : DayFolders(station)) {
      for (const Recording &recording : ReadRecordings(day)) {
        if (recording.end == 0 && !recording.aside) unclosed.push_back(recording);
      }
    }
  }
  return unclosed;
}

void RecoverRecording(const Recording &recording, const std::function<void(const std::string &)> &told,
                      const std::atomic<bool> &stop) {
  if (stop) return;
  try {
    Recover(recording, told, stop);
  } catch (const std::exception &e) {
    told(e.what());
  }
}

RecoveryQueue::~RecoveryQueue() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void RecoveryQueue::Add(const std::vector<Recording> &recordings) {
  if (recordings.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    waiting_.insert(waiting_.end(), recordings.begin(), recordings.end());
    if (std::exchange(running_, true)) return;
  }
  if (thread_.joinable()) thread_.join();  // it has ended
  thread_ = std::thread([this] { Run(); });
}

void RecoveryQueue::Run() {
  for (;;) {
    Recording recording;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty() || stop_) {
        running_ = false;
        return;
      }
      recording = waiting_.front();
    }
    RecoverRecording(recording, told_, stop_);
    const std::lock_guard lock(mutex_);
    waiting_.pop_front();
  }
}

std::set<fs::path> RecoveryQueue::Files() const {
  const std::lock_guard lock(mutex_);
  std::set<fs::path> files;
  for (const Recording &recording : waiting_)
    files.insert(recording.path);
  return files;
}

}  // namespace action
