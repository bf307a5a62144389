// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The timeline of a stream: its runs, and the holes between them.
#ifndef ACTION_TIMELINE_TIMELINE_H_
#define ACTION_TIMELINE_TIMELINE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "action/export.h"
#include "action/timeline/order_of_work.h"
#include "action/timeline/smoothing.h"
#include "action/timeline/step.h"

namespace action {

// What frames are labelled with from `time` on, until the next one's time. Its segment may still be open: `end` is
// where the stretch of its step ends, and the rest is what is known so far.
struct FrameLabel {
  int64_t time = 0;
  Segment segment;
};

// Takes what is known of a stream in the order of time and gives back segments as soon as they are final. They follow
// on each other without gap or overlap from the first Begin to the last End: where nothing was measured stands a
// segment of state kGap. Smoothing, merging and refining never cross a gap, a Begin or a change of labels.
class ACTION_API Timeline {
 public:
  // study: what the labels `absent` and `background` mean is their segments' state (MeaningOf).
  explicit Timeline(const SmoothingSettings &settings, bool study = false) : settings_(settings), study_(study) {}

  // For the runs that begin from now on.
  void SetSettings(const SmoothingSettings &settings) { settings_ = settings; }

  // The steps that follow are of this table.
  // unknown_threshold: SmoothingSettings', for segments that end from now on.
  void SetLabels(const LabelTable &labels, bool stand_in, double unknown_threshold = 0);

  // A run of frames begins, ns. What lies between the end of the last one and here becomes a gap; less than a
  // millisecond is none. Time may also go back: after a seek.
  void Begin(int64_t time);
  // A step of the current run. Labels must be set.
  void Add(Step step);
  // The stretch of time of a step that was lost: it ends the run before it, and is a gap.
  void Miss(int64_t start, int64_t end);
  // The run's last frame ends, ns.
  void End(int64_t time);
  // Nothing follows on what was: a gap does not grow any more.
  void Finish();

  // Of the run.
  bool has_steps() const { return static_cast<bool>(run_); }
  bool running() const { return run_ || start_.has_value(); }
  // Where the stretch of time of the run's last step ends; of the run's beginning while there is none.
  int64_t step_end() const { return step_end_; }

  // The segments that have become final since the last call.
  std::vector<Segment> Take();
  // Those that would follow on all that were taken if the run ended with its last step now.
  std::vector<Segment> Pending() const;

  // Labels for frames, in order of time, that have become known since the last call. A frame before known_until() has
  // got its label; later ones may yet get another one than the last.
  std::vector<FrameLabel> TakeLabels();
  int64_t known_until() const { return known_until_; }
  // The newest step's, as it would be if nothing more came; nothing when there was none.
  std::optional<FrameLabel> Newest() const;

  // Of all runs.
  SmootherStats stats() const;

 private:
  // A smoother that is copied with what it is in.
  class Run {
   public:
    Run() = default;
    explicit Run(std::unique_ptr<Smoother> smoother) : smoother_(std::move(smoother)) {}
    Run(const Run &other) : smoother_(other.smoother_ ? other.smoother_->Clone() : nullptr) {}
    Run(Run &&) = default;
    Run &operator=(Run &&) = default;
    Run &operator=(const Run &) = delete;
    explicit operator bool() const { return smoother_ != nullptr; }
    Smoother *operator->() const { return smoother_.get(); }

   private:
    std::unique_ptr<Smoother> smoother_;
  };

  Segment SegmentOf(const LabelledSpan &span) const;
  Deviation DeviationOf(const LabelledSpan &span);
  FrameLabel LabelOf(const StepLabel &label) const;
  void EndRun(int64_t time);
  void Collect();
  void AddGap(int64_t start, int64_t end);

  SmoothingSettings settings_;
  bool study_;
  double unknown_threshold_ = 0;
  std::optional<LabelTable> labels_;
  bool stand_in_ = false;
  std::optional<LabelTable> run_labels_;  // of run_, which a change of labels does not change
  bool run_stand_in_ = false;
  bool labels_changed_ = false;

  Run run_;                               // from its first step on
  std::optional<OrderOfWork> run_order_;  // where elements.csv gives one
  std::optional<size_t> last_element_;    // fine id of the run's last segment that has a place in it
  uint64_t forced_ = 0;                   // of runs that have ended
  std::optional<int64_t> start_;          // of the run that the next step begins, while there is no run_
  std::optional<int64_t> end_;            // of everything that was given
  std::optional<Segment> gap_;            // grows until something else comes
  int64_t step_end_ = 0;
  int64_t known_until_ = 0;
  std::vector<Segment> segments_;
  std::vector<FrameLabel> frame_labels_;
};

}  // namespace action

#endif  // ACTION_TIMELINE_TIMELINE_H_
