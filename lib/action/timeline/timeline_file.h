// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Timelines on disk.
#ifndef ACTION_TIMELINE_TIMELINE_FILE_H_
#define ACTION_TIMELINE_TIMELINE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "action/export.h"
#include "action/text.h"
#include "action/timeline/step.h"

namespace action {

// Where a line of a .jsonl comes from; what is empty becomes no key.
struct LineOrigin {
  std::string run;           // run: tells the runs of a file apart
  std::string station;       // station: what the user calls the place
  std::string model;         // model: SHA-256 of the classifiers (ModelHash)
  std::string weights;       // weights: SHA-256 of the network's weights (WeightsHash)
  std::string video;         // video: name of the video file that the segment begins in
  int64_t video_offset = 0;  // video_offset, s: where in it; ns
};

// One segment as a JSON object in one line: the reference's keys start, end, duration (s, to the millisecond),
// coarse_action, fine_action, value_category and num_frames; then state, confidence, and where they apply name,
// deviation, value_from ("elements.csv", where that and not the label's ending gives the value), wall_clock_start,
// wall_clock_end (ISO 8601, UTC), wall_clock_source, complete and note.
// Then the keys of the origin.
ACTION_API std::string ToJsonLine(const Segment &segment, const LineOrigin &origin = {});
// ns since 1970 as ISO 8601, UTC, to the millisecond.
ACTION_API std::string IsoTime(int64_t ns);
// The other way; nothing when it is no such time.
ACTION_API std::optional<int64_t> ParseIsoTime(const std::string &text);
// The reference's file: a list of these objects, one a line.
ACTION_API std::string ToJson(std::span<const Segment> segments);

// One run of a timeline file.
struct ACTION_API TimelineRun {
  std::string name;               // the key run; empty: the file has none
  std::vector<Segment> segments;  // in order of time; stretches that nothing is known of are gaps
  // Whether the stream had ended when the run did. Nothing: the file does not say. A run with a name that does not
  // belongs to a pipeline that is still running or was killed.
  std::optional<bool> complete;
  // Video files that segments begin in (LineOrigin), each with its first frame's time in the run.
  struct Video {
    std::string name;
    int64_t start = 0;  // ns
    friend bool operator==(const Video &, const Video &) = default;
  };
  std::vector<Video> videos = {};  // in order of time

  // That it ended before its stream did, in words: "interrupted at 16.4 s"; empty when nothing is known of that.
  std::string Interruption() const;
};

struct TimelineFile {
  std::vector<TimelineRun> runs;  // in the order in which they begin in the file; at least one
  // Rows that contradict themselves: a value category other than the label's ending says, which no elements.csv gave.
  // That the segments' ends had to be found, in files of the Python system's scripts.
  std::vector<std::string> warnings;

  const TimelineRun &last() const { return runs.back(); }
};

// A .json file of ours or of the Python system (of any generation, docs/python-system.md), or a .jsonl file of ours, in
// which later lines of a run replace what earlier ones say of the same time, with what lies beside it
// (OpenSegmentsName). "-" is the standard input. Throws Error naming the file and the entry.
ACTION_API TimelineFile ReadTimelineFile(const std::string &path);

// The same of a text, without what lies beside a file: a list, or lines where it begins with {. where: the file, for
// messages.
ACTION_API TimelineFile ParseTimelineFile(std::string_view text, const std::string &where);

// Runs of one place, in the order in which they were written, as one timeline: on the clock on the wall, counted from
// the beginning of the first. What lies between two runs is a gap; where a clock was set back, a run follows at once on
// the one before. Nothing when a run has no wall-clock times. Its name is empty.
ACTION_API std::optional<TimelineRun> JoinRuns(std::span<const TimelineRun> runs);

// The part of a run that lies in one of its video files, counted from this file's first frame. video: its path, of
// which the file's name counts. Throws Error naming those that there are.
ACTION_API std::vector<Segment> SegmentsInVideo(const TimelineRun &run, const std::string &video);

// Where a pipeline with a live source that writes PATH.jsonl keeps the segments that are not final yet, as lines of the
// same kind. After a crash they lie there until the next one takes them into the file.
ACTION_API std::string OpenSegmentsName(const std::string &path);

// The segments of its last run.
ACTION_API std::vector<Segment> ReadTimeline(const std::string &path);

// The rows of a .json timeline as they stand there, each with its place ("FILE, entry 3"), and warnings as above.
// consequence: a sentence for those about value categories, what becomes of such a row.
struct TimelineRow {
  Segment segment;
  std::string where;
};
ACTION_API std::vector<TimelineRow> ReadTimelineRows(const std::string &path, std::string_view consequence,
                                                     std::vector<std::string> &warnings);

}  // namespace action

#endif  // ACTION_TIMELINE_TIMELINE_FILE_H_
