// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Timelines on disk.
#ifndef ACTION_TIMELINE_TIMELINE_FILE_H_
#define ACTION_TIMELINE_TIMELINE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "action/export.h"
#include "action/timeline/step.h"

namespace action {

// What every picture, file and report says when the features were no measurement.
inline constexpr const char *kNotAMeasurement = "stand-in backbone: not a measurement";

// One segment as a JSON object in one line: the reference's keys start, end, duration (s, to the millisecond),
// coarse_action, fine_action, value_category and num_frames; then state, confidence, and where they apply
// wall_clock_start, wall_clock_end (ISO 8601, UTC), wall_clock_source and note.
// run: not empty: becomes the key run, which tells the runs of a .jsonl file apart.
ACTION_API std::string ToJsonLine(const Segment &segment, const std::string &run = {});
// ns since 1970 as ISO 8601, UTC, to the millisecond.
ACTION_API std::string IsoTime(int64_t ns);
// The reference's file: a list of these objects, one a line.
ACTION_API std::string ToJson(std::span<const Segment> segments);

// A .json file of ours or of the reference, or a .jsonl file of ours: of that the last run, in which later lines
// replace what earlier ones say of the same time. In order of time. earlier_runs, if not null: how many runs of the
// file were left out. Throws Error naming the file and the entry.
ACTION_API std::vector<Segment> ReadTimeline(const std::string &path, int *earlier_runs = nullptr);

// A timeline in which what comes later replaces what was known of the same time.
class ACTION_API SegmentList {
 public:
  void Add(const Segment &segment);
  // In order of time; stretches that nothing is known of are gaps.
  std::vector<Segment> Connected() const;
  bool empty() const { return segments_.empty(); }

 private:
  std::map<int64_t, Segment> segments_;  // by start; none overlaps another
};

// Appends lines to a file so that each is there, whole, when Append has returned true. One that could not be written
// (a full disk) is tried again before the next.
class ACTION_API LineFile {
 public:
  // Throws Error when the file cannot be opened or made. A last line that was cut off is ended first.
  explicit LineFile(const std::string &path);
  ~LineFile();
  LineFile(const LineFile &) = delete;
  LineFile &operator=(const LineFile &) = delete;

  // False: the line is still waiting, and error() says why.
  bool Append(std::string_view line);
  // Another try for what is waiting.
  bool Retry();
  const std::string &error() const { return error_; }

 private:
  const std::string path_;
  int fd_ = -1;
  std::string waiting_;
  std::string error_;
};

}  // namespace action

#endif  // ACTION_TIMELINE_TIMELINE_FILE_H_
