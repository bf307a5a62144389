// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/folders.h"

#include <glib.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>
#include <tuple>
#include <utility>

#include "action/error.h"
#include "action/io/line_file.h"
#include "action/timeline/timeline_file.h"

namespace action {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSecond = 1'000'000'000;

// What a folder holds, as far as it can be read.
std::vector<fs::path> EntriesOf(const fs::path &folder) {
  std::vector<fs::path> entries;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed))
    entries.push_back(entry->path());
  return entries;
}

// Of a line that may be anybody's.
int64_t NumberAt(const nlohmann::json &line, const char *key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

bool IsDay(const std::string &name) {
  if (name.size() != 10) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    if (i == 4 || i == 7 ? name[i] != '-' : !g_ascii_isdigit(name[i])) return false;
  }
  return true;
}

std::string NameOf(const std::string &kind, const std::string &time, int number) {
  char suffix[16] = "";
  // '_' stands behind '.' in order, so that names rise.
  if (number > 1) std::snprintf(suffix, sizeof(suffix), "_%03d", number);
  return kind + "-" + time + suffix + ".mp4";
}

// The time and the number in a name of NameOf's.
bool ParseName(const std::string &name, const std::string &kind, std::string &time, int &number) {
  const std::string begin = kind + "-";
  if (!name.starts_with(begin) || name.size() < begin.size() + 6) return false;
  time = name.substr(begin.size(), 6);
  number = 1;
  const std::string rest = name.substr(begin.size() + 6);
  if (rest.starts_with("_")) number = std::max(1, std::atoi(rest.c_str() + 1));
  return std::ranges::all_of(time, [](char c) { return g_ascii_isdigit(c) != FALSE; });
}

}  // namespace

LocalTime LocalTimeAt(int64_t wall) {
  const time_t seconds = wall / kSecond;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char day[16], time[16];
  std::strftime(day, sizeof(day), "%Y-%m-%d", &parts);
  std::strftime(time, sizeof(time), "%H%M%S", &parts);
  return {day, time, parts.tm_gmtoff * kSecond};
}

int64_t PartOf(int64_t wall, int64_t segment) {
  return (wall + LocalTimeAt(wall).utc_offset) / segment;
}

std::vector<fs::path> FoldersIn(const fs::path &folder) {
  std::vector<fs::path> folders;
  for (const fs::path &entry : EntriesOf(folder)) {
    std::error_code unknown;
    if (fs::is_directory(entry, unknown)) folders.push_back(entry);
  }
  return folders;
}

std::vector<fs::path> DayFolders(const fs::path &station_folder) {
  std::vector<fs::path> folders;
  for (const fs::path &entry : EntriesOf(station_folder)) {
    std::error_code unknown;
    if (IsDay(entry.filename().string()) && fs::is_directory(entry, unknown)) folders.push_back(entry);
  }
  std::ranges::sort(folders);
  return folders;
}

FileNames::FileNames(fs::path station_folder, std::string kind)
    : folder_(std::move(station_folder)), kind_(std::move(kind)) {
  for (const fs::path &day : DayFolders(folder_)) {
    for (const fs::path &entry : EntriesOf(day)) {
      std::string time;
      int number = 1;
      if (!ParseName(entry.filename().string(), kind_, time, number)) continue;
      const std::string name = day.filename().string();
      if (std::tie(name, time, number) < std::tie(day_, time_, number_)) continue;
      day_ = name;
      time_ = time;
      number_ = number;
    }
  }
}

fs::path FileNames::Next(int64_t wall) {
  const LocalTime local = LocalTimeAt(wall);
  // A clock that once said 2099 is not followed there for ever.
  if (day_ > LocalTimeAt(wall + 86400 * kSecond).day) {
    day_.clear();
    time_.clear();
  }
  if (std::tie(local.day, local.time) > std::tie(day_, time_)) {
    day_ = local.day;
    time_ = local.time;
    number_ = 1;
  } else {
    ++number_;
  }
  const fs::path folder = folder_ / day_;
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) {
    throw WriteError(folder.string(), failed.value(),
                     "cannot make the folder " + folder.string() + ": " + failed.message());
  }
  // A stranger's file of this name stays what it is.
  while (fs::exists(folder / NameOf(kind_, time_, number_), failed))
    ++number_;
  return folder / NameOf(kind_, time_, number_);
}

void NoteRecording(const Recording &recording) {
  nlohmann::ordered_json line = {{"file", recording.path.filename().string()}, {"kind", recording.kind}};
  line["begin"] = IsoTime(recording.begin);
  line["begin_ns"] = recording.begin;
  if (recording.end != 0) {
    line["end"] = IsoTime(recording.end);
    line["end_ns"] = recording.end;
  }
  if (recording.aside) line["unreadable"] = true;
  LineFile list((recording.path.parent_path() / kRecordingsFile).string());
  if (!list.Append(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))) throw *list.failure();
}

std::vector<Recording> ReadRecordings(const fs::path &day_folder) {
  std::map<std::string, Recording> all;  // later lines say more of a file
  std::ifstream list(day_folder / kRecordingsFile);
  for (std::string text; std::getline(list, text);) {
    const auto line = nlohmann::json::parse(text, nullptr, false);
    if (!line.is_object() || !line.contains("file") || !line["file"].is_string()) continue;  // cut off by a crash
    const std::string name = line["file"];
    if (fs::path(name).filename() != name) continue;  // not in this folder
    Recording &recording = all[name];
    recording.path = day_folder / name;
    if (line.contains("kind") && line["kind"].is_string()) recording.kind = line["kind"];
    recording.begin = NumberAt(line, "begin_ns");
    recording.end = NumberAt(line, "end_ns");
    recording.aside = line.contains("unreadable") && line["unreadable"] == true;
  }
  std::vector<Recording> there;
  for (auto &[name, recording] : all) {
    std::error_code failed;
    if (fs::is_regular_file(fs::symlink_status(recording.path, failed))) there.push_back(std::move(recording));
  }
  return there;
}

}  // namespace action
