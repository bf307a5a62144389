// How far a timeline agrees with a ground truth.
#ifndef ACTION_TIMELINE_AGREEMENT_H_
#define ACTION_TIMELINE_AGREEMENT_H_

#include <cstddef>
#include <span>

#include "action/export.h"
#include "action/timeline/step.h"

namespace action {

struct Agreement {
  double truth_seconds = 0;   // that the ground truth covers
  double coarse_seconds = 0;  // of these, with the right coarse action
  double fine_seconds = 0;    // with the right fine action
  double value_seconds = 0;   // with the right value category
  // Each boundary of the ground truth against the nearest one of the timeline; s. 0 when either has none.
  size_t boundaries = 0;
  double mean_boundary_error = 0;

  // Shares of the time that the ground truth covers: frame accuracy, at no frame rate.
  double coarse() const { return truth_seconds > 0 ? coarse_seconds / truth_seconds : 0; }
  double fine() const { return truth_seconds > 0 ? fine_seconds / truth_seconds : 0; }
  double value() const { return truth_seconds > 0 ? value_seconds / truth_seconds : 0; }
};

// Both in order of time.
ACTION_API Agreement Compare(std::span<const Segment> timeline, std::span<const Segment> truth);

}  // namespace action

#endif  // ACTION_TIMELINE_AGREEMENT_H_
