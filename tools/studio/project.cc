// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "studio/project.h"

#include <glib.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/io/csv.h"
#include "action/io/json_text.h"
#include "action/model_bundle.h"
#include "action/sha256.h"
#include "action/text.h"
#include "action/training/annotations.h"
#include "action/training/dataset.h"

namespace action {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char *kHeading = "video,start,end,label,state,origin,set\n";
constexpr const char *kUnlabelled = "unknown";  // a state: nothing is learnt of this time
constexpr double kSmallest = 0.0005;            // s: what is shorter is none

// Empty: there is no such file.
std::string TextOf(const std::string &path) {
  try {
    return ReadText(path, path, kMostOfTable);
  } catch (const Error &e) {
    if (e.kind() == ErrorKind::kNotFound) return "";
    throw;
  }
}

// Another one after each change of a file, as far as a look at its folder tells; empty: there is none.
std::string VersionOf(const std::string &path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) return "";
  return std::to_string(facts.st_ino) + "-" + std::to_string(facts.st_size) + "-" +
         std::to_string(facts.st_mtim.tv_sec) + "." + std::to_string(facts.st_mtim.tv_nsec);
}

std::string HashOf(const std::string &text) {
  Sha256 hash;
  hash.Update(text);
  return hash.Hex().substr(0, 16);
}

void WriteText(const std::string &path, const std::string &text) {
  AtomicFile file(path);
  file.Write(text);
  file.Commit();
}

// To the millisecond, with a point whatever the language.
std::string Seconds(double value) {
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd(text, sizeof(text), "%.3f", value);
  return text;
}

std::string RowsOf(const std::string &video, const std::vector<LabelledSegment> &segments, double duration) {
  std::string text;
  const auto add = [&](double start, double end, const LabelledSegment &segment) {
    text += CsvField(video) + "," + Seconds(start) + "," + Seconds(end) + "," + CsvField(segment.label) + "," +
            segment.state + "," + CsvField(segment.origin) + "," + (segment.test ? "test" : "") + "\n";
  };
  // Time without a label is no background to be learnt.
  const auto add_unlabelled = [&](double start, double end) {
    if (end - start > kSmallest) add(start, end, {start, end, kUnknownLabel, "", kUnlabelled, false});
  };
  double until = 0;
  for (const LabelledSegment &segment : segments) {
    add_unlabelled(until, segment.start);
    add(segment.start, segment.end, segment);
    until = segment.end;
  }
  if (!segments.empty()) add_unlabelled(until, duration);
  return text;
}

bool IsVideoName(const std::string &name) {
  return !name.starts_with(".") && HasVideoEnding(name) && g_utf8_validate(name.c_str(), -1, nullptr);
}

void Check(const std::vector<LabelledSegment> &segments) {
  double until = 0;
  for (const LabelledSegment &segment : segments) {
    const std::string where = "the segment from " + Seconds(segment.start) + " to " + Seconds(segment.end) + " s";
    if (segment.label.empty()) throw Error(where + " has no label");
    if (!(segment.end - segment.start > kSmallest)) throw Error(where + " has no length");
    if (segment.start < until - kSmallest) throw Error(where + " begins before the one before it ends");
    until = segment.end;
  }
}

}  // namespace

std::string LabelFor(const std::string &name, ValueCategory value) {
  std::string label = SafeLabel(name);
  const std::string ending = value == ValueCategory::kVa     ? "_va"
                             : value == ValueCategory::kRnva ? "_rnva"
                             : value == ValueCategory::kNva  ? "_nva"
                                                             : "";
  if (!ending.empty() && CategoryOf(label) != value) label = std::string(WithoutValue(label)) + ending;
  return label;
}

Project::Project(const std::string &folder) : folder_(fs::weakly_canonical(folder).string()) {
  if (!fs::is_directory(folder_)) throw Error(folder + " is not a folder; name the one that your videos are in");
  std::error_code failed;
  fs::create_directories(CachePath("found"), failed);
  if (failed)
    throw Error("cannot write to " + folder_ + ": " + failed.message() + ". The studio keeps labels beside the videos");
  Settings();  // tells mistakes
}

std::vector<std::string> Project::Videos() const {
  std::vector<std::string> videos;
  for (const auto &entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (IsVideoName(name) && entry.is_regular_file()) videos.push_back(name);
  }
  std::ranges::sort(videos);
  return videos;
}

bool Project::HasVideo(const std::string &name) const {
  std::error_code failed;
  return name.find('/') == std::string::npos && IsVideoName(name) && fs::is_regular_file(Path(name), failed);
}

void Project::ReadLabels() {
  const std::string version = VersionOf(AnnotationsPath());
  if (version == labels_.version) return;
  const std::string text = TextOf(AnnotationsPath());
  if (text == labels_.text) {
    labels_.version = version;
    return;
  }
  Rows rows{version, text, !text.starts_with(kHeading), {}};
  std::vector<std::string> warnings;
  if (!text.empty()) {
    for (const Annotation &row : ReadAnnotationTable(AnnotationsPath(), warnings)) {
      if (row.state == kUnlabelled) continue;
      const std::string video = fs::path(row.video).lexically_relative(folder_).string();
      // Labels of others may be written in any way; the trainer makes the same of them.
      const std::string label = row.state.empty() || row.state == "measured" ? SafeLabel(row.label) : row.label;
      rows.of[video].push_back({row.start, row.end, label, row.origin.empty() ? "labelled" : row.origin,
                                row.state == "measured" ? "" : row.state, row.test});
    }
  }
  for (auto &[video, segments] : rows.of)
    std::ranges::stable_sort(segments, {}, &LabelledSegment::start);
  labels_ = std::move(rows);
}

Revised<std::vector<LabelledSegment>> Project::Labels(const std::string &video) {
  ReadLabels();
  const std::vector<LabelledSegment> &segments = labels_.of[video];
  return {HashOf(RowsOf(video, segments, 0)), segments};
}

std::map<std::string, std::vector<LabelledSegment>> Project::AllLabels() {
  ReadLabels();
  return labels_.of;
}

bool Project::LabelsAreForeign() {
  ReadLabels();
  return labels_.foreign && !labels_.text.empty();
}

void Project::WriteLabelsOf(const std::vector<std::string> &videos, const std::string &path,
                            const std::function<double(const std::string &)> &duration_of) {
  ReadLabels();
  std::string text = kHeading;
  for (const std::string &video : videos) {
    const std::string name = fs::path(Path(video)).lexically_relative(fs::path(path).parent_path()).string();
    text += RowsOf(name, labels_.of[video], duration_of(video));
  }
  WriteText(path, text);
}

std::optional<std::string> Project::SetLabels(const std::string &video, const std::string &revision,
                                              const std::vector<LabelledSegment> &segments,
                                              const std::function<double(const std::string &)> &duration_of) {
  Check(segments);
  if (Labels(video).revision != revision) return std::nullopt;
  // What another program or person has written is kept as it was, before it is written in our way.
  if (LabelsAreForeign()) WriteText(AsideName(AnnotationsPath()), labels_.text);
  Rows rows = labels_;
  rows.of[video] = segments;
  rows.foreign = false;
  rows.text = kHeading;
  for (const auto &[name, of_video] : rows.of)
    rows.text += RowsOf(name, of_video, duration_of(name));
  WriteText(AnnotationsPath(), rows.text);
  rows.version = VersionOf(AnnotationsPath());
  labels_ = std::move(rows);
  return HashOf(RowsOf(video, segments, 0));
}

Revised<std::vector<ElementRow>> Project::Elements() {
  const std::string path = Path(kElementsFile), text = TextOf(path);
  return {HashOf(text), text.empty() ? std::vector<ElementRow>() : ReadElements(path)};
}

std::optional<std::string> Project::SetElements(const std::string &revision, const std::vector<ElementRow> &rows) {
  const std::string path = Path(kElementsFile), before = TextOf(path);
  if (HashOf(before) != revision) return std::nullopt;
  if (!before.empty() && !before.starts_with(kElementsHeading)) WriteText(AsideName(path), before);
  const std::string text = ElementsText(rows);
  WriteText(path, text);
  return HashOf(text);
}

void Project::WriteElementsFor(const std::string &model_folder) {
  const LabelTable labels = ModelBundle::Open(model_folder).labels();
  std::vector<ElementRow> known;
  for (const ElementRow &row : Elements().content) {
    if (std::ranges::find(labels.fine, row.label, &FineLabel::label) != labels.fine.end()) known.push_back(row);
  }
  if (!known.empty()) WriteText(model_folder + "/" + kElementsFile, ElementsText(known));
}

Revised<ordered_json> Project::Settings() {
  const std::string path = Path("studio.json"), text = TextOf(path);
  if (text.empty()) return {HashOf(text), ordered_json::object()};
  ordered_json settings = ParseOrderedJson(text, path);
  if (!settings.is_object()) throw Error(path + " is not a JSON object; mend it, or move it away");
  return {HashOf(text), std::move(settings)};
}

std::optional<std::string> Project::SetSettings(const std::string &revision, const ordered_json &settings) {
  if (Settings().revision != revision) return std::nullopt;
  const std::string text = settings.dump(2) + "\n";
  WriteText(Path("studio.json"), text);
  return HashOf(text);
}

void Project::ChangeSettings(const std::function<void(ordered_json &)> &change) {
  ordered_json settings = Settings().content;
  change(settings);
  WriteText(Path("studio.json"), settings.dump(2) + "\n");
}

}  // namespace action
