// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#include <array>
#include <cstdio>
#include <utility>

#include "action/timeline/timeline_file.h"
#include "report/report.h"

namespace action {
namespace {

using Cell = ReportTable::Cell;

double Seconds(int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

Cell Number(size_t value) {
  return static_cast<double>(value);
}

std::string Joined(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : "; ") + word;
  return text;
}

ReportTable Elements(const StudyReport &report) {
  ReportTable table{
      "elements",
      {"timeline", "element", "label", "value", "foreign", "count", "mean s", "median s", "min s", "max s",
       "standard deviation s", "sum s", "share", "s per cycle", "standard s per cycle", "observations needed"},
      {}};
  for (const StudiedTimeline &timeline : report.timelines) {
    for (const ElementFigures &figures : timeline.study.figures) {
      const Statistics &s = figures.statistics;
      table.rows.push_back({timeline.name, figures.name, figures.label, std::string(NameOf(figures.category)),
                            std::string(figures.foreign ? "yes" : ""), Number(s.count), s.mean, s.median, s.min, s.max,
                            s.deviation, s.sum, figures.share, figures.per_cycle, figures.standard,
                            figures.needed ? Number(*figures.needed) : Cell("")});
    }
  }
  return table;
}

ReportTable Cycles(const StudyReport &report) {
  ReportTable table{"cycles",
                    {"timeline", "cycle", "start s", "end s", "cycle time s", "foreign s", "unmeasured s", "counts",
                     "why not", "missing", "more than once"},
                    {}};
  for (const StudiedTimeline &timeline : report.timelines) {
    for (const StudyCycle &cycle : timeline.study.cycles) {
      table.rows.push_back({timeline.name, Number(cycle.number), Seconds(cycle.start), Seconds(cycle.end),
                            cycle.seconds(), cycle.foreign_seconds, cycle.unmeasured_seconds,
                            std::string(cycle.excluded.empty() ? "yes" : "no"), cycle.excluded, Joined(cycle.missing),
                            Joined(cycle.extra)});
    }
  }
  return table;
}

ReportTable Segments(const StudyReport &report) {
  ReportTable table{"segments",
                    {"timeline", "start s", "end s", "duration s", "element", "label", "value", "cycle", "foreign",
                     "order of work", "confidence"},
                    {}};
  for (const StudiedTimeline &timeline : report.timelines) {
    for (const StudyElement &element : timeline.study.elements) {
      table.rows.push_back(
          {timeline.name, Seconds(element.start), Seconds(element.end), element.seconds(), element.name, element.label,
           std::string(NameOf(element.category)), element.cycle > 0 ? Number(element.cycle) : Cell(""),
           std::string(element.foreign ? "yes" : ""), std::string(NameOf(element.deviation)), element.confidence});
    }
  }
  return table;
}

ReportTable Settings(const StudyReport &report) {
  ReportTable table{"settings", {"timeline", "setting", "value"}, {}};
  const StudySettings &settings = report.settings;
  const auto add = [&table](const std::string &timeline, const char *name, Cell value) {
    table.rows.push_back({timeline, std::string(name), std::move(value)});
  };
  add("", "takt time s", settings.takt > 0 ? Cell(settings.takt) : Cell(""));
  add("", "rating", settings.rating);
  add("", "allowance", settings.allowance);
  add("", "abnormal beyond standard deviations", settings.abnormal);
  for (const std::string &label : settings.foreign)
    add("", "foreign element", label);
  for (const StudiedTimeline &timeline : report.timelines) {
    const Study &study = timeline.study;
    add(timeline.name, "length s", study.seconds);
    for (const auto &[state, seconds] : study.coverage)
      add(timeline.name, NameOf(state), seconds);
    add(timeline.name, "cycle begins with", study.cycle_start);
    add(timeline.name, "cycles", Number(study.cycles.size()));
    add(timeline.name, "cycles that count", Number(study.counted()));
    if (study.counted() > 0) {
      add(timeline.name, "mean cycle time s", study.cycle.mean);
      add(timeline.name, "normal time s", study.normal);
      add(timeline.name, "standard time s", study.standard);
    }
    if (study.lowest_repeatable) add(timeline.name, "lowest repeatable s", *study.lowest_repeatable);
    if (study.cycles_needed) add(timeline.name, "cycles needed for 5 % at 95 %", Number(*study.cycles_needed));
    if (study.stand_in) add(timeline.name, "note", std::string(kStandInNotice));
    if (!timeline.interruption.empty()) add(timeline.name, "note", timeline.interruption);
  }
  return table;
}

}  // namespace

std::vector<ReportTable> ReportTables(const StudyReport &report) {
  return {Elements(report), Cycles(report), Segments(report), Settings(report)};
}

std::string CsvOf(const ReportTable &table) {
  const auto quoted = [](const std::string &text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string word = "\"";
    for (const char c : text)
      word += c == '"' ? std::string("\"\"") : std::string(1, c);
    return word + "\"";
  };
  std::string csv;
  for (size_t i = 0; i < table.head.size(); ++i)
    csv += (i > 0 ? "," : "") + quoted(table.head[i]);
  csv += "\r\n";
  for (const auto &row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) csv += ",";
      if (const auto *text = std::get_if<std::string>(&row[i])) {
        csv += quoted(*text);
      } else {
        std::array<char, 40> number{};
        std::snprintf(number.data(), number.size(), "%.6g", std::get<double>(row[i]));
        csv += number.data();
      }
    }
    csv += "\r\n";
  }
  return csv;
}

}  // namespace action
