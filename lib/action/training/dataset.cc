// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/training/dataset.h"

#include <glib.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "action/deleter.h"
#include "action/error.h"
#include "action/labels.h"
#include "action/regex.h"
#include "action/sha256.h"

namespace action {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostListed = 5;

// The first few of them.
std::string Listed(const std::set<std::string> &names) {
  std::string text;
  size_t count = 0;
  for (const std::string &name : names) {
    if (count++ == kMostListed) return text + " and " + std::to_string(names.size() - kMostListed) + " more";
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

std::string Quoted(const std::set<std::string> &names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

// Nothing when the file cannot be read.
std::optional<std::string> ContentOf(const std::string &path) {
  try {
    return Sha256OfFile(path);
  } catch (const Error &) {
    return std::nullopt;
  }
}

// What cameras, phones and people call a recording before anybody has looked at it.
bool IsNameOfARecording(std::string_view label) {
  static const std::set<std::string_view> kWords = {
      "afternoon", "april",     "august",  "cam",     "camera",   "capture",  "ch",        "channel",  "clip",
      "day",       "december",  "dsc",     "dscn",    "dvr",      "february", "file",      "film",     "friday",
      "gh",        "gopr",      "gx",      "img",     "january",  "july",     "june",      "line",     "march",
      "may",       "mon",       "monday",  "morning", "mov",      "movie",    "mvi",       "night",    "november",
      "nvr",       "october",   "output",  "pxl",     "rec",      "record",   "recording", "saturday", "screen",
      "september", "shift",     "sunday",  "test",    "thursday", "trim",     "tuesday",   "vid",      "video",
      "webcam",    "wednesday", "whatsapp"};
  for (size_t at = 0; at <= label.size();) {
    const size_t end = std::min(label.find('_', at), label.size());
    std::string_view word = label.substr(at, end - at);
    while (!word.empty() && g_ascii_isdigit(word.back()) != FALSE)
      word.remove_suffix(1);
    if (!word.empty() && !kWords.contains(word)) return false;
    at = end + 1;
  }
  return true;
}

std::string EndingOf(const fs::path &path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), g_ascii_tolower);
  return ending;
}

// Files that are no videos by their names, counted by ending. What lies beside videos everywhere needs no word.
void WarnOfOthers(const std::map<std::string, size_t> &others, Dataset &dataset) {
  static const std::set<std::string> kUsual = {".csv", ".eaf", ".ini", ".jpeg", ".jpg", ".json", ".jsonl", ".log",
                                               ".md",  ".pdf", ".png", ".pt",   ".srt", ".txt",  ".vtt",   ".xlsx"};
  std::string list;
  for (const auto &[ending, count] : others) {
    if (kUsual.contains(ending)) continue;
    list += (list.empty() ? "" : ", ") + std::to_string(count) + " " +
            (ending.empty() ? "without an ending" : "*" + ending);
  }
  if (list.empty()) return;
  dataset.warnings.push_back("these files are left out, since their names do not end as those of videos: " + list +
                             ". Give videos among them an ending such as .mp4 or .mkv");
}

void WarnOfRecordings(Dataset &dataset) {
  std::set<std::string> names;
  for (const Clip &clip : dataset.clips) {
    if (IsNameOfARecording(clip.label)) names.insert(clip.label);
  }
  if (names.empty()) return;
  dataset.warnings.push_back(
      "these look unlabelled: clips are called " + Quoted(names) +
      ", which says when or with what they were recorded, not what they show. Each name becomes an action. Name clips "
      "after what they show, or write times into a table (--annotations)");
}

bool IsValueAlone(const std::string &label) {
  return CategoryOf("_" + label) != ValueCategory::kUnknown && label.find('_') == std::string::npos;
}

// What is not read as the notebook reads it, and is more than the number of a clip.
void WarnOfIds(const std::map<std::string, std::string> &labels, Dataset &dataset) {
  if (labels.empty()) return;
  std::map<std::string, std::pair<std::string, size_t>> by_label;  // a name, and how many there are
  for (const auto &[name, label] : labels) {
    auto &[some, count] = by_label[label];
    if (count++ == 0) some = name;
  }
  std::string list;
  for (const auto &[label, names] : by_label) {
    list += (list.empty() ? "" : ", ") + label + " of " + names.first;
    if (names.second > 1) list += " and " + std::to_string(names.second - 1) + " more";
  }
  dataset.warnings.push_back(
      "what stands behind the value category, or is the mark of a copy, is no part of these labels: " + list +
      ". If it should be, rename the clips; --label-rule scripts cuts off nothing but a number at the end");
}

// Names that say a value, and nothing that has it.
void WarnOfNoAction(const std::set<std::string> &names, Dataset &dataset) {
  if (names.empty()) return;
  dataset.warnings.push_back("these names do not say what is done, and count as one action: " + Listed(names) +
                             ". A name is ACTION_VALUE_NUMBER, such as mount_wheel_va_001.mp4");
}

using ValueCounts = std::map<std::string, std::map<ValueCategory, size_t>>;  // clips, by label

// What most clips of a label say.
void TakeValues(const ValueCounts &said, std::map<std::string, ValueCategory> &taken,
                std::vector<std::string> &warnings) {
  for (const auto &[label, values] : said) {
    const auto most = std::ranges::max_element(values, {}, [](const auto &entry) { return entry.second; });
    taken[label] = most->first;
    if (values.size() == 1) continue;
    std::string list;
    for (const auto &[value, clips] : values)
      list += (list.empty() ? "" : ", ") + std::to_string(clips) + " " + NameOf(value);
    warnings.push_back("the clips of " + label + " do not agree on its value category: " + list + ". " +
                       NameOf(most->first) + " is taken; another can be written into elements.csv");
  }
}

// Clips that nobody named after what they show (hall-3, anna) would each become a class.
void WarnOfUnlabelled(const std::map<std::string, size_t> &in_root, Dataset &dataset) {
  std::set<std::string> alone;
  for (const auto &[label, clips] : in_root) {
    const auto value = dataset.values.find(label);
    if (value != dataset.values.end() && value->second != ValueCategory::kUnknown) continue;
    if (clips == 1 && !IsNameOfARecording(label) && CategoryOf(label) == ValueCategory::kUnknown &&
        MeaningOf(label, CoarseLabel(label)) == Meaning::kWork) {
      alone.insert(label);
    }
  }
  if (alone.size() < 2 || 2 * alone.size() < in_root.size()) return;
  std::string some;
  size_t count = 0;
  for (const std::string &label : alone) {
    if (count++ < kMostListed) some += (some.empty() ? "" : ", ") + label;
  }
  dataset.warnings.push_back(
      "these look unlabelled: " + std::to_string(alone.size()) +
      " clips are each the only one of their name, which ends in none of _va, _rnva and _nva: " + some +
      (count > kMostListed ? ", ..." : "") +
      ". Each becomes an action of its own. Name clips after what they show, or write times into a "
      "table (--annotations)");
}

Regex GroupPattern(const std::string &pattern) {
  try {
    return Regex(pattern);
  } catch (const Error &e) {
    throw Error(std::string("--group-by ") + e.what());
  }
}

}  // namespace

std::string SameLabelWarning(const std::string &label, const std::set<std::string> &names) {
  return "these names become the same label, " + label + ": " + Quoted(names) +
         ". If they are different actions, rename them";
}

std::string Clip::Name() const {
  if (span.whole()) return path;
  std::array<char, 64> text{};
  g_snprintf(text.data(), text.size(), " %.3f-%.3f s", span.start, span.end);
  return path + text.data();
}

bool HasVideoEnding(const std::string &path) {
  // Whether what is in such a file can be decoded is another question: who asks it says so of each file.
  static const std::set<std::string> kEndings = {
      ".264",  ".265",  ".3g2",  ".3gp", ".asf",  ".av1",  ".avi",  ".dav", ".divx", ".dv",    ".f4v",  ".flv",
      ".h264", ".h265", ".hevc", ".ivf", ".m1v",  ".m2t",  ".m2ts", ".m2v", ".m4v",  ".mjpeg", ".mjpg", ".mkv",
      ".mod",  ".mov",  ".mp4",  ".mpe", ".mpeg", ".mpg",  ".mpv",  ".mts", ".mxf",  ".nut",   ".ogm",  ".ogv",
      ".qt",   ".rm",   ".tod",  ".ts",  ".vob",  ".webm", ".wmv",  ".wtv", ".y4m"};
  return kEndings.contains(EndingOf(path));
}

Dataset ScanDataset(const std::string &folder, LabelRule rule) {
  Dataset dataset;
  const fs::path root = folder;
  std::error_code failed;
  if (!fs::is_directory(root, failed)) {
    throw Error("the dataset " + folder + " is not a folder. It should hold clips named after what they show " +
                "(mount_wheel_va_001.mp4), or one folder of clips for each action");
  }
  std::map<std::string, std::set<std::string>> raw_names;  // by label
  std::map<std::string, size_t> others;                    // files that are no videos, by ending
  std::map<std::string, size_t> in_root;                   // clips of a label that their own names say
  ValueCounts said;                                        // values, by label
  std::set<std::string> without_action;                    // names
  std::map<std::string, std::string> ids;                  // labels of names with an id, by name
  std::set<std::pair<dev_t, ino_t>> visited;               // of a link that leads back up there is no end
  const std::function<void(const fs::path &, bool)> walk = [&](const fs::path &place, bool is_root) {
    struct stat facts {};
    if (stat(place.c_str(), &facts) == 0 && !visited.insert({facts.st_dev, facts.st_ino}).second) return;
    std::error_code unreadable;
    const fs::directory_iterator entries(place, unreadable);
    if (unreadable) {
      const std::string what = "cannot read the folder " + place.string() + ": " + unreadable.message();
      if (is_root) throw Error(what);
      dataset.warnings.push_back(what + "; its clips are left out");
      return;
    }
    for (const auto &entry : entries) {
      const fs::path &path = entry.path();
      std::error_code ignored;
      if (path.filename().string().starts_with(".")) continue;
      if (entry.is_directory(ignored)) {
        walk(path, false);
        continue;
      }
      // A link that leads nowhere is kept, to be told of with the clips that cannot be read.
      if (!HasVideoEnding(path.string()) || (fs::exists(path, ignored) && !entry.is_regular_file(ignored))) {
        ++others[EndingOf(path)];
        continue;
      }
      // The name of a folder is the label, as it stands.
      const ClipName name = is_root ? ReadClipName(path.stem().string(), rule)
                                    : ReadClipName(place.filename().string(), LabelRule::kNotebook);
      Clip clip;
      clip.path = path.string();
      clip.label = name.label;
      clip.source = clip.path;
      if (name.foreign) dataset.names.emplace(clip.label, name.text);
      if (is_root) ++in_root[clip.label];
      if (name.value) ++said[clip.label][*name.value];
      if (!name.id.empty()) ids.insert({path.filename().string(), clip.label});
      if (IsValueAlone(clip.label) || (rule == LabelRule::kDeployment && is_root && clip.label == "unknown"))
        without_action.insert(path.filename().string());
      raw_names[clip.label].insert(name.text);
      dataset.clips.push_back(std::move(clip));
    }
  };
  walk(root, true);
  WarnOfOthers(others, dataset);
  WarnOfIds(ids, dataset);
  WarnOfNoAction(without_action, dataset);
  TakeValues(said, dataset.values, dataset.warnings);
  WarnOfRecordings(dataset);
  WarnOfUnlabelled(in_root, dataset);
  std::ranges::sort(dataset.clips, {}, &Clip::path);
  for (const auto &[label, names] : raw_names) {
    if (label == "unknown" && *names.begin() != "unknown") {
      dataset.warnings.push_back("nothing of these names is left as a label; they count as 'unknown': " +
                                 Quoted(names));
    } else if (names.size() > 1) {
      dataset.warnings.push_back(SameLabelWarning(label, names));
    }
  }
  return dataset;
}

std::map<std::string, ValueCategory> ValuesOf(const Dataset &dataset, std::vector<std::string> &warnings) {
  ValueCounts said, of_families;
  for (const Clip &clip : dataset.clips) {
    const ValueCategory value = CategoryOf(clip.label);
    if (value == ValueCategory::kUnknown) continue;
    const std::string action(WithoutValue(clip.label)), family = CoarseLabel(clip.label);
    ++said[action][value];
    ++of_families[family][value];
  }
  std::map<std::string, ValueCategory> values;
  TakeValues(said, values, warnings);
  for (const auto &[family, counts] : of_families) {
    if (counts.size() == 1) values.emplace(family, counts.begin()->first);
  }
  return values;
}

void CheckGroupPattern(const std::string &pattern) {
  GroupPattern(pattern);
}

void GroupBy(Dataset &dataset, const std::string &pattern) {
  const Regex regex = GroupPattern(pattern);
  std::vector<std::string> unmatched;
  const auto source_in = [&regex](const std::string &name) -> std::string {
    const auto found = regex.Find(name);
    return !found ? "" : found->size() > 1 ? (*found)[1] : (*found)[0];
  };
  for (Clip &clip : dataset.clips) {
    const fs::path file = fs::path(clip.path).filename();
    clip.source = source_in(file.stem().string());
    if (clip.source.empty()) clip.source = source_in(file.string());  // a pattern that names the ending
    if (clip.source.empty()) unmatched.push_back(file.string());
  }
  if (unmatched.empty()) return;
  std::string names;
  for (size_t i = 0; i < std::min(unmatched.size(), kMostListed); ++i)
    names += "\n  " + unmatched[i];
  if (unmatched.size() > kMostListed) names += "\n  and " + std::to_string(unmatched.size() - kMostListed) + " more";
  throw Error("--group-by '" + pattern + "' does not match these file names, whose source is not known:" + names);
}

std::vector<std::string> JoinIdenticalClips(Dataset &dataset) {
  std::map<std::string, std::string> source_of;  // by file
  for (const Clip &clip : dataset.clips)
    source_of.emplace(clip.path, clip.source);
  std::map<uintmax_t, std::vector<std::string>> by_size;
  for (const auto &[path, source] : source_of) {
    std::error_code failed;
    const uintmax_t size = fs::file_size(path, failed);
    if (!failed && size > 0) by_size[size].push_back(path);
  }
  std::map<std::string, std::string> new_source;  // by file
  std::vector<std::string> groups;
  for (const auto &[size, paths] : by_size) {
    if (paths.size() < 2) continue;
    std::map<std::string, std::vector<std::string>> by_hash;
    for (const std::string &path : paths) {
      if (const auto content = ContentOf(path)) by_hash[*content].push_back(path);
    }
    for (const auto &[hash, same] : by_hash) {
      if (same.size() < 2) continue;
      std::string names;
      for (const std::string &path : same) {
        names += (names.empty() ? "" : " = ") + path;
        new_source[path] = source_of[same.front()];
      }
      groups.push_back(names);
    }
  }
  for (Clip &clip : dataset.clips) {
    const auto found = new_source.find(clip.path);
    if (found != new_source.end()) clip.source = found->second;
  }
  std::ranges::sort(groups);
  return groups;
}

}  // namespace action
