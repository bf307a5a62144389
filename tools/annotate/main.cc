// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-annotate: videos in, timelines and videos with final labels out.
#include <glib.h>
#include <gst/gst.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "action/elements.h"
#include "action/engine_library.h"
#include "action/error.h"
#include "action/feature_cache.h"
#include "action/io/atomic_file.h"
#include "action/io/json_text.h"
#include "action/r3d18_spec.h"
#include "action/sha256.h"
#include "action/timeline/timeline_file.h"
#include "action/training/dataset.h"
#include "action/training/parallel.h"
#include "action/two_stage_classifier.h"
#include "annotate/passes.h"
#include "annotate/segments_table.h"
#include "common/command_line.h"
#include "common/encoder.h"
#include "common/feature_options.h"
#include "common/progress.h"
#include "common/timeline_source.h"

namespace {

namespace fs = std::filesystem;

using action::Error;
using action::Printable;
using nlohmann::ordered_json;

constexpr const char *kShow = "show";  // key of a record

// One video, and the files that are made of it.
struct Task {
  std::string video;
  std::string stem;  // of the outputs: DIR/NAME, without an ending

  std::string timeline() const { return stem + ".json"; }
  std::string overlay() const { return stem + ".overlay.mp4"; }
  // What the two were made of and with.
  std::string record() const { return stem + ".annotate.json"; }
  // While they are being made.
  std::string partial(const char *ending) const {
    const fs::path path(stem);
    return (path.parent_path() / ("." + path.filename().string() + ".partial" + ending)).string();
  }
};

struct Options {
  action::FeatureOptions features{"hop", "Samples between chunk starts, 1 to 16 (default: the profile's)",
                                  action::Profile::kStudy};
  action::PassSettings passes;
  std::string table;  // of all segments
  bool timeline_only = false, force = false, quiet = false;
  size_t jobs = 1;
};

// What stands in a folder below it, in order of the names; what is hidden is not looked at.
std::vector<std::string> VideosIn(const std::string &folder) {
  std::vector<std::string> videos;
  for (fs::recursive_directory_iterator at(folder), end; at != end; ++at) {
    const bool hidden = at->path().filename().string().starts_with(".");
    if (hidden && at->is_directory()) at.disable_recursion_pending();
    if (!hidden && at->is_regular_file() && action::HasVideoEnding(at->path().string()))
      videos.push_back(at->path().string());
  }
  std::ranges::sort(videos);
  return videos;
}

// A folder's videos keep their place below it.
std::vector<Task> TasksOf(const std::vector<std::string> &operands, const std::string &output) {
  std::vector<Task> tasks;
  const auto add = [&](const std::string &video, fs::path place) {
    tasks.push_back({video, (fs::path(output) / place.replace_extension()).string()});
  };
  for (const std::string &operand : operands) {
    if (!fs::is_directory(operand)) {
      add(operand, fs::path(operand).filename());
      continue;
    }
    const std::vector<std::string> videos = VideosIn(operand);
    if (videos.empty()) throw Error("the folder " + operand + " holds no video");
    for (const std::string &video : videos) {
      // Made by this program, into a folder of the videos themselves.
      if (video.ends_with(".overlay.mp4")) continue;
      add(video, fs::path(video).lexically_relative(operand));
    }
  }
  // One that is named twice is done once.
  std::set<std::string> seen;
  std::erase_if(tasks, [&seen](const Task &task) { return !seen.insert(fs::weakly_canonical(task.video)).second; });
  // Of a.mp4 and a.avi in one folder both keep their ending: a.mp4.json and a.avi.json.
  std::map<std::string, std::set<std::string>> folders_of_stem;
  std::map<std::string, size_t> count;
  for (const Task &task : tasks) {
    folders_of_stem[task.stem].insert(fs::path(task.video).parent_path().string());
    ++count[task.stem];
  }
  for (Task &task : tasks) {
    if (count[task.stem] > 1 && folders_of_stem[task.stem].size() == 1)
      task.stem += fs::path(task.video).extension().string();
  }
  std::map<std::string, std::string> of_stem;
  for (const Task &task : tasks) {
    const auto [other, added] = of_stem.emplace(task.stem, task.video);
    if (added) continue;
    throw Error("both " + other->second + " and " + task.video + " would become " + task.timeline() +
                ": give them other names, or name the folder that both are below");
  }
  return tasks;
}

class Annotator {
 public:
  explicit Annotator(Options &options) : options_(options), progress_(options.quiet) {}

  int Run(const std::vector<Task> &tasks) {
    // All that can be wrong with the options is said before the first video is opened.
    const action::ClassifierModel model = action::ReadClassifierModel(options_.passes.model, options_.passes.elements);
    for (const std::string &notice : model.notices)
      progress_.Complain("warning: " + notice);
    action::FindPlugin();
    // Held until the end: every video's r3dfeatures finds this network running.
    const auto service = action::LoadEngine().OpenFeatureService(options_.features.Request());
    if (service->info().stand_in) {
      progress_.Complain(std::string("warning: ") + action::kStandInNotice + " (" + service->info().weights_path + ")");
    }
    options_.passes.features = options_.features.Properties();
    options_.passes.audio_encoder = action::ChooseAudioEncoder();
    settings_ = {
        {"model", model.hash}, {"weights", service->info().weights_hash}, {"profile", options_.passes.profile}};
    const std::string elements = action::ElementsFileOf(options_.passes.model, options_.passes.elements);
    if (!elements.empty()) settings_["elements"] = action::Sha256OfFile(elements);
    if (!options_.timeline_only) action::CheckShow(options_.passes.show);
    for (const auto &[name, value] : options_.passes.features) {
      // The weights have a hash; the same on another device are the same.
      if (name != "weights" && name != "device") settings_[name] = value;
    }
    total_ = tasks.size();
    if (options_.jobs > 1) progress_.Step("videos", 0, total_, "");
    action::ParallelFor(tasks.size(), options_.jobs, [&](size_t i) {
      if (action::IsInterrupted()) throw action::Cancelled();
      Annotate(tasks[i], i);
    });
    const bool concluded = Conclude(tasks);
    if (bad_ > 0) {
      std::fprintf(stderr, "gst-action-annotate: %zu of %zu videos failed\n", bad_, total_);
      return action::kFailed;
    }
    return concluded ? action::kDone : action::kFailed;
  }

 private:
  void Annotate(const Task &task, size_t number) {
    std::string line;
    try {
      line = Made(task, number);
    } catch (const action::Cancelled &) {
      throw;
    } catch (const std::exception &e) {
      const std::lock_guard lock(mutex_);
      ++bad_;
      progress_.Complain(std::string("error: ") + e.what());
    }
    for (const char *ending : {".json", ".mp4"}) {
      std::error_code none;
      fs::remove(task.partial(ending), none);
    }
    const std::lock_guard lock(mutex_);
    if (!line.empty()) made_.insert(number);
    ++done_;
    if (options_.jobs > 1) progress_.Step("videos", done_, total_, fs::path(task.video).filename().string());
    if (!line.empty()) progress_.Finish(line);
  }

  // All that was made, now or by an earlier run. False: the table is not written, which was said.
  bool Conclude(const std::vector<Task> &tasks) {
    const fs::path folder = fs::absolute(options_.table).parent_path().lexically_normal();
    std::vector<action::AnnotatedVideo> videos;
    for (const size_t i : made_) {
      const std::string place = fs::absolute(tasks[i].video).lexically_normal().lexically_relative(folder).string();
      videos.push_back({place, action::ReadTimeline(tasks[i].timeline())});
    }
    if (videos.empty()) return true;
    bool written = true;
    try {
      WriteSegmentsTable(options_.table, videos, options_.force);
    } catch (const Error &e) {
      written = false;
      progress_.Complain(std::string("error: ") + e.what());
    }
    progress_.Finish("\n" + SummaryOf(videos));
    return written;
  }

  // What was made, in a line. Throws Error.
  std::string Made(const Task &task, size_t number) {
    const action::VideoMark mark = action::VideoMark::Of(task.video);
    if (fs::weakly_canonical(task.overlay()) == fs::weakly_canonical(task.video))
      throw Error(task.video + " would be replaced by its own overlay: choose another folder with -o");
    fs::create_directories(fs::path(task.stem).parent_path());
    ordered_json record = {
        {"video", fs::path(task.video).filename().string()}, {"bytes", mark.bytes}, {"mtime_ns", mark.mtime_ns}};
    record.update(settings_);
    ordered_json with_overlay = record;
    with_overlay[kShow] = options_.passes.show;
    const bool has_timeline = Has(task.timeline(), task, record),
               has_overlay = !options_.timeline_only && Has(task.overlay(), task, with_overlay);
    if (has_timeline && (has_overlay || options_.timeline_only)) return task.video + ": is done already";

    action::FileRunOptions run;
    run.cancelled = action::IsInterrupted;
    run.warning = [&](const std::string &text) { Warn(task, text); };
    const std::string label =
        std::to_string(number + 1) + "/" + std::to_string(total_) + " " + fs::path(task.video).filename().string();
    const auto progress_of = [&](const char *pass) {
      if (options_.jobs > 1) return;
      run.progress = [this, text = label + pass](double done, double total) { progress_.Update(text, done, total); };
    };
    if (!has_timeline) {
      progress_of(options_.timeline_only ? "" : ", timeline");
      const std::string partial = task.partial(".json");
      action::WithTries([&] {
        std::error_code none;
        fs::remove(partial, none);
        WriteTimeline(task.video, partial, options_.passes, run);
      });
      if (!fs::exists(partial)) throw Error(task.video + " holds no video that can be decoded");
      WriteRecord(task, record);
      fs::rename(partial, task.timeline());
    }
    if (options_.timeline_only) return task.video + " -> " + task.timeline();
    progress_of(", overlay");
    const std::string partial = task.partial(".mp4");
    action::WithTries([&] { WriteOverlay(task.video, task.timeline(), partial, options_.passes, run); });
    WriteRecord(task, with_overlay);
    fs::rename(partial, task.overlay());
    return task.video + " -> " + task.timeline() + ", " + task.overlay();
  }

  static void WriteRecord(const Task &task, const ordered_json &record) {
    action::AtomicFile file(task.record());
    file.Write(record.dump(2) + "\n");
    file.Commit();
  }

  // Whether a file is there and was made of this video with these settings. Throws Error where it is somebody else's.
  bool Has(const std::string &path, const Task &task, const ordered_json &record) const {
    if (!fs::exists(path) || options_.force) return false;
    ordered_json found;
    if (fs::exists(task.record()))
      found = action::ParseOrderedJson(action::ReadText(task.record(), task.record(), action::kMostOfModelFile),
                                       task.record());
    // What is drawn is nothing to the timeline; of older versions it is not known.
    if (found.is_object() && !record.contains(kShow)) found.erase(kShow);
    if (found.is_object() && record.contains(kShow) && !found.contains(kShow))
      found[kShow] = action::PassSettings().show;
    if (found == record) return true;
    std::string difference = found.is_object() ? "" : "gst-action-annotate did not make it";
    for (const auto &[key, value] : record.items()) {
      if (!difference.empty()) break;
      if (found.contains(key) && found[key] == value) continue;
      const bool of_video = key == "video" || key == "bytes" || key == "mtime_ns";
      difference = of_video ? "the video has changed since" : "it was made with another " + key;
    }
    if (difference.empty()) difference = "it was made with an elements.csv that is not there now";
    throw Error(path + " is there already, and " + difference + "; --force replaces it, -o names another folder");
  }

  void Warn(const Task &task, const std::string &text) {
    if (text == action::kStandInNotice) return;
    const std::lock_guard lock(mutex_);
    if (warned_.insert({task.video, text}).second) progress_.Complain("warning: " + task.video + ": " + text);
  }

  Options &options_;
  std::mutex mutex_;  // protects all below
  action::Progress progress_;
  ordered_json settings_;
  std::set<std::pair<std::string, std::string>> warned_;
  std::set<size_t> made_;  // tasks
  size_t total_ = 0, done_ = 0, bad_ = 0;
};

int Run(int argc, char **argv) {
  Options options;
  g_autofree char *model = nullptr, *output = nullptr, *elements = nullptr, *show = nullptr, *encoder = nullptr,
                  *shard_text = nullptr;
  gboolean timeline_only = FALSE, force = FALSE, quiet = FALSE;
  gint jobs = 1;
  action::CommandLine line(
      "gst-action-annotate", "VIDEO... - timelines of videos, and the videos with their final labels",
      "Writes for each VIDEO its timeline, DIR/NAME.json, and then the video with the final labels drawn in,\n"
      "DIR/NAME.overlay.mp4: with its sound, upright, and with the labels as subtitles too. Of a folder, all videos in "
      "it "
      "are\ntaken, at the same place below DIR. DIR/segments.csv is a table of all their segments. What is done "
      "already is not done again: the same command goes on after "
      "an end.\n\n"
      "  gst-action-annotate shift1.mp4 shift2.mp4 --model model -o annotated");
  line.Add({{"model", 'm', 0, G_OPTION_ARG_FILENAME, &model,
             "a folder of gst-action-train or of the Python system (required)", "MODEL"},
            {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "where to write (required)", "DIR"},
            {"timeline-only", 0, 0, G_OPTION_ARG_NONE, &timeline_only, "write no videos", nullptr},
            {"elements", 0, 0, G_OPTION_ARG_FILENAME, &elements,
             "names and values of this elements.csv (default: the model's)", "FILE"},
            {"show", 0, 0, G_OPTION_ARG_STRING, &show,
             "what is drawn, as in gst-inspect-1.0 actionoverlay (default coarse+fine+value+elapsed+strip)", "WHAT"},
            {"encoder", 0, 0, G_OPTION_ARG_STRING, &encoder,
             "of H.264 (default: x264enc where it is installed, else what works)", "NAME"},
            {"shard", 0, 0, G_OPTION_ARG_STRING, &shard_text,
             "only every Nth video, beginning with the Ith: one of N programs", "I/N"},
            {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs, "videos at once (default 1)", "N"},
            {"force", 0, 0, G_OPTION_ARG_NONE, &force, "replace files that are there", nullptr},
            {"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "print only warnings and errors", nullptr}});
  options.features.AddTo(line.context());
  g_option_context_add_group(line.context(), gst_init_get_option_group());
  if (const auto end = line.Parse(argc, argv)) return *end;
  std::vector<Task> tasks;
  try {
    if (line.operands().empty()) throw Error("no video given");
    if (model == nullptr) throw Error("no model given: use --model MODEL");
    if (output == nullptr) throw Error("no folder given: use -o DIR");
    if (jobs < 1) throw Error("--jobs must be at least 1");
    options.features.Config();  // tells mistakes
    options.features.Request();
    options.passes.profile = NameOf(options.features.profile());
    tasks = TasksOf(line.operands(), output);
    options.table = std::string(output) + "/" + action::SegmentsTableName();
    if (shard_text != nullptr) {
      const auto [which, of] = action::ParseShard(shard_text);
      options.table =
          std::string(output) + "/" + action::SegmentsTableName(std::to_string(which) + "-of-" + std::to_string(of));
      std::vector<Task> mine;
      for (size_t i = which - 1; i < tasks.size(); i += of)
        mine.push_back(std::move(tasks[i]));
      tasks = std::move(mine);
    }
  } catch (const Error &e) {
    throw action::UsageError(e.what());
  }
  options.passes.model = model;
  options.passes.elements = action::OrEmpty(elements);
  if (show != nullptr) options.passes.show = show;
  if (encoder != nullptr) options.passes.encoder = encoder;
  options.timeline_only = timeline_only != FALSE;
  options.force = force != FALSE;
  options.quiet = quiet != FALSE;
  options.jobs = static_cast<size_t>(jobs);
  action::CatchInterrupts("What is done is kept; the same command goes on from there");
  return Annotator(options).Run(tasks);
}

}  // namespace

int main(int argc, char **argv) {
  return action::RunTool("gst-action-annotate", [&] { return Run(argc, argv); });
}
