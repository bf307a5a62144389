// One unbroken run of steps becomes segments.
#ifndef ACTION_TIMELINE_RUN_SMOOTHER_H_
#define ACTION_TIMELINE_RUN_SMOOTHER_H_

#include <deque>
#include <optional>
#include <vector>

#include "action/export.h"
#include "action/timeline/smoothed_votes.h"
#include "action/timeline/step.h"

namespace action {

struct SmoothingSettings {
  int window = 9;                       // steps; an even number counts as the next one
  int refine_window = 5;                // steps, likewise
  int64_t min_duration = 1000000000LL;  // ns; what is less than half a millisecond short of it is not short
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

// The reference's timeline, as a stream: what it gives back in all is
//   1. every step gets the majority of the `window` coarse labels around it (fewer at the ends; ties: smallest id),
//   2. runs of one label are segments; the first begins where the run does, the last ends where it does,
//   3. the first segment that is shorter than min_duration is merged into its longer neighbour (the one before on a
//      tie), until none is short; then neighbours of one label are joined,
//   4. each segment gets the majority of its steps' fine labels (those of its own coarse label) after smoothing them
//      with `refine_window`,
//   5. neighbours with one fine label are joined.
// Segments are given back as soon as no step that may still come could change them. Memory does not grow with the
// length of a segment.
class ACTION_API RunSmoother {
 public:
  // start: ns, where the run begins; its first step may begin later.
  RunSmoother(const SmoothingSettings &settings, const LabelTable &labels, int64_t start);

  // Steps come in the order of their times; one from before the last one counts as coming with it.
  void Add(Step step);
  // Nothing more comes.
  void Finish(int64_t end);

  // How many steps are held: for those who watch memory.
  size_t steps_kept() const;

  // What has become final since the last call.
  std::vector<LabelledSpan> TakeSpans();
  // Steps that have become smoothed since the last call, each once, in order.
  std::vector<StepLabel> TakeLabels();
  // The newest step as it would be if nothing more came. Nothing before the first one.
  std::optional<StepLabel> Newest() const;

 private:
  // Steps of one smoothed label. While it is short, merging may give it another one, and it keeps them; once it is
  // long, votes will do.
  struct Item {
    int coarse = 0;
    int64_t start = 0;
    int64_t end = 0;  // of an open one: it lasts at least until here
    std::vector<Step> steps;
    SmoothedVotes votes;
    std::vector<double> scores;  // sums over the steps in `votes`, by fine id
    bool settled = false;        // `steps` is empty, all is in `votes`

    int64_t duration() const { return end - start; }
  };

  bool IsShort(const Item &item) const;
  bool IsLonger(const Item &a, const Item &b) const;
  Item NewItem(int coarse, int64_t start, bool settled) const;
  void Add(Item &item, const Step &step) const;
  // Mean probability of a fine label over the item's steps; 0 of unknown.
  static double ConfidenceOf(const Item &item, int fine);
  void SettleIfLong(Item &item) const;
  void Settle(Item &item) const;
  void Append(Item &item, const Item &next) const;     // next gets the label of item
  void Prepend(const Item &before, Item &item) const;  // before gets the label of item

  int SmoothedAt(size_t place) const;
  void SmoothNext();
  void OnSmoothed(const Step &step, int coarse);
  void OnClosed(Item item);
  void PushTop(Item item);
  void EmitTop(int64_t end);
  StepLabel LabelOf(const Item &shown, const Step &step) const;
  void Show(std::optional<Item> &shown, const Step &step, int coarse) const;

  SmoothingSettings settings_;
  LabelTable labels_;
  int64_t start_;
  int64_t newest_time_;
  size_t half_;

  // Smoothing.
  std::vector<int> window_;      // coarse labels around the next step to be smoothed, and of all after it
  size_t before_ = 0;            // of these, how many stand before that step
  std::deque<Step> unsmoothed_;  // the newest, at most `half_` between calls
  std::optional<Item> shown_;    // the smoothed run that StepLabels tell of
  std::optional<StepLabel> newest_smoothed_;
  std::vector<StepLabel> step_labels_;

  // Merging. In time: group_ and top_ (final but for the end of top_), short_, open_.
  std::optional<Item> group_;  // joined before top_, with the same label; merging looks at top_ alone
  std::optional<Item> top_;
  bool top_is_open_ = false;   // steps still go to top_, and there is no open_
  std::optional<Item> short_;  // closed, and waits for what comes after it
  std::optional<Item> open_;

  std::vector<bool> shared_;          // by fine id: another family has a label of this name
  std::optional<LabelledSpan> last_;  // kept back while the next may have the same fine label
  std::vector<LabelledSpan> spans_;
};

}  // namespace action

#endif  // ACTION_TIMELINE_RUN_SMOOTHER_H_
