// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timelinesmooth/timeline_output.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "action/deleter.h"
#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/io/input_file.h"
#include "action/timeline/timeline_file.h"
#include "action/timeline/timeline_format.h"
#include "common/glib_ptr.h"

namespace action {
namespace {

constexpr int64_t kNear = 7200'000'000'000;  // ns

}  // namespace

GstMessage *NewSegmentMessage(GstElement *element, const FinishedSegment &finished) {
  const Segment &segment = finished.segment;
  GstStructure *structure = gst_structure_new(
      "action-segment", "timestamp", G_TYPE_UINT64, finished.timestamp, "stream-time", G_TYPE_UINT64,
      finished.stream_time, "running-time", G_TYPE_UINT64, finished.running_time, "duration", G_TYPE_UINT64,
      static_cast<guint64>(segment.duration()), "start", G_TYPE_INT64, static_cast<gint64>(segment.start), "end",
      G_TYPE_INT64, static_cast<gint64>(segment.end), "coarse-action", G_TYPE_STRING, segment.coarse_action.c_str(),
      "fine-action", G_TYPE_STRING, segment.fine_action.c_str(), "value-category", G_TYPE_STRING,
      NameOf(segment.category), "state", G_TYPE_STRING, NameOf(segment.state), "num-frames", G_TYPE_INT64,
      static_cast<gint64>(segment.num_frames), "confidence", G_TYPE_DOUBLE, segment.confidence, "stand-in",
      G_TYPE_BOOLEAN, segment.stand_in, "name", G_TYPE_STRING, segment.name.c_str(), "deviation", G_TYPE_STRING,
      NameOf(segment.deviation), nullptr);
  if (segment.wall_clock) {
    gst_structure_set(structure, "wall-clock-start", G_TYPE_INT64, static_cast<gint64>(segment.wall_clock->start),
                      "wall-clock-end", G_TYPE_INT64, static_cast<gint64>(segment.wall_clock->end), "wall-clock-source",
                      G_TYPE_STRING, segment.wall_clock->source.c_str(), nullptr);
  }
  return gst_message_new_element(GST_OBJECT(element), structure);
}

TimelineOutput::TimelineOutput(const std::string &location) : location_(location) {
  if (location.empty()) return;
  std::error_code failed;
  if (std::filesystem::is_directory(location, failed)) {
    throw Error(ErrorKind::kOpenWrite, location,
                "cannot write a timeline to " + location + ": it is a folder. Name a file in it");
  }
  if (location.ends_with(".jsonl")) {
    const int64_t now = g_get_real_time() * 1000;
    run_ = IsoTime(now);
    OpenLines(PathAt(now));
    return;
  }
  if (!location.ends_with(".json")) format_ = &FormatOfLabels(location);
  AtomicFile probe(location);  // an unwritable folder is told now, not at the end of a shift
}

// Of lines that say something of this moment, ns since 1970.
std::string TimelineOutput::PathAt(int64_t wall) const {
  if (location_.find('%') == std::string::npos) return location_;
  const std::unique_ptr<GDateTime, Deleter<g_date_time_unref>> time(
      g_date_time_new_from_unix_local(wall / static_cast<int64_t>(GST_SECOND)));
  const CharPtr path(time ? g_date_time_format(time.get(), location_.c_str()) : nullptr);
  return path ? path.get() : location_;  // a name that happens to hold a %
}

// A recording is named as it is found from the folder of the lines.
std::string TimelineOutput::LineOf(const FinishedSegment &finished) const {
  LineOrigin origin = finished.origin;
  origin.run = run_;
  const std::filesystem::path video(origin.video);
  if (video.is_absolute()) {
    std::error_code failed;
    const auto folder = std::filesystem::absolute(path_, failed).lexically_normal().parent_path();
    origin.video = video.lexically_normal().lexically_relative(folder).string();
  }
  return ToJsonLine(finished.segment, origin);
}

void TimelineOutput::OpenLines(const std::string &path) {
  if (path != location_) {
    std::error_code failed;  // which opening the file tells
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
  }
  auto lines = std::make_unique<LineFile>(path, LineFile::Writers::kOne);
  ForgetPending();
  lines_ = std::move(lines);
  path_ = path;
  TakeInPending();
}

// What a process that was killed knew of its last segments becomes lines like all others.
void TimelineOutput::TakeInPending() {
  const std::string name = OpenSegmentsName(path_);
  std::error_code failed;
  if (!std::filesystem::exists(name, failed)) return;
  const std::string left = ReadText(name, "the open segments " + name, kMostOfTable);
  bool taken = true;
  // A line without its end was cut off.
  for (size_t at = 0, end; (end = left.find('\n', at)) != std::string::npos; at = end + 1) {
    if (end > at) taken = lines_->Append(std::string_view(left).substr(at, end - at));
  }
  if (taken) std::remove(name.c_str());
}

void TimelineOutput::NotePending(const std::vector<FinishedSegment> &pending) {
  if (!lines_) return;
  const std::string name = OpenSegmentsName(path_), fresh = name + "~";
  std::string text;
  for (const FinishedSegment &finished : pending)
    text += LineOf(finished) + "\n";
  std::ofstream file(fresh, std::ios::trunc);
  file << text;
  file.close();
  // The old one stays until the new one is whole.
  if (file && std::rename(fresh.c_str(), name.c_str()) == 0) {
    pending_noted_ = true;
  } else {
    std::remove(fresh.c_str());
  }
}

void TimelineOutput::ForgetPending() {
  if (std::exchange(pending_noted_, false)) std::remove(OpenSegmentsName(path_).c_str());
}

std::string TimelineOutput::WouldKeep() const {
  return location_.empty() || lines_ ? "" : AsideName(location_);
}

std::optional<Error> TimelineOutput::Add(const FinishedSegment &finished) {
  if (location_.empty()) return std::nullopt;
  last_ = finished;
  if (!lines_) {
    segments_.Add(finished.segment);
    return std::nullopt;
  }
  // By this machine's clock, as recordings are; a camera's may be hours off.
  const auto &wall = finished.segment.wall_clock;
  const int64_t now = g_get_real_time() * 1000;
  const bool near = wall && std::abs(wall->start - now) < kNear;
  const std::string path = PathAt(near ? wall->start : now);
  try {
    // Never back to an earlier file, where a clock is set back; nor away from lines that still have to be written.
    if (path > path_ && lines_->Retry()) OpenLines(path);
  } catch (const Error &e) {
    lines_->Append(LineOf(finished));  // better there than nowhere
    return std::exchange(failing_, true) ? std::nullopt : std::optional<Error>(e);
  }
  if (lines_->Append(LineOf(finished))) {
    failing_ = false;
  } else if (!std::exchange(failing_, true)) {
    return lines_->failure();
  }
  return std::nullopt;
}

std::string TimelineOutput::Finish(bool complete) {
  if (location_.empty()) return {};
  if (lines_) {
    // The end came when the last segment had been written: it is said once more, which replaces it.
    if (last_ && last_->segment.complete != complete) {
      last_->segment.complete = complete;
      lines_->Append(LineOf(*last_));
    }
    if (!lines_->Retry()) {
      const Error &why = *lines_->failure();
      throw Error(why.kind(), why.file(), std::string(why.what()) + ". The last segments are missing in it");
    }
    ForgetPending();
    return {};
  }
  std::vector<Segment> segments = segments_.Connected();
  for (Segment &segment : segments)
    segment.complete.reset();
  // A complete file is as the Python system writes it.
  if (!complete && !segments.empty()) segments.back().complete = false;
  AtomicFile file(location_);
  file.Write(format_ != nullptr ? format_->write({segments, "", 0}) : ToJson(segments));
  const std::string kept = written_ ? "" : KeepAside(location_);
  file.Commit();
  written_ = true;
  return kept;
}

}  // namespace action
