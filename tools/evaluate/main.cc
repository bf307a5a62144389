// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-evaluate: how good timelines are.
#include <glib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/atomic_file.h"
#include "action/error.h"
#include "action/labels.h"
#include "action/text.h"
#include "action/timeline/evaluation.h"
#include "action/timeline/timeline_format.h"
#include "common/command_line.h"
#include "common/timeline_source.h"
#include "evaluate/page.h"

namespace {

namespace fs = std::filesystem;

using action::Evaluation;
using action::Printable;
using action::TimeErrors;
using nlohmann::ordered_json;

constexpr size_t kMostConfusions = 8;

struct Options {
  action::SourceFormat said, truth;
  std::string run;  // of the timeline
  std::string page;
  bool as_json = false;
};

// What a file is called without its ending.
std::string StemOf(const fs::path &path) {
  return path.stem().string();
}

// The timelines in a folder, by their stems. Throws Error for two of one name.
std::map<std::string, std::string> TimelinesIn(const std::string &folder, const action::SourceFormat &format) {
  std::map<std::string, std::string> files;
  for (const auto &entry : fs::directory_iterator(folder)) {
    const std::string ending = entry.path().extension().string();
    const auto formats = action::TimelineFormats();
    const bool known = std::ranges::any_of(formats, [&](const action::TimelineFormat &f) {
      return ending == f.ending && (format.name.empty() || format.name == f.name);
    });
    if (!known || !entry.is_regular_file() || entry.path().filename() == "recordings.jsonl") continue;
    const auto [place, is_new] = files.try_emplace(StemOf(entry.path()), entry.path().string());
    if (!is_new) {
      throw action::Error(place->second + " and " + entry.path().string() +
                          " have the same name: say which format is meant");
    }
  }
  return files;
}

struct Pair {
  std::string name, said, truth;
};

std::vector<Pair> PairsOf(const std::string &said, const std::string &truth, const Options &options) {
  if (!fs::is_directory(truth)) return {{StemOf(truth), said, truth}};
  if (!fs::is_directory(said)) throw action::UsageError(truth + " is a folder, and " + said + " is none");
  const auto said_files = TimelinesIn(said, options.said), true_files = TimelinesIn(truth, options.truth);
  std::vector<Pair> pairs;
  for (const auto &[stem, file] : true_files) {
    const auto found = said_files.find(stem);
    if (found != said_files.end()) {
      pairs.push_back({stem, found->second, file});
    } else {
      std::fprintf(stderr, "gst-action-evaluate: %s: %s has no timeline of this name; it is not counted\n",
                   Printable(file).c_str(), Printable(said).c_str());
    }
  }
  for (const auto &[stem, file] : said_files) {
    if (true_files.contains(stem)) continue;
    std::fprintf(stderr, "gst-action-evaluate: %s: %s has no truth of this name; it is not counted\n",
                 Printable(file).c_str(), Printable(truth).c_str());
  }
  if (pairs.empty()) throw action::Error("no file of " + said + " has the name of one of " + truth);
  return pairs;
}

action::TimelineRun ReadOne(const std::string &path, const action::SourceFormat &format, const std::string &run) {
  const auto sources = action::TimelineSourcesOf({path});
  if (sources.size() > 1) throw action::Error(path + " holds the timelines of several places; name one");
  const action::TimelineFile file = action::ReadSource(sources[0], format).file;
  for (const std::string &warning : file.warnings)
    std::fprintf(stderr, "warning: %s\n", Printable(warning).c_str());
  return action::ChooseRuns(file, path, {run, false}).front();
}

// ---- JSON

ordered_json Rounded(double value) {
  return std::round(value * 1e6) / 1e6;
}

ordered_json OrNull(const std::optional<double> &value) {
  return value ? Rounded(*value) : ordered_json(nullptr);
}

ordered_json ToJson(const TimeErrors &errors) {
  if (errors.count == 0) return {{"count", 0}, {"bias", nullptr}, {"mean_error", nullptr}, {"within_half_second", 0}};
  return {{"count", errors.count},
          {"bias", Rounded(errors.bias)},
          {"mean_error", Rounded(errors.absolute)},
          {"within_half_second", errors.within_half_second}};
}

template <typename Values>
ordered_json ByOverlap(const Values &values, const auto &overlaps) {
  ordered_json object = ordered_json::object();
  for (size_t k = 0; k < overlaps.size(); ++k) {
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "%.2f", overlaps[k]);
    object[name.data()] = OrNull(values[k]);
  }
  return object;
}

ordered_json ToJson(const Evaluation &evaluation) {
  ordered_json labels = ordered_json::object();
  for (const auto &[name, label] : evaluation.labels) {
    labels[name] = {{"truth_seconds", Rounded(label.truth_seconds)},
                    {"said_seconds", Rounded(label.said_seconds)},
                    {"precision", OrNull(label.precision())},
                    {"recall", OrNull(label.recall())},
                    {"iou", OrNull(label.iou())},
                    {"elements", label.elements},
                    {"said_elements", label.said_elements},
                    {"found", label.found},
                    {"invented", label.invented},
                    {"f1", ByOverlap(label.f1, action::kF1Overlaps)},
                    {"average_precision", ByOverlap(label.average_precision, action::kPrecisionOverlaps)},
                    {"start", ToJson(label.start)},
                    {"end", ToJson(label.end)},
                    {"duration", ToJson(label.duration)}};
  }
  ordered_json confusion = ordered_json::array();
  for (const auto &[pair, seconds] : evaluation.confusion)
    confusion.push_back({{"truth", pair.first}, {"said", pair.second}, {"seconds", Rounded(seconds)}});
  return {{"seconds", Rounded(evaluation.seconds)},
          {"accuracy", Rounded(evaluation.accuracy())},
          {"work_seconds", Rounded(evaluation.work_seconds)},
          {"work_accuracy", Rounded(evaluation.work_accuracy())},
          {"edit", Rounded(evaluation.edit)},
          {"f1", ByOverlap(evaluation.f1, action::kF1Overlaps)},
          {"mean_tiou", Rounded(evaluation.mean_tiou)},
          {"mean_average_precision", ByOverlap(evaluation.mean_average_precision, action::kPrecisionOverlaps)},
          {"elements", evaluation.elements},
          {"found", evaluation.found},
          {"invented", evaluation.invented},
          {"start", ToJson(evaluation.start)},
          {"end", ToJson(evaluation.end)},
          {"duration", ToJson(evaluation.duration)},
          {"labels", std::move(labels)},
          {"confusion", std::move(confusion)}};
}

// ---- Text

std::string Percent(std::optional<double> share) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "%.1f", share ? 100 * *share : 0);
  return share ? text.data() : "-";
}

std::string Seconds(const TimeErrors &errors, double value, const char *format) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return errors.count > 0 ? text.data() : "-";
}

void PrintSummary(const action::EvaluatedTimelines &compared) {
  const Evaluation &fine = compared.evaluations[1];
  std::printf("%s, %.1f s of ground truth%27s %9s %9s\n", action::Counted(fine.videos, "video").c_str(), fine.seconds,
              "coarse", "fine", "value");
  const auto line = [&](const std::string &what, const auto &value) {
    std::printf("  %-44s", what.c_str());
    for (const Evaluation &evaluation : compared.evaluations)
      std::printf(" %9s", value(evaluation).c_str());
    std::printf("\n");
  };
  using E = Evaluation;
  line("right label, all of the time, %", [](const E &e) { return Percent(e.accuracy()); });
  line("right label, without background, %", [](const E &e) { return Percent(e.work_accuracy()); });
  line("edit score, %", [](const E &e) { return Percent(e.edit); });
  line("F1@10 / 25 / 50, %", [](const E &e) { return Percent(e.f1[0]); });
  line("", [](const E &e) { return Percent(e.f1[1]); });
  line("", [](const E &e) { return Percent(e.f1[2]); });
  line("mean temporal IoU, %", [](const E &e) { return Percent(e.mean_tiou); });
  line("mAP at tIoU 0.3 / 0.5 / 0.7, %", [](const E &e) { return Percent(e.mean_average_precision[0]); });
  line("", [](const E &e) { return Percent(e.mean_average_precision[2]); });
  line("", [](const E &e) { return Percent(e.mean_average_precision[4]); });
  line("elements of the truth", [](const E &e) { return std::to_string(e.elements); });
  line("of these found", [](const E &e) { return std::to_string(e.found); });
  line("invented: there is none", [](const E &e) { return std::to_string(e.invented); });
  for (const auto &[what, member] :
       {std::pair{"beginning", &E::start}, std::pair{"end", &E::end}, std::pair{"duration", &E::duration}}) {
    line(std::string(what) + ": bias, s", [&](const E &e) { return Seconds(e.*member, (e.*member).bias, "%+.2f"); });
    line(std::string(what) + ": mean error, s",
         [&](const E &e) { return Seconds(e.*member, (e.*member).absolute, "%.2f"); });
  }
}

void PrintLabels(const Evaluation &evaluation) {
  std::printf("\n%-30s %8s %9s %7s %6s %8s %6s %8s %8s %9s\n", "fine action", "true s", "precision", "recall", "IoU",
              "elements", "found", "invented", "F1@50", "lasts, s");
  for (const auto &[name, label] : evaluation.labels) {
    std::printf("%-30s %8.1f %9s %7s %6s %8zu %6zu %8zu %8s %9s\n", Printable(name).c_str(), label.truth_seconds,
                Percent(label.precision()).c_str(), Percent(label.recall()).c_str(), Percent(label.iou()).c_str(),
                label.elements, label.found, label.invented, Percent(label.f1[2]).c_str(),
                Seconds(label.duration, label.duration.bias, "%+.2f").c_str());
  }
  std::vector<std::pair<double, std::pair<std::string, std::string>>> wrong;
  for (const auto &[pair, seconds] : evaluation.confusion) {
    if (pair.first != pair.second) wrong.emplace_back(seconds, pair);
  }
  std::ranges::sort(wrong, std::greater<>());
  if (wrong.size() > kMostConfusions) wrong.resize(kMostConfusions);
  if (!wrong.empty()) std::printf("\nwhat was taken for what, most first\n");
  for (const auto &[seconds, pair] : wrong)
    std::printf("%8.1f s  %s for %s\n", seconds, Printable(pair.first).c_str(), Printable(pair.second).c_str());
}

int Evaluate(const std::string &said, const std::string &truth, const Options &options) {
  if (said == action::kStandardInput && truth == action::kStandardInput)
    throw action::UsageError("only one of the two timelines can be the standard input");
  if (!options.page.empty() && fs::is_directory(options.page))
    throw action::UsageError("--html " + options.page + " is a folder: name a file");
  action::EvaluatedTimelines compared;
  for (const Pair &pair : PairsOf(said, truth, options)) {
    action::TimelineRun run = ReadOne(pair.said, options.said, options.run);
    const std::string interruption = run.Interruption();
    if (!interruption.empty())
      std::fprintf(stderr, "gst-action-evaluate: %s was %s\n", Printable(pair.said).c_str(), interruption.c_str());
    compared.videos.push_back({pair.name, std::move(run.segments), ReadOne(pair.truth, options.truth, "").segments});
    const auto &segments = compared.videos.back().said;
    compared.stand_in = compared.stand_in || std::ranges::any_of(segments, &action::Segment::stand_in);
    if (compared.videos.back().truth.empty())
      throw action::Error(action::ErrorKind::kFormat, pair.truth, "there is nothing in the truth " + pair.truth);
  }
  for (size_t k = 0; k < action::kLabelKinds.size(); ++k)
    compared.evaluations[k] = action::Evaluate(compared.videos, action::kLabelKinds[k]);
  if (options.as_json) {
    ordered_json object = {{"videos", ordered_json::array()}, {"stand_in", compared.stand_in}};
    for (const action::ComparedTimelines &video : compared.videos)
      object["videos"].push_back(video.name);
    for (size_t k = 0; k < action::kLabelKinds.size(); ++k)
      object[NameOf(action::kLabelKinds[k])] = ToJson(compared.evaluations[k]);
    std::printf("%s\n", object.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str());
  } else {
    PrintSummary(compared);
    PrintLabels(compared.evaluations[1]);
    if (compared.stand_in) std::printf("\n%s\n", action::kNotAMeasurement);
  }
  if (!options.page.empty()) {
    action::AtomicFile file(options.page);
    file.Write(EvaluationPage(compared));
    file.Commit();
  }
  return action::kDone;
}

int Run(int argc, char **argv) {
  g_autofree char *from = nullptr, *truth_from = nullptr, *run = nullptr, *page = nullptr;
  double frame_rate = 0;
  gboolean as_json = FALSE;
  action::CommandLine line(
      "gst-action-evaluate", "TIMELINE TRUTH",
      "Says how good a timeline is, measured against a ground truth: accuracy, edit score, F1, mAP, boundaries and\n"
      "durations; for coarse and fine actions and value categories, for each label, and what was taken for what.\n"
      "Of two folders, files of the same name belong together. Both may have any format of gst-action-convert.");
  line.Add(
      {{"html", 0, 0, G_OPTION_ARG_FILENAME, &page,
        "write a page with all figures, and the timelines one above the other; replaces FILE", "FILE"},
       {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "print JSON: times in seconds, shares from 0 to 1", nullptr},
       {"from", 0, 0, G_OPTION_ARG_STRING, &from, "format of TIMELINE (default: by its ending)", "FORMAT"},
       {"truth-from", 0, 0, G_OPTION_ARG_STRING, &truth_from, "format of TRUTH (default: by its ending)", "FORMAT"},
       {"frame-rate", 0, 0, G_OPTION_ARG_DOUBLE, &frame_rate,
        "frames a second of the videos, for formats that count frames", "RATE"},
       {"run", 0, 0, G_OPTION_ARG_STRING, &run,
        "one run of a .jsonl timeline, by its name or its number (default: all as one)", "RUN"}});
  if (const auto end = line.Parse(argc, argv)) return *end;
  if (line.operands().size() != 2) throw action::UsageError("usage: gst-action-evaluate TIMELINE TRUTH");
  if (frame_rate < 0 || frame_rate > 1000) throw action::UsageError("--frame-rate is 0 to 1000 frames a second");
  return Evaluate(line.operands()[0], line.operands()[1],
                  {{action::OrEmpty(from), frame_rate},
                   {action::OrEmpty(truth_from), frame_rate},
                   action::OrEmpty(run),
                   action::OrEmpty(page),
                   as_json != FALSE});
}

}  // namespace

int main(int argc, char **argv) {
  return action::RunTool("gst-action-evaluate", [&] { return Run(argc, argv); });
}
