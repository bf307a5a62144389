// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a browser has to know of a video: when its frames are shown, where something moves, what it can play.
#ifndef GST_ACTION_STUDIO_VIDEO_INDEX_H_
#define GST_ACTION_STUDIO_VIDEO_INDEX_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace action {

struct VideoFacts {
  enum class State { kWaiting, kReading, kConverting, kReady, kFailed };
  State state = State::kWaiting;
  double progress = 0;  // of reading or converting, 0 to 1
  std::string error;    // why it failed
  double duration = 0;  // s; 0: not known yet
  double first = 0;     // s: when the browser shows the first frame
  int width = 0, height = 0;
  double rate = 0;  // mean frames per second
  size_t frames = 0;
  bool converted = false;  // the browser gets a copy that it can play
  std::string why;         // of the copy
};

// Times of all frames, s from the first one, and how much each differs from the one before: mean of the differences of
// grey levels at 64x36, 0 to 255.
struct FrameTable {
  std::vector<double> times;
  std::vector<float> motion;
};

// Looks at videos one after the other, on a thread of its own. What it finds stays in a folder of the project.
class VideoIndex {
 public:
  // folder: of the videos; cache: for what is found.
  VideoIndex(std::string folder, std::string cache);
  ~VideoIndex();
  VideoIndex(const VideoIndex &) = delete;
  VideoIndex &operator=(const VideoIndex &) = delete;

  // Asked for a video that is not looked at yet, or has changed, it will be.
  VideoFacts FactsOf(const std::string &video);
  // The next one to be looked at.
  void First(const std::string &video);
  // Nothing as long as they are not known.
  std::optional<FrameTable> FramesOf(const std::string &video);
  // What the browser plays; nothing as long as that is not known.
  std::optional<std::string> PathToPlay(const std::string &video);

 private:
  struct Entry {
    VideoFacts facts;
    std::string mark;  // of the version that was looked at
  };
  void Run();
  void Look(const std::string &video, const std::string &mark);
  void Read(const std::string &video, VideoFacts &facts, FrameTable &table);
  void Convert(const std::string &video, const VideoFacts &facts, const FrameTable &table, const std::string &output);
  void Change(const std::string &video, const std::function<void(VideoFacts &)> &change);
  std::string PathOf(const std::string &video) const { return folder_ + "/" + video; }
  std::string TablePath(const std::string &video) const { return cache_ + "/" + video + ".frames"; }
  std::string CopyPath(const std::string &video) const { return cache_ + "/" + video + ".play.mp4"; }

  const std::string folder_, cache_;
  std::mutex mutex_;  // protects all below
  std::condition_variable wanted_;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> queue_;
  std::atomic<bool> end_{false};
  std::thread thread_;
};

}  // namespace action

#endif  // GST_ACTION_STUDIO_VIDEO_INDEX_H_
