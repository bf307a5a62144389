// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// No text makes a reader of timelines crash or hang, in any format, nor what is done with what it reads: written in
// every format, compared with itself, studied. The first byte says the format.
#include "action/elements.h"
#include "action/error.h"
#include "action/timeline/evaluation.h"
#include "action/timeline/study.h"
#include "action/timeline/timeline_file.h"
#include "action/timeline/timeline_format.h"
#include "scratch.h"

namespace {

void Use(const action::TimelineDocument &document) {
  for (const action::TimelineFormat &format : action::TimelineFormats()) {
    action::LeftOut(document, format);
    // A label for each frame of a year is a large file, and no fault.
    const bool long_one = !document.segments.empty() && document.segments.back().end > int64_t{3600} * 1'000'000'000;
    if (format.by_frames && (document.frame_rate <= 0 || document.frame_rate > 100 || long_one)) continue;
    try {
      format.write(document);
    } catch (const action::Error &) {
    }
  }
  const action::ComparedTimelines pair{"", document.segments, document.segments};
  for (const auto kind : {action::LabelKind::kCoarse, action::LabelKind::kFine, action::LabelKind::kValue})
    action::Evaluate({&pair, 1}, kind);
  action::MakeStudy(document.segments, {}, {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  const auto formats = action::TimelineFormats();
  const action::TimelineFormat &format = formats[static_cast<size_t>(data[0] - '0') % formats.size()];
  const std::string_view text = fuzz::TextOf(data + 1, size - 1);
  try {
    format.is(text);
    action::TimelineDocument document = format.read(text, std::string("input") + format.ending, 25);
    if (document.frame_rate <= 0) document.frame_rate = 25;
    Use(document);
    const action::TimelineFile file = action::ParseTimelineFile(text, std::string("input") + format.ending);
    if (const auto joined = action::JoinRuns(file.runs)) Use({joined->segments, "", 25});
    for (const action::TimelineRun &run : file.runs) {
      for (const auto &video : run.videos)
        action::SegmentsInVideo(run, video.name);
    }
  } catch (const action::Error &) {
  }
  return 0;
}
