// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-report: the time study of timelines.
#include <glib.h>
#include <gst/gst.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "action/elements.h"
#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/text.h"
#include "action/timeline/timeline_file.h"
#include "common/command_line.h"
#include "common/progress.h"
#include "common/timeline_source.h"
#include "report/clips.h"
#include "report/report.h"
#include "report/spreadsheet.h"

namespace {

namespace fs = std::filesystem;

using action::Printable;
using action::Statistics;
using action::Study;
using nlohmann::ordered_json;

double Rounded(double value) {
  return std::round(value * 1e6) / 1e6;
}

ordered_json ToJson(const Statistics &s) {
  return {{"count", s.count},
          {"sum", Rounded(s.sum)},
          {"mean", Rounded(s.mean)},
          {"median", Rounded(s.median)},
          {"min", Rounded(s.min)},
          {"max", Rounded(s.max)},
          {"deviation", Rounded(s.deviation)}};
}

template <typename Value>
ordered_json OrNull(const std::optional<Value> &value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json ToJson(const action::StudiedTimeline &timeline) {
  const Study &study = timeline.study;
  ordered_json object = {{"name", timeline.name}, {"seconds", Rounded(study.seconds)}, {"stand_in", study.stand_in}};
  for (const auto &[state, seconds] : study.coverage)
    object["coverage"][NameOf(state)] = Rounded(seconds);
  for (const auto &[category, seconds] : study.value_seconds)
    object["values"][NameOf(category)] = {{"seconds", Rounded(seconds)}, {"count", study.value_count.at(category)}};
  object["cycle_start"] = study.cycle_start;
  object["cycle"] = ToJson(study.cycle);
  object["lowest_repeatable"] = OrNull(study.lowest_repeatable);
  object["cycles_needed"] = OrNull(study.cycles_needed);
  object["overruns"] = study.overruns;
  object["normal"] = Rounded(study.normal);
  object["standard"] = Rounded(study.standard);
  for (const action::DurationAgreement &agreement : timeline.agreement) {
    const bool known = agreement.pairs.size() > 1;
    object["agreement"].push_back(
        {{"label", agreement.label.empty() ? ordered_json(nullptr) : ordered_json(agreement.label)},
         {"pairs", agreement.pairs.size()},
         {"only_study", agreement.only_study},
         {"only_manual", agreement.only_manual},
         {"bias", agreement.pairs.empty() ? ordered_json(nullptr) : ordered_json(Rounded(agreement.differences.mean))},
         {"lower", known ? ordered_json(Rounded(agreement.lower())) : ordered_json(nullptr)},
         {"upper", known ? ordered_json(Rounded(agreement.upper())) : ordered_json(nullptr)}});
  }
  object["cycles"] = ordered_json::array();
  for (const action::StudyCycle &cycle : study.cycles) {
    object["cycles"].push_back({{"number", cycle.number},
                                {"start", Rounded(static_cast<double>(cycle.start) / 1e9)},
                                {"end", Rounded(static_cast<double>(cycle.end) / 1e9)},
                                {"seconds", Rounded(cycle.seconds())},
                                {"excluded", cycle.excluded},
                                {"missing", cycle.missing},
                                {"extra", cycle.extra}});
  }
  object["elements"] = ordered_json::array();
  for (const action::ElementFigures &figures : study.figures) {
    object["elements"].push_back({{"label", figures.label},
                                  {"name", figures.name},
                                  {"value", NameOf(figures.category)},
                                  {"foreign", figures.foreign},
                                  {"statistics", ToJson(figures.statistics)},
                                  {"share", Rounded(figures.share)},
                                  {"per_cycle", Rounded(figures.per_cycle)},
                                  {"standard", Rounded(figures.standard)},
                                  {"needed", OrNull(figures.needed)}});
  }
  return object;
}

void PrintSummary(const action::StudiedTimeline &timeline, const action::StudySettings &settings) {
  const Study &study = timeline.study;
  std::printf("%s: %.1f s", Printable(timeline.name).c_str(), study.seconds);
  for (const auto &[state, seconds] : study.coverage)
    std::printf(", %.1f s %s", seconds, NameOf(state));
  std::printf("\n");
  if (study.cycles.empty()) {
    std::printf("  no cycles: name the element that they begin with (--cycle-start)\n");
  } else {
    std::printf("  %s, each from %s on; %zu of them count%s", action::Counted(study.cycles.size(), "cycle").c_str(),
                Printable(study.cycle_start).c_str(), study.counted(), study.counted() == 1 ? "s" : "");
    if (study.counted() > 0) std::printf("; mean %.1f s, standard time %.1f s", study.cycle.mean, study.standard);
    if (settings.takt > 0) std::printf("; %zu over the takt time", study.overruns);
    std::printf("\n");
  }
  for (const action::StudyCycle &cycle : study.cycles) {
    if (!cycle.excluded.empty())
      std::printf("  cycle %zu does not count: %s\n", cycle.number, Printable(cycle.excluded).c_str());
  }
  if (!timeline.agreement.empty() && !timeline.agreement.front().pairs.empty()) {
    const action::DurationAgreement &cycles = timeline.agreement.front();
    std::printf("  against %zu cycles timed by hand: bias %+.2f s", cycles.pairs.size(), cycles.differences.mean);
    if (cycles.pairs.size() > 1) std::printf(", limits of agreement %+.2f to %+.2f s", cycles.lower(), cycles.upper());
    std::printf("\n");
  }
  if (!timeline.interruption.empty()) std::printf("  the timeline was %s\n", timeline.interruption.c_str());
  if (study.stand_in) std::printf("  %s\n", action::kStandInNotice);
}

void WriteFile(const std::string &path, const std::string &text) {
  action::AtomicFile file(path);
  file.Write(text);
  file.Commit();
}

struct Output {
  std::string path;
  std::function<void(const std::string &path)> write;
};

using Videos = std::vector<std::vector<action::StudiedVideo>>;  // of each timeline

// A page whose bars open the videos where they lie.
void WritePage(const std::string &file, action::StudyReport report, const Videos &videos) {
  const std::string folder = fs::path(file).parent_path().string();
  for (size_t i = 0; i < report.timelines.size(); ++i) {
    report.timelines[i].link = [&videos, folder, i](int64_t start, int64_t end) {
      return action::LinkTo(videos[i], folder, start, end);
    };
  }
  WriteFile(file, ReportPage(report));
}

void WriteClips(const std::string &file, const action::StudyReport &report, const Videos &videos) {
  if (std::ranges::all_of(videos, &std::vector<action::StudiedVideo>::empty))
    throw action::Error("--with-clips: no video lies beside the timelines; name it with --video");
  gst_init(nullptr, nullptr);
  action::Progress progress(false);
  WriteZip(file, report, videos, [&](size_t done, size_t count) { progress.Step("clips", done, count, ""); });
}

// The files that an output name stands for.
std::vector<Output> FilesOf(const std::string &output, const action::StudyReport &report, const Videos &videos,
                            bool with_clips) {
  const fs::path path(output);
  const std::string ending = path.extension().string();
  if (ending == ".html" || ending == ".htm") {
    std::vector<Output> files = {{output, [&](const std::string &file) { WritePage(file, report, videos); }}};
    if (with_clips) {
      files.push_back({fs::path(path).replace_extension(".zip").string(),
                       [&](const std::string &file) { WriteClips(file, report, videos); }});
    }
    return files;
  }
  if (ending == ".xlsx")
    return {{output, [&report](const std::string &file) { action::WriteSpreadsheet(file, ReportTables(report)); }}};
  if (ending != ".csv")
    throw action::UsageError("-o " + output + ": reports are .html, .xlsx or .csv (a file for each table)");
  std::vector<Output> files;
  for (const action::ReportTable &table : ReportTables(report)) {
    const std::string name = path.stem().string() + "-" + table.name + ".csv";
    files.push_back({(path.parent_path() / name).string(),
                     [text = CsvOf(table)](const std::string &file) { WriteFile(file, text); }});
  }
  return files;
}

// "3=operator called away"; the reason may be missing.
void AddExcluded(const std::string &text, action::StudySettings &settings) {
  char *end = nullptr;
  const unsigned long number = std::strtoul(text.c_str(), &end, 10);
  if (number == 0 || (*end != '\0' && *end != '='))
    throw action::UsageError("--exclude " + text + " is not like 3 or 3=REASON");
  settings.excluded[number] = *end == '=' ? std::string(end + 1) : "";
}

int Run(int argc, char **argv) {
  char **outputs = nullptr, **foreign = nullptr, **excluded = nullptr;
  g_autofree char *cycle_start = nullptr, *elements = nullptr, *title = nullptr, *run = nullptr, *manual = nullptr;
  g_autofree char *video = nullptr;
  double takt = 0, rating = 1, allowance = 0, abnormal = action::StudySettings{}.abnormal;
  gboolean as_json = FALSE, force = FALSE, with_clips = FALSE;
  action::CommandLine line(
      "gst-action-report", "TIMELINE...",
      "The time study of one or more timelines: coverage, elements, cycles, standard time, deviations; with charts as\n"
      "study.html, as tables for spreadsheets, or as JSON. A TIMELINE is a file of any format of gst-action-convert, "
      "or a\n"
      "folder of gst-action-record.\n\n"
      "  gst-action-report --takt 45 -o study.html timeline.json");
  line.Add(
      {{"output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &outputs,
        "write a page (.html), a spreadsheet (.xlsx), or tables (NAME.csv: NAME-elements.csv and more); may be given "
        "again",
        "FILE"},
       {"force", 0, 0, G_OPTION_ARG_NONE, &force, "replace files that are there", nullptr},
       {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "print JSON: times in seconds, shares from 0 to 1", nullptr},
       {"cycle-start", 0, 0, G_OPTION_ARG_STRING, &cycle_start,
        "fine action that a cycle begins with (default: the first in the order of elements.csv; else found)", "LABEL"},
       {"takt", 0, 0, G_OPTION_ARG_DOUBLE, &takt, "takt time", "SECONDS"},
       {"rating", 0, 0, G_OPTION_ARG_DOUBLE, &rating,
        "the worker's pace: 1.1 is a tenth faster than normal (default 1)", "FACTOR"},
       {"allowance", 0, 0, G_OPTION_ARG_DOUBLE, &allowance,
        "for rest and the like, in % of the normal time (default 0)", "PERCENT"},
       {"foreign", 0, 0, G_OPTION_ARG_STRING_ARRAY, &foreign,
        "fine action that is no part of the work: taken out of its cycle; may be given again", "LABEL"},
       {"exclude", 0, 0, G_OPTION_ARG_STRING_ARRAY, &excluded, "a cycle that does not count; may be given again",
        "N[=REASON]"},
       {"abnormal", 0, 0, G_OPTION_ARG_DOUBLE, &abnormal,
        "cycles so many standard deviations from the median do not count (default 4; 0: all count)", "NUMBER"},
       {"elements", 0, 0, G_OPTION_ARG_FILENAME, &elements, "names, values and order of this elements.csv", "FILE"},
       {"compare", 0, 0, G_OPTION_ARG_FILENAME, &manual,
        "the same hours timed by hand, in any format: bias and limits of agreement", "TIMELINE"},
       {"video", 0, 0, G_OPTION_ARG_FILENAME, &video,
        "the bars of the page open this video (default: what lies beside the timeline)", "FILE"},
       {"with-clips", 0, 0, G_OPTION_ARG_NONE, &with_clips,
        "beside a page, write a .zip of it with a short clip of each element", nullptr},
       {"title", 0, 0, G_OPTION_ARG_STRING, &title, "of the page (default: Time study)", "TEXT"},
       {"run", 0, 0, G_OPTION_ARG_STRING, &run,
        "one run of a .jsonl timeline, by its name or its number (default: all as one)", "RUN"}});
  const auto end = line.Parse(argc, argv);
  std::vector<std::string> files;
  action::StudyReport report{title != nullptr ? title : "Time study", {}, {}};
  const auto take = [](char **list, const auto &add) {
    for (char **text = list; text != nullptr && *text != nullptr; ++text)
      add(*text);
    g_strfreev(list);
  };
  take(outputs, [&](const char *file) { files.emplace_back(file); });
  take(foreign, [&](const char *label) { report.settings.foreign.insert(label); });
  std::vector<std::string> numbers;
  take(excluded, [&](const char *number) { numbers.emplace_back(number); });
  if (end) return *end;
  for (const std::string &number : numbers)
    AddExcluded(number, report.settings);
  if (line.operands().empty()) throw action::UsageError("usage: gst-action-report [-o study.html] TIMELINE...");
  if (takt < 0 || rating <= 0 || allowance < 0 || abnormal < 0)
    throw action::UsageError("--takt, --rating, --allowance and --abnormal are not negative, and the rating is not 0");
  report.settings.cycle_start = action::OrEmpty(cycle_start);
  report.settings.takt = takt;
  report.settings.rating = rating;
  report.settings.allowance = allowance / 100;
  report.settings.abnormal = abnormal;
  std::vector<action::ElementRow> rows;
  if (elements != nullptr) rows = action::ReadElements(elements);

  Videos videos;
  const std::vector<action::TimelineSource> sources = action::TimelineSourcesOf(line.operands());
  if (video != nullptr && sources.size() != 1) throw action::UsageError("--video is for one timeline");
  if (video != nullptr && !fs::exists(video)) throw action::Error(std::string("there is no video ") + video);
  const auto is_page = [](const std::string &file) { return file.ends_with(".html") || file.ends_with(".htm"); };
  if (with_clips && std::ranges::none_of(files, is_page))
    throw action::UsageError("--with-clips is for a page: -o study.html");
  for (const action::TimelineSource &source : sources) {
    const action::TimelineFile file = action::ReadSource(source).file;
    for (const std::string &warning : file.warnings)
      std::fprintf(stderr, "warning: %s\n", Printable(warning).c_str());
    const action::TimelineRun chosen = action::ChooseRuns(file, source.name, {action::OrEmpty(run), false}).front();
    const fs::path path(source.name);
    const std::string name = source.name == action::kStandardInput ? "standard input"
                             : fs::is_directory(path)              ? path.lexically_normal().filename().string()
                                                                   : path.stem().string();
    using Found = std::vector<action::StudiedVideo>;
    videos.push_back(video != nullptr ? Found{{video, 0}} : VideosBeside(source, chosen));
    Study study = MakeStudy(chosen.segments, rows, report.settings);
    const std::string &start = report.settings.cycle_start;
    if (!start.empty() && study.cycles.empty())
      throw action::Error("--cycle-start: there is no '" + start + "' in " + source.name);
    report.timelines.push_back({name, chosen.Interruption(), std::move(study), "", {}, {}});
  }
  if (manual != nullptr) {
    if (report.timelines.size() != 1) throw action::UsageError("--compare is for one timeline");
    action::StudiedTimeline &timeline = report.timelines.front();
    const action::TimelineFile file = action::ReadSource({manual, {manual}}).file;
    action::StudySettings settings = report.settings;
    settings.excluded.clear();
    settings.cycle_start = timeline.study.cycle_start;
    timeline.agreement = CompareDurations(timeline.study, MakeStudy(file.last().segments, rows, settings));
  }
  std::vector<Output> written;
  for (const std::string &output : files) {
    for (Output &file : FilesOf(output, report, videos, with_clips != FALSE)) {
      if (fs::exists(file.path) && force == FALSE)
        throw action::Error(file.path + " is there already; --force replaces it");
      written.push_back(std::move(file));
    }
  }
  for (const Output &file : written)
    file.write(file.path);
  if (as_json) {
    ordered_json all = ordered_json::array();
    for (const action::StudiedTimeline &timeline : report.timelines)
      all.push_back(ToJson(timeline));
    std::printf("%s\n", all.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str());
    return action::kDone;
  }
  for (const action::StudiedTimeline &timeline : report.timelines)
    PrintSummary(timeline, report.settings);
  for (const Output &file : written)
    std::printf("wrote %s\n", Printable(file.path).c_str());
  return action::kDone;
}

}  // namespace

int main(int argc, char **argv) {
  return action::RunTool("gst-action-report", [&] { return Run(argc, argv); });
}
