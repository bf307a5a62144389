// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The formats of timeline_format.cc, a file each, and what they share.
#ifndef ACTION_TIMELINE_FORMATS_FORMATS_H_
#define ACTION_TIMELINE_FORMATS_FORMATS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "action/timeline/timeline_format.h"

namespace action {

extern const TimelineFormat kJsonFormat, kJsonLinesFormat, kCsvFormat, kWebVttFormat, kSubRipFormat, kElanFormat,
    kBorisFormat, kLabelStudioFormat, kFramesFormat;

// TimelineFormat::is of a format that its ending alone tells.
bool IsAny(std::string_view text);

// A measured segment with this fine action: its family and its value are those of the label.
Segment SegmentOfLabel(int64_t start, int64_t end, const std::string &label);

// In order of time, with gaps between them. Where two overlap, the later one counts from where it begins.
std::vector<Segment> InOrder(std::span<const Segment> segments);

// Of a file name, in capital letters or not: ".mp4".
bool HasEnding(std::string_view path, std::string_view ending);

// "h:mm:ss.mmm" with any number of digits for the hours or none; also with a comma. ns; nothing when it is none.
std::optional<int64_t> ParseClock(std::string_view text);
// "hh:mm:ss.mmm", with this decimal point.
std::string ClockText(int64_t ns, char point);

// One line after the other; counts them.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  // Without its end (LF or CR LF). Nothing at the end of the text.
  std::optional<std::string_view> Next();
  size_t number() const { return number_; }  // of the line that Next returned last

 private:
  std::string_view rest_;
  size_t number_ = 0;
};

}  // namespace action

#endif  // ACTION_TIMELINE_FORMATS_FORMATS_H_
