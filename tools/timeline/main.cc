// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-timeline: looks at timeline files.
#include <glib.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "action/elements.h"
#include "action/error.h"
#include "action/labels.h"
#include "action/text.h"
#include "action/timeline/agreement.h"
#include "action/timeline/timeline_file.h"

namespace {

using action::Segment;

// h:mm:ss.s
std::string Clock(int64_t ns) {
  const auto tenths = static_cast<long long>((ns + 50000000) / 100000000);
  char text[40];
  std::snprintf(text, sizeof(text), "%lld:%02lld:%02lld.%lld", tenths / 36000, tenths / 600 % 60, tenths / 10 % 60,
                tenths % 10);
  return text;
}

// Without what a terminal would obey.
std::string Printable(std::string text) {
  for (char &c : text) {
    if (action::IsControlCharacter(static_cast<unsigned char>(c))) c = '?';
  }
  return text;
}

using action::StateInStudy;

// Waiting is work time that adds no value, whether or not its label says so.
action::ValueCategory CategoryOf(const Segment &segment) {
  const bool waiting = action::MeaningOf(segment.fine_action, segment.coarse_action) == action::Meaning::kWaiting;
  return waiting && segment.category == action::ValueCategory::kUnknown ? action::ValueCategory::kNva
                                                                        : segment.category;
}

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

void PrintTable(const std::vector<Segment> &timeline) {
  std::printf("%-11s %-11s %9s  %-16s %-32s %-8s %s\n", "start", "end", "seconds", "coarse", "fine", "value", "state");
  for (const Segment &segment : timeline) {
    std::printf("%-11s %-11s %9.2f  %s %s %-8s %s\n", Clock(segment.start).c_str(), Clock(segment.end).c_str(),
                static_cast<double>(segment.duration()) / 1e9, Padded(segment.coarse_action, 16).c_str(),
                Padded(segment.name.empty() ? segment.fine_action : segment.name, 32).c_str(),
                NameOf(CategoryOf(segment)), Status(segment).c_str());
  }
}

// Shares of the time that was measured, while somebody was there; what was not stands beside them.
void PrintShares(const std::vector<Segment> &timeline) {
  double all = 0;
  bool stand_in = false;
  size_t deviations = 0;
  std::map<action::ValueCategory, double> seconds;
  std::map<action::SegmentState, double> in_state;
  for (const Segment &segment : timeline) {
    const double duration = static_cast<double>(segment.duration()) / 1e9;
    all += duration;
    stand_in = stand_in || segment.stand_in;
    deviations += segment.deviation != action::Deviation::kNone ? 1 : 0;
    in_state[StateInStudy(segment)] += duration;
    if (StateInStudy(segment) == action::SegmentState::kMeasured) seconds[CategoryOf(segment)] += duration;
  }
  const double measured = in_state[action::SegmentState::kMeasured];
  const double study = all - in_state[action::SegmentState::kAbsent];
  std::printf("\n%zu segments, %.1f s", timeline.size(), all);
  if (study > 0) std::printf(", %.1f %% of them measured", 100 * measured / study);
  std::printf("\n");
  for (const auto &[category, sum] : seconds)
    std::printf("  %-8s %8.1f s  %5.1f %% of measured time\n", NameOf(category), sum, 100 * sum / measured);
  for (const auto &[state, what] :
       {std::pair(action::SegmentState::kUnknown, "not recognised: unmeasured"),
        std::pair(action::SegmentState::kGap, "no video"),
        std::pair(action::SegmentState::kAbsent, "nobody at the station: not counted above")}) {
    if (in_state[state] > 0) std::printf("  %-8s %8.1f s  (%s)\n", NameOf(state), in_state[state], what);
  }
  if (deviations > 0) std::printf("  %zu deviations from the order of work\n", deviations);
  if (stand_in) std::printf("%s\n", action::kNotAMeasurement);
}

int Show(const std::vector<std::string> &files, const char *elements) {
  int earlier = 0;
  std::vector<Segment> timeline = action::ReadTimeline(files[0], &earlier);
  if (elements != nullptr) {
    for (const action::ElementRow &row : action::ReadElements(elements)) {
      for (Segment &segment : timeline) {
        if (segment.fine_action != row.label) continue;
        segment.name = row.element.name;
        segment.category = row.value.value_or(segment.category);
      }
    }
  }
  PrintTable(timeline);
  PrintShares(timeline);
  if (earlier > 0) std::printf("%s holds %d earlier runs, which are left out\n", Printable(files[0]).c_str(), earlier);
  return 0;
}

int Compare(const std::vector<std::string> &files, bool as_json) {
  const std::vector<Segment> timeline = action::ReadTimeline(files[0]), truth = action::ReadTimeline(files[1]);
  const action::Agreement agreement = action::Compare(timeline, truth);
  const action::ElementAgreement elements = action::CompareElements(timeline, truth);
  if (as_json) {
    const nlohmann::ordered_json object = {{"seconds", agreement.truth_seconds},
                                           {"coarse", agreement.coarse()},
                                           {"fine", agreement.fine()},
                                           {"value", agreement.value()},
                                           {"boundaries", agreement.boundaries},
                                           {"boundary_error", agreement.mean_boundary_error},
                                           {"elements", elements.elements},
                                           {"lost", elements.lost},
                                           {"invented", elements.invented},
                                           {"duration_bias", elements.duration_bias},
                                           {"duration_error", elements.duration_error},
                                           {"within_half_second", elements.within_half_second},
                                           {"within_tenth", elements.within_tenth},
                                           {"f1_10", elements.f1_10},
                                           {"f1_25", elements.f1_25},
                                           {"f1_50", elements.f1_50},
                                           {"edit", elements.edit}};
    std::printf("%s\n", object.dump(2).c_str());
    return 0;
  }
  std::printf("of %.1f s, with the right\n", agreement.truth_seconds);
  std::printf("  coarse action   %5.1f %%\n", 100 * agreement.coarse());
  std::printf("  fine action     %5.1f %%\n", 100 * agreement.fine());
  std::printf("  value category  %5.1f %%\n", 100 * agreement.value());
  std::printf("mean distance of the %zu boundaries to the nearest found: %.2f s\n", agreement.boundaries,
              agreement.mean_boundary_error);
  const size_t found = elements.elements - elements.lost;
  std::printf("of %zu elements %zu lost, %zu invented; F1@50 %.1f %%, edit score %.1f %%\n", elements.elements,
              elements.lost, elements.invented, elements.f1_50, elements.edit);
  std::printf(
      "duration of the %zu found: off by %.2f s in the mean (bias %+.2f s); %zu within 0.5 s, %zu within 10 %%\n",
      found, elements.duration_error, elements.duration_bias, elements.within_half_second, elements.within_tenth);
  if (std::ranges::any_of(timeline, &Segment::stand_in)) std::printf("%s\n", action::kNotAMeasurement);
  return 0;
}

int Run(int argc, char **argv) {
  char **operands = nullptr;
  gboolean as_json = FALSE;
  char *elements = nullptr;
  GOptionEntry entries[] = {
      {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "compare: print the figures as JSON", nullptr},
      {"elements", 0, 0, G_OPTION_ARG_FILENAME, &elements, "show: names and values of this elements.csv", "FILE"},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &operands, nullptr, "COMMAND FILE..."},
      {}};
  const std::unique_ptr<GOptionContext, decltype(&g_option_context_free)> context(g_option_context_new(nullptr),
                                                                                  &g_option_context_free);
  g_option_context_set_summary(context.get(),
                               "Looks at timelines, .json or .jsonl, of gst-action or of the Python system.\n\n"
                               "  show FILE            the segments as a table, and the share of each value category\n"
                               "  compare FILE TRUTH   how far it agrees with a ground truth");
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  GError *error = nullptr;
  if (!g_option_context_parse(context.get(), &argc, &argv, &error)) {
    const std::string message = error->message;
    g_error_free(error);
    throw action::Error(message);
  }
  std::vector<std::string> words;
  for (char **word = operands; word != nullptr && *word != nullptr; ++word)
    words.emplace_back(*word);
  g_strfreev(operands);
  const std::string command = words.empty() ? "" : words.front();
  if (!words.empty()) words.erase(words.begin());
  const bool other_option = command == "show" ? as_json != FALSE : elements != nullptr;
  if (other_option) throw action::Error("--json is an option of compare, --elements one of show");
  if (command == "show" && words.size() == 1) return Show(words, elements);
  if (command == "compare" && words.size() == 2) return Compare(words, as_json != FALSE);
  throw action::Error("usage: gst-action-timeline show FILE, or gst-action-timeline compare FILE TRUTH");
}

}  // namespace

int main(int argc, char **argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "gst-action-timeline: %s\n", e.what());
    return 2;
  }
}
