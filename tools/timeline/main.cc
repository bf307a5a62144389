// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-timeline: looks at timeline files, and makes one of features.
#include <glib.h>
#include <gst/gst.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/elements.h"
#include "action/error.h"
#include "action/labels.h"
#include "action/profile.h"
#include "action/text.h"
#include "action/timeline/timeline_file.h"
#include "common/command_line.h"
#include "common/timeline_source.h"
#include "evaluate/evaluate.h"
#include "timeline/make.h"

namespace {

using action::Printable;
using action::Segment;
using nlohmann::ordered_json;

constexpr double kLow = 0.5;  // confidence that is told as low

using action::StateInStudy;

// Its state, and what is odd about it.
std::string Status(const Segment &segment) {
  const std::string state = NameOf(StateInStudy(segment));
  return segment.deviation == action::Deviation::kNone ? state : state + ", " + NameOf(segment.deviation);
}

// In a column of this many characters.
std::string Padded(const std::string &text, size_t width) {
  const std::string shown = Printable(text);
  const auto length = static_cast<size_t>(std::max<glong>(0, g_utf8_strlen(shown.c_str(), -1)));
  return shown + std::string(width > length ? width - length : 0, ' ');
}

// Nothing where the timeline does not say.
std::string Confidence(const Segment &segment) {
  if (segment.confidence <= 0 || StateInStudy(segment) == action::SegmentState::kGap) return "-";
  char text[16];
  std::snprintf(text, sizeof(text), "%.0f %%%s", 100 * segment.confidence, segment.confidence < kLow ? " low" : "");
  return text;
}

void PrintTable(const std::vector<Segment> &timeline) {
  std::printf("%-11s %-11s %9s  %-16s %-32s %-8s %-9s %s\n", "start", "end", "seconds", "coarse", "fine", "value",
              "sure", "state");
  for (const Segment &segment : timeline) {
    std::printf("%-11s %-11s %9.2f  %s %s %-8s %-9s %s\n", action::ClockText(segment.start).c_str(),
                action::ClockText(segment.end).c_str(), static_cast<double>(segment.duration()) / 1e9,
                Padded(segment.coarse_action, 16).c_str(),
                Padded(segment.name.empty() ? segment.fine_action : segment.name, 32).c_str(),
                NameOf(ValueInStudy(segment)), Confidence(segment).c_str(), Status(segment).c_str());
  }
}

// Sums over a run. Shares are of the time that was measured, while somebody was there; what was not stands beside them.
struct Shares {
  double all = 0;  // s
  bool stand_in = false;
  size_t deviations = 0;
  size_t unsure = 0;                    // measured segments of low confidence
  std::optional<double> poor_accuracy;  // of the model
  std::map<action::ValueCategory, double> seconds;
  std::map<action::SegmentState, double> in_state;

  explicit Shares(const std::vector<Segment> &timeline) {
    for (const Segment &segment : timeline) {
      const double duration = static_cast<double>(segment.duration()) / 1e9;
      const action::SegmentState state = StateInStudy(segment);
      all += duration;
      stand_in = stand_in || segment.stand_in;
      if (segment.poor_accuracy) poor_accuracy = segment.poor_accuracy;
      deviations += segment.deviation != action::Deviation::kNone ? 1 : 0;
      in_state[state] += duration;
      if (state != action::SegmentState::kMeasured) continue;
      seconds[ValueInStudy(segment)] += duration;
      unsure += segment.confidence > 0 && segment.confidence < kLow ? 1 : 0;
    }
  }
  double measured() const { return At(action::SegmentState::kMeasured); }
  double study() const { return all - At(action::SegmentState::kAbsent); }
  double At(action::SegmentState state) const {
    const auto found = in_state.find(state);
    return found != in_state.end() ? found->second : 0;
  }
};

void PrintShares(const std::vector<Segment> &timeline, const std::string &interruption) {
  const Shares shares(timeline);
  std::printf("\n%s, %.1f s", action::Counted(timeline.size(), "segment").c_str(), shares.all);
  if (!interruption.empty()) {
    std::printf("; %s", interruption.c_str());
    std::printf("; %.1f s measured until then", shares.measured());
  } else if (shares.study() > 0) {
    std::printf(", %.1f %% of them measured", 100 * shares.measured() / shares.study());
  }
  std::printf("\n");
  for (const auto &[category, sum] : shares.seconds)
    std::printf("  %-8s %8.1f s  %5.1f %% of measured time\n", NameOf(category), sum, 100 * sum / shares.measured());
  for (const auto &[state, what] :
       {std::pair(action::SegmentState::kUnknown, "not recognised: unmeasured"),
        std::pair(action::SegmentState::kGap, "no video"),
        std::pair(action::SegmentState::kAbsent, "nobody at the station: not counted above")}) {
    if (shares.At(state) > 0) std::printf("  %-8s %8.1f s  (%s)\n", NameOf(state), shares.At(state), what);
  }
  if (shares.deviations > 0) std::printf("  %zu deviations from the order of work\n", shares.deviations);
  if (shares.unsure > 0) {
    std::printf("  %s %s less than %.0f %% sure: look at them\n", action::Counted(shares.unsure, "segment").c_str(),
                shares.unsure == 1 ? "is" : "are", 100 * kLow);
  }
  if (shares.poor_accuracy) {
    std::printf("The model was right on only %.0f %% of the clips that were held out when it was trained\n",
                100 * *shares.poor_accuracy);
  }
  if (shares.stand_in) std::printf("%s\n", action::kStandInNotice);
}

double Rounded(double value) {
  return std::round(value * 1e4) / 1e4;
}

// Times in seconds, shares from 0 to 1.
ordered_json ToJson(const std::string &file, const action::TimelineRun &run, const std::string &interruption,
                    const std::vector<std::string> &warnings) {
  const Shares shares(run.segments);
  ordered_json object = {{"file", file}, {"run", run.name}, {"complete", nullptr}, {"stand_in", shares.stand_in}};
  if (run.complete || !interruption.empty()) object["complete"] = interruption.empty();
  object["seconds"] = Rounded(shares.all);
  object["measured_seconds"] = Rounded(shares.measured());
  object["coverage"] = shares.study() > 0 ? ordered_json(Rounded(shares.measured() / shares.study())) : nullptr;
  ordered_json values = ordered_json::object(), states = ordered_json::object();
  for (const auto &[category, sum] : shares.seconds)
    values[NameOf(category)] = {{"seconds", Rounded(sum)}, {"share", Rounded(sum / shares.measured())}};
  for (const auto &[state, sum] : shares.in_state)
    states[NameOf(state)] = Rounded(sum);
  object["values"] = values;
  object["states"] = states;
  object["deviations"] = shares.deviations;
  object["model_accuracy"] = shares.poor_accuracy ? ordered_json(*shares.poor_accuracy) : nullptr;
  object["warnings"] = warnings;
  object["segments"] = ordered_json::array();
  for (const Segment &segment : run.segments)
    object["segments"].push_back(ordered_json::parse(action::ToJsonLine(segment)));
  return object;
}

void Complain(const std::vector<std::string> &warnings) {
  for (const std::string &warning : warnings)
    std::fprintf(stderr, "warning: %s\n", Printable(warning).c_str());
}

struct ShowOptions {
  std::string elements;
  action::RunChoice runs;
  bool as_json = false;
};

void Rename(std::vector<Segment> &timeline, const std::vector<action::ElementRow> &rows) {
  for (const action::ElementRow &row : rows) {
    for (Segment &segment : timeline) {
      if (segment.fine_action != row.label) continue;
      segment.name = row.element.name;
      segment.category = row.value.value_or(segment.category);
    }
  }
}

int Show(const std::vector<std::string> &files, const ShowOptions &options) {
  std::vector<action::ElementRow> rows;
  if (!options.elements.empty()) rows = action::ReadElements(options.elements);
  ordered_json all = ordered_json::array();
  bool first = true;
  const std::vector<action::TimelineSource> sources = action::TimelineSourcesOf(files);
  for (const action::TimelineSource &source : sources) {
    const std::string &path = source.name;
    const action::TimelineFile file = action::ReadSource(source).file;
    Complain(file.warnings);
    const std::vector<action::TimelineRun> runs = action::ChooseRuns(file, path, options.runs);
    for (action::TimelineRun run : runs) {
      Rename(run.segments, rows);
      const std::string interruption = run.Interruption();
      if (options.as_json) {
        all.push_back(ToJson(path, run, interruption, file.warnings));
        continue;
      }
      if (!std::exchange(first, false)) std::printf("\n");
      if (sources.size() > 1 || runs.size() > 1) {
        std::printf("%s%s%s\n", Printable(path).c_str(), run.name.empty() ? "" : ", run ", Printable(run.name).c_str());
      }
      if (run.segments.empty()) {
        std::printf("%s is empty: no segment was ever final\n", Printable(path).c_str());
        continue;
      }
      PrintTable(run.segments);
      PrintShares(run.segments, interruption);
    }
    const bool joined = runs.size() == 1 && file.runs.size() > 1 && runs[0].name.empty();
    if (!options.as_json && joined) {
      std::printf("%s: %s, one after the other; gaps between them count (--all, --run N: each by itself)\n",
                  Printable(path).c_str(), action::Counted(file.runs.size(), "run").c_str());
    } else if (!options.as_json && runs.size() < file.runs.size()) {
      std::printf("%s holds %s, not shown (--all, --run N)\n", Printable(path).c_str(),
                  action::Counted(file.runs.size() - runs.size(), "other run").c_str());
    }
  }
  if (options.as_json) {
    std::printf("%s\n", all.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str());
  }
  return action::kDone;
}

int Run(int argc, char **argv) {
  gboolean as_json = FALSE, all_runs = FALSE, force = FALSE;
  g_autofree char *elements = nullptr;
  g_autofree char *run = nullptr;
  g_autofree char *model = nullptr, *output = nullptr, *profile = nullptr;
  action::CommandLine line(
      "gst-action-timeline", "COMMAND FILE...",
      "Looks at timelines of gst-action, of the Python system (.json) or of another program that "
      "gst-action-convert knows.\n\n"
      "  show FILE...         the segments as a table, and the share of each value category\n"
      "  show FOLDER          the same of all .jsonl files of a place, as one timeline\n"
      "  compare FILE TRUTH   how good it is, measured against a ground truth, as gst-action-evaluate says it\n"
      "  make FEATURES        the timeline of a video whose features are there (.pt), with --model and -o\n\n"
      "FILE may be -, the standard input.");
  line.Add(
      {{"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print JSON: times in seconds, shares from 0 to 1", nullptr},
       {"elements", 0, 0, G_OPTION_ARG_FILENAME, &elements, "show: names and values of this elements.csv", "FILE"},
       {"run", 0, 0, G_OPTION_ARG_STRING, &run, "show: this run of a .jsonl file, by its name or its number", "RUN"},
       {"all", 0, 0, G_OPTION_ARG_NONE, &all_runs,
        "show: each run by itself (default: all as one, by their times of day)", nullptr},
       {"model", 0, 0, G_OPTION_ARG_FILENAME, &model, "make: the model folder", "MODEL"},
       {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "make: the timeline (.json, .jsonl, .csv, .vtt, .srt, .eaf)",
        "FILE"},
       {"profile", 0, 0, G_OPTION_ARG_STRING, &profile,
        "make: study (default), or reference, as the Python system smooths", "NAME"},
       {"force", 0, 0, G_OPTION_ARG_NONE, &force, "make: replace a file that is there", nullptr}});
  g_option_context_add_group(line.context(), gst_init_get_option_group());
  if (const auto end = line.Parse(argc, argv)) return *end;
  std::vector<std::string> words = line.operands();
  const std::string command = words.empty() ? "" : words.front();
  if (!words.empty()) words.erase(words.begin());
  if (command != "make" && (model != nullptr || output != nullptr || profile != nullptr || force)) {
    throw action::UsageError("--model, --output, --profile and --force are options of make");
  }
  if (command == "show" && !words.empty()) {
    if (run != nullptr && all_runs) throw action::UsageError("give either --run or --all");
    return Show(words, {action::OrEmpty(elements), {action::OrEmpty(run), all_runs != FALSE}, as_json != FALSE});
  }
  if (run != nullptr || all_runs) throw action::UsageError("--run and --all are options of show");
  if (command == "make" && words.size() == 1) {
    if (model == nullptr || output == nullptr) throw action::UsageError("make needs --model MODEL and -o FILE");
    const std::string how = profile != nullptr ? profile : "study";
    if (!action::Named(how, {action::Profile::kStudy, action::Profile::kReference}))
      throw action::UsageError("--profile '" + how + "' is not understood; it is study or reference");
    const std::vector<std::string> notices =
        action::MakeTimeline({words[0], model, action::OrEmpty(elements), output, how, force != FALSE});
    for (const std::string &notice : notices)
      std::fprintf(stderr, "warning: %s\n", Printable(notice).c_str());
    return action::kDone;
  }
  if (elements != nullptr) throw action::UsageError("--elements is an option of show and make");
  if (command == "compare" && words.size() == 2) {
    action::EvaluateOptions options;
    options.as_json = as_json != FALSE;
    return action::EvaluateTimelines(words[0], words[1], options);
  }
  throw action::UsageError("usage: gst-action-timeline show FILE..., compare FILE TRUTH, or make FEATURES");
}

}  // namespace

int main(int argc, char **argv) {
  return action::RunTool("gst-action-timeline", [&] { return Run(argc, argv); });
}
