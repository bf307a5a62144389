// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/timeline_source.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <utility>

#include "action/error.h"
#include "action/text.h"
#include "action/timeline/timeline_format.h"

namespace action {

namespace fs = std::filesystem;

std::string SegmentsTableName(const std::string &shard) {
  return shard.empty() ? "segments.csv" : "segments-" + shard + ".csv";
}

bool IsNoTimeline(const std::string &name) {
  if (name == "recordings.jsonl" || name.ends_with(".annotate.json") || name == SegmentsTableName()) return true;
  int which = 0, of = 0, read = 0;
  const bool of_shard = std::sscanf(name.c_str(), "segments-%d-of-%d.csv%n", &which, &of, &read) == 2 && read > 0;
  return of_shard && static_cast<size_t>(read) == name.size();
}

std::vector<TimelineSource> TimelineSourcesOf(const std::vector<std::string> &paths) {
  std::vector<TimelineSource> sources;
  for (const std::string &path : paths) {
    std::error_code failed;
    if (path == kStandardInput || !fs::is_directory(path, failed)) {
      sources.push_back({path, {path}});
      continue;
    }
    std::map<std::string, std::vector<std::string>> places;
    for (auto entry = fs::recursive_directory_iterator(path, failed); entry != fs::recursive_directory_iterator();
         entry.increment(failed)) {
      const fs::path &file = entry->path();
      if (entry.depth() > 2 || file.extension() != ".jsonl" || IsNoTimeline(file.filename().string())) continue;
      const bool in_day = file.filename() == "timeline.jsonl" && file.parent_path() != fs::path(path);
      places[(in_day ? file.parent_path().parent_path() : file.parent_path()).string()].push_back(file.string());
    }
    if (places.empty()) throw Error(ErrorKind::kNotFound, path, "there is no timeline (.jsonl) in " + path);
    for (auto &[place, files] : places) {
      std::ranges::sort(files);
      sources.push_back({place, files});
    }
  }
  return sources;
}

AnyTimeline ReadSource(const TimelineSource &source, const SourceFormat &format) {
  AnyTimeline all;
  for (const std::string &path : source.files) {
    AnyTimeline one = ReadAnyTimeline(path, format.name, format.frame_rate);
    std::ranges::move(one.file.warnings, std::back_inserter(all.file.warnings));
    for (TimelineRun &run : one.file.runs) {
      if (!run.segments.empty() || source.files.size() == 1) all.file.runs.push_back(std::move(run));
    }
    all.video = one.video;
    all.frame_rate = one.frame_rate;
  }
  if (all.file.runs.empty()) all.file.runs.emplace_back();
  return all;
}

std::vector<TimelineRun> ChooseRuns(const TimelineFile &file, const std::string &name, const RunChoice &choice) {
  if (choice.all) return file.runs;
  if (choice.run.empty()) {
    if (file.runs.size() == 1) return file.runs;
    const auto joined = JoinRuns(file.runs);
    return {joined ? *joined : file.last()};
  }
  std::string names;
  for (size_t i = 0; i < file.runs.size(); ++i) {
    const TimelineRun &run = file.runs[i];
    if (run.name == choice.run || std::to_string(i + 1) == choice.run) return {run};
    names += "\n  " + std::to_string(i + 1) + "  " + run.name;
  }
  throw Error(name + " has no run '" + choice.run + "'. Its runs are" + names);
}

}  // namespace action
