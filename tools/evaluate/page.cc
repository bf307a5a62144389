// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "evaluate/page.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "action/timeline/timeline_file.h"
#include "common/command_line.h"
#include "common/html.h"

namespace action {
namespace {

constexpr int kWidth = 1200, kRow = 26, kLeft = 90;  // of the timelines' picture

std::string Percent(std::optional<double> share) {
  return share ? Format("%.1f", 100 * *share) : "–";
}

std::string Seconds(const TimeErrors &errors, double value) {
  return errors.count > 0 ? Format("%.2f", value) : "–";
}

std::string Signed(const TimeErrors &errors) {
  return errors.count > 0 ? Format("%+.2f", errors.bias) : "–";
}

std::string WithinHalf(const TimeErrors &errors) {
  return errors.count > 0 ? Percent(static_cast<double>(errors.within_half_second) / static_cast<double>(errors.count))
                          : "–";
}

std::string Summary(const EvaluatedTimelines &compared) {
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const std::string &what, const auto &value) {
    std::vector<std::string> row = {what};
    for (const Evaluation &evaluation : compared.evaluations)
      row.push_back(value(evaluation));
    rows.push_back(std::move(row));
  };
  using E = Evaluation;
  add("right label, all of the time, %", [](const E &e) { return Percent(e.accuracy()); });
  add("right label, without background, %", [](const E &e) { return Percent(e.work_accuracy()); });
  add("edit score, %", [](const E &e) { return Percent(e.edit); });
  for (size_t k = 0; k < kF1Overlaps.size(); ++k)
    add("F1@" + Format("%.0f", 100 * kF1Overlaps[k]) + ", %", [k](const E &e) { return Percent(e.f1[k]); });
  add("mean temporal IoU, %", [](const E &e) { return Percent(e.mean_tiou); });
  for (size_t k = 0; k < kPrecisionOverlaps.size(); ++k)
    add("mAP at tIoU " + Format("%.1f", kPrecisionOverlaps[k]) + ", %",
        [k](const E &e) { return Percent(e.mean_average_precision[k]); });
  add("elements of the truth", [](const E &e) { return std::to_string(e.elements); });
  add("of these found", [](const E &e) { return std::to_string(e.found); });
  add("invented: there is none", [](const E &e) { return std::to_string(e.invented); });
  const std::array<std::pair<const char *, TimeErrors Evaluation::*>, 3> errors = {
      {{"beginning", &E::start}, {"end", &E::end}, {"duration", &E::duration}}};
  for (const auto &[what, member] : errors) {
    add(std::string(what) + ": bias, s", [&](const E &e) { return Signed(e.*member); });
    add(std::string(what) + ": mean error, s", [&](const E &e) { return Seconds(e.*member, (e.*member).absolute); });
    add(std::string(what) + ": within 0.5 s, %", [&](const E &e) { return WithinHalf(e.*member); });
  }
  return HtmlTable({"", "coarse action", "fine action", "value category"}, rows);
}

std::string LabelFigures(const Evaluation &evaluation) {
  std::vector<std::vector<std::string>> rows;
  for (const auto &[name, label] : evaluation.labels) {
    rows.push_back({HtmlEscaped(name), Format("%.1f", label.truth_seconds), Percent(label.precision()),
                    Percent(label.recall()), Percent(label.iou()), std::to_string(label.elements),
                    std::to_string(label.found), std::to_string(label.invented), Percent(label.f1[2]),
                    Percent(label.average_precision[2]), Signed(label.start), Signed(label.end), Signed(label.duration),
                    Seconds(label.duration, label.duration.absolute)});
  }
  return HtmlTable({"label", "true s", "precision %", "recall %", "IoU %", "elements", "found", "invented", "F1@50 %",
                    "AP@0.5 %", "begins, s", "ends, s", "lasts, s", "mean error, s"},
                   rows);
}

// Rows: what is true; columns: what was said; in seconds.
std::string ConfusionTable(const Evaluation &evaluation) {
  std::set<std::string> names;
  std::map<std::string, double> sums;
  for (const auto &[pair, seconds] : evaluation.confusion) {
    names.insert(pair.first);
    names.insert(pair.second);
    sums[pair.first] += seconds;
  }
  std::vector<std::string> head = {"true \\ said"};
  for (const std::string &name : names)
    head.push_back(HtmlEscaped(name));
  std::vector<std::vector<std::string>> rows;
  for (const std::string &truth : names) {
    if (sums[truth] <= 0) continue;
    std::vector<std::string> row = {HtmlEscaped(truth)};
    for (const std::string &said : names) {
      const auto found = evaluation.confusion.find({truth, said});
      const double seconds = found != evaluation.confusion.end() ? found->second : 0;
      const double share = seconds / sums[truth];
      const char *colour = truth == said ? "46,158,79" : "209,59,59";
      row.push_back(seconds > 0 ? "<span style=\"display:block;margin:-4px -8px;padding:4px 8px;background:rgba(" +
                                      std::string(colour) + "," + Format("%.2f", 0.08 + 0.5 * share) + ")\">" +
                                      Format("%.1f", seconds) + "</span>"
                                : "");
    }
    rows.push_back(std::move(row));
  }
  return HtmlTable(head, rows);
}

// A colour for each label, the same in both rows and everywhere on the page.
class Colours {
 public:
  std::string Of(const std::string &label) {
    const auto [place, is_new] = colours_.try_emplace(label);
    if (is_new) {
      // Hues by the golden angle: those that follow on each other are far apart.
      const double hue = 137.508 * static_cast<double>(colours_.size());
      place->second = "hsl(" + Format("%.0f", hue) + ",55%,60%)";
    }
    return place->second;
  }

  // A line with all of them.
  std::string Legend() const {
    std::string text = "<p>";
    for (const auto &[label, colour] : colours_) {
      text +=
          "<span class=\"label\"><span style=\"background:" + colour + "\"></span>" + HtmlEscaped(label) + "</span> ";
    }
    return text + "</p>\n";
  }

 private:
  std::map<std::string, std::string> colours_;
};

std::string Picture(const ComparedTimelines &video, Colours &colours) {
  int64_t begin = INT64_MAX, end = INT64_MIN;
  for (const auto *segments : {&video.truth, &video.said}) {
    if (segments->empty()) continue;
    begin = std::min(begin, segments->front().start);
    end = std::max(end, segments->back().end);
  }
  if (end <= begin) return "<p class=\"soft\">Nothing is in them.</p>\n";
  const auto at = [&](int64_t time) {
    return kLeft +
           static_cast<double>(kWidth - kLeft) * static_cast<double>(time - begin) / static_cast<double>(end - begin);
  };
  std::string svg = "<svg viewBox=\"0 0 " + std::to_string(kWidth) + " " + std::to_string(2 * kRow + 28) +
                    "\" role=\"img\" aria-label=\"timelines of " + HtmlEscaped(video.name) +
                    "\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n";
  int y = 0;
  for (const auto &[name, segments] : {std::pair{"truth", &video.truth}, std::pair{"timeline", &video.said}}) {
    svg += "<text x=\"0\" y=\"" + std::to_string(y + 17) + "\">" + name + "</text>\n";
    svg += "<rect x=\"" + std::to_string(kLeft) + "\" y=\"" + std::to_string(y) + "\" width=\"" +
           std::to_string(kWidth - kLeft) + "\" height=\"" + std::to_string(kRow - 4) + "\" fill=\"#eceff2\"/>\n";
    for (const Segment &segment : *segments) {
      if (StateInStudy(segment) != SegmentState::kMeasured) continue;
      const double from = at(segment.start), width = std::max(0.5, at(segment.end) - from);
      svg += "<rect x=\"" + Format("%.2f", from) + "\" y=\"" + std::to_string(y) + "\" width=\"" +
             Format("%.2f", width) + "\" height=\"" + std::to_string(kRow - 4) + "\" fill=\"" +
             colours.Of(segment.fine_action) + "\"><title>" + HtmlEscaped(segment.fine_action) + ", " +
             HoursText(segment.start) + " to " + HoursText(segment.end) + "</title></rect>\n";
    }
    y += kRow;
  }
  for (const auto &[time, anchor] : {std::pair{begin, "start"}, std::pair{end, "end"}})
    svg += "<text x=\"" + Format("%.0f", at(time)) + "\" y=\"" + std::to_string(y + 14) + "\" text-anchor=\"" + anchor +
           "\" fill=\"#5b6470\">" + HoursText(time) + "</text>\n";
  return svg + "</svg>\n";
}

}  // namespace

std::string EvaluationPage(const EvaluatedTimelines &compared) {
  const Evaluation &fine = compared.evaluations[1];
  std::string body = "<h1>How good the timelines are</h1>\n<p class=\"soft\">" +
                     std::to_string(compared.videos.size()) + (compared.videos.size() == 1 ? " video" : " videos") +
                     ", " + Format("%.1f", fine.seconds) + " s of ground truth</p>\n";
  if (compared.stand_in) body += std::string("<p class=\"warning\">") + HtmlEscaped(kStandInNotice) + "</p>\n";
  body += Summary(compared);
  body +=
      "<p class=\"soft\">An element is a stretch of one label. It is found when the timeline has one of this label "
      "that "
      "shares at least half of their common extent. Background is time without work: gaps, unknown and absent time. "
      "Bias "
      "is what was said less what is true.</p>\n";
  body += "<h2>Timelines</h2>\n";
  Colours colours;
  for (const ComparedTimelines &video : compared.videos)
    body += "<h3>" + HtmlEscaped(video.name) + "</h3>\n" + Picture(video, colours);
  body += colours.Legend();
  constexpr std::array<const char *, kLabelKinds.size()> kNames = {"Coarse actions", "Fine actions",
                                                                   "Value categories"};
  for (size_t k = 0; k < kLabelKinds.size(); ++k) {
    body += std::string("<h2>") + kNames[k] + "</h2>\n" + LabelFigures(compared.evaluations[k]);
    body += "<h3>What was taken for what, s</h3>\n" + ConfusionTable(compared.evaluations[k]);
  }
  return HtmlPage("How good the timelines are", body);
}

}  // namespace action
