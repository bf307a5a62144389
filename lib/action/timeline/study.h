// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A time study of a timeline: its elements of work, its cycles, and what a standard is made of.
#ifndef ACTION_TIMELINE_STUDY_H_
#define ACTION_TIMELINE_STUDY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "action/elements.h"
#include "action/export.h"
#include "action/timeline/step.h"

namespace action {

struct StudySettings {
  std::string cycle_start;                 // fine label; empty: the first of elements.csv, else found (CycleStartOf)
  double takt = 0;                         // s; 0: none
  double rating = 1;                       // the worker's pace, of the normal one
  double allowance = 0;                    // for rest and the like, as a share of the normal time
  std::set<std::string> foreign;           // fine labels that are no part of the work
  std::map<size_t, std::string> excluded;  // by hand: numbers of cycles from 1, with the reason
  // A cycle is abnormal when it is so many standard deviations (1.4826 times the median absolute deviation, at least 2
  // % of the median) from the median; of fewer than five cycles none is. 0: none is.
  double abnormal = 4;
};

// Of times; s.
struct Statistics {
  size_t count = 0;
  double sum = 0, mean = 0, median = 0, min = 0, max = 0;
  double deviation = 0;  // standard deviation of a sample, by count - 1; 0 of fewer than two
};
ACTION_API Statistics StatisticsOf(std::vector<double> seconds);

// How many observations a mean within 5 % wants, at a confidence of 95 %: (1.96 s / (0.05 mean))^2, rounded up. Nothing
// of fewer than two observations.
ACTION_API std::optional<size_t> ObservationsNeeded(const Statistics &statistics);

// A stretch of one fine action.
struct StudyElement {
  std::string label, name;  // name: for people; the label where there is none
  ValueCategory category = ValueCategory::kUnknown;
  int64_t start = 0, end = 0;  // ns
  Deviation deviation = Deviation::kNone;
  size_t cycle = 0;  // its number; 0: before the first
  bool foreign = false;
  double confidence = 0;
  double seconds() const { return static_cast<double>(end - start) / 1e9; }
};

struct StudyCycle {
  size_t number = 0;           // from 1
  int64_t start = 0, end = 0;  // ns
  double foreign_seconds = 0, unmeasured_seconds = 0;
  std::string excluded;  // why it does not count; empty: it does
  // Of an order of work: names of steps that it lacks, though they are not optional, and that it has more than once.
  std::vector<std::string> missing, extra;
  // Without foreign elements.
  double seconds() const { return static_cast<double>(end - start) / 1e9 - foreign_seconds; }
};

// What is known of an element, over all its stretches but those in cycles that do not count.
struct ElementFigures {
  std::string label, name;
  ValueCategory category = ValueCategory::kUnknown;
  bool foreign = false;
  Statistics statistics;
  double share = 0;      // of the time of all elements that are not foreign
  double per_cycle = 0;  // s: mean of the counted cycles; 0 without cycles
  double standard = 0;   // s a cycle: per_cycle, rated, with the allowance
  std::optional<size_t> needed;
};

struct Study {
  double seconds = 0;                       // of the timeline
  std::map<SegmentState, double> coverage;  // s; StateInStudy
  std::string cycle_start;                  // empty: there are no cycles
  std::vector<StudyElement> elements;       // in order of time
  std::vector<StudyCycle> cycles;
  std::vector<ElementFigures> figures;  // in order of their first stretch
  std::map<ValueCategory, double> value_seconds;
  std::map<ValueCategory, size_t> value_count;
  Statistics cycle;  // of those that count
  // The shortest cycle that another one comes within 5 % of.
  std::optional<double> lowest_repeatable;
  std::optional<size_t> cycles_needed;
  size_t overruns = 0;              // counted cycles longer than the takt time
  double normal = 0, standard = 0;  // s: mean cycle, rated; with the allowance
  bool stand_in = false;

  size_t counted() const { return cycle.count; }
};

// The fine label that cycles most probably begin with: of those that occur at least twice, and at least 0.8 times
// as often as the most frequent one, the one whose distances vary least (standard deviation by mean, in steps of 0.05);
// of several, that which occurs first. Empty: none.
ACTION_API std::string CycleStartOf(std::span<const StudyElement> elements);

// rows: of elements.csv; may be empty.
ACTION_API Study MakeStudy(std::span<const Segment> timeline, const std::vector<ElementRow> &rows,
                           const StudySettings &settings);

// How far durations of a study agree with those that somebody has timed by hand (Bland and Altman 1986): differences
// are those of the study less those by hand; 95 % of them lie between the limits, bias +- 1.96 standard deviations.
struct DurationAgreement {
  std::string label;  // of the element; empty: cycles
  std::string name;   // for people
  struct Pair {
    double study = 0, manual = 0;  // s
  };
  std::vector<Pair> pairs;
  Statistics differences;
  size_t only_study = 0, only_manual = 0;  // that have no partner

  double lower() const { return differences.mean - 1.96 * differences.deviation; }
  double upper() const { return differences.mean + 1.96 * differences.deviation; }
};
// Elements belong together when they have the same label, and cycles when they are cycles of the same work, and share
// at least half of their common extent; each has one partner, those that share most first. Cycles first, then elements
// in the order of the manual study. Elements in cycles that do not count are compared all the same; cycles that do not
// count in one of the two are not.
ACTION_API std::vector<DurationAgreement> CompareDurations(const Study &study, const Study &manual);

}  // namespace action

#endif  // ACTION_TIMELINE_STUDY_H_
