// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "annotate/segments_table.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>

#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/io/csv.h"
#include "action/io/input_file.h"
#include "action/timeline/timeline_format.h"
#include "common/command_line.h"

namespace action {
namespace {

std::string TableOf(const AnnotatedVideo &video) {
  return FormatOf("", "csv").write({video.segments, video.video, 0});
}

std::string HeadingOf(const std::string &table) {
  return table.substr(0, table.find('\n') + 1);
}

// Rows of the old table whose video, the last column, is none of `replaced`.
std::string RowsToKeep(const std::string &path, const std::set<std::string> &replaced) {
  std::string kept;
  const std::vector<CsvRow> rows = ReadCsv(path, path);
  for (size_t i = 1; i < rows.size(); ++i) {
    if (replaced.contains(rows[i].fields.back())) continue;
    kept += CsvLine(rows[i].fields) + "\n";
  }
  return kept;
}

// To the nearest second.
std::string Rounded(int64_t ns) {
  return HoursText(ns + 500'000'000);
}

struct Share {
  int64_t time = 0;
  size_t segments = 0;
};

std::string LineOf(const std::string &name, const Share &share, int64_t all) {
  char text[160];
  std::snprintf(text, sizeof(text), "  %-24s %10s %5.1f %%   %s\n", name.c_str(), Rounded(share.time).c_str(),
                100 * static_cast<double>(share.time) / static_cast<double>(std::max<int64_t>(1, all)),
                Counted(share.segments, "segment").c_str());
  return text;
}

}  // namespace

void WriteSegmentsTable(const std::string &path, const std::vector<AnnotatedVideo> &videos, bool force) {
  if (videos.empty()) return;
  std::set<std::string> names;
  std::string heading, rows;
  for (const AnnotatedVideo &video : videos) {
    const std::string table = TableOf(video);
    heading = HeadingOf(table);
    rows += table.substr(heading.size());
    names.insert(video.video);
  }
  std::string kept;
  if (std::filesystem::exists(path)) {
    const bool ours = std::filesystem::is_regular_file(path) && ReadText(path, path, kMostOfTable).starts_with(heading);
    if (ours) {
      kept = RowsToKeep(path, names);
    } else if (!force) {
      throw Error(path + " is there already and is not of gst-action-annotate: the table of all segments is not " +
                  "written. --force replaces it, -o names another folder");
    }
  }
  AtomicFile file(path);
  file.Write(heading + kept + rows);
  file.Commit();
}

std::string SummaryOf(const std::vector<AnnotatedVideo> &videos) {
  constexpr size_t kMostActions = 12;
  int64_t all = 0;
  std::map<ValueCategory, Share> values;
  std::map<std::string, Share> actions;
  Share elsewhere;  // gaps, and what no class is sure of
  for (const AnnotatedVideo &video : videos) {
    for (const Segment &segment : video.segments) {
      const bool measured = segment.state == SegmentState::kMeasured;
      all += segment.duration();
      const auto add = [&segment](Share &share) {
        share.time += segment.duration();
        ++share.segments;
      };
      add(measured ? values[segment.category] : elsewhere);
      if (measured) add(actions[segment.coarse_action]);
    }
  }
  std::string text = Counted(videos.size(), "video") + ", " + Rounded(all) + "\n";
  for (const auto &[value, share] : values)
    text += LineOf(NameOf(value), share, all);
  if (elsewhere.segments > 0) text += LineOf("not measured", elsewhere, all);
  std::vector<std::pair<std::string, Share>> longest(actions.begin(), actions.end());
  std::ranges::stable_sort(longest, std::ranges::greater(), [](const auto &entry) { return entry.second.time; });
  Share rest;
  text += "\n";
  for (size_t i = 0; i < longest.size(); ++i) {
    if (i < kMostActions) {
      text += LineOf(longest[i].first, longest[i].second, all);
    } else {
      rest.time += longest[i].second.time;
      rest.segments += longest[i].second.segments;
    }
  }
  if (rest.segments > 0) text += LineOf("other actions", rest, all);
  text.pop_back();
  return text;
}

}  // namespace action
