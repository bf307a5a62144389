// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/run_smoother.h"

#include <algorithm>
#include <span>
#include <utility>

#include "action/majority.h"

namespace action {

RunSmoother::RunSmoother(const SmoothingSettings &settings, const LabelTable &labels, int64_t start)
    : start_(start),
      newest_time_(start),
      half_(static_cast<size_t>(std::max(settings.window, 1)) / 2),
      merger_(settings, labels, StepIds::kCoarse, start) {}

int RunSmoother::SmoothedAt(size_t place) const {
  const size_t from = place > half_ ? place - half_ : 0;
  const size_t to = std::min(place + half_ + 1, window_.size());
  return Majority(std::span(window_).subspan(from, to - from));
}

void RunSmoother::Add(Step step) {
  step.time = std::max(step.time, newest_time_);
  newest_time_ = step.time;
  window_.push_back(step.coarse);
  unsmoothed_.push_back(std::move(step));
  if (unsmoothed_.size() > half_) SmoothNext();
}

void RunSmoother::SmoothNext() {
  const int coarse = SmoothedAt(before_);
  const Step step = std::move(unsmoothed_.front());
  unsmoothed_.pop_front();
  if (before_ == half_) {
    window_.erase(window_.begin());
  } else {
    ++before_;
  }
  Show(shown_, step, coarse);
  const bool first_step = !newest_smoothed_;
  newest_smoothed_ = LabelOf(*shown_, step);
  if (first_step) newest_smoothed_->time = start_;
  step_labels_.push_back(*newest_smoothed_);
  merger_.Add(step, coarse, unsmoothed_.empty() ? step.time : unsmoothed_.front().time);
}

void RunSmoother::Show(std::optional<Shown> &shown, const Step &step, int coarse) const {
  if (!shown) {
    shown = Shown{coarse, start_, merger_.NewTally()};
  } else if (shown->coarse != coarse) {
    shown = Shown{coarse, step.time, merger_.NewTally()};
  }
  shown->tally.Add(coarse, step);
}

StepLabel RunSmoother::LabelOf(const Shown &shown, const Step &step) const {
  const int fine = shown.tally.fine();
  return {step.time, step.end, shown.start, shown.coarse, fine, shown.tally.ConfidenceOf(fine)};
}

std::optional<StepLabel> RunSmoother::Newest() const {
  if (unsmoothed_.empty()) return newest_smoothed_;
  std::optional<Shown> shown = shown_;
  for (size_t i = 0; i < unsmoothed_.size(); ++i)
    Show(shown, unsmoothed_[i], SmoothedAt(before_ + i));
  return LabelOf(*shown, unsmoothed_.back());
}

void RunSmoother::Finish(int64_t end) {
  while (!unsmoothed_.empty())
    SmoothNext();
  merger_.Finish(end);
}

std::vector<StepLabel> RunSmoother::TakeLabels() {
  return std::exchange(step_labels_, {});
}

}  // namespace action
