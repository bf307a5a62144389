// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The figures of the literature: how good timelines are, measured against a ground truth.
#ifndef ACTION_TIMELINE_EVALUATION_H_
#define ACTION_TIMELINE_EVALUATION_H_

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "action/export.h"
#include "action/timeline/step.h"

namespace action {

// What of a segment is compared.
enum class LabelKind { kCoarse, kFine, kValue };
inline constexpr std::array<LabelKind, 3> kLabelKinds = {LabelKind::kCoarse, LabelKind::kFine, LabelKind::kValue};
ACTION_API const char *NameOf(LabelKind kind);

// What time is called that counts as no work in a study: gaps, unknown and absent time, `background`, and what a
// timeline does not cover.
inline constexpr const char *kBackground = "(background)";

// Two timelines of one video, in order of time.
struct ComparedTimelines {
  std::string name;
  std::vector<Segment> said, truth;
};

// Differences of times, s: what was said less what is true.
struct TimeErrors {
  size_t count = 0;
  double bias = 0;      // mean; 0 of none
  double absolute = 0;  // mean of the absolute values
  size_t within_half_second = 0;
};

inline constexpr std::array<double, 3> kF1Overlaps = {0.10, 0.25, 0.50};
inline constexpr std::array<double, 5> kPrecisionOverlaps = {0.3, 0.4, 0.5, 0.6, 0.7};

// One label, over all videos. An element is a stretch of time of one label; it is found when the timeline has an
// element of this label with which it shares at least half of their common extent (tIoU, temporal intersection over
// union).
struct ACTION_API LabelEvaluation {
  double truth_seconds = 0, said_seconds = 0, right_seconds = 0;
  size_t elements = 0, said_elements = 0, found = 0, invented = 0;  // of the truth; of the timeline; of these
  std::array<double, kF1Overlaps.size()> f1{};                      // from 0 to 1
  // Area below the precision over the recall, elements in order of their confidence (ActivityNet); nothing of a label
  // that the truth does not have.
  std::array<std::optional<double>, kPrecisionOverlaps.size()> average_precision{};
  TimeErrors start, end, duration;  // of elements that were found

  // Of the time, from 0 to 1; nothing of no time.
  std::optional<double> precision() const;
  std::optional<double> recall() const;
  std::optional<double> iou() const;
};

struct Evaluation {
  size_t videos = 0;
  double seconds = 0, right_seconds = 0;            // that the truth covers
  double work_seconds = 0, right_work_seconds = 0;  // without background
  // From 0 to 1. F1 of all elements (Lea et al. 2017), the edit score of a video (Levenshtein) in the mean.
  std::array<double, kF1Overlaps.size()> f1{};
  double edit = 0;
  // tIoU of each true element with the best of its label, 0 for none, in the mean.
  double mean_tiou = 0;
  // Mean of the labels' average precision; nothing where the truth has no element.
  std::array<std::optional<double>, kPrecisionOverlaps.size()> mean_average_precision{};
  size_t elements = 0, found = 0, invented = 0;
  TimeErrors start, end, duration;
  std::map<std::string, LabelEvaluation> labels;                    // but for the background
  std::map<std::pair<std::string, std::string>, double> confusion;  // true and said label, with the background: s

  double accuracy() const { return seconds > 0 ? right_seconds / seconds : 0; }
  double work_accuracy() const { return work_seconds > 0 ? right_work_seconds / work_seconds : 0; }
};

ACTION_API Evaluation Evaluate(std::span<const ComparedTimelines> videos, LabelKind kind);

}  // namespace action

#endif  // ACTION_TIMELINE_EVALUATION_H_
