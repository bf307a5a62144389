// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The reference's way from steps to segments.
#ifndef ACTION_TIMELINE_RUN_SMOOTHER_H_
#define ACTION_TIMELINE_RUN_SMOOTHER_H_

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "action/export.h"
#include "action/timeline/segment_merger.h"
#include "action/timeline/smoothing.h"
#include "action/timeline/step.h"

namespace action {

// Every step gets the majority of the `window` coarse labels around it (fewer at the ends; ties: smallest id);
// SegmentMerger makes segments of them. What it gives back in all is what the reference computes of the whole run.
class ACTION_API RunSmoother : public Smoother {
 public:
  RunSmoother(const SmoothingSettings &settings, const LabelTable &labels, int64_t start);

  void Add(Step step) override;
  void Finish(int64_t end) override;
  std::unique_ptr<Smoother> Clone() const override { return std::make_unique<RunSmoother>(*this); }
  std::vector<LabelledSpan> TakeSpans() override { return merger_.TakeSpans(); }
  std::vector<StepLabel> TakeLabels() override;
  std::optional<StepLabel> Newest() const override;
  SmootherStats stats() const override { return {0, unsmoothed_.size() + merger_.steps_kept()}; }

 private:
  // The smoothed run that StepLabels tell of.
  struct Shown {
    int coarse = 0;
    int64_t start = 0;
    Tally tally;
  };

  int SmoothedAt(size_t place) const;
  void SmoothNext();
  StepLabel LabelOf(const Shown &shown, const Step &step) const;
  void Show(std::optional<Shown> &shown, const Step &step, int coarse) const;

  int64_t start_;
  int64_t newest_time_;
  size_t half_;
  std::vector<int> window_;      // coarse labels around the next step to be smoothed, and of all after it
  size_t before_ = 0;            // of these, how many stand before that step
  std::deque<Step> unsmoothed_;  // the newest, at most `half_` between calls
  std::optional<Shown> shown_;
  std::optional<StepLabel> newest_smoothed_;
  std::vector<StepLabel> step_labels_;
  SegmentMerger merger_;
};

}  // namespace action

#endif  // ACTION_TIMELINE_RUN_SMOOTHER_H_
