// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "studio/video_index.h"

#include <gst/app/gstappsink.h>
#include <gst/pbutils/pbutils.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "action/error.h"
#include "action/feature_cache.h"
#include "action/io/atomic_file.h"
#include "action/io/json_text.h"
#include "action/timestamp_filler.h"
#include "common/file_pipeline.h"
#include "common/glib_ptr.h"

namespace action {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kWidth = 64, kHeight = 36;  // at which frames are compared
constexpr int kMostSide = 1280;           // of a copy
constexpr double kIrregular = 0.02;       // share of a frame's time that a constant rate may be off by
constexpr int kFormat = 1;                // of what is kept

using SamplePtr = MiniObjectOf<GstSample>;

std::string MarkOf(const std::string &path) {
  const VideoMark mark = VideoMark::Of(path);
  return std::to_string(kFormat) + "-" + std::to_string(mark.bytes) + "-" + std::to_string(mark.mtime_ns);
}

// Collects the frames' times and differences.
class Frames {
 public:
  static GstFlowReturn OnSample(GstAppSink *sink, gpointer user) {
    const SamplePtr sample(gst_app_sink_pull_sample(sink));
    if (!sample) return GST_FLOW_EOS;
    static_cast<Frames *>(user)->Add(sample.get());
    return GST_FLOW_OK;
  }

  FrameTable table;
  double first = 0;  // s

 private:
  void Add(GstSample *sample) {
    GstBuffer *buffer = gst_sample_get_buffer(sample);
    const auto known = [](GstClockTime time) {
      return GST_CLOCK_TIME_IS_VALID(time) ? std::optional<uint64_t>(time) : std::nullopt;
    };
    const GstClockTime stream =
        gst_segment_to_stream_time(gst_sample_get_segment(sample), GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    const double time =
        static_cast<double>(filler_.Next(known(stream), known(GST_BUFFER_DURATION(buffer))).timestamp) / GST_SECOND;
    GstMapInfo map{};
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
    const std::span<const guint8> picture(map.data, std::min<size_t>(map.size, kWidth * kHeight));
    double difference = 0;
    for (size_t i = 0; i < std::min(before_.size(), picture.size()); ++i)
      difference += std::abs(static_cast<int>(picture[i]) - static_cast<int>(before_[i]));
    before_.assign(picture.begin(), picture.end());
    gst_buffer_unmap(buffer, &map);
    if (table.times.empty()) first = time;
    // A player shows no frame that was due before.
    if (!table.times.empty() && time - first <= table.times.back()) return;
    table.times.push_back(time - first);
    table.motion.push_back(static_cast<float>(difference / (kWidth * kHeight)));
  }

  TimestampFiller filler_;
  std::vector<guint8> before_;
};

// Why a browser cannot play a file as it is; empty: it can.
std::string WhyNotPlayable(GstDiscovererInfo *info, GstDiscovererVideoInfo *video) {
  const std::unique_ptr<GstDiscovererStreamInfo, Deleter<g_object_unref>> top(
      gst_discoverer_info_get_stream_info(info));
  const CapsPtr container(top ? gst_discoverer_stream_info_get_caps(top.get()) : nullptr);
  const CapsPtr coded(gst_discoverer_stream_info_get_caps(GST_DISCOVERER_STREAM_INFO(video)));
  const GstStructure *box = container ? gst_caps_get_structure(container.get(), 0) : nullptr;
  const GstStructure *codec = coded ? gst_caps_get_structure(coded.get(), 0) : nullptr;
  if (box == nullptr || codec == nullptr) return "its format is not known";
  const char *name = gst_structure_get_name(codec);
  const CharPtr described(gst_pb_utils_get_codec_description(coded.get()));
  if (gst_structure_has_name(box, "video/webm"))
    return g_str_equal(name, "video/x-vp8") || g_str_equal(name, "video/x-vp9") ? "" : described.get();
  const char *variant = gst_structure_get_string(box, "variant");
  if (!gst_structure_has_name(box, "video/quicktime") || (variant != nullptr && g_str_equal(variant, "apple")))
    return "it is no MP4 or WebM file";
  if (!g_str_equal(name, "video/x-h264")) return described.get();
  const char *profile = gst_structure_get_string(codec, "profile");
  const bool common = profile == nullptr || g_str_has_suffix(profile, "baseline") || g_str_equal(profile, "main") ||
                      g_str_equal(profile, "high");
  return common ? "" : std::string("H.264 of the profile ") + profile;
}

// Whether its frames come at equal distances.
bool IsRegular(const std::vector<double> &times) {
  if (times.size() < 3) return true;
  const double interval = times.back() / static_cast<double>(times.size() - 1);
  for (size_t i = 0; i < times.size(); ++i) {
    if (std::abs(times[i] - interval * static_cast<double>(i)) > interval * (0.5 + kIrregular)) return false;
  }
  return true;
}

// The distance of frames, s, that one in ten falls short of.
double ShortInterval(const std::vector<double> &times) {
  std::vector<double> intervals;
  for (size_t i = 1; i < times.size(); ++i)
    intervals.push_back(times[i] - times[i - 1]);
  if (intervals.empty()) return 1;
  std::ranges::sort(intervals);
  return std::max(intervals[intervals.size() / 10], 1e-3);
}

json ToJson(const VideoFacts &facts, const std::string &mark) {
  return {{"mark", mark},           {"duration", facts.duration},   {"first", facts.first},
          {"width", facts.width},   {"height", facts.height},       {"rate", facts.rate},
          {"frames", facts.frames}, {"converted", facts.converted}, {"why", facts.why}};
}

// What was kept of this version of the video: a line of JSON, then the times and the differences. Throws where it is
// none.
std::optional<std::pair<VideoFacts, FrameTable>> ReadKept(const std::string &path, const std::string &mark) {
  const std::string file = ReadText(path, path, kMostOfTable);
  const size_t end = std::min(file.find('\n'), file.size());
  const json kept = ParseJson(file.substr(0, end), path);
  if (kept.value("mark", "") != mark) return std::nullopt;
  VideoFacts facts;
  facts.state = VideoFacts::State::kReady;
  facts.duration = kept.value("duration", 0.0);
  facts.first = kept.value("first", 0.0);
  facts.width = kept.value("width", 0);
  facts.height = kept.value("height", 0);
  facts.rate = kept.value("rate", 0.0);
  facts.frames = kept.value("frames", size_t{0});
  facts.converted = kept.value("converted", false);
  facts.why = kept.value("why", "");
  const std::string_view rest = std::string_view(file).substr(std::min(end + 1, file.size()));
  if (facts.frames > rest.size() || rest.size() != facts.frames * (sizeof(double) + sizeof(float))) return std::nullopt;
  FrameTable table;
  table.times.resize(facts.frames);
  table.motion.resize(facts.frames);
  const size_t times = facts.frames * sizeof(double);
  std::memcpy(table.times.data(), rest.data(), times);
  std::memcpy(table.motion.data(), rest.data() + times, rest.size() - times);
  return std::pair(std::move(facts), std::move(table));
}

// Nothing: there is none, or it is damaged, and is made anew.
std::optional<std::pair<VideoFacts, FrameTable>> Kept(const std::string &path, const std::string &mark) {
  try {
    return ReadKept(path, mark);
  } catch (const std::exception &) {
    return std::nullopt;
  }
}

}  // namespace

VideoIndex::VideoIndex(std::string folder, std::string cache) : folder_(std::move(folder)), cache_(std::move(cache)) {
  fs::create_directories(cache_);
  thread_ = std::thread([this] { Run(); });
}

VideoIndex::~VideoIndex() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  wanted_.notify_all();
  thread_.join();
}

VideoFacts VideoIndex::FactsOf(const std::string &video) {
  std::string mark;
  try {
    mark = MarkOf(PathOf(video));
  } catch (const Error &e) {
    VideoFacts gone;
    gone.state = VideoFacts::State::kFailed;
    gone.error = e.what();
    return gone;
  }
  const std::lock_guard lock(mutex_);
  Entry &entry = entries_[video];
  if (entry.mark != mark) {
    entry = {{}, mark};
    if (std::ranges::find(queue_, video) == queue_.end()) queue_.push_back(video);
    wanted_.notify_all();
  }
  return entry.facts;
}

void VideoIndex::First(const std::string &video) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(queue_, video);
  if (found != queue_.end()) std::rotate(queue_.begin(), found, found + 1);
}

std::optional<FrameTable> VideoIndex::FramesOf(const std::string &video) {
  std::string mark;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(video);
    if (found == entries_.end() || found->second.facts.state != VideoFacts::State::kReady) return std::nullopt;
    mark = found->second.mark;
  }
  auto kept = Kept(TablePath(video), mark);
  return kept ? std::optional(std::move(kept->second)) : std::nullopt;
}

std::optional<std::string> VideoIndex::PathToPlay(const std::string &video) {
  const VideoFacts facts = FactsOf(video);
  if (facts.state == VideoFacts::State::kFailed) return std::nullopt;
  if (facts.converted) return facts.state == VideoFacts::State::kReady ? std::optional(CopyPath(video)) : std::nullopt;
  return PathOf(video);
}

void VideoIndex::Run() {
  for (;;) {
    std::string video, mark;
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [this] { return end_ || !queue_.empty(); });
      if (end_) return;
      video = queue_.front();
      queue_.erase(queue_.begin());
      mark = entries_[video].mark;
    }
    try {
      Look(video, mark);
    } catch (const Cancelled &) {
      return;
    } catch (const std::exception &e) {
      Change(video, [&](VideoFacts &facts) {
        facts.state = VideoFacts::State::kFailed;
        facts.error = e.what();
      });
    }
  }
}

void VideoIndex::Change(const std::string &video, const std::function<void(VideoFacts &)> &change) {
  const std::lock_guard lock(mutex_);
  change(entries_[video].facts);
}

void VideoIndex::Look(const std::string &video, const std::string &mark) {
  if (const auto kept = Kept(TablePath(video), mark)) {
    if (!kept->first.converted || fs::exists(CopyPath(video))) {
      Change(video, [&](VideoFacts &facts) { facts = kept->first; });
      return;
    }
  }
  VideoFacts facts;
  FrameTable table;
  Read(video, facts, table);
  if (facts.why.empty() && !IsRegular(table.times)) facts.why = "its frames do not come at equal distances";
  facts.converted = !facts.why.empty();
  if (facts.converted) {
    Change(video, [&](VideoFacts &now) {
      now = facts;
      now.state = VideoFacts::State::kConverting;
    });
    const std::string partial = cache_ + "/." + video + ".partial.mp4";
    WithTries([&] { Convert(video, facts, table, partial); });
    fs::rename(partial, CopyPath(video));
    facts.first = 0;
  }
  AtomicFile file(TablePath(video));
  file.Write(ToJson(facts, mark).dump() + "\n");
  file.Write(std::as_bytes(std::span(table.times)));
  file.Write(std::as_bytes(std::span(table.motion)));
  file.Commit();
  facts.state = VideoFacts::State::kReady;
  Change(video, [&](VideoFacts &now) { now = facts; });
}

void VideoIndex::Read(const std::string &video, VideoFacts &facts, FrameTable &table) {
  const std::string path = PathOf(video);
  GError *error = nullptr;
  const std::unique_ptr<GstDiscoverer, Deleter<g_object_unref>> discoverer(gst_discoverer_new(30 * GST_SECOND, &error));
  const CharPtr uri(g_filename_to_uri(path.c_str(), nullptr, nullptr));
  const std::unique_ptr<GstDiscovererInfo, Deleter<g_object_unref>> info(
      discoverer ? gst_discoverer_discover_uri(discoverer.get(), uri.get(), &error) : nullptr);
  const ErrorPtr owner(error);
  GList *streams = info ? gst_discoverer_info_get_video_streams(info.get()) : nullptr;
  if (streams == nullptr)
    throw Error(video + ": no video that can be decoded" +
                (error != nullptr ? std::string(": ") + error->message : ""));
  auto *first = GST_DISCOVERER_VIDEO_INFO(streams->data);
  const GstClockTime length = gst_discoverer_info_get_duration(info.get());
  facts.duration = GST_CLOCK_TIME_IS_VALID(length) ? static_cast<double>(length) / GST_SECOND : 0;
  facts.width = static_cast<int>(gst_discoverer_video_info_get_width(first));
  facts.height = static_cast<int>(gst_discoverer_video_info_get_height(first));
  facts.why = WhyNotPlayable(info.get(), first);
  facts.converted = !facts.why.empty();
  gst_discoverer_stream_info_list_free(streams);
  Change(video, [&](VideoFacts &now) {
    now = facts;
    now.state = VideoFacts::State::kReading;
  });
  Frames frames;
  FileRunOptions run;
  run.cancelled = [this] { return end_.load(); };
  run.progress = [&](double done, double total) {
    Change(video, [&](VideoFacts &now) { now.progress = total > 0 ? std::min(done / total, 1.0) : 0; });
  };
  WithTries([&] {
    frames = Frames();
    const ElementPtr pipeline = OpenFilePipeline(
        "filesrc name=source ! decodebin name=decoder ! queue ! videoconvert ! videoscale method=nearest-neighbour ! "
        "video/x-raw,width=64,height=36,pixel-aspect-ratio=1/1 ! videoconvert ! video/x-raw,format=GRAY8 ! "
        "appsink name=frames sync=false max-buffers=16",
        path);
    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = Frames::OnSample;
    gst_app_sink_set_callbacks(GST_APP_SINK(ChildOf(pipeline, "frames")), &callbacks, &frames, nullptr);
    RunToEnd(pipeline.get(), video, run);
  });
  table = std::move(frames.table);
  if (table.times.empty()) throw Error(video + " holds no video that can be decoded");
  facts.first = frames.first;
  facts.frames = table.times.size();
  const double interval =
      facts.frames > 1 ? table.times.back() / static_cast<double>(facts.frames - 1) : facts.duration;
  facts.rate = interval > 0 ? 1 / interval : 0;
  // To the end of the last frame, which containers tell in different ways.
  facts.duration = table.times.back() + interval;
}

void VideoIndex::Convert(const std::string &video, const VideoFacts &facts, const FrameTable &table,
                         const std::string &output) {
  // Key frames twice a second make jumps quick. Frames at equal distances are where a player looks for them: as many a
  // second as where they are densest, so that none is lost.
  const bool irregular = !IsRegular(table.times);
  const double densest = irregular ? 1 / ShortInterval(table.times) : facts.rate;
  const int rate = std::clamp(static_cast<int>(std::lround(densest)), 5, 60);
  const ElementPtr pipeline = OpenFilePipeline(
      "filesrc name=source ! decodebin name=decoder ! queue ! videoconvert ! videoflip video-direction=auto ! "
      "videorate skip-to-first=true ! videoscale ! capsfilter name=size ! videoconvert ! video/x-raw,format=I420 ! "
      "x264enc "
      "speed-preset=veryfast pass=qual quantizer=23 bitrate=8000 bframes=0 key-int-max=" +
          std::to_string(std::max(rate / 2, 1)) +
          " ! video/x-h264,profile=main ! h264parse ! mp4mux ! filesink name=file",
      PathOf(video));
  g_object_set(ChildOf(pipeline, "file"), "location", output.c_str(), nullptr);
  const std::string side = "[16," + std::to_string(kMostSide) + ",2]";
  const std::string caps = "video/x-raw,pixel-aspect-ratio=1/1,width=" + side + ",height=" + side +
                           (irregular ? ",framerate=" + std::to_string(rate) + "/1" : "");
  const CapsPtr size(gst_caps_from_string(caps.c_str()));
  g_object_set(ChildOf(pipeline, "size"), "caps", size.get(), nullptr);
  FileRunOptions run;
  run.cancelled = [this] { return end_.load(); };
  run.progress = [&](double done, double total) {
    Change(video, [&](VideoFacts &now) { now.progress = total > 0 ? std::min(done / total, 1.0) : 0; });
  };
  RunToEnd(pipeline.get(), video, run);
}

}  // namespace action
