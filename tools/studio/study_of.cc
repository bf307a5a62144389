// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "studio/study_of.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "action/timeline/timeline_file.h"

namespace action {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

// A rest of what was found beside a label is no occurrence of its own: two people rarely agree on a boundary to the
// tenth of a second, nor do a model and a person.
constexpr int64_t kSmallestRest = 1'000'000'000;  // ns

// What was found, where nothing is labelled.
std::vector<Segment> Filled(const std::vector<Segment> &labelled, const std::vector<Segment> &found) {
  std::vector<Segment> both;
  int64_t until = 0;
  const auto add_found = [&](int64_t from, int64_t to) {
    for (Segment segment : found) {
      const int64_t length = segment.duration();
      segment.start = std::max(segment.start, from);
      segment.end = std::min(segment.end, to);
      if (segment.duration() < std::min(length, kSmallestRest)) {
        segment = {.start = segment.start, .end = segment.end, .state = SegmentState::kUnknown};
      }
      if (segment.end - segment.start >= kSmallestGap) both.push_back(std::move(segment));
    }
  };
  for (const Segment &segment : labelled) {
    add_found(until, segment.start);
    both.push_back(segment);
    until = segment.end;
  }
  add_found(until, std::numeric_limits<int64_t>::max());
  return both;
}

double SecondsOf(const std::vector<Segment> &segments) {
  double seconds = 0;
  for (const Segment &segment : segments) {
    if (segment.state == SegmentState::kMeasured) seconds += static_cast<double>(segment.duration()) / 1e9;
  }
  return seconds;
}

std::string Origin(double labelled, double all) {
  if (all - labelled < 0.05) return "All of it was labelled, accepted or corrected by somebody.";
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(),
                "%.1f s were labelled, accepted or corrected by somebody, %.1f s are as the model found them.",
                labelled, all - labelled);
  return text.data();
}

// With a name for labels that elements.csv has none for, as the page shows them.
std::vector<ElementRow> Named(std::vector<ElementRow> rows, const std::vector<Segment> &segments) {
  for (const Segment &segment : segments) {
    const std::string &label = segment.fine_action;
    if (segment.state != SegmentState::kMeasured || std::ranges::find(rows, label, &ElementRow::label) != rows.end())
      continue;
    ElementRow row;
    row.label = label;
    row.element.name = WithoutValue(label);
    std::ranges::replace(row.element.name, '_', ' ');
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

StudyReport StudyOf(Project &project, const StationSetup &setup, const std::vector<std::string> &videos, bool found) {
  const ordered_json study = project.Settings().content.value("study", ordered_json::object());
  StudyReport report;
  report.title = study.value("title", "Time study");
  report.settings.cycle_start = study.value("cycle_start", "");
  report.settings.takt = std::max(study.value("takt", 0.0), 0.0);
  report.settings.rating = std::max(study.value("rating", 1.0), 0.01);
  report.settings.allowance = std::max(study.value("allowance", 0.0), 0.0) / 100;
  const ordered_json foreign = study.value("foreign", ordered_json::array());
  for (const ordered_json &label : foreign)
    report.settings.foreign.insert(label.get<std::string>());
  const std::vector<ElementRow> rows = project.Elements().content;
  for (const std::string &video : videos) {
    const std::vector<Segment> labelled = SegmentsOf(project.Labels(video).content);
    std::vector<Segment> segments = labelled;
    if (found && !setup.model.empty() && fs::exists(FoundPath(setup, video)))
      segments = Filled(labelled, ReadTimeline(FoundPath(setup, video)));
    if (segments.empty()) continue;
    StudySettings settings = report.settings;
    const ordered_json excluded = study.value("excluded", ordered_json::object()).value(video, ordered_json::object());
    for (const auto &[number, reason] : excluded.items())
      settings.excluded[std::strtoul(number.c_str(), nullptr, 10)] = reason.get<std::string>();
    report.timelines.push_back({fs::path(video).stem().string(),
                                "",
                                MakeStudy(segments, Named(rows, segments), settings),
                                Origin(SecondsOf(labelled), SecondsOf(segments)),
                                {},
                                {}});
  }
  return report;
}

}  // namespace action
