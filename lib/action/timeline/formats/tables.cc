// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tables: our own, and the two that BORIS exports (O. Friard and M. Gamba, Methods in Ecology and Evolution 2016).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <span>

#include "action/error.h"
#include "action/io/csv.h"
#include "action/text.h"
#include "action/timeline/formats/formats.h"
#include "action/timeline/timeline_file.h"
#include "action/training/annotations.h"

namespace action {
namespace {

std::string SecondsText(int64_t ns) {
  char text[40];
  std::snprintf(text, sizeof(text), "%lld.%03lld", static_cast<long long>(ns / 1'000'000'000),
                static_cast<long long>(ns / 1'000'000 % 1000));
  return text;
}

// A table with a heading: fields by the names of their columns.
class Table {
 public:
  Table(std::string_view text, const std::string &where) : where_(where), rows_(ParseCsv(text, where)) {
    if (rows_.empty()) throw Error(where + " is empty");
    for (size_t i = 0; i < rows_.front().fields.size(); ++i)
      columns_.emplace(Trimmed(rows_.front().fields[i]), i);
  }
  size_t rows() const { return rows_.size() - 1; }
  bool Has(const std::string &column) const { return columns_.contains(column); }
  std::string At(size_t row, const std::string &column) const {
    const auto found = columns_.find(column);
    const auto &fields = rows_[row + 1].fields;
    return found != columns_.end() && found->second < fields.size() ? Trimmed(fields[found->second]) : "";
  }
  std::string Where(size_t row) const { return where_ + " line " + std::to_string(rows_[row + 1].line); }
  int64_t TimeAt(size_t row, const std::string &column) const {
    const auto seconds = ParseSeconds(At(row, column));
    if (!seconds) {
      throw Error(Where(row) + ": the " + column + " is '" + At(row, column) +
                  "'; it should be seconds, such as 12.5, or a time, such as 0:30");
    }
    return std::llround(*seconds * 1e9);
  }

 private:
  const std::string where_;
  const std::vector<CsvRow> rows_;
  std::map<std::string, size_t> columns_;
};

// ---- Ours

constexpr const char *kColumns[] = {
    "start", "end",        "duration",  "fine_action", "coarse_action",    "value_category", "state",
    "name",  "confidence", "deviation", "num_frames",  "wall_clock_start", "wall_clock_end", "note"};

template <typename Enum>
Enum NamedField(const Table &table, size_t row, const char *column, std::initializer_list<Enum> values,
                Enum otherwise) {
  const std::string text = table.At(row, column);
  if (text.empty()) return otherwise;
  std::string known;
  for (const Enum value : values) {
    if (EqualNoCase(text, NameOf(value))) return value;
    known += (known.empty() ? "" : ", ") + std::string(NameOf(value));
  }
  throw Error(table.Where(row) + ": the " + column + " is '" + text + "'; known are " + known);
}

// A timeline is of one video: rows of several would lie on top of each other.
void TakeVideo(const std::string &video, const std::string &where, TimelineDocument &document) {
  if (video.empty()) return;
  if (!document.video.empty() && video != document.video)
    throw Error(where + " has rows of several videos, " + document.video + " and " + video + "; keep those of one");
  document.video = video;
}

TimelineDocument ReadTable(std::string_view text, const std::string &where, double) {
  const Table table(text, where);
  const char *label = table.Has("fine_action") ? "fine_action" : "label";  // as in annotations
  // As the Python system's notebook calls them.
  const char *start = table.Has("start_s") ? "start_s" : "start", *stop = table.Has("end_s") ? "end_s" : "end";
  for (const char *column : {start, stop, label}) {
    if (!table.Has(column))
      throw Error(where + " has no column '" + column +
                  "'; its first line should name start, end and fine_action, or start_s, end_s and label");
  }
  TimelineDocument document;
  std::vector<Segment> segments;
  for (size_t row = 0; row < table.rows(); ++row) {
    const std::string action = table.At(row, label);
    if (action.empty()) throw Error(table.Where(row) + ": there is no " + label);
    Segment segment = SegmentOfLabel(table.TimeAt(row, start), table.TimeAt(row, stop), action);
    if (segment.end < segment.start) throw Error(table.Where(row) + ": the end is before the start");
    if (const std::string coarse = table.At(row, "coarse_action"); !coarse.empty()) segment.coarse_action = coarse;
    segment.category = NamedField(
        table, row, "value_category",
        {ValueCategory::kVa, ValueCategory::kRnva, ValueCategory::kNva, ValueCategory::kUnknown}, segment.category);
    segment.state = NamedField(
        table, row, "state",
        {SegmentState::kMeasured, SegmentState::kAbsent, SegmentState::kUnknown, SegmentState::kGap}, segment.state);
    segment.deviation =
        NamedField(table, row, "deviation", {Deviation::kSkipped, Deviation::kOutOfOrder}, Deviation::kNone);
    segment.name = table.At(row, "name");
    segment.confidence = ParseSeconds(table.At(row, "confidence")).value_or(0);
    segment.num_frames = std::llround(ParseSeconds(table.At(row, "num_frames")).value_or(0));
    segment.stand_in = table.At(row, "note") == kStandInNotice;
    const auto from = ParseIsoTime(table.At(row, "wall_clock_start")),
               to = ParseIsoTime(table.At(row, "wall_clock_end"));
    if (from && to) segment.wall_clock = {*from, *to, ""};
    TakeVideo(table.At(row, "video"), where, document);
    segments.push_back(std::move(segment));
  }
  document.segments = InOrder(segments);
  return document;
}

std::string WriteTable(const TimelineDocument &document) {
  std::string text;
  for (const char *column : kColumns)
    text += (text.empty() ? "" : ",") + std::string(column);
  const bool with_video = !document.video.empty();
  text += with_video ? ",video\n" : "\n";
  for (const Segment &s : document.segments) {
    char confidence[16];
    std::snprintf(confidence, sizeof(confidence), "%.4f", s.confidence);
    const std::string fields[] = {SecondsText(s.start),
                                  SecondsText(s.end),
                                  SecondsText(s.duration()),
                                  s.fine_action,
                                  s.coarse_action,
                                  NameOf(s.category),
                                  NameOf(s.state),
                                  s.name,
                                  s.confidence > 0 ? confidence : "",
                                  NameOf(s.deviation),
                                  std::to_string(s.num_frames),
                                  s.wall_clock ? IsoTime(s.wall_clock->start) : "",
                                  s.wall_clock ? IsoTime(s.wall_clock->end) : "",
                                  s.stand_in ? kStandInNotice : ""};
    text += CsvLine(fields) + (with_video ? "," + CsvField(document.video) : "") + "\n";
  }
  return text;
}

// ---- BORIS

constexpr const char *kBehavior = "Behavior";

bool IsBoris(std::string_view text) {
  const std::string_view heading = text.substr(0, text.find('\n'));
  return heading.find(kBehavior) != std::string_view::npos && heading.find("Subject") != std::string_view::npos;
}

// Either of "tabular events" (a row for a start, one for a stop) or of "aggregated events" (a row for both).
TimelineDocument ReadBoris(std::string_view text, const std::string &where, double) {
  const Table table(text, where);
  const bool aggregated = table.Has("Start (s)") && table.Has("Stop (s)");
  const char *status = table.Has("Behavior type") ? "Behavior type" : "Status";
  if (!aggregated && (!table.Has("Time") || !table.Has(status))) {
    throw Error(where +
                " has the columns neither of BORIS' tabular events (Behavior, Behavior type, Time) nor of its "
                "aggregated events (Behavior, Start (s), Stop (s))");
  }
  TimelineDocument document;
  std::vector<Segment> segments;
  std::map<std::string, int64_t> open;  // by behaviour
  for (size_t row = 0; row < table.rows(); ++row) {
    const std::string behavior = table.At(row, kBehavior);
    if (behavior.empty()) throw Error(table.Where(row) + ": there is no behavior");
    TakeVideo(table.At(row, "Media file name"), where, document);
    if (document.frame_rate == 0) document.frame_rate = ParseSeconds(table.At(row, "FPS")).value_or(0);
    const auto add = [&](int64_t start, int64_t end) {
      if (end < start) throw Error(table.Where(row) + ": " + behavior + " stops before it starts");
      Segment segment = SegmentOfLabel(start, end, behavior);
      if (const std::string family = table.At(row, "Behavioral category"); !family.empty())
        segment.coarse_action = family;
      segment.name = table.At(row, "Comment");
      segment.stand_in = table.At(row, "Description") == kStandInNotice;
      segments.push_back(std::move(segment));
    };
    if (aggregated) {
      add(table.TimeAt(row, "Start (s)"), table.TimeAt(row, "Stop (s)"));
      continue;
    }
    const std::string what = table.At(row, status);
    if (EqualNoCase(what, "START")) {
      open[behavior] = table.TimeAt(row, "Time");
    } else if (EqualNoCase(what, "STOP")) {
      const auto began = open.find(behavior);
      if (began == open.end()) throw Error(table.Where(row) + ": " + behavior + " stops, and has not started");
      add(began->second, table.TimeAt(row, "Time"));
      open.erase(began);
    }  // a point in time is no segment
  }
  if (!open.empty()) throw Error(where + ": " + open.begin()->first + " starts and never stops");
  document.segments = InOrder(segments);
  return document;
}

std::string WriteBoris(const TimelineDocument &document) {
  std::string text =
      "Observation id,Observation date,Description,Observation duration,Observation type,Source,Time offset (s),"
      "Media duration (s),FPS,Subject,Behavior,Behavioral category,Behavior type,Time,Media file name,Image index,"
      "Image file path,Comment\n";
  const std::string duration = document.segments.empty() ? "0" : SecondsText(document.segments.back().end);
  char rate[32];
  std::snprintf(rate, sizeof(rate), "%.3f", document.frame_rate);
  for (const Segment &s : document.segments) {
    if (s.state == SegmentState::kGap) continue;
    for (const bool begins : {true, false}) {
      const std::string fields[] = {"timeline",
                                    "",
                                    s.stand_in ? kStandInNotice : "",
                                    duration,
                                    "Media file(s)",
                                    document.video.empty() ? "" : "player #1:" + document.video,
                                    "0",
                                    duration,
                                    document.frame_rate > 0 ? rate : "NA",
                                    "No focal subject",
                                    s.fine_action,
                                    s.coarse_action,
                                    begins ? "START" : "STOP",
                                    SecondsText(begins ? s.start : s.end),
                                    document.video,
                                    "",
                                    "",
                                    s.name};
      text += CsvLine(fields) + "\n";
    }
  }
  return text;
}

}  // namespace

const TimelineFormat kCsvFormat = {"csv",
                                   ".csv",
                                   "a table for spreadsheets",
                                   {.coarse = true,
                                    .value = true,
                                    .name = true,
                                    .state = true,
                                    .confidence = true,
                                    .deviation = true,
                                    .wall_clock = true,
                                    .steps = true,
                                    .stand_in = true},
                                   IsAny,
                                   ReadTable,
                                   WriteTable};
const TimelineFormat kBorisFormat = {
    "boris",   ".csv",    "BORIS, tabular events", {.coarse = true, .name = true, .stand_in = true}, IsBoris,
    ReadBoris, WriteBoris};

}  // namespace action
