// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_REPORT_REPORT_H_
#define GST_ACTION_REPORT_REPORT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "action/timeline/study.h"

namespace action {

// The study of one timeline: a station, an operator, a video.
struct StudiedTimeline {
  std::string name;
  std::string interruption;  // why the timeline ends where it does; empty: it is whole
  Study study;
  std::string note;                          // what else is to be said of how much is known; may be empty
  std::vector<DurationAgreement> agreement;  // with what was timed by hand; empty: nothing was
  // Where a browser shows this stretch of the video; empty: nowhere. May be empty itself.
  std::function<std::string(int64_t start, int64_t end)> link = {};
};

struct StudyReport {
  std::string title;
  StudySettings settings;
  std::vector<StudiedTimeline> timelines;
};

// A page with charts.
std::string ReportPage(const StudyReport &report);

// What a spreadsheet gets: numbers stay numbers.
struct ReportTable {
  using Cell = std::variant<std::string, double>;
  std::string name;
  std::vector<std::string> head;
  std::vector<std::vector<Cell>> rows;
};
// Elements, cycles, segments and settings.
std::vector<ReportTable> ReportTables(const StudyReport &report);
// With a comma between the cells and a point in numbers (RFC 4180).
std::string CsvOf(const ReportTable &table);

}  // namespace action

#endif  // GST_ACTION_REPORT_REPORT_H_
