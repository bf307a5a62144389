// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "report/clips.h"

#include <glib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include "action/error.h"
#include "action/io/input_file.h"
#include "action/io/zip_writer.h"
#include "action/training/dataset.h"
#include "common/file_pipeline.h"
#include "common/glib_ptr.h"
#include "common/html.h"

namespace action {
namespace {

namespace fs = std::filesystem;

constexpr int kClipSide = 640;  // pixels

const StudiedVideo *VideoAt(const std::vector<StudiedVideo> &videos, int64_t time) {
  const StudiedVideo *found = nullptr;
  for (const StudiedVideo &video : videos) {
    if (video.start <= time) found = &video;
  }
  return found;
}

double SecondsIn(const StudiedVideo &video, int64_t time) {
  return static_cast<double>(time - video.start) / 1e9;
}

void WriteClip(const StudiedVideo &video, int64_t start, int64_t end, const std::string &output) {
  const std::string side = "[16," + std::to_string(kClipSide) + ",2]";
  const std::string line =
      "filesrc name=source ! decodebin name=decoder ! queue ! videoconvert ! videoflip video-direction=auto ! "
      "videoscale "
      "! video/x-raw,pixel-aspect-ratio=1/1,width=" +
      side + ",height=" + side +
      " ! videoconvert ! video/x-raw,format=I420 ! x264enc speed-preset=veryfast pass=qual quantizer=26 bframes=0 ! "
      "video/x-h264,profile=main ! h264parse ! mp4mux faststart=true ! filesink name=file";
  const ElementPtr pipeline = OpenFilePipeline(line, video.path);
  g_object_set(ChildOf(pipeline, "file"), "location", output.c_str(), nullptr);
  FileRunOptions run;
  run.start = SecondsIn(video, start);
  run.end = SecondsIn(video, end);
  RunToEnd(pipeline.get(), video.path, run);
}

}  // namespace

std::vector<StudiedVideo> VideosBeside(const TimelineSource &source, const TimelineRun &run) {
  std::vector<StudiedVideo> videos;
  for (const TimelineRun::Video &video : run.videos) {
    for (const std::string &file : source.files) {
      const fs::path path = fs::path(file).parent_path() / video.name;
      if (!fs::exists(path)) continue;
      videos.push_back({path.string(), video.start});
      break;
    }
  }
  if (run.videos.empty() && source.files.size() == 1) {
    const fs::path timeline(source.files.front());
    const std::string stem = timeline.stem().string();
    std::vector<std::string> found;
    std::error_code none;
    for (const auto &entry :
         fs::directory_iterator(timeline.parent_path().empty() ? fs::path(".") : timeline.parent_path(), none)) {
      const std::string of = entry.path().stem().string();
      if (HasVideoEnding(entry.path().string()) && (of == stem || of == stem + ".overlay"))
        found.push_back(entry.path().string());
    }
    std::ranges::sort(found, {}, [](const std::string &path) { return path.size(); });  // the plain one first
    if (!found.empty()) videos.push_back({found.front(), 0});
  }
  std::ranges::sort(videos, {}, &StudiedVideo::start);
  return videos;
}

std::string LinkTo(const std::vector<StudiedVideo> &videos, const std::string &folder, int64_t start, int64_t end) {
  const StudiedVideo *video = VideoAt(videos, start);
  if (video == nullptr) return "";
  const std::string path =
      fs::relative(fs::absolute(video->path), fs::absolute(folder.empty() ? "." : folder)).generic_string();
  const CharPtr escaped(g_uri_escape_string(path.c_str(), "/", FALSE));
  return std::string(escaped.get()) + Format("#t=%.2f,%.2f", SecondsIn(*video, start), SecondsIn(*video, end));
}

void WriteZip(const std::string &path, StudyReport report, const std::vector<std::vector<StudiedVideo>> &videos,
              const std::function<void(size_t done, size_t count)> &progress) {
  const std::string name = fs::path(path).stem().string();
  size_t count = 0, done = 0;
  for (const StudiedTimeline &timeline : report.timelines)
    count += timeline.study.elements.size();
  ZipWriter zip(path);
  const std::string temporary = path + ".clip.mp4";
  struct Removed {
    const std::string &path;
    ~Removed() { unlink(path.c_str()); }
  } const removed{temporary};
  for (size_t i = 0; i < report.timelines.size(); ++i) {
    StudiedTimeline &timeline = report.timelines[i];
    std::map<int64_t, std::string> clips;  // by their beginning
    for (const StudyElement &element : timeline.study.elements) {
      progress(done++, count);
      const StudiedVideo *video = VideoAt(videos[i], element.start);
      if (video == nullptr) continue;
      WithTries([&] { WriteClip(*video, element.start, element.end, temporary); });
      // Short, of letters that every file system has.
      const std::string clip =
          Format("clips/%zu-%05zu-%.60s.mp4", i + 1, clips.size() + 1, SafeLabel(element.label).c_str());
      zip.Add(name + "/" + clip, ReadText(temporary, temporary, kMostOfCheckpoint));
      clips.emplace(element.start, clip);
    }
    // A cycle opens the clip that it begins with.
    timeline.link = [clips = std::move(clips)](int64_t start, int64_t) {
      const auto after = clips.upper_bound(start);
      return after == clips.begin() ? std::string() : std::prev(after)->second;
    };
  }
  progress(count, count);
  zip.Add(name + "/" + name + ".html", ReportPage(report));
  zip.Finish();
}

}  // namespace action
