// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "evaluate/evaluate.h"

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

#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/labels.h"
#include "action/text.h"
#include "action/timeline/evaluation.h"
#include "action/timeline/timeline_format.h"
#include "common/command_line.h"
#include "common/timeline_source.h"
#include "evaluate/page.h"

namespace action {
namespace {

namespace fs = std::filesystem;

using nlohmann::ordered_json;

constexpr size_t kMostConfusions = 8;

// What a file is called without its ending.
std::string StemOf(const fs::path &path) {
  return path.stem().string();
}

// The timelines in a folder, by their stems. Throws Error for two of one name.
std::map<std::string, std::string> TimelinesIn(const std::string &folder, const SourceFormat &format) {
  std::map<std::string, std::string> files;
  for (const auto &entry : fs::directory_iterator(folder)) {
    const std::string ending = entry.path().extension().string();
    const auto formats = TimelineFormats();
    const bool known = std::ranges::any_of(formats, [&](const TimelineFormat &f) {
      return ending == f.ending && (format.name.empty() || format.name == f.name);
    });
    if (!known || !entry.is_regular_file() || IsNoTimeline(entry.path().filename().string())) continue;
    const auto [place, is_new] = files.try_emplace(StemOf(entry.path()), entry.path().string());
    if (!is_new) {
      throw Error(place->second + " and " + entry.path().string() + " have the same name: say which format is meant");
    }
  }
  return files;
}

struct Pair {
  std::string name, said, truth;
};

std::vector<Pair> PairsOf(const std::string &said, const std::string &truth, const EvaluateOptions &options) {
  if (!fs::is_directory(truth)) return {{StemOf(truth), said, truth}};
  if (!fs::is_directory(said)) throw UsageError(truth + " is a folder, and " + said + " is none");
  const auto said_files = TimelinesIn(said, options.said), true_files = TimelinesIn(truth, options.truth);
  std::vector<Pair> pairs;
  for (const auto &[stem, file] : true_files) {
    const auto found = said_files.find(stem);
    if (found != said_files.end()) {
      pairs.push_back({stem, found->second, file});
    } else {
      std::fprintf(stderr, "warning: %s: %s has no timeline of this name; it is not counted\n", Printable(file).c_str(),
                   Printable(said).c_str());
    }
  }
  for (const auto &[stem, file] : said_files) {
    if (true_files.contains(stem)) continue;
    std::fprintf(stderr, "warning: %s: %s has no truth of this name; it is not counted\n", Printable(file).c_str(),
                 Printable(truth).c_str());
  }
  if (pairs.empty()) throw Error("no file of " + said + " has the name of one of " + truth);
  return pairs;
}

TimelineRun ReadOne(const std::string &path, const SourceFormat &format, const std::string &run) {
  const auto sources = TimelineSourcesOf({path});
  if (sources.size() > 1) throw Error(path + " holds the timelines of several places; name one");
  const TimelineFile file = ReadSource(sources[0], format).file;
  for (const std::string &warning : file.warnings)
    std::fprintf(stderr, "warning: %s\n", Printable(warning).c_str());
  return ChooseRuns(file, path, {run, false}).front();
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
                    {"f1", ByOverlap(label.f1, kF1Overlaps)},
                    {"average_precision", ByOverlap(label.average_precision, kPrecisionOverlaps)},
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
          {"f1", ByOverlap(evaluation.f1, kF1Overlaps)},
          {"mean_tiou", Rounded(evaluation.mean_tiou)},
          {"mean_average_precision", ByOverlap(evaluation.mean_average_precision, kPrecisionOverlaps)},
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

void PrintSummary(const EvaluatedTimelines &compared) {
  const Evaluation &fine = compared.evaluations[1];
  std::printf("%s, %.1f s of ground truth%27s %9s %9s\n", Counted(fine.videos, "video").c_str(), fine.seconds, "coarse",
              "fine", "value");
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

double SecondsOf(const std::vector<Segment> &timeline) {
  return timeline.empty() ? 0 : static_cast<double>(timeline.back().end - timeline.front().start) / 1e9;
}

// Timelines of one video are about as long.
void WarnOfLength(const ComparedTimelines &video) {
  constexpr double kSameLength = 0.05;
  const double said = SecondsOf(video.said), truth = SecondsOf(video.truth);
  if (std::abs(said - truth) <= kSameLength * std::max(said, truth)) return;
  std::fprintf(stderr, "warning: the timeline is %.1f s long, the truth %.1f s: are they of the same video?\n", said,
               truth);
}

}  // namespace

int EvaluateTimelines(const std::string &said, const std::string &truth, const EvaluateOptions &options) {
  if (said == kStandardInput && truth == kStandardInput)
    throw UsageError("only one of the two timelines can be the standard input");
  if (!options.page.empty() && fs::is_directory(options.page))
    throw UsageError("--html " + options.page + " is a folder: name a file");
  EvaluatedTimelines compared;
  for (const Pair &pair : PairsOf(said, truth, options)) {
    TimelineRun run = ReadOne(pair.said, options.said, options.run);
    const std::string interruption = run.Interruption();
    if (!interruption.empty())
      std::fprintf(stderr, "warning: %s was %s\n", Printable(pair.said).c_str(), interruption.c_str());
    compared.videos.push_back({pair.name, std::move(run.segments), ReadOne(pair.truth, options.truth, "").segments});
    WarnOfLength(compared.videos.back());
    const auto &segments = compared.videos.back().said;
    compared.stand_in = compared.stand_in || std::ranges::any_of(segments, &Segment::stand_in);
    if (compared.videos.back().truth.empty())
      throw Error(ErrorKind::kFormat, pair.truth, "there is nothing in the truth " + pair.truth);
  }
  for (size_t k = 0; k < kLabelKinds.size(); ++k)
    compared.evaluations[k] = Evaluate(compared.videos, kLabelKinds[k]);
  if (options.as_json) {
    ordered_json object = {{"videos", ordered_json::array()}, {"stand_in", compared.stand_in}};
    for (const ComparedTimelines &video : compared.videos)
      object["videos"].push_back(video.name);
    for (size_t k = 0; k < kLabelKinds.size(); ++k)
      object[NameOf(kLabelKinds[k])] = ToJson(compared.evaluations[k]);
    std::printf("%s\n", object.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str());
  } else {
    PrintSummary(compared);
    PrintLabels(compared.evaluations[1]);
    if (compared.stand_in) std::printf("\n%s\n", kStandInNotice);
  }
  if (!options.page.empty()) {
    AtomicFile file(options.page);
    file.Write(EvaluationPage(compared));
    file.Commit();
  }
  return kDone;
}

}  // namespace action
