// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/study.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <utility>

namespace action {
namespace {

constexpr double kMostUnmeasured = 0.5;  // s of a cycle that counts
constexpr size_t kFewestForAbnormal = 5;
constexpr double kRepeats = 0.05;

double ToSeconds(int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const size_t half = values.size() / 2;
  return values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::string Seconds(double seconds) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.1f s", seconds);
  return text;
}

std::vector<StudyElement> ElementsOf(std::span<const Segment> timeline, const std::vector<ElementRow> &rows,
                                     const StudySettings &settings) {
  std::vector<StudyElement> elements;
  bool follows = false;  // on the last one
  for (const Segment &segment : timeline) {
    if (StateInStudy(segment) != SegmentState::kMeasured) {
      follows = false;
      continue;
    }
    follows = follows && segment.start - elements.back().end < kSmallestGap;
    if (follows && elements.back().label == segment.fine_action) {
      elements.back().end = segment.end;
      continue;
    }
    StudyElement element{segment.fine_action,
                         segment.name.empty() ? segment.fine_action : segment.name,
                         ValueInStudy(segment),
                         segment.start,
                         segment.end,
                         segment.deviation,
                         0,
                         settings.foreign.contains(segment.fine_action),
                         segment.confidence};
    const auto row = std::ranges::find(rows, element.label, &ElementRow::label);
    if (row != rows.end()) {
      if (!row->element.name.empty()) element.name = row->element.name;
      element.category = row->value.value_or(element.category);
    }
    elements.push_back(std::move(element));
    follows = true;
  }
  return elements;
}

std::string FirstOf(const std::vector<ElementRow> &rows) {
  const ElementRow *first = nullptr;
  for (const ElementRow &row : rows) {
    if (row.element.order && (first == nullptr || *row.element.order < *first->element.order)) first = &row;
  }
  return first != nullptr ? first->label : "";
}

// From each beginning of the start element to the next; the last ends with the timeline.
std::vector<StudyCycle> CyclesOf(std::span<const Segment> timeline, std::vector<StudyElement> &elements,
                                 const std::string &start) {
  std::vector<StudyCycle> cycles;
  for (StudyElement &element : elements) {
    if (element.label == start && !element.foreign) {
      if (!cycles.empty()) cycles.back().end = element.start;
      cycles.push_back({cycles.size() + 1, element.start, timeline.back().end, 0, 0, "", {}, {}});
    }
    element.cycle = cycles.size();
    if (!cycles.empty() && element.foreign) cycles.back().foreign_seconds += element.seconds();
  }
  // Both in order of time.
  auto first = timeline.begin();
  for (StudyCycle &cycle : cycles) {
    while (first != timeline.end() && first->end <= cycle.start)
      ++first;
    for (auto segment = first; segment != timeline.end() && segment->start < cycle.end; ++segment) {
      const int64_t common = std::min(segment->end, cycle.end) - std::max(segment->start, cycle.start);
      if (common > 0 && StateInStudy(*segment) != SegmentState::kMeasured)
        cycle.unmeasured_seconds += ToSeconds(common);
    }
  }
  return cycles;
}

// Never silently: each says why.
void Exclude(std::vector<StudyCycle> &cycles, const StudySettings &settings) {
  for (StudyCycle &cycle : cycles) {
    const auto by_hand = settings.excluded.find(cycle.number);
    if (by_hand != settings.excluded.end()) {
      cycle.excluded = by_hand->second.empty() ? "by hand" : by_hand->second;
    } else if (&cycle == &cycles.back()) {
      cycle.excluded = "no other begins after it: it may not be whole";
    } else if (cycle.unmeasured_seconds > kMostUnmeasured) {
      cycle.excluded = Seconds(cycle.unmeasured_seconds) + " of it were not measured";
    }
  }
  std::vector<double> times, distances;
  for (const StudyCycle &cycle : cycles) {
    if (cycle.excluded.empty()) times.push_back(cycle.seconds());
  }
  if (times.size() < kFewestForAbnormal || settings.abnormal <= 0) return;
  const double median = MedianOf(times);
  for (const double time : times)
    distances.push_back(std::abs(time - median));
  const double spread = std::max(1.4826 * MedianOf(distances), 0.02 * median);
  for (StudyCycle &cycle : cycles) {
    if (!cycle.excluded.empty() || std::abs(cycle.seconds() - median) <= settings.abnormal * spread) continue;
    cycle.excluded = std::string("abnormally ") + (cycle.seconds() > median ? "long" : "short") + ": " +
                     Seconds(cycle.seconds()) + ", the median is " + Seconds(median);
  }
}

// Elements of the same place in the order are one step, in several ways of doing it.
void CompareWithOrder(const std::vector<ElementRow> &rows, const std::vector<StudyElement> &elements,
                      std::vector<StudyCycle> &cycles) {
  struct Step {
    std::string name;
    bool optional = true;
  };
  std::map<int, Step> steps;  // by place
  std::map<std::string, int> places;
  for (const ElementRow &row : rows) {
    if (!row.element.order) continue;
    Step &step = steps[*row.element.order];
    if (step.name.empty()) step.name = row.element.name.empty() ? row.label : row.element.name;
    step.optional = step.optional && row.element.optional;
    places[row.label] = *row.element.order;
  }
  if (steps.empty()) return;
  std::map<size_t, std::map<int, size_t>> by_cycle;  // how often each place came
  for (const StudyElement &element : elements) {
    const auto place = places.find(element.label);
    if (!element.foreign && place != places.end()) ++by_cycle[element.cycle][place->second];
  }
  for (StudyCycle &cycle : cycles) {
    if (&cycle == &cycles.back()) continue;  // it may go on
    std::map<int, size_t> &counts = by_cycle[cycle.number];
    for (const auto &[place, step] : steps) {
      if (counts[place] == 0 && !step.optional) cycle.missing.push_back(step.name);
      if (counts[place] > 1) cycle.extra.push_back(step.name);
    }
  }
}

std::optional<double> LowestRepeatable(std::vector<double> times) {
  std::ranges::sort(times);
  for (size_t i = 1; i < times.size(); ++i) {
    if (times[i] <= times[i - 1] * (1 + kRepeats)) return times[i - 1];
  }
  return std::nullopt;
}

}  // namespace

Statistics StatisticsOf(std::vector<double> seconds) {
  Statistics statistics;
  statistics.count = seconds.size();
  if (seconds.empty()) return statistics;
  for (const double value : seconds)
    statistics.sum += value;
  const auto count = static_cast<double>(seconds.size());
  statistics.mean = statistics.sum / count;
  double squares = 0;
  for (const double value : seconds)
    squares += (value - statistics.mean) * (value - statistics.mean);
  statistics.deviation = seconds.size() > 1 ? std::sqrt(squares / (count - 1)) : 0;
  const auto [min, max] = std::ranges::minmax(seconds);
  statistics.min = min;
  statistics.max = max;
  statistics.median = MedianOf(std::move(seconds));
  return statistics;
}

std::optional<size_t> ObservationsNeeded(const Statistics &statistics) {
  if (statistics.count < 2 || statistics.mean <= 0) return std::nullopt;
  const double ratio = 1.96 * statistics.deviation / (0.05 * statistics.mean);
  return std::max<size_t>(1, static_cast<size_t>(std::ceil(ratio * ratio - 1e-9)));
}

std::string CycleStartOf(std::span<const StudyElement> elements) {
  std::vector<std::string> labels;  // in order of their first stretch
  std::map<std::string, std::vector<double>> starts;
  size_t most = 0;
  for (const StudyElement &element : elements) {
    if (element.foreign) continue;
    auto &times = starts[element.label];
    if (times.empty()) labels.push_back(element.label);
    times.push_back(ToSeconds(element.start));
    most = std::max(most, times.size());
  }
  constexpr size_t kFewest = 2;
  constexpr double kAsOften = 0.8, kStep = 0.05;
  std::string best;
  long best_step = 0;
  for (const std::string &label : labels) {
    const std::vector<double> &times = starts[label];
    if (times.size() < kFewest || static_cast<double>(times.size()) < kAsOften * static_cast<double>(most)) continue;
    std::vector<double> distances;
    for (size_t i = 1; i < times.size(); ++i)
      distances.push_back(times[i] - times[i - 1]);
    const Statistics statistics = StatisticsOf(distances);
    const long step = std::lround(std::floor(statistics.deviation / statistics.mean / kStep));
    if (best.empty() || step < best_step) {
      best = label;
      best_step = step;
    }
  }
  return best;
}

Study MakeStudy(std::span<const Segment> timeline, const std::vector<ElementRow> &rows, const StudySettings &settings) {
  Study study;
  for (const Segment &segment : timeline) {
    study.seconds += ToSeconds(segment.duration());
    study.coverage[StateInStudy(segment)] += ToSeconds(segment.duration());
    study.stand_in = study.stand_in || segment.stand_in;
  }
  study.elements = ElementsOf(timeline, rows, settings);
  study.cycle_start = settings.cycle_start;
  if (study.cycle_start.empty()) study.cycle_start = FirstOf(rows);
  if (study.cycle_start.empty()) study.cycle_start = CycleStartOf(study.elements);
  if (!timeline.empty()) study.cycles = CyclesOf(timeline, study.elements, study.cycle_start);
  if (study.cycles.empty()) study.cycle_start.clear();
  Exclude(study.cycles, settings);
  CompareWithOrder(rows, study.elements, study.cycles);

  std::vector<double> times;
  for (const StudyCycle &cycle : study.cycles) {
    if (!cycle.excluded.empty()) continue;
    times.push_back(cycle.seconds());
    if (settings.takt > 0 && cycle.seconds() > settings.takt) ++study.overruns;
  }
  study.cycle = StatisticsOf(times);
  study.lowest_repeatable = LowestRepeatable(times);
  study.cycles_needed = ObservationsNeeded(study.cycle);
  study.normal = study.cycle.mean * settings.rating;
  study.standard = study.normal * (1 + settings.allowance);

  const auto counts = [&study](const StudyElement &element) {
    return element.cycle == 0 || study.cycles[element.cycle - 1].excluded.empty();
  };
  std::map<std::string, std::vector<double>> seconds, in_cycles;
  double all = 0;
  for (const StudyElement &element : study.elements) {
    if (!seconds.contains(element.label)) {
      seconds[element.label];
      study.figures.push_back({element.label, element.name, element.category, element.foreign, {}, 0, 0, 0, {}});
    }
    if (!element.foreign) {
      study.value_seconds[element.category] += element.seconds();
      ++study.value_count[element.category];
    }
    if (!counts(element)) continue;
    seconds[element.label].push_back(element.seconds());
    if (element.cycle > 0) in_cycles[element.label].push_back(element.seconds());
    if (!element.foreign) all += element.seconds();
  }
  for (ElementFigures &figures : study.figures) {
    figures.statistics = StatisticsOf(seconds[figures.label]);
    figures.needed = ObservationsNeeded(figures.statistics);
    if (figures.foreign) continue;
    if (all > 0) figures.share = figures.statistics.sum / all;
    if (study.counted() > 0)
      figures.per_cycle = StatisticsOf(in_cycles[figures.label]).sum / static_cast<double>(study.counted());
    figures.standard = figures.per_cycle * settings.rating * (1 + settings.allowance);
  }
  return study;
}

namespace {

struct Extent {
  int64_t start = 0, end = 0;
  double seconds = 0;
};

double ShareOf(const Extent &a, const Extent &b) {
  const int64_t common = std::min(a.end, b.end) - std::max(a.start, b.start);
  if (common <= 0) return 0;
  return static_cast<double>(common) / static_cast<double>(std::max(a.end, b.end) - std::min(a.start, b.start));
}

void AddPairs(const std::vector<Extent> &study, const std::vector<Extent> &manual, DurationAgreement &agreement) {
  constexpr double kLeast = 0.5 - 1e-9;
  struct Match {
    double share;
    size_t study, manual;
  };
  std::vector<Match> matches;
  for (size_t i = 0; i < study.size(); ++i) {
    for (size_t j = 0; j < manual.size(); ++j) {
      const double share = ShareOf(study[i], manual[j]);
      if (share >= kLeast) matches.push_back({share, i, j});
    }
  }
  std::ranges::stable_sort(matches, std::greater<>(), &Match::share);
  std::set<size_t> taken_study, taken_manual;
  std::vector<std::pair<size_t, DurationAgreement::Pair>> pairs;
  for (const Match &match : matches) {
    if (taken_study.contains(match.study) || taken_manual.contains(match.manual)) continue;
    taken_study.insert(match.study);
    taken_manual.insert(match.manual);
    pairs.push_back({match.manual, {study[match.study].seconds, manual[match.manual].seconds}});
  }
  std::ranges::sort(pairs, {}, &std::pair<size_t, DurationAgreement::Pair>::first);  // in order of time
  std::vector<double> differences;
  for (const auto &[place, pair] : pairs) {
    agreement.pairs.push_back(pair);
    differences.push_back(pair.study - pair.manual);
  }
  agreement.differences = StatisticsOf(differences);
  agreement.only_study = study.size() - pairs.size();
  agreement.only_manual = manual.size() - pairs.size();
}

std::vector<Extent> CountedCycles(const Study &study) {
  std::vector<Extent> extents;
  for (const StudyCycle &cycle : study.cycles) {
    if (cycle.excluded.empty()) extents.push_back({cycle.start, cycle.end, cycle.seconds()});
  }
  return extents;
}

std::vector<Extent> ExtentsOf(const Study &study, const std::string &label) {
  std::vector<Extent> extents;
  for (const StudyElement &element : study.elements) {
    if (element.label == label) extents.push_back({element.start, element.end, element.seconds()});
  }
  return extents;
}

}  // namespace

std::vector<DurationAgreement> CompareDurations(const Study &study, const Study &manual) {
  std::vector<DurationAgreement> agreements(1);
  AddPairs(CountedCycles(study), CountedCycles(manual), agreements.front());
  for (const ElementFigures &figures : manual.figures) {
    DurationAgreement agreement;
    agreement.label = figures.label;
    agreement.name = figures.name;
    AddPairs(ExtentsOf(study, figures.label), ExtentsOf(manual, figures.label), agreement);
    agreements.push_back(std::move(agreement));
  }
  return agreements;
}

}  // namespace action
