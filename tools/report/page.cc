// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "action/timeline/timeline_file.h"
#include "common/command_line.h"
#include "common/html.h"
#include "report/report.h"

namespace action {
namespace {

constexpr int kWidth = 1200;
constexpr const char *kSoft = "#5b6470", *kLine = "#d9dde3";

const char *ColourOf(ValueCategory category) {
  switch (category) {
    case ValueCategory::kVa:
      return "#2e9e4f";
    case ValueCategory::kRnva:
      return "#d99a00";
    case ValueCategory::kNva:
      return "#d13b3b";
    default:
      return "#8a929c";
  }
}

// Without a sign where nothing is left of it.
std::string Signed(double seconds) {
  return std::abs(seconds) < 0.005 ? "0.00" : Format("%+.2f", seconds);
}

std::string Svg(int height, const std::string &label, const std::string &inside) {
  return Format("<svg viewBox=\"0 0 %d %d\" role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"13\" ",
                kWidth, height) +
         "aria-label=\"" + HtmlEscaped(label) + "\">\n" + inside + "</svg>\n";
}

std::string Rect(double x, double y, double width, double height, const std::string &fill, const std::string &title) {
  return Format("<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"", x, y, std::max(width, 0.5),
                height) +
         fill + "\"><title>" + HtmlEscaped(title) + "</title></rect>\n";
}

std::string Text(double x, double y, const std::string &text, const char *anchor = "start",
                 const char *fill = "#1b1f24") {
  return Format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">", x, y, anchor, fill) + HtmlEscaped(text) +
         "</text>\n";
}

std::string Line(double x1, double y1, double x2, double y2, const char *stroke, const char *more = "") {
  return Format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" %s/>\n", x1, y1, x2, y2, stroke,
                more);
}

// What is drawn of a stretch of time: it opens the video there.
std::string Linked(const StudiedTimeline &timeline, int64_t start, int64_t end, const std::string &drawn) {
  const std::string link = timeline.link ? timeline.link(start, end) : "";
  return link.empty() ? drawn : "<a href=\"" + HtmlEscaped(link) + "\" target=\"_blank\">" + drawn + "</a>";
}

// The stretch of an element that lasts most nearly as long as all in the mean; null: there is none.
const StudyElement *TypicalOf(const Study &study, const ElementFigures &figures) {
  const StudyElement *typical = nullptr;
  const auto off = [&](const StudyElement &element) { return std::abs(element.seconds() - figures.statistics.mean); };
  for (const StudyElement &element : study.elements) {
    if (element.label == figures.label && (typical == nullptr || off(element) < off(*typical))) typical = &element;
  }
  return typical;
}

std::string LinkedToTypical(const StudiedTimeline &timeline, const ElementFigures &figures, const std::string &drawn) {
  const StudyElement *typical = TypicalOf(timeline.study, figures);
  return typical == nullptr ? drawn : Linked(timeline, typical->start, typical->end, drawn);
}

// A round step of an axis with about so many marks.
double StepOf(double most, int marks) {
  const double raw = most / marks, power = std::pow(10, std::floor(std::log10(std::max(raw, 1e-9))));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power) return factor * power;
  }
  return 10 * power;
}

// Lines across the picture at round seconds.
std::string SecondsAxis(double most, int marks, int left, const std::function<double(double)> &y_of) {
  std::string axis;
  const double step = StepOf(most, marks);
  for (double mark = 0; mark <= most * 1.05; mark += step) {
    axis += Line(left, y_of(mark), kWidth, y_of(mark), kLine);
    axis += Text(left - 8, y_of(mark) + 4, Format("%g s", mark), "end", kSoft);
  }
  return axis;
}

std::string Shortened(const std::string &text, size_t most) {
  if (text.size() <= most) return text;
  size_t end = most - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;  // not within a letter
  return text.substr(0, end) + "…";
}

// ---- Charts

// Work of a cycle, element by element, one column for each timeline.
std::string Yamazumi(const StudyReport &report) {
  constexpr int kHeight = 420, kTop = 20, kBottom = 40, kLeft = 60;
  double most = report.settings.takt;
  for (const StudiedTimeline &timeline : report.timelines) {
    double sum = 0;
    for (const ElementFigures &figures : timeline.study.figures)
      sum += figures.per_cycle;
    most = std::max(most, sum);
  }
  if (most <= 0) return "";
  const double scale = (kHeight - kTop - kBottom) / (most * 1.05);
  const auto y_of = [&](double seconds) { return kHeight - kBottom - seconds * scale; };
  std::string inside = SecondsAxis(most, 6, kLeft, y_of);
  const double slot = static_cast<double>(kWidth - kLeft) / static_cast<double>(report.timelines.size());
  const double width = std::min(360.0, slot * 0.7);
  for (size_t i = 0; i < report.timelines.size(); ++i) {
    const StudiedTimeline &timeline = report.timelines[i];
    const double x = kLeft + slot * static_cast<double>(i) + (slot - width) / 2;
    double sum = 0;
    for (const ElementFigures &figures : timeline.study.figures) {
      if (figures.per_cycle <= 0) continue;
      const double height = figures.per_cycle * scale;
      inside += LinkedToTypical(
          timeline, figures,
          Rect(x, y_of(sum + figures.per_cycle), width, std::max(height - 1, 0.5), ColourOf(figures.category),
               figures.name + Format(": %.1f s a cycle", figures.per_cycle)));
      if (height > 16)
        inside += Text(x + 8, y_of(sum + figures.per_cycle / 2) + 4,
                       Shortened(figures.name, static_cast<size_t>(width / 8)) + Format("  %.1f s", figures.per_cycle),
                       "start", "#fff");
      sum += figures.per_cycle;
    }
    inside += Text(x + width / 2, kHeight - 18, Shortened(timeline.name, static_cast<size_t>(slot / 8)), "middle");
    inside += Text(x + width / 2, kHeight - 3, Format("%.1f s", sum), "middle", kSoft);
  }
  if (report.settings.takt > 0) {
    const double y = y_of(report.settings.takt);
    inside += Line(kLeft, y, kWidth, y, "#1b1f24", "stroke-width=\"2\" stroke-dasharray=\"8 5\"");
    inside += Text(kWidth, y - 6, Format("takt %g s", report.settings.takt), "end");
  }
  return Svg(kHeight, "Yamazumi: seconds of each element in a cycle", inside);
}

// The whole timeline, a row for each element.
std::string Gantt(const StudiedTimeline &timeline) {
  const Study &study = timeline.study;
  constexpr int kRow = 22, kLeft = 220;
  if (study.elements.empty()) return "";
  const int64_t begin = study.elements.front().start, end = study.elements.back().end;
  const auto at = [&](int64_t time) {
    return kLeft + static_cast<double>(kWidth - kLeft) * static_cast<double>(time - begin) /
                       static_cast<double>(std::max<int64_t>(end - begin, 1));
  };
  const int height = kRow * static_cast<int>(study.figures.size()) + 24;
  std::map<std::string, int> rows;
  std::string inside;
  for (const StudyCycle &cycle : study.cycles)
    inside += Line(at(cycle.start), 0, at(cycle.start), height - 20, kLine);
  for (const ElementFigures &figures : study.figures) {
    const int row = static_cast<int>(rows.size());
    rows[figures.label] = row;
    inside += Text(0, row * kRow + 15, Shortened(figures.name, 30));
  }
  for (const StudyElement &element : study.elements) {
    inside += Linked(timeline, element.start, element.end,
                     Rect(at(element.start), rows[element.label] * kRow + 2, at(element.end) - at(element.start),
                          kRow - 6, ColourOf(element.category),
                          element.name + ", " + ClockText(element.start) + " to " + ClockText(element.end) +
                              (element.cycle > 0 ? ", cycle " + std::to_string(element.cycle) : "")));
  }
  inside += Text(kLeft, height - 4, ClockText(begin), "start", kSoft);
  inside += Text(kWidth, height - 4, ClockText(end), "end", kSoft);
  return Svg(height, "Gantt chart of the timeline", inside);
}

// What adds no value, most first.
std::string Pareto(const StudiedTimeline &timeline) {
  const Study &study = timeline.study;
  constexpr int kRow = 24, kLeft = 220, kRight = 150;
  std::vector<const ElementFigures *> waste;
  double all = 0;
  for (const ElementFigures &figures : study.figures) {
    if (figures.category != ValueCategory::kNva || figures.foreign || figures.statistics.sum <= 0) continue;
    waste.push_back(&figures);
    all += figures.statistics.sum;
  }
  if (waste.empty()) return "<p class=\"soft\">No time without added value was found.</p>\n";
  std::ranges::sort(waste, std::greater<>(), [](const ElementFigures *f) { return f->statistics.sum; });
  const double most = waste.front()->statistics.sum;
  std::string inside;
  double sum = 0;
  for (size_t i = 0; i < waste.size(); ++i) {
    const double y = static_cast<double>(i) * kRow, seconds = waste[i]->statistics.sum;
    sum += seconds;
    const double width = (kWidth - kLeft - kRight) * seconds / most;
    inside += Text(0, y + 16, Shortened(waste[i]->name, 30));
    inside += LinkedToTypical(timeline, *waste[i],
                              Rect(kLeft, y + 2, width, kRow - 6, ColourOf(ValueCategory::kNva), waste[i]->name));
    inside +=
        Text(kLeft + width + 8, y + 16, Format("%.1f s, together %.0f %%", seconds, 100 * sum / all), "start", kSoft);
  }
  return Svg(kRow * static_cast<int>(waste.size()) + 4, "Pareto chart of time without added value", inside);
}

// Cycle times in their order.
std::string RunChart(const StudiedTimeline &timeline, double takt) {
  const Study &study = timeline.study;
  constexpr int kHeight = 260, kTop = 16, kBottom = 30, kLeft = 60;
  if (study.cycles.empty()) return "";
  double most = takt;
  for (const StudyCycle &cycle : study.cycles)
    most = std::max(most, cycle.seconds());
  const double scale = (kHeight - kTop - kBottom) / (most * 1.05);
  const auto y_of = [&](double seconds) { return kHeight - kBottom - seconds * scale; };
  std::string inside = SecondsAxis(most, 5, kLeft, y_of);
  const double slot = static_cast<double>(kWidth - kLeft) / static_cast<double>(study.cycles.size());
  for (const StudyCycle &cycle : study.cycles) {
    const double x = kLeft + slot * (static_cast<double>(cycle.number) - 0.5);
    const bool over = takt > 0 && cycle.seconds() > takt;
    const char *fill = !cycle.excluded.empty() ? "#c3c9d1" : over ? "#d13b3b" : "#2f6fb0";
    const double width = std::min(40.0, slot * 0.7);
    inside += Linked(timeline, cycle.start, cycle.end,
                     Rect(x - width / 2, y_of(cycle.seconds()), width, cycle.seconds() * scale, fill,
                          Format("cycle %zu: %.1f s", cycle.number, cycle.seconds()) +
                              (cycle.excluded.empty() ? "" : ", does not count: " + cycle.excluded)));
    if (slot > 24 || cycle.number % 5 == 0)
      inside += Text(x, kHeight - 12, std::to_string(cycle.number), "middle", kSoft);
  }
  if (study.counted() > 0) {
    inside += Line(kLeft, y_of(study.cycle.mean), kWidth, y_of(study.cycle.mean), "#2f6fb0", "stroke-width=\"1.5\"");
    inside += Text(kWidth, y_of(study.cycle.mean) + (takt > study.cycle.mean ? 15 : -5),
                   Format("mean %.1f s", study.cycle.mean), "end", "#2f6fb0");
  }
  if (takt > 0) {
    inside += Line(kLeft, y_of(takt), kWidth, y_of(takt), "#1b1f24", "stroke-width=\"2\" stroke-dasharray=\"8 5\"");
    inside += Text(kLeft + 6, y_of(takt) - 6, Format("takt %g s", takt));
  }
  return Svg(kHeight, "run chart of cycle times", inside);
}

// ---- Tables

std::string Coverage(const Study &study) {
  std::string text = Format("%.1f s long; of these ", study.seconds);
  bool first = true;
  for (const auto &[state, seconds] : study.coverage) {
    text += (first ? "" : ", ") + Format("%.1f s %s (%.1f %%)", seconds, NameOf(state),
                                         study.seconds > 0 ? 100 * seconds / study.seconds : 0);
    first = false;
  }
  return text + ". ";
}

std::string Values(const Study &study) {
  double all = 0;
  for (const auto &[category, seconds] : study.value_seconds)
    all += seconds;
  std::vector<std::vector<std::string>> rows;
  for (const auto &[category, seconds] : study.value_seconds) {
    rows.push_back({Format("<span class=\"label\"><span style=\"background:%s\"></span>%s</span>", ColourOf(category),
                           NameOf(category)),
                    Format("%.1f", seconds), Format("%.1f", all > 0 ? 100 * seconds / all : 0),
                    std::to_string(study.value_count.at(category))});
  }
  return HtmlTable({"value", "s", "% of the time", "times"}, rows);
}

std::string CycleFigures(const Study &study, const StudySettings &settings) {
  if (study.cycles.empty()) return "<p>No cycles were found: name the element that they begin with.</p>\n";
  std::string text = Format("<p>%zu cycles, from each beginning of ", study.cycles.size()) +
                     HtmlEscaped(study.cycle_start) +
                     Format(" to the next; of these %s.</p>\n",
                            study.counted() == 1 ? "one counts" : (std::to_string(study.counted()) + " count").c_str());
  if (study.counted() > 0) {
    const Statistics &s = study.cycle;
    std::vector<std::vector<std::string>> rows = {{"mean", Format("%.2f s", s.mean)},
                                                  {"median", Format("%.2f s", s.median)},
                                                  {"shortest", Format("%.2f s", s.min)},
                                                  {"longest", Format("%.2f s", s.max)},
                                                  {"standard deviation", Format("%.2f s", s.deviation)}};
    rows.push_back({"lowest repeatable (another one within 5 %)",
                    study.lowest_repeatable ? Format("%.2f s", *study.lowest_repeatable) : "–"});
    if (settings.takt > 0)
      rows.push_back({Format("longer than the takt time of %g s", settings.takt), std::to_string(study.overruns)});
    rows.push_back({"cycles needed for a mean within 5 % at 95 %",
                    study.cycles_needed ? Format("%zu (there are %zu)", *study.cycles_needed, study.counted()) : "–"});
    rows.push_back({Format("normal time (rating %g)", settings.rating), Format("%.2f s", study.normal)});
    rows.push_back(
        {Format("standard time (allowance %g %%)", 100 * settings.allowance), Format("%.2f s", study.standard)});
    text += HtmlTable({}, rows);
  }
  std::vector<std::vector<std::string>> left;
  for (const StudyCycle &cycle : study.cycles) {
    if (!cycle.excluded.empty())
      left.push_back({HtmlEscaped(cycle.excluded), std::to_string(cycle.number), ClockText(cycle.start),
                      Format("%.1f", cycle.seconds())});
  }
  if (!left.empty()) text += "<h4>Cycles that do not count</h4>\n" + HtmlTable({"why", "cycle", "begins", "s"}, left);
  return text;
}

std::string ElementTable(const Study &study) {
  std::vector<std::vector<std::string>> rows;
  for (const ElementFigures &f : study.figures) {
    const Statistics &s = f.statistics;
    const auto seconds = [&s](double value) { return s.count > 0 ? Format("%.2f", value) : "–"; };
    rows.push_back({HtmlEscaped(f.name) + (f.foreign ? " <span class=\"soft\">(foreign)</span>" : ""),
                    NameOf(f.category), std::to_string(s.count), seconds(s.mean), seconds(s.median), seconds(s.min),
                    seconds(s.max), seconds(s.deviation), Format("%.1f", 100 * f.share), Format("%.2f", f.per_cycle),
                    Format("%.2f", f.standard), f.needed ? std::to_string(*f.needed) : "–"});
  }
  return HtmlTable({"element", "value", "count", "mean s", "median s", "min s", "max s", "s.d. s", "share %",
                    "s a cycle", "standard s", "needed"},
                   rows);
}

std::string Deviations(const Study &study) {
  std::vector<std::vector<std::string>> rows;
  for (const StudyCycle &cycle : study.cycles) {
    for (const auto &[names, what] :
         {std::pair{&cycle.missing, "missing"}, std::pair{&cycle.extra, "more than once"}}) {
      for (const std::string &name : *names)
        rows.push_back({HtmlEscaped(name), what, std::to_string(cycle.number), ClockText(cycle.start)});
    }
  }
  for (const StudyElement &element : study.elements) {
    if (element.deviation == Deviation::kNone) continue;
    rows.push_back({HtmlEscaped(element.name), NameOf(element.deviation),
                    element.cycle > 0 ? std::to_string(element.cycle) : "–", ClockText(element.start)});
  }
  if (rows.empty()) return "";
  return "<h3>Deviations from the order of work</h3>\n" + HtmlTable({"element", "what", "cycle", "at"}, rows);
}

// Differences over means, with bias and limits of agreement.
std::string BlandAltman(const DurationAgreement &agreement) {
  constexpr int kHeight = 240, kTop = 14, kBottom = 36, kLeft = 60;
  double low = std::min(0.0, agreement.lower()), high = std::max(0.0, agreement.upper()), first = 1e300, last = 0;
  for (const auto &[study, manual] : agreement.pairs) {
    low = std::min(low, study - manual);
    high = std::max(high, study - manual);
    first = std::min(first, (study + manual) / 2);
    last = std::max(last, (study + manual) / 2);
  }
  if (agreement.pairs.size() < 2 || high <= low) return "";
  const double room = 0.08 * (high - low), width = std::max(last - first, 1e-6);
  const auto x_of = [&](double mean) { return kLeft + 20 + (kWidth - kLeft - 220) * (mean - first) / width; };
  const auto y_of = [&](double difference) {
    return kTop + (kHeight - kTop - kBottom) * (high + room - difference) / (high - low + 2 * room);
  };
  std::string inside;
  for (const auto &[value, what] :
       {std::pair{agreement.differences.mean, "bias"}, std::pair{agreement.lower(), "lower limit"},
        std::pair{agreement.upper(), "upper limit"}}) {
    inside += Line(kLeft, y_of(value), kWidth - 180, y_of(value), "#2f6fb0", "stroke-dasharray=\"6 4\"");
    inside += Text(kWidth - 172, y_of(value) + 4, std::string(what) + " " + Signed(value) + " s", "start", "#2f6fb0");
  }
  inside += Line(kLeft, y_of(0), kWidth - 180, y_of(0), kSoft);
  inside += Text(kLeft - 8, y_of(0) + 4, "0 s", "end", kSoft);
  for (const auto &[study, manual] : agreement.pairs) {
    inside += Format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"#d13b3b\" fill-opacity=\"0.7\"><title>",
                     x_of((study + manual) / 2), y_of(study - manual)) +
              Format("%.2f s, by hand %.2f s", study, manual) + "</title></circle>\n";
  }
  inside += Text(kLeft + 20, kHeight - 6, Format("mean of both: %.1f s", first), "start", kSoft);
  inside += Text(kWidth - 200, kHeight - 6, Format("%.1f s", last), "end", kSoft);
  return Svg(kHeight, "Bland-Altman plot of " + (agreement.label.empty() ? "cycles" : agreement.name), inside);
}

std::string Agreement(const std::vector<DurationAgreement> &agreements) {
  if (agreements.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const DurationAgreement &a : agreements) {
    const size_t count = a.pairs.size();
    rows.push_back({a.label.empty() ? "<b>cycles</b>" : HtmlEscaped(a.name), std::to_string(count),
                    std::to_string(a.only_study), std::to_string(a.only_manual),
                    count > 0 ? Signed(a.differences.mean) : "–",
                    count > 1 ? Signed(a.lower()) + " to " + Signed(a.upper()) : "–"});
  }
  return "<h3>Against the times by hand</h3>\n" +
         HtmlTable({"", "pairs", "only here", "only by hand", "bias s", "limits of agreement s"}, rows) +
         "<p class=\"soft\">Differences: here less by hand. 95 % of them lie between the limits (Bland and Altman): "
         "bias ± "
         "1.96 standard deviations. Of few pairs they say little.</p>\n" +
         BlandAltman(agreements.front());
}

}  // namespace

std::string ReportPage(const StudyReport &report) {
  std::string body = "<h1>" + HtmlEscaped(report.title) + "</h1>\n";
  const bool stand_in = std::ranges::any_of(report.timelines, [](const auto &t) { return t.study.stand_in; });
  if (stand_in) body += std::string("<p class=\"warning\">") + HtmlEscaped(kStandInNotice) + "</p>\n";
  body += "<h2>Coverage</h2>\n";
  for (const StudiedTimeline &timeline : report.timelines) {
    body += "<p>" + (report.timelines.size() > 1 ? "<b>" + HtmlEscaped(timeline.name) + "</b>: " : std::string()) +
            Coverage(timeline.study) + HtmlEscaped(timeline.note) + "</p>\n";
    if (!timeline.interruption.empty())
      body += "<p class=\"warning\">The timeline was " + HtmlEscaped(timeline.interruption) + "</p>\n";
  }
  const std::string yamazumi = Yamazumi(report);
  if (!yamazumi.empty()) body += "<h2>Work of a cycle (Yamazumi)</h2>\n" + yamazumi;
  for (const StudiedTimeline &timeline : report.timelines) {
    const Study &study = timeline.study;
    body += "<h2>" + HtmlEscaped(timeline.name) + "</h2>\n";
    if (study.elements.empty()) {
      body += "<p>No element of work is in it.</p>\n";
      continue;
    }
    body += Values(study);
    body += "<h3>Cycles</h3>\n" + CycleFigures(study, report.settings) + RunChart(timeline, report.settings.takt);
    body += "<h3>Elements</h3>\n" + ElementTable(study);
    body += "<h3>Time without added value</h3>\n" + Pareto(timeline);
    body += Deviations(study);
    body += Agreement(timeline.agreement);
    body += "<h3>The whole timeline</h3>\n" + Gantt(timeline);
  }
  body +=
      "<p class=\"soft\">Times of elements are of all stretches but those in cycles that do not count. s.d.: standard "
      "deviation. needed: observations for a mean within 5 % at 95 %, (1.96 s.d. / (0.05 mean))². Normal time: mean "
      "cycle "
      "times rating; standard time: with the allowance.</p>\n";
  return HtmlPage(report.title, body);
}

}  // namespace action
