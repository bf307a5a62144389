// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How the steps of an unbroken run become segments: what both methods take and give.
#ifndef ACTION_TIMELINE_SMOOTHING_H_
#define ACTION_TIMELINE_SMOOTHING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "action/export.h"
#include "action/timeline/step.h"

namespace action {

enum class SmoothingMethod {
  kMajority,  // the reference's: RunSmoother
  kViterbi,   // ViterbiSmoother
};

// "majority", "viterbi"
ACTION_API const char *NameOf(SmoothingMethod method);

struct SmoothingSettings {
  SmoothingMethod method = SmoothingMethod::kMajority;
  int64_t min_duration = 1000000000LL;  // ns; what is less than half a millisecond short of it is not short

  // Majority. Steps; an even number counts as the next one.
  int window = 9;
  int refine_window = 5;

  // Viterbi. Costs are in nats (natural logarithms of probability).
  double switch_cost = 4;            // of a change of label
  double order_cost = 0;             // more, of a change that leaves the order of work; 0: the order is not used
  int64_t lookahead = 4000000000LL;  // ns: after so much, what a frame shows is decided
  int64_t longest_doubt = 120LL * 1000000000LL;  // ns: after so much, a step's label is decided

  double unknown_threshold = 0;  // finished segments of less confidence are unknown; 0: none
};

// What is known of one step while its segment is still open.
struct StepLabel {
  int64_t time = 0;  // ns, the step's; of the run's first one: where the run begins
  int64_t end = 0;
  int64_t segment_start = 0;  // ns, of the smoothed segment that the step lies in
  int coarse = 0;
  int fine = 0;  // what most of the segment's steps so far say
  double confidence = 0;
  friend bool operator==(const StepLabel &, const StepLabel &) = default;
};

// A segment by ids of the label table.
struct LabelledSpan {
  int64_t start = 0;
  int64_t end = 0;
  int coarse = 0;
  int fine = 0;
  int64_t steps = 0;
  double confidence = 0;
};

struct SmootherStats {
  uint64_t forced = 0;    // steps whose label was decided after longest_doubt, before the evidence did
  size_t steps_kept = 0;  // steps that are held
};

// Makes segments of one unbroken run of steps, as a stream: they are given back as soon as no step that may still come
// could change them. Memory does not grow with the length of a segment.
class Smoother {
 public:
  virtual ~Smoother() = default;

  // Steps come in the order of their times; one from before the last one counts as coming with it.
  virtual void Add(Step step) = 0;
  // Nothing more comes.
  virtual void Finish(int64_t end) = 0;

  // One that goes on from here by itself.
  virtual std::unique_ptr<Smoother> Clone() const = 0;

  // What has become final since the last call.
  virtual std::vector<LabelledSpan> TakeSpans() = 0;
  // Steps whose frames' label has become known since the last call, each once, in order.
  virtual std::vector<StepLabel> TakeLabels() = 0;
  // The newest step as it would be if nothing more came. Nothing before the first one.
  virtual std::optional<StepLabel> Newest() const = 0;
  virtual SmootherStats stats() const = 0;

  // SmoothingSettings::unknown_threshold, for segments that end from now on.
  virtual void SetUnknownThreshold(double /*threshold*/) {}
};

// start: ns, where the run begins; its first step may begin later.
ACTION_API std::unique_ptr<Smoother> NewSmoother(const SmoothingSettings &settings, const LabelTable &labels,
                                                 int64_t start);

}  // namespace action

#endif  // ACTION_TIMELINE_SMOOTHING_H_
