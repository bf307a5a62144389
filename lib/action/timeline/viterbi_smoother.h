// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The most probable sequence of fine labels, and its segments.
#ifndef ACTION_TIMELINE_VITERBI_SMOOTHER_H_
#define ACTION_TIMELINE_VITERBI_SMOOTHER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "action/export.h"
#include "action/timeline/segment_merger.h"
#include "action/timeline/smoothing.h"
#include "action/timeline/step.h"

namespace action {

// Of all sequences of fine labels, one for every step, the one of which
//
//   sum over steps of ln p(label | step)  -  sum over changes of their cost
//
// is largest (A. J. Viterbi, IEEE Trans. Inf. Theory 13 (1967) 260), where p is Step::fine_scores, no less than 1e-6.
// Ties keep the label, then take the smallest id. SegmentMerger makes segments of it.
//
// As a stream: the best sequences that end in each of the labels are extended step by step. Where all of them have the
// same label at a step, and so at every one before, nothing that may still come can change it: it is final. A step
// that is older than `longest_doubt` gets the label that it has in the best of them, and those that contradict it are
// dropped.
//
// Scores are counted in whole millionths of a nat, so that ties are ties, however long the run is.
class ACTION_API ViterbiSmoother : public Smoother {
 public:
  ViterbiSmoother(const SmoothingSettings &settings, const LabelTable &labels, int64_t start);

  void Add(Step step) override;
  void Finish(int64_t end) override;
  std::unique_ptr<Smoother> Clone() const override { return std::make_unique<ViterbiSmoother>(*this); }
  std::vector<LabelledSpan> TakeSpans() override { return merger_.TakeSpans(); }
  std::vector<StepLabel> TakeLabels() override;
  std::optional<StepLabel> Newest() const override;
  SmootherStats stats() const override { return {forced_, pending_.size() + merger_.steps_kept()}; }
  void SetUnknownThreshold(double threshold) override { merger_.SetUnknownThreshold(threshold); }

 private:
  struct Pending {
    Step step;
    std::vector<int> from;  // for every label, which one the best sequence that ends in it had a step before
  };
  // The run of one label that StepLabels tell of.
  struct Shown {
    int fine = 0;
    int64_t start = 0;
    Tally tally;
  };

  void Extend(const Step &step);
  int Best() const;
  std::vector<int> BestPath() const;
  void Show(std::optional<Shown> &shown, const Step &step, int fine) const;
  void ShowNext(const Step &step, int fine);
  StepLabel LabelOf(const Shown &shown, const Step &step) const;
  void CommitAgreed();
  void CommitFirst(int fine);
  void ForceFirst();
  void ShowLate();

  int64_t start_;
  int64_t newest_time_;
  int64_t lookahead_;
  int64_t longest_doubt_;
  size_t count_;                            // of labels
  std::vector<std::vector<int64_t>> cost_;  // of a change, [from][to]
  std::vector<int> families_;

  std::vector<int64_t> scores_;  // by label, of the best sequence that ends in it; kDropped
  std::deque<Pending> pending_;  // steps without a final label
  size_t shown_count_ = 0;       // how many of them, from the first on, have been shown
  uint64_t forced_ = 0;
  std::optional<Shown> shown_;
  std::optional<StepLabel> newest_shown_;
  std::vector<StepLabel> step_labels_;
  SegmentMerger merger_;
};

// What a change from one fine label to another costs, [from][to], in nats: switch_cost; and where both have a place in
// the order of work, order_cost more when one element is left out, twice that for any other change off the order.
// Optional elements may be left out at no cost; after the last element comes the first.
ACTION_API std::vector<std::vector<double>> ChangeCosts(const SmoothingSettings &settings, const LabelTable &labels);

}  // namespace action

#endif  // ACTION_TIMELINE_VITERBI_SMOOTHER_H_
