// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// WebVTT (W3C) and SubRip: what players show. A cue is a segment; its text is the name for people and the value.
#include <utility>

#include "action/error.h"
#include "action/io/csv.h"
#include "action/timeline/formats/formats.h"
#include "action/timeline/timeline_file.h"

namespace action {
namespace {

constexpr std::string_view kVttHeader = "WEBVTT";
constexpr std::string_view kArrow = "-->";

// A cue of either format.
struct Cue {
  std::string id;  // of WebVTT: the label
  int64_t start = 0, end = 0;
  std::vector<std::string> text;
};

std::string Escaped(const std::string &text) {
  std::string escaped;
  for (const char c : text)
    escaped += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return escaped;
}

std::string Unescaped(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}};
  for (const auto &[name, letter] : kNames) {
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1))
      text.replace(at, name.size(), letter);
  }
  return text;
}

// What stands between two blank lines.
std::vector<Cue> ReadCues(std::string_view text, const std::string &where, bool vtt) {
  std::vector<Cue> cues;
  Lines lines(text);
  std::optional<std::string_view> line = lines.Next();
  const auto fail = [&](const std::string &why) -> Error {
    return Error(where + " line " + std::to_string(lines.number()) + ": " + why);
  };
  while (line) {
    if (Trimmed(*line).empty()) {
      line = lines.Next();
      continue;
    }
    // Headers, notes and styles of WebVTT are blocks without times.
    Cue cue;
    if (line->find(kArrow) == std::string_view::npos) {
      cue.id = Trimmed(*line);
      line = lines.Next();
    }
    if (!line || line->find(kArrow) == std::string_view::npos) {
      const bool known = vtt && (cue.id.starts_with(kVttHeader) || cue.id.starts_with("NOTE") ||
                                 cue.id.starts_with("STYLE") || cue.id.starts_with("REGION"));
      if (!known) throw fail("there should be the times of a cue, such as 00:00:01.000 --> 00:00:02.500");
      while (line && !Trimmed(*line).empty())
        line = lines.Next();
      continue;
    }
    const size_t arrow = line->find(kArrow);
    const std::string from = Trimmed(line->substr(0, arrow)), rest = Trimmed(line->substr(arrow + kArrow.size()));
    const std::string to = rest.substr(0, rest.find_first_of(" \t"));  // settings of the cue may follow
    const auto start = ParseClock(from), end = ParseClock(to);
    if (!start || !end) throw fail("'" + from + " --> " + to + "' are no times; they should be like 00:00:01.000");
    if (*end < *start) throw fail("the cue ends before it starts");
    cue.start = *start;
    cue.end = *end;
    for (line = lines.Next(); line && !Trimmed(*line).empty(); line = lines.Next())
      cue.text.emplace_back(*line);
    cues.push_back(std::move(cue));
  }
  return cues;
}

// "Apply grease [VA]"
void TakeText(std::string text, Segment &segment) {
  for (const ValueCategory value : {ValueCategory::kVa, ValueCategory::kRnva, ValueCategory::kNva}) {
    const std::string mark = std::string(" [") + NameOf(value) + "]";
    if (!text.ends_with(mark)) continue;
    text.erase(text.size() - mark.size());
    segment.category = value;
  }
  if (text != segment.fine_action) segment.name = text;
}

std::string TextOf(const Segment &segment) {
  const std::string name = segment.name.empty() ? segment.fine_action : segment.name;
  return segment.category == ValueCategory::kUnknown ? name : name + " [" + NameOf(segment.category) + "]";
}

bool IsShown(const Segment &segment) {
  return segment.state != SegmentState::kGap;
}

bool IsNumber(const std::string &text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

TimelineDocument ReadVtt(std::string_view text, const std::string &where, double) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (!text.starts_with(kVttHeader)) throw Error(where + " line 1: a WebVTT file begins with WEBVTT");
  std::vector<Segment> segments;
  const bool stand_in = text.substr(0, text.find("\n\n")).find(kStandInNotice) != std::string_view::npos;
  for (const Cue &cue : ReadCues(text, where, true)) {
    const std::string shown = Unescaped(cue.text.empty() ? "" : cue.text.front());
    // A number is how other programs call a cue.
    const bool labelled = !cue.id.empty() && !IsNumber(cue.id);
    Segment plain;
    TakeText(shown, plain);
    Segment segment = SegmentOfLabel(cue.start, cue.end, labelled ? cue.id : plain.name);
    if (segment.fine_action.empty()) throw Error(where + ": the cue at " + ClockText(cue.start, '.') + " has no text");
    if (labelled) TakeText(shown, segment);
    if (!labelled && plain.category != ValueCategory::kUnknown) segment.category = plain.category;
    segment.stand_in = stand_in;
    segments.push_back(std::move(segment));
  }
  return {InOrder(segments), "", 0};
}

std::string WriteVtt(const TimelineDocument &document) {
  std::string text(kVttHeader);
  for (const Segment &segment : document.segments) {
    if (!segment.stand_in) continue;
    text += std::string(" ") + kStandInNotice;
    break;
  }
  text += "\n";
  for (const Segment &segment : document.segments) {
    if (!IsShown(segment)) continue;
    text += "\n" + segment.fine_action + "\n" + ClockText(segment.start, '.') + " --> " + ClockText(segment.end, '.') +
            "\n" + Escaped(TextOf(segment)) + "\n";
  }
  return text;
}

// The label stands in a line of its own where the name is another.
TimelineDocument ReadSrt(std::string_view text, const std::string &where, double) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<Segment> segments;
  for (const Cue &cue : ReadCues(text, where, false)) {
    if (cue.text.empty()) throw Error(where + ": the cue at " + ClockText(cue.start, ',') + " has no text");
    Segment plain;
    TakeText(cue.text.front(), plain);
    const std::string &last = cue.text.back();
    const bool labelled = cue.text.size() == 2 && last.size() > 2 && last.front() == '(' && last.back() == ')';
    Segment segment = SegmentOfLabel(cue.start, cue.end, labelled ? last.substr(1, last.size() - 2) : plain.name);
    if (plain.category != ValueCategory::kUnknown) segment.category = plain.category;
    if (labelled) segment.name = plain.name;
    segments.push_back(std::move(segment));
  }
  return {InOrder(segments), "", 0};
}

std::string WriteSrt(const TimelineDocument &document) {
  std::string text;
  int number = 0;
  for (const Segment &segment : document.segments) {
    if (!IsShown(segment)) continue;
    if (++number > 1) text += "\n";
    text += std::to_string(number) + "\n" + ClockText(segment.start, ',') + " --> " + ClockText(segment.end, ',') +
            "\n" + TextOf(segment) + "\n";
    if (!segment.name.empty() && segment.name != segment.fine_action) text += "(" + segment.fine_action + ")\n";
  }
  return text;
}

bool IsVtt(std::string_view text) {
  return text.find(kVttHeader) < 4;
}

}  // namespace

const TimelineFormat kWebVttFormat = {
    "vtt", ".vtt", "WebVTT subtitles", {.value = true, .name = true, .stand_in = true}, IsVtt, ReadVtt, WriteVtt};
const TimelineFormat kSubRipFormat = {"srt",   ".srt",  "SubRip subtitles", {.value = true, .name = true}, IsAny,
                                      ReadSrt, WriteSrt};

}  // namespace action
