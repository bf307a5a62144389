// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Timelines as the tools are given them: files of any format, and folders of days.
#ifndef GST_ACTION_TIMELINE_SOURCE_H_
#define GST_ACTION_TIMELINE_SOURCE_H_

#include <string>
#include <vector>

#include "action/timeline/timeline_file.h"
#include "action/timeline/timeline_format.h"

namespace action {

// What gst-action-annotate calls the table of all segments; shard: "1-of-4", or empty.
std::string SegmentsTableName(const std::string &shard = {});
// Whether a file that programs of ours lay beside timelines is none itself. name: without its folder.
bool IsNoTimeline(const std::string &name);

// What is one timeline: a file, or all files of a place.
struct TimelineSource {
  std::string name;
  std::vector<std::string> files;
};

// A folder stands for the .jsonl files in it and in its folders (of days), in order of their names, place by place:
// a place's folder holds folders of days. Throws Error for one without any.
std::vector<TimelineSource> TimelineSourcesOf(const std::vector<std::string> &paths);

struct SourceFormat {
  std::string name;       // of a TimelineFormat; empty: by the file's ending and its text
  double frame_rate = 0;  // of the video, for formats that count frames; 0: not known
};

// What all files of a source hold, one after the other. Throws Error naming the file.
AnyTimeline ReadSource(const TimelineSource &source, const SourceFormat &format = {});

// Which runs of a timeline are meant.
struct RunChoice {
  std::string run;   // the name of one, or its number from 1; empty: all as one, where their times of day are known,
                     // else the last
  bool all = false;  // each by itself
};
// name: of the source, for messages. Throws Error naming the runs that there are.
std::vector<TimelineRun> ChooseRuns(const TimelineFile &file, const std::string &name, const RunChoice &choice);

}  // namespace action

#endif  // GST_ACTION_TIMELINE_SOURCE_H_
