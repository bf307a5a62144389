// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The videos of a study: where a stretch of it is to be seen.
#ifndef GST_ACTION_REPORT_CLIPS_H_
#define GST_ACTION_REPORT_CLIPS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/timeline_source.h"
#include "report/report.h"

namespace action {

// A video of a timeline, and the time in it at which the video begins; ns.
struct StudiedVideo {
  std::string path;
  int64_t start = 0;
};

// Those that lie beside a timeline: of a recorder's the files that its lines name, of others NAME.mp4 and the like, or
// NAME.overlay.mp4. In order of time.
std::vector<StudiedVideo> VideosBeside(const TimelineSource &source, const TimelineRun &run);

// An address for a page in `folder` that plays this stretch; empty: no video has it.
std::string LinkTo(const std::vector<StudiedVideo> &videos, const std::string &folder, int64_t start, int64_t end);

// A zip file of the page, NAME.html, and a short clip of each element, which its bars open. videos: of each timeline.
// progress: called with what is done, of how many. Throws Error.
void WriteZip(const std::string &path, StudyReport report, const std::vector<std::vector<StudiedVideo>> &videos,
              const std::function<void(size_t done, size_t count)> &progress);

}  // namespace action

#endif  // GST_ACTION_REPORT_CLIPS_H_
