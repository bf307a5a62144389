// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How far a timeline agrees with a ground truth.
#ifndef ACTION_TIMELINE_AGREEMENT_H_
#define ACTION_TIMELINE_AGREEMENT_H_

#include <cstddef>
#include <optional>
#include <span>

#include "action/export.h"
#include "action/timeline/step.h"

namespace action {

struct Agreement {
  double truth_seconds = 0;   // that the ground truth covers
  double coarse_seconds = 0;  // of these, with the right coarse action
  double fine_seconds = 0;    // with the right fine action
  double value_seconds = 0;   // with the right value category
  // Each boundary of the ground truth against the nearest one of the timeline; s. Nothing when either has none.
  size_t boundaries = 0;
  std::optional<double> mean_boundary_error;

  // Shares of the time that the ground truth covers: frame accuracy, at no frame rate.
  double coarse() const { return truth_seconds > 0 ? coarse_seconds / truth_seconds : 0; }
  double fine() const { return truth_seconds > 0 ? fine_seconds / truth_seconds : 0; }
  double value() const { return truth_seconds > 0 ? value_seconds / truth_seconds : 0; }
};

// Both in order of time.
ACTION_API Agreement Compare(std::span<const Segment> timeline, std::span<const Segment> truth);

// The same by elements of work. An element is a stretch of one fine action that counts as measured (StateInStudy);
// neighbours of equal fine action are one. It is found when the timeline has an element of the same fine action with
// which it shares at least half of their common extent (IoU >= 0.5).
struct ElementAgreement {
  size_t elements = 0;  // of the ground truth
  size_t lost = 0;      // not found
  size_t invented = 0;  // of the timeline, and none of the truth's is the same
  // Duration in the timeline less that in truth, of those found; s. Means; 0 when none was found.
  double duration_bias = 0;
  double duration_error = 0;      // absolute
  size_t within_half_second = 0;  // elements found with a duration this close
  size_t within_tenth = 0;        // within 10 % of it
  // Segmental F1 in per cent at IoU 0.10, 0.25 and 0.50, and edit score (C. Lea et al., Temporal Convolutional Networks
  // for Action Segmentation and Detection, CVPR 2017).
  double f1_10 = 0, f1_25 = 0, f1_50 = 0;
  double edit = 0;
};

ACTION_API ElementAgreement CompareElements(std::span<const Segment> timeline, std::span<const Segment> truth);

}  // namespace action

#endif  // ACTION_TIMELINE_AGREEMENT_H_
