// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Labelled steps become segments: the second half of both smoothing methods.
#ifndef ACTION_TIMELINE_SEGMENT_MERGER_H_
#define ACTION_TIMELINE_SEGMENT_MERGER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "action/export.h"
#include "action/timeline/smoothed_votes.h"
#include "action/timeline/smoothing.h"
#include "action/timeline/step.h"

namespace action {

// What the ids mean that steps are labelled with.
enum class StepIds {
  kCoarse,  // a step's fine label is what its family's classifier says
  kFine,    // the id is the fine label
};

// What is counted of the steps of one label: which fine label they have, and how sure of it they are.
class ACTION_API Tally {
 public:
  Tally(const LabelTable &labels, StepIds ids, int refine_window);

  void Add(int id, const Step &step);
  void Append(const Tally &next);

  // The majority of the steps' fine labels, smoothed with the refining window. -1 without steps.
  int fine() const { return votes_.Winner(); }
  // Mean probability of a fine label over the steps; 0 of unknown.
  double ConfidenceOf(int fine) const;
  int64_t steps() const { return static_cast<int64_t>(votes_.size()); }

 private:
  StepIds ids_;
  int unknown_coarse_;
  int unknown_fine_;
  SmoothedVotes votes_;
  std::vector<double> scores_;  // sums over the steps, by fine id
};

// Takes steps with their final label, one after the other, and gives back segments:
//   1. runs of one label are segments; the first begins where the run of steps does, the last ends where it does,
//   2. the first segment that is shorter than its minimum is merged into its longer neighbour (the one before on a
//   tie),
//      until none is short; then neighbours of one label are joined,
//   3. each segment gets its fine label (Tally), and neighbours with one fine label (of two families) are joined.
// The minimum is the settings'; with fine ids, that of the label's element where it has one. With fine ids, segments of
// less confidence than the settings' unknown_threshold are unknown.
class ACTION_API SegmentMerger {
 public:
  SegmentMerger(const SmoothingSettings &settings, const LabelTable &labels, StepIds ids, int64_t start);

  // id: of the step. lasts_until: ns, its stretch of time lasts at least until here.
  void Add(const Step &step, int id, int64_t lasts_until);
  void Finish(int64_t end);
  // Fine ids: for segments that end from now on.
  void SetUnknownThreshold(double threshold) { unknown_threshold_ = threshold; }

  std::vector<LabelledSpan> TakeSpans();
  size_t steps_kept() const;
  Tally NewTally() const { return Tally(labels_, ids_, refine_window_); }

 private:
  // Steps of one label. While it is short, merging may give it another one, and it keeps them; once it is long, its
  // tally will do.
  struct Item {
    int id = 0;
    int64_t start = 0;
    int64_t end = 0;  // of an open one: it lasts at least until here
    Tally tally;
    std::vector<Step> steps = {};
    bool settled = false;  // `steps` is empty, all is in `tally`

    int64_t duration() const { return end - start; }
  };

  bool IsShort(const Item &item) const;
  static bool IsLonger(const Item &a, const Item &b);
  Item NewItem(int id, int64_t start) const;
  static void Add(Item &item, const Step &step);
  static void Settle(Item &item);
  void SettleIfLong(Item &item) const;
  static void Append(Item &item, const Item &next);    // next gets the label of item
  void Prepend(const Item &before, Item &item) const;  // before gets the label of item

  void OnClosed(Item item);
  void PushTop(Item item);
  void EmitTop(int64_t end);

  LabelTable labels_;
  StepIds ids_;
  int refine_window_;
  int64_t start_;
  std::vector<int64_t> minima_;  // ns, by id
  double unknown_threshold_;
  std::vector<int> families_;  // coarse id of every fine label
  std::vector<bool> shared_;   // by fine id: segments of one name with another id may follow

  // In time: group_ and top_ (final but for the end of top_), short_, open_.
  std::optional<Item> group_;  // joined before top_, with the same label; merging looks at top_ alone
  std::optional<Item> top_;
  bool top_is_open_ = false;   // steps still go to top_, and there is no open_
  std::optional<Item> short_;  // closed, and waits for what comes after it
  std::optional<Item> open_;

  std::optional<LabelledSpan> last_;  // kept back while the next may have the same fine label
  std::vector<LabelledSpan> spans_;
};

// By fine id: the coarse id of its family.
ACTION_API std::vector<int> FamiliesOf(const LabelTable &labels);

}  // namespace action

#endif  // ACTION_TIMELINE_SEGMENT_MERGER_H_
