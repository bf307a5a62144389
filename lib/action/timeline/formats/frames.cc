// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A label for each frame, as MS-TCN (Y. Abu Farha and J. Gall, CVPR 2019) and the datasets that it was tried on have
// it.
#include <cmath>

#include "action/error.h"
#include "action/io/csv.h"
#include "action/labels.h"
#include "action/timeline/formats/formats.h"

namespace action {
namespace {

TimelineDocument Read(std::string_view text, const std::string &where, double frame_rate) {
  if (frame_rate <= 0) throw Error(where + " counts frames: say how many a second the video has");
  const auto time = [frame_rate](int64_t frame) { return std::llround(static_cast<double>(frame) / frame_rate * 1e9); };
  std::vector<Segment> segments;
  Lines lines(text);
  int64_t frame = 0;
  std::string before;
  for (auto line = lines.Next(); line; line = lines.Next(), ++frame) {
    const std::string label = Trimmed(*line);
    if (label.empty()) throw Error(where + " line " + std::to_string(lines.number()) + ": there is no label");
    if (label.find(' ') != std::string::npos || label.find('\t') != std::string::npos)
      throw Error(where + " line " + std::to_string(lines.number()) + ": '" + label +
                  "' is not one label; each line has that of a frame");
    if (frame > 0 && label == before) {
      segments.back().end = time(frame + 1);
      continue;
    }
    segments.push_back(SegmentOfLabel(time(frame), time(frame + 1), label));
    if (label == kGapLabel) segments.back().state = SegmentState::kGap;
    before = label;
  }
  if (!segments.empty() && segments.front().state == SegmentState::kGap) segments.erase(segments.begin());
  return {std::move(segments), "", frame_rate};
}

std::string Write(const TimelineDocument &document) {
  if (document.frame_rate <= 0) throw Error("the frame rate of the video is not known, and this format counts frames");
  std::string text;
  int64_t frame = 0;
  // A frame belongs to the stretch in which it begins.
  const auto until = [&](int64_t end, const std::string &label) {
    for (; static_cast<double>(frame) / document.frame_rate * 1e9 < static_cast<double>(end) - 0.5; ++frame)
      text += label + "\n";
  };
  for (const Segment &segment : document.segments) {
    until(segment.start, kGapLabel);
    until(segment.end, segment.state == SegmentState::kGap ? kGapLabel : segment.fine_action);
  }
  return text;
}

}  // namespace

const TimelineFormat kFramesFormat = {"frames", ".txt", "a label for each frame (MS-TCN)", {}, IsAny, Read, Write,
                                      true,     true};

}  // namespace action
