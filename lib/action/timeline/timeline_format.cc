// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/timeline_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "action/error.h"
#include "action/io/input_file.h"
#include "action/labels.h"
#include "action/text.h"
#include "action/timeline/formats/formats.h"
#include "action/timeline/segment_list.h"

namespace action {
namespace {

constexpr int64_t kMillisecond = 1'000'000, kSecond = 1000 * kMillisecond;

// Of two with the same ending, the one that can tell stands first.
const std::array<TimelineFormat, 9> &All() {
  static const std::array<TimelineFormat, 9> all = {kJsonLinesFormat, kLabelStudioFormat, kJsonFormat,
                                                    kBorisFormat,     kCsvFormat,         kWebVttFormat,
                                                    kSubRipFormat,    kElanFormat,        kFramesFormat};
  return all;
}

}  // namespace

std::span<const TimelineFormat> TimelineFormats() {
  return All();
}

const TimelineFormat &FormatOf(const std::string &path, std::string_view name, std::string_view text) {
  const TimelineFormat *by_ending = nullptr, *found = nullptr;
  std::string known;
  for (const TimelineFormat &format : All()) {
    if (!name.empty() && name == format.name) return format;
    known += (known.empty() ? "" : ", ") + std::string(format.name) + " (" + format.ending + ")";
    if (!HasEnding(path, format.ending)) continue;
    by_ending = &format;  // ours is behind those of others
    if (found == nullptr && !text.empty() && format.is(text)) found = &format;
  }
  if (!name.empty()) throw Error("there is no format '" + std::string(name) + "'; there are " + known);
  if (text.empty()) found = by_ending;
  if (found != nullptr) return *found;
  throw Error(ErrorKind::kFormat, path,
              by_ending != nullptr ? path + " is in none of the formats that its ending stands for: name the format"
                                   : "the ending of " + path + " is none of a timeline; there are " + known);
}

const TimelineFormat &FormatOfLabels(const std::string &path) {
  const std::string ending = std::filesystem::path(path).extension().string();
  std::vector<std::string> known;
  for (const TimelineFormat &format : All()) {
    if (format.by_frames) continue;
    if (ending == format.ending) return format;
    if (std::ranges::find(known, format.ending) == known.end()) known.emplace_back(format.ending);
  }
  std::string all;
  for (const std::string &one : known)
    all += (all.empty() ? "" : ", ") + one;
  throw Error("cannot write a timeline to " + path + ": the ending of its name decides the format. There are " + all +
              "; .jsonl has a line for each segment, written at once, the others are written at the end");
}

AnyTimeline ReadAnyTimeline(const std::string &path, std::string_view format, double frame_rate) {
  const bool input = path == kStandardInput;
  const bool known = std::ranges::any_of(All(), [&](const TimelineFormat &f) { return HasEnding(path, f.ending); });
  if (format.empty() && (!known || path.ends_with(".jsonl"))) return {ReadTimelineFile(path), "", 0};
  const std::string text = ReadText(path, "the timeline " + path, kMostOfTable);
  const TimelineFormat &found = FormatOf(path, format, text);
  if (std::string_view(found.name).starts_with("json") && !input)
    return {OfFile(path, [&] { return ParseTimelineFile(text, path); }), "", 0};
  TimelineDocument document = OfFile(path, [&] {
    const std::string where = input ? "standard input" : path;
    if (found.name != kJsonLinesFormat.name) CheckText(text, where);  // of lines, the last may be cut off in a letter
    return found.read(text, where, frame_rate);
  });
  AnyTimeline timeline{{}, document.video, document.frame_rate};
  timeline.file.runs.push_back({"", std::move(document.segments), {}, {}});
  return timeline;
}

std::vector<std::string> LeftOut(const TimelineDocument &document, const TimelineFormat &format) {
  std::vector<std::string> left;
  const auto look = [&](bool holds, const char *what, auto &&has) {
    if (!holds && std::ranges::any_of(document.segments, has)) left.emplace_back(what);
  };
  const TimelineFormat::Holds &holds = format.holds;
  look(holds.coarse, "the coarse action",
       [](const Segment &s) { return s.coarse_action != CoarseLabel(s.fine_action) && s.state != SegmentState::kGap; });
  look(holds.value, "the value category",
       [](const Segment &s) { return s.category != CategoryOf(s.fine_action) && s.state == SegmentState::kMeasured; });
  look(holds.name, "the name", [](const Segment &s) { return !s.name.empty(); });
  look(holds.state, "that some of the time was not measured",
       [](const Segment &s) { return s.state == SegmentState::kAbsent || s.state == SegmentState::kUnknown; });
  look(holds.confidence, "the confidence", [](const Segment &s) { return s.confidence > 0; });
  look(holds.deviation, "deviations from the order of work",
       [](const Segment &s) { return s.deviation != Deviation::kNone; });
  look(holds.wall_clock, "the time on the clock", [](const Segment &s) { return s.wall_clock.has_value(); });
  look(holds.steps, "the number of steps", [](const Segment &s) { return s.num_frames > 0; });
  look(holds.stand_in, "that it is not a measurement (stand-in weights)", [](const Segment &s) { return s.stand_in; });
  const auto follows_on_itself = [](const Segment &a, const Segment &b) {
    return a.fine_action == b.fine_action && a.end == b.start;
  };
  if (format.joins_equals &&
      std::ranges::adjacent_find(document.segments, follows_on_itself) != document.segments.end())
    left.emplace_back("where one action follows on itself");
  return left;
}

// ---- What the formats share

bool IsAny(std::string_view) {
  return true;
}

Segment SegmentOfLabel(int64_t start, int64_t end, const std::string &label) {
  Segment segment;
  segment.start = start;
  segment.end = end;
  segment.fine_action = label;
  segment.coarse_action = CoarseLabel(label);
  segment.category = CategoryOf(label);
  return segment;
}

std::vector<Segment> InOrder(std::span<const Segment> segments) {
  std::vector<Segment> sorted(segments.begin(), segments.end());
  std::ranges::stable_sort(sorted, {}, &Segment::start);
  SegmentList list;
  for (const Segment &segment : sorted) {
    if (segment.end > segment.start) list.Add(segment);
  }
  return list.Connected();
}

bool HasEnding(std::string_view path, std::string_view ending) {
  return path.size() > ending.size() && EqualNoCase(path.substr(path.size() - ending.size()), ending);
}

std::optional<int64_t> ParseClock(std::string_view text) {
  int64_t parts[3] = {0, 0, 0};
  size_t count = 0;
  for (;;) {
    if (count == 3) return std::nullopt;
    const auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), parts[count]);
    if (failed != std::errc() || stop == text.data() || parts[count] < 0 || parts[count] > 1'000'000)
      return std::nullopt;
    text.remove_prefix(static_cast<size_t>(stop - text.data()));
    ++count;
    if (text.empty() || text[0] != ':') break;
    text.remove_prefix(1);
  }
  int64_t whole = 0;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0 && parts[i] >= 60) return std::nullopt;
    whole = 60 * whole + parts[i];
  }
  int64_t fraction = 0;
  if (!text.empty()) {
    if (text[0] != '.' && text[0] != ',') return std::nullopt;
    text.remove_prefix(1);
    if (text.empty() || text.size() > 9) return std::nullopt;
    int64_t unit = kSecond;
    for (const char c : text) {
      if (c < '0' || c > '9') return std::nullopt;
      unit /= 10;
      fraction += (c - '0') * unit;
    }
  }
  return whole * kSecond + fraction;
}

std::string ClockText(int64_t ns, char point) {
  const int64_t ms = (std::max<int64_t>(0, ns) + kMillisecond / 2) / kMillisecond;
  char text[40];
  std::snprintf(text, sizeof(text), "%02lld:%02lld:%02lld%c%03lld", static_cast<long long>(ms / 3'600'000),
                static_cast<long long>(ms / 60'000 % 60), static_cast<long long>(ms / 1000 % 60), point,
                static_cast<long long>(ms % 1000));
  return text;
}

std::optional<std::string_view> Lines::Next() {
  if (rest_.empty()) return std::nullopt;
  const size_t end = std::min(rest_.find('\n'), rest_.size());
  std::string_view line = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  ++number_;
  return line;
}

}  // namespace action
