// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/timeline_file.h"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "action/error.h"
#include "action/io/json_text.h"
#include "action/text.h"
#include "action/timeline/early_ends.h"
#include "action/timeline/segment_list.h"

namespace action {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr double kNsPerSecond = 1e9;
constexpr double kLongest = 9e9;  // s; beyond it, ns do not fit

// s, to the millisecond.
double RoundedSeconds(int64_t ns) {
  return std::round(static_cast<double>(ns) / 1e6) / 1e3;
}

}  // namespace

std::string IsoTime(int64_t ns) {
  // Down, of times before 1970 too: a camera whose clock was never set says 1900.
  constexpr int64_t kSecond = 1000000000;
  const int64_t into = (ns % kSecond + kSecond) % kSecond;
  const auto seconds = static_cast<time_t>((ns - into) / kSecond);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  const size_t length = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + length, sizeof(text) - length, ".%03dZ", static_cast<int>(into / 1000000));
  return text;
}

std::optional<int64_t> ParseIsoTime(const std::string &text) {
  std::tm utc{};
  int milliseconds = 0, read = 0;
  if (std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%d.%3dZ%n", &utc.tm_year, &utc.tm_mon, &utc.tm_mday, &utc.tm_hour,
                  &utc.tm_min, &utc.tm_sec, &milliseconds, &read) != 7 ||
      static_cast<size_t>(read) != text.size()) {
    return std::nullopt;
  }
  // The years that ns since 1970 reach, and days as they are: timegm would count a 400th of March on.
  const auto within = [](int value, int lowest, int highest) { return value >= lowest && value <= highest; };
  if (!within(utc.tm_year, 1678, 2261) || !within(utc.tm_mon, 1, 12) || !within(utc.tm_mday, 1, 31) ||
      !within(utc.tm_hour, 0, 23) || !within(utc.tm_min, 0, 59) || !within(utc.tm_sec, 0, 60) ||
      !within(milliseconds, 0, 999)) {
    return std::nullopt;
  }
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  return static_cast<int64_t>(timegm(&utc)) * 1000000000 + milliseconds * 1000000;
}

namespace {

constexpr const char *kFromElements = "elements.csv";

// Its value category is another than the ending of its label says.
bool ContradictsLabel(const Segment &segment) {
  const ValueCategory by_label = CategoryOf(segment.fine_action);
  return segment.state == SegmentState::kMeasured && by_label != ValueCategory::kUnknown &&
         segment.category != by_label;
}

ordered_json ToObject(const Segment &segment) {
  ordered_json object;
  const double start = RoundedSeconds(segment.start), end = RoundedSeconds(segment.end);
  object["start"] = start;
  object["end"] = end;
  object["duration"] = std::round((end - start) * 1e3) / 1e3;
  object["coarse_action"] = segment.coarse_action;
  object["fine_action"] = segment.fine_action;
  object["value_category"] = NameOf(segment.category);
  object["num_frames"] = segment.num_frames;
  object["state"] = NameOf(segment.state);
  if (!segment.name.empty()) object["name"] = segment.name;
  if (ContradictsLabel(segment)) object["value_from"] = kFromElements;
  if (segment.deviation != Deviation::kNone) object["deviation"] = NameOf(segment.deviation);
  if (segment.state != SegmentState::kGap) object["confidence"] = std::round(segment.confidence * 1e4) / 1e4;
  if (segment.wall_clock) {
    object["wall_clock_start"] = IsoTime(segment.wall_clock->start);
    object["wall_clock_end"] = IsoTime(segment.wall_clock->end);
    object["wall_clock_source"] = segment.wall_clock->source;
  }
  if (segment.poor_accuracy) object["model_accuracy"] = std::round(*segment.poor_accuracy * 1e4) / 1e4;
  if (segment.complete) object["complete"] = *segment.complete;
  if (segment.stand_in) object["note"] = kStandInNotice;
  return object;
}

// What IsoTime writes; nothing where the key is missing or is no such time.
std::optional<int64_t> IsoTimeAt(const json &object, const char *key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return ParseIsoTime(found->get<std::string>());
}

// notebook: what the Python system's notebook calls it; null: it has no such key.
int64_t TimeAt(const json &object, const char *key, const char *notebook = nullptr) {
  auto found = object.find(key);
  if (found == object.end() && notebook != nullptr) found = object.find(notebook);
  if (found == object.end()) {
    throw Error(notebook != nullptr ? std::string("it has neither '") + key + "' nor '" + notebook + "'"
                                    : std::string("it has no '") + key + "'");
  }
  if (!found->is_number()) throw Error("its '" + found.key() + "' is not a number of seconds");
  const double seconds = found->get<double>();
  if (!std::isfinite(seconds) || std::abs(seconds) > kLongest) {
    throw Error("its '" + found.key() + "' is no time in a video");
  }
  return std::llround(seconds * kNsPerSecond);
}

std::string TextAt(const json &object, const char *key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (!found->is_string()) throw Error(std::string("its '") + key + "' is not a text");
  return found->get<std::string>();
}

// One of `values`, in capital letters or not; nothing when the key is missing or empty.
template <typename Enum>
std::optional<Enum> NamedAt(const json &object, const char *key, std::initializer_list<Enum> values) {
  const std::string text = TextAt(object, key);
  if (text.empty()) return std::nullopt;
  std::string known;
  for (const Enum value : values) {
    if (EqualNoCase(text, NameOf(value))) return value;
    known += (known.empty() ? "" : value == *std::prev(values.end()) ? " or " : ", ") + std::string(NameOf(value));
  }
  throw Error(std::string("its '") + key + "' is '" + text + "'; it should be " + known);
}

Segment ToSegment(const json &object) {
  if (!object.is_object()) throw Error("it is not an object");
  Segment segment;
  segment.start = TimeAt(object, "start", "start_s");
  segment.end = TimeAt(object, "end", "end_s");
  if (segment.start < 0) throw Error("it begins before 0 s, the first frame");
  if (segment.end < segment.start) throw Error("its end is before its start");
  segment.fine_action = TextAt(object, object.contains("fine_action") ? "fine_action" : "label");
  segment.coarse_action = TextAt(object, "coarse_action");
  if (segment.fine_action.empty() && segment.coarse_action.empty()) {
    throw Error("it has none of 'fine_action', 'coarse_action' and 'label'");
  }
  if (segment.fine_action.empty()) segment.fine_action = segment.coarse_action;
  if (segment.coarse_action.empty()) segment.coarse_action = CoarseLabel(segment.fine_action);
  segment.category = NamedAt(object, "value_category",
                             {ValueCategory::kVa, ValueCategory::kRnva, ValueCategory::kNva, ValueCategory::kUnknown})
                         .value_or(CategoryOf(segment.fine_action));
  segment.state = NamedAt(object, "state",
                          {SegmentState::kMeasured, SegmentState::kAbsent, SegmentState::kUnknown, SegmentState::kGap})
                      .value_or(SegmentState::kMeasured);
  const auto number = [&object](const char *key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<double>() : 0;
  };
  segment.num_frames = static_cast<int64_t>(std::clamp(number("num_frames"), 0.0, 1e15));
  segment.confidence = number("confidence");
  const auto wall_start = IsoTimeAt(object, "wall_clock_start"), wall_end = IsoTimeAt(object, "wall_clock_end");
  if (wall_start && wall_end) segment.wall_clock = {*wall_start, *wall_end, TextAt(object, "wall_clock_source")};
  segment.name = TextAt(object, "name");
  segment.deviation =
      Named(TextAt(object, "deviation"), {Deviation::kSkipped, Deviation::kOutOfOrder}).value_or(Deviation::kNone);
  segment.stand_in = TextAt(object, "note") == kStandInNotice;
  if (const auto found = object.find("model_accuracy"); found != object.end() && found->is_number()) {
    segment.poor_accuracy = found->get<double>();
  }
  if (const auto found = object.find("complete"); found != object.end() && found->is_boolean()) {
    segment.complete = found->get<bool>();
  }
  return segment;
}

}  // namespace

std::string ToJsonLine(const Segment &segment, const LineOrigin &origin) {
  ordered_json object = ToObject(segment);
  const auto add = [&object](const char *key, const std::string &text) {
    if (!text.empty()) object[key] = text;
  };
  add("run", origin.run);
  add("station", origin.station);
  add("model", origin.model);
  add("weights", origin.weights);
  add("video", origin.video);
  if (!origin.video.empty()) object["video_offset"] = RoundedSeconds(origin.video_offset);
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ToJson(std::span<const Segment> segments) {
  std::string text = "[";
  for (const Segment &segment : segments)
    text += (&segment == segments.data() ? "\n  " : ",\n  ") + ToJsonLine(segment);
  return text + (segments.empty() ? "]\n" : "\n]\n");
}

namespace {

// Whether more text could make JSON of it: what a power cut or a full disk leaves of a line, which may end within a
// letter.
bool IsCutOff(std::string_view line) {
  constexpr auto kIncomplete = static_cast<gunichar>(-2);
  const char *end = nullptr;
  if (g_utf8_validate(line.data(), static_cast<gssize>(line.size()), &end) == FALSE) {
    const auto left = static_cast<size_t>(line.data() + line.size() - end);
    if (g_utf8_get_char_validated(end, static_cast<gssize>(left)) != kIncomplete) return false;
    line.remove_suffix(left);
  }
  try {
    const json whole = json::parse(line);
  } catch (const json::parse_error &e) {
    return e.byte > line.size();
  } catch (const json::exception &) {  // a number that is too large
  }
  return false;
}

// What a line, or a file's end after a power cut, may hold and say nothing.
constexpr std::string_view kNothing(" \t\r\0", 4);

}  // namespace

namespace {

constexpr const char *kOpenEnding = ".jsonl.open";

// Where no file name tells, what stands first does.
bool IsLines(const std::string &path, std::string_view text) {
  const bool lines = path.ends_with(".jsonl") || path.ends_with(kOpenEnding);
  if (lines || path.ends_with(".json")) return lines;
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '{';
}

// Whether rows may be of the Python system's first scripts (early_ends.h), which write the number of steps, and neither
// a state nor a value category.
bool LooksEarly(const json &all) {
  return !all.empty() && std::ranges::all_of(all, [](const json &object) {
    return object.is_object() && object.contains("num_frames") && !object.contains("state") &&
           !object.contains("value_category");
  });
}

struct Row {
  Segment segment;
  std::string run;    // that it names
  std::string where;  // it stands
  std::string video;  // that it begins in; empty: it names none
  int64_t video_offset = 0;
};
using RowReader = std::function<void(const Row &)>;

// Tells `row` of each row, one after the other. consequence: what follows from a value category that contradicts its
// label, for the warning.
void ReadRowsOf(std::string_view text, const std::string &path, std::string_view consequence,
                std::vector<std::string> &warnings, const RowReader &row) {
  std::map<std::string, size_t> contradictions;  // by label and value
  const auto segment_of = [](const json &object, const std::string &where) {
    try {
      return ToSegment(object);
    } catch (const Error &e) {
      throw Error(where + " is not a segment: " + e.what() +
                  ". A segment is {\"start\": seconds, \"end\": seconds, \"fine_action\": \"label\", ...}");
    }
  };
  const auto add = [&](const Segment &segment, const json &object, const std::string &where) {
    const bool from_elements = !segment.name.empty() || TextAt(object, "value_from") == kFromElements;
    // Of a label that is wrong throughout, the first row is told.
    if (ContradictsLabel(segment) && !from_elements &&
        contradictions[segment.fine_action + "/" + NameOf(segment.category)]++ == 0) {
      warnings.push_back(where + " has the value category " + NameOf(segment.category) + ", but its label is " +
                         segment.fine_action + ". Was it edited? " + std::string(consequence));
    }
    // Older versions wrote segments of no length; there is nothing in them.
    if (segment.end <= segment.start) return;
    const std::string video = TextAt(object, "video");
    row({segment, TextAt(object, "run"), where, video, video.empty() ? 0 : TimeAt(object, "video_offset")});
  };
  if (IsLines(path, text)) {
    size_t number = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      std::string_view line = text.substr(at, end - at);
      const std::string where = "the timeline " + path + ", line " + std::to_string(++number) + ",";
      at = end + 1;
      if (line.find_first_not_of(kNothing) == std::string_view::npos) continue;
      line = line.substr(0, line.find_last_not_of('\0') + 1);
      // A line that was cut off says nothing, wherever it is: a run that was started again has gone on behind it. Any
      // other must be right.
      if (IsCutOff(line)) continue;
      const json object = ParseJson(line, "the timeline " + path, number);
      add(segment_of(object, where), object, where);
    }
    return;
  }
  const json all = ParseJson(text, "the timeline " + path);
  if (!all.is_array()) throw Error("the timeline " + path + " is not a list of segments");
  const auto where = [&path](size_t i) { return "the timeline " + path + ", entry " + std::to_string(i + 1) + ","; };
  std::vector<Segment> segments;
  for (size_t i = 0; i < all.size(); ++i)
    segments.push_back(segment_of(all[i], where(i)));
  if (LooksEarly(all) && MendEarlyEnds(segments)) {
    warnings.push_back("the timeline " + path +
                       " is of the Python system's scripts, which end a segment where its last step begins. Each is "
                       "taken to last until the next one, and the last one a step longer");
  }
  for (size_t i = 0; i < all.size(); ++i)
    add(segments[i], all[i], where(i));
}

void ReadRows(const std::string &path, std::string_view consequence, std::vector<std::string> &warnings,
              const RowReader &row) {
  OfFile(path,
         [&] { ReadRowsOf(ReadText(path, "the timeline " + path, kMostOfTable), path, consequence, warnings, row); });
}

constexpr std::string_view kUsedAsItStands = "The category is used as it stands";

}  // namespace

std::string OpenSegmentsName(const std::string &path) {
  const std::filesystem::path whole(path);
  return (whole.parent_path() / ("." + whole.stem().string() + kOpenEnding)).string();
}

namespace {

// A file while it is read.
struct Runs {
  TimelineFile file;
  std::vector<SegmentList> lists;

  void Add(const Row &row) {
    if (lists.empty() || file.runs.back().name != row.run) {
      file.runs.push_back({row.run, {}, {}});
      lists.emplace_back();
    }
    TimelineRun &run = file.runs.back();
    lists.back().Add(row.segment);
    run.complete = row.segment.complete;  // that of the last row
    const bool known = row.video.empty() || (!run.videos.empty() && run.videos.back().name == row.video);
    if (!known) run.videos.push_back({row.video, row.segment.start - row.video_offset});
  }

  // What lies beside the file, and is not in it yet.
  void AddOpen(const Segment &segment, const std::string &run) {
    auto place = std::ranges::find(file.runs, run, &TimelineRun::name);
    if (place == file.runs.end()) {
      file.runs.push_back({run, {}, {}});
      lists.emplace_back();
      place = std::prev(file.runs.end());
    }
    SegmentList &list = lists[static_cast<size_t>(place - file.runs.begin())];
    if (segment.start + kSmallestGap > list.end()) list.Add(segment);
  }

  TimelineFile Finish() {
    if (file.runs.empty()) file.runs.emplace_back();
    for (size_t i = 0; i < lists.size(); ++i)
      file.runs[i].segments = lists[i].Connected();
    return std::move(file);
  }
};

}  // namespace

TimelineFile ReadTimelineFile(const std::string &path) {
  // Before the file itself: what becomes final meanwhile is in that.
  std::vector<std::pair<std::string, Segment>> open;
  const std::string beside = OpenSegmentsName(path);
  std::error_code failed;
  if (path.ends_with(".jsonl") && std::filesystem::exists(beside, failed)) {
    std::vector<std::string> ignored;
    ReadRows(beside, {}, ignored, [&open](const Row &row) { open.emplace_back(row.run, row.segment); });
  }
  Runs runs;
  ReadRows(path, kUsedAsItStands, runs.file.warnings, [&runs](const Row &row) { runs.Add(row); });
  for (const auto &[run, segment] : open)
    runs.AddOpen(segment, run);
  return runs.Finish();
}

TimelineFile ParseTimelineFile(std::string_view text, const std::string &where) {
  Runs runs;
  ReadRowsOf(text, where, kUsedAsItStands, runs.file.warnings, [&runs](const Row &row) { runs.Add(row); });
  return runs.Finish();
}

std::string TimelineRun::Interruption() const {
  const bool unsaid = !complete && !name.empty();
  if ((complete.value_or(true) && !unsaid) || segments.empty()) return {};
  char at[40];
  std::snprintf(at, sizeof(at), "%.1f s", static_cast<double>(segments.back().end) / kNsPerSecond);
  return unsaid ? std::string("known until ") + at + ": the pipeline is still running, or was killed"
                : std::string("interrupted at ") + at + ": the stream had not ended";
}

std::optional<TimelineRun> JoinRuns(std::span<const TimelineRun> runs) {
  // Within a run, clocks may differ by so much without a hole.
  constexpr int64_t kDrift = 2 * static_cast<int64_t>(kNsPerSecond);
  TimelineRun joined;
  std::optional<int64_t> begin;  // on the wall
  for (const TimelineRun &run : runs) {
    const auto timed = std::ranges::find_if(run.segments, [](const Segment &s) { return s.wall_clock.has_value(); });
    if (run.segments.empty()) continue;
    if (timed == run.segments.end()) return std::nullopt;
    const int64_t zero = timed->wall_clock->start - timed->start;
    if (!begin) begin = zero + run.segments.front().start;
    std::optional<int64_t> run_end;  // of the segment before, in the run's own time
    auto video = run.videos.begin();
    for (Segment segment : run.segments) {
      // A gap, of which no frame tells a time, lies where the run says.
      int64_t start = (segment.wall_clock ? segment.wall_clock->start : zero + segment.start) - *begin;
      const int64_t duration = segment.duration();
      const int64_t end = joined.segments.empty() ? start : joined.segments.back().end;
      const bool follows = run_end && segment.start - *run_end < kSmallestGap;
      // Time never goes back, whatever a clock did.
      if (start < end || (follows && start - end < kDrift)) start = end;
      if (!joined.segments.empty() && start - end >= kSmallestGap) joined.segments.push_back(GapSegment(end, start));
      run_end = segment.end;
      // A video begins before the first segment that begins in it.
      for (; video != run.videos.end() && video->start < segment.end; ++video) {
        if (joined.videos.empty() || joined.videos.back().name != video->name)
          joined.videos.push_back({video->name, video->start + start - segment.start});
      }
      segment.start = start;
      segment.end = start + duration;
      segment.complete.reset();
      joined.segments.push_back(std::move(segment));
    }
    joined.complete = run.complete;
  }
  if (joined.segments.empty()) return std::nullopt;
  return joined;
}

std::vector<Segment> SegmentsInVideo(const TimelineRun &run, const std::string &video) {
  const auto name_of = [](const std::string &path) { return std::filesystem::path(path).filename().string(); };
  const std::string name = name_of(video);
  const auto found =
      std::ranges::find_if(run.videos, [&](const TimelineRun::Video &v) { return name_of(v.name) == name; });
  if (found == run.videos.end()) {
    std::string names;
    for (const TimelineRun::Video &v : run.videos)
      names += "\n  " + v.name;
    throw Error("no segment of the timeline begins in the video " + name + ". Its videos are" + names);
  }
  const auto next = std::next(found);
  std::vector<Segment> part;
  for (Segment segment : run.segments) {
    const int64_t start = std::max(segment.start, found->start);
    const int64_t end = next == run.videos.end() ? segment.end : std::min(segment.end, next->start);
    if (end <= start) continue;
    if (segment.wall_clock) {
      segment.wall_clock->start += start - segment.start;
      segment.wall_clock->end += end - segment.end;
    }
    segment.start = start - found->start;
    segment.end = end - found->start;
    part.push_back(std::move(segment));
  }
  return part;
}

std::vector<Segment> ReadTimeline(const std::string &path) {
  return ReadTimelineFile(path).runs.back().segments;
}

std::vector<TimelineRow> ReadTimelineRows(const std::string &path, std::string_view consequence,
                                          std::vector<std::string> &warnings) {
  std::vector<TimelineRow> rows;
  ReadRows(path, consequence, warnings, [&rows](const Row &row) { rows.push_back({row.segment, row.where}); });
  return rows;
}

}  // namespace action
