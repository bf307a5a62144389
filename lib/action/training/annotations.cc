// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/training/annotations.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "action/error.h"
#include "action/io/csv.h"
#include "action/labels.h"
#include "action/text.h"
#include "action/timeline/timeline_file.h"
#include "action/timeline/timeline_format.h"

namespace action {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char *, 4> kColumns = {"video", "start", "end", "label"};
// Of a row whose value category contradicts its label.
constexpr const char *kLabelCounts =
    "What is trained is the label, with the value at its end; another value for it stands in elements.csv";
// Beside a video, of which the first that is there is read.
constexpr std::array<const char *, 2> kTimelineEndings = {".json", ".csv"};
constexpr const char *kStateColumn = "state";
constexpr const char *kValueColumn = "value_category";
constexpr const char *kSetColumn = "set";
constexpr const char *kOriginColumn = "origin";
constexpr double kTouching = 0.001;  // s: rows that meet do not overlap

// Which field of a heading names a column, as we call it or as our timelines and the Python system's notebook do; past
// its last one where none does.
size_t PlaceOf(const CsvRow &heading, std::string_view column) {
  const auto place_of = [&heading](std::string_view name) {
    const auto is_column = [name](const std::string &field) { return NormaliseLabel(field) == name; };
    return static_cast<size_t>(std::ranges::find_if(heading.fields, is_column) - heading.fields.begin());
  };
  const size_t place = place_of(column);
  if (place < heading.fields.size()) return place;
  if (column == kColumns[3]) return place_of("fine_action");
  return column == kColumns[1] || column == kColumns[2] ? place_of(std::string(column) + "_s") : place;
}

// Which field holds which column: by the names in the first row, else in the order of kColumns.
std::optional<std::array<size_t, 4>> HeaderOf(const CsvRow &row) {
  std::array<size_t, 4> place{};
  for (size_t c = 0; c < kColumns.size(); ++c) {
    place[c] = PlaceOf(row, kColumns[c]);
    if (place[c] == row.fields.size()) return std::nullopt;
  }
  return place;
}

// What a row has in a column that a table need not have; empty where it has not.
std::string Optional(const CsvRow &header, const CsvRow &row, const char *column) {
  const size_t at = PlaceOf(header, column);
  return at < std::min(header.fields.size(), row.fields.size()) ? Trimmed(row.fields[at]) : "";
}

// The columns of a timeline that a table may have too.
void ReadOptional(const CsvRow &header, const CsvRow &row, Annotation &annotation, std::vector<std::string> &warnings) {
  const std::string state = Optional(header, row, kStateColumn);
  if (!state.empty()) {
    const auto known =
        Named(state, {SegmentState::kMeasured, SegmentState::kAbsent, SegmentState::kUnknown, SegmentState::kGap});
    if (!known) {
      throw Error(annotation.where + ": the state is '" + state + "'; known are measured, absent, unknown and gap");
    }
    annotation.state = state;
    annotation.trained = *known == SegmentState::kMeasured;
  }
  const std::string set = Optional(header, row, kSetColumn);
  if (!set.empty() && set != "train" && set != "test")
    throw Error(annotation.where + ": the set is '" + set + "'; known are train and test");
  annotation.test = set == "test";
  if (annotation.test) annotation.trained = false;
  annotation.origin = Optional(header, row, kOriginColumn);
  const std::string value = Optional(header, row, kValueColumn);
  if (value.empty()) return;
  const auto category =
      Named(value, {ValueCategory::kVa, ValueCategory::kRnva, ValueCategory::kNva, ValueCategory::kUnknown});
  if (!category) {
    throw Error(annotation.where + ": the value category is '" + value + "'; known are VA, RNVA, NVA and UNKNOWN");
  }
  const ValueCategory of_label = CategoryOf(NormaliseLabel(annotation.label));
  if (*category != ValueCategory::kUnknown && of_label != ValueCategory::kUnknown && *category != of_label) {
    warnings.push_back(annotation.where + " has the value category " + value + ", but its label is " +
                       annotation.label + ". " + kLabelCounts);
  }
}

// Seconds for a message, to the hundredth.
std::string Shown(double seconds) {
  std::array<char, 40> text{};
  g_snprintf(text.data(), text.size(), "%.2f", seconds);
  return text.data();
}

double SecondsIn(const std::string &text, const std::string &where, const char *column) {
  const auto seconds = ParseSeconds(text);
  if (!seconds) {
    throw Error(where + ": the " + column + " is '" + text +
                "'; it should be seconds, such as 12.5 or 12,5, or a time, such as 0:30 or 00:01:02.5");
  }
  return *seconds;
}

void Check(const Annotation &annotation) {
  if (annotation.start < 0) {
    throw Error(annotation.where + ": the start, " + Shown(annotation.start) + " s, is before the video's own");
  }
  if (annotation.trained && SafeLabel(annotation.label) == "unknown" && annotation.label != "unknown") {
    throw Error(annotation.where + ": nothing of the label '" + annotation.label +
                "' is left but 'unknown': labels are " + "made of the letters a-z and digits");
  }
  if (annotation.end <= annotation.start) {
    throw Error(annotation.where + ": the end, " + Shown(annotation.end) + " s, is not after the start, " +
                Shown(annotation.start) + " s");
  }
}

void CheckVideo(const Annotation &annotation) {
  std::error_code failed;
  if (!fs::is_regular_file(annotation.video, failed)) {
    const bool there = fs::exists(annotation.video, failed);
    throw Error(annotation.where + ": the video " + annotation.video + (there ? " is no file" : " does not exist"));
  }
}

std::vector<Annotation> FromCsv(const std::string &path, std::vector<std::string> &warnings) {
  std::vector<Annotation> annotations = ReadAnnotationTable(path, warnings);
  if (annotations.empty())
    throw Error("the table " + path + " has no row under its heading: each says the video, start, end and label");
  std::ranges::for_each(annotations, CheckVideo);
  return annotations;
}

std::vector<TimelineRow> RowsOf(const std::string &path, std::vector<std::string> &warnings) {
  if (path.ends_with(kTimelineEndings[0])) return ReadTimelineRows(path, kLabelCounts, warnings);
  std::vector<TimelineRow> rows;
  const AnyTimeline timeline = ReadAnyTimeline(path, "csv");
  for (const Segment &segment : timeline.file.last().segments) {
    if (segment.state == SegmentState::kGap) continue;  // what no row covers
    rows.push_back({segment, path + ", at " + Shown(static_cast<double>(segment.start) / 1e9) + " s"});
  }
  return rows;
}

// Whether a table beside a video is its timeline: measurements of a machine are not.
bool IsTimeline(const fs::path &path) {
  if (path.extension() != kTimelineEndings[1]) return true;
  try {
    const std::vector<CsvRow> rows = ReadCsv(path.string(), path.string());
    return !rows.empty() && std::ranges::all_of(std::span(kColumns).subspan(1), [&rows](const char *column) {
      return PlaceOf(rows.front(), column) < rows.front().fields.size();
    });
  } catch (const Error &) {
    return false;
  }
}

// Rows whose state is not measured say what is no action: they are kept, so that nothing else is made of that time.
std::vector<Annotation> FromTimeline(const std::string &path, const std::string &video,
                                     std::vector<std::string> &warnings) {
  std::vector<Annotation> annotations;
  bool interrupted = false;
  for (const TimelineRow &row : RowsOf(path, warnings)) {
    interrupted = row.segment.complete == false;
    const auto seconds = [](int64_t ns) { return static_cast<double>(ns) / 1e9; };
    Annotation annotation{video,
                          seconds(row.segment.start),
                          seconds(row.segment.end),
                          row.segment.fine_action,
                          row.where,
                          row.segment.state == SegmentState::kMeasured};
    Check(annotation);
    CheckVideo(annotation);
    annotations.push_back(std::move(annotation));
  }
  if (interrupted) {
    annotations.back().last_known = true;
    warnings.push_back(path + " is of a run that was interrupted: nothing that comes after its last row is trained");
  }
  return annotations;
}

std::vector<Annotation> ReadFolder(const fs::path &folder, std::vector<std::string> &warnings) {
  std::vector<fs::path> videos;
  for (const auto &entry : fs::directory_iterator(folder)) {
    if (HasVideoEnding(entry.path().string())) videos.push_back(entry.path());
  }
  std::ranges::sort(videos);
  std::vector<Annotation> annotations;
  for (const fs::path &video : videos) {
    for (const char *ending : kTimelineEndings) {
      const fs::path timeline = fs::path(video).replace_extension(ending);
      if (!fs::exists(timeline) || !IsTimeline(timeline)) continue;
      for (Annotation &annotation : FromTimeline(timeline.string(), video.string(), warnings))
        annotations.push_back(std::move(annotation));
      break;
    }
  }
  if (annotations.empty()) {
    throw Error("the folder " + folder.string() +
                " holds no video with its timeline beside it (clip.mp4 and clip.json, or clip.csv)");
  }
  return annotations;
}

}  // namespace

std::optional<double> ParseSeconds(const std::string &text) {
  std::string trimmed = Trimmed(text);
  std::ranges::replace(trimmed, ',', '.');  // the decimal point of many spreadsheets
  double seconds = 0;
  size_t parts = 0;
  for (size_t at = 0; at <= trimmed.size(); ++parts) {
    const size_t colon = std::min(trimmed.find(':', at), trimmed.size());
    const bool last = colon == trimmed.size();
    double value = 0;
    const char *begin = trimmed.data() + at, *end = trimmed.data() + colon;
    const auto [stop, error] = std::from_chars(begin, end, value, std::chars_format::fixed);
    if (error != std::errc() || stop != end || !std::isfinite(value) || std::signbit(value)) return std::nullopt;
    // Hours and minutes are whole; what follows on them has 60 to the unit.
    if (!last && value != std::floor(value)) return std::nullopt;
    if (parts > 0 && value >= 60) return std::nullopt;
    seconds = 60 * seconds + value;
    at = colon + 1;
  }
  return parts <= 3 ? std::optional(seconds) : std::nullopt;
}

std::vector<Annotation> ReadAnnotationTable(const std::string &path, std::vector<std::string> &warnings) {
  const std::vector<CsvRow> rows = ReadCsv(path, "the annotations " + path);
  if (rows.empty()) throw Error("the annotations " + path + " are empty; they should be rows of video,start,end,label");

  const auto header = HeaderOf(rows.front());
  const std::array<size_t, 4> place = header.value_or(std::array<size_t, 4>{0, 1, 2, 3});
  std::vector<Annotation> annotations;
  for (size_t i = header ? 1 : 0; i < rows.size(); ++i) {
    const CsvRow &row = rows[i];
    Annotation annotation;
    annotation.where = path + " line " + std::to_string(row.line);
    if (row.fields.size() <= *std::ranges::max_element(place)) {
      throw Error(annotation.where + ": there are " + std::to_string(row.fields.size()) +
                  " fields; there should be video,start,end,label");
    }
    // A comma too many would move a label; empty fields at the end are how spreadsheets fill a table.
    const size_t expected = header ? rows.front().fields.size() : kColumns.size();
    for (size_t extra = expected; extra < row.fields.size(); ++extra) {
      if (Trimmed(row.fields[extra]).empty()) continue;
      throw Error(annotation.where + ": there are " + std::to_string(row.fields.size()) + " fields, and " +
                  (header ? "the heading has " : "there should be ") + std::to_string(expected) +
                  ". Numbers with a decimal comma, and labels with a comma, need quotes around them, or semicolons " +
                  "between the fields");
    }
    annotation.video = (fs::path(path).parent_path() / Trimmed(row.fields[place[0]])).lexically_normal().string();
    annotation.start = SecondsIn(row.fields[place[1]], annotation.where, "start");
    annotation.end = SecondsIn(row.fields[place[2]], annotation.where, "end");
    annotation.label = Trimmed(row.fields[place[3]]);
    if (header) ReadOptional(rows.front(), row, annotation, warnings);
    Check(annotation);
    annotations.push_back(std::move(annotation));
  }
  return annotations;
}

std::vector<Annotation> ReadAnnotations(const std::string &path, std::vector<std::string> &warnings) {
  std::error_code failed;
  return fs::is_directory(path, failed) ? ReadFolder(path, warnings) : FromCsv(path, warnings);
}

Dataset DatasetOf(const std::vector<Annotation> &annotations, bool background,
                  const std::function<std::optional<double>(const std::string &)> &duration_of) {
  std::map<std::string, std::vector<Annotation>> by_video;
  for (const Annotation &annotation : annotations)
    by_video[annotation.video].push_back(annotation);

  Dataset dataset;
  const auto add = [&dataset](const std::string &video, double start, double end, const std::string &label) {
    dataset.clips.push_back({video, {start, end}, label, video});
  };
  std::map<std::string, std::set<std::string>> raw_names;  // by label
  for (const Annotation &annotation : annotations) {
    if (!annotation.trained) continue;
    raw_names[SafeLabel(annotation.label)].insert(annotation.label);
  }
  for (const auto &[label, names] : raw_names) {
    if (names.size() > 1) dataset.warnings.push_back(SameLabelWarning(label, names));
  }
  for (auto &[video, rows] : by_video) {
    std::ranges::stable_sort(rows, {}, &Annotation::start);
    const std::optional<double> known = duration_of(video);
    const double duration = known.value_or(1e9);
    double covered = 0;  // up to here every moment has been looked at
    std::string covered_label;
    for (const Annotation &row : rows) {
      bool foreign = false;
      const std::string label = SafeLabel(row.label, &foreign);
      if (foreign && row.trained) dataset.names.emplace(label, row.label);
      if (row.start >= duration) {
        dataset.warnings.push_back(row.where + ": begins at " + Shown(row.start) + " s, but the video " + video +
                                   " ends at " + Shown(duration) + " s; left out");
        continue;
      }
      if (row.trained && row.start < covered - kTouching && label != covered_label) {
        dataset.warnings.push_back(row.where + ": overlaps with a row of another label; the frames in both teach both");
      }
      if (background && row.start - covered >= kShortestBackground) add(video, covered, row.start, kBackgroundLabel);
      if (row.end > duration + kShortestBackground) {
        dataset.warnings.push_back(row.where + ": ends at " + Shown(row.end) + " s, but the video " + video + " at " +
                                   Shown(duration) + " s; cut");
      }
      if (row.trained) add(video, row.start, std::min(row.end, duration), label);
      if (row.end > covered) {
        covered = row.end;
        covered_label = label;
      }
    }
    const bool interrupted = std::ranges::any_of(rows, &Annotation::last_known);
    if (background && known && !interrupted && duration - covered >= kShortestBackground)
      add(video, covered, duration, kBackgroundLabel);
  }
  return dataset;
}

}  // namespace action
