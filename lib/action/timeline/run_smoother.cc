#include "action/timeline/run_smoother.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "action/majority.h"

namespace action {
namespace {

// Times are frames' times in whole ns: what the reference counts as equal may differ by a few.
constexpr int64_t kTolerance = 500000;

size_t Half(int window) {
  return static_cast<size_t>(std::max(window, 1)) / 2;
}

// An odd window.
int Odd(int window) {
  return static_cast<int>(2 * Half(window) + 1);
}

// Which fine labels have a namesake in another family.
std::vector<bool> SharedNames(const LabelTable &labels) {
  std::map<std::string, int> count;
  for (const FineLabel &label : labels.fine)
    ++count[label.label];
  std::vector<bool> shared;
  for (const FineLabel &label : labels.fine)
    shared.push_back(count[label.label] > 1);
  shared.push_back(false);  // unknown
  return shared;
}

}  // namespace

RunSmoother::RunSmoother(const SmoothingSettings &settings, const LabelTable &labels, int64_t start)
    : settings_(settings),
      labels_(labels),
      start_(start),
      newest_time_(start),
      half_(Half(settings.window)),
      shared_(SharedNames(labels)) {}

// ---- Items

bool RunSmoother::IsShort(const Item &item) const {
  return item.duration() + kTolerance < settings_.min_duration;
}

bool RunSmoother::IsLonger(const Item &a, const Item &b) const {
  return a.duration() - b.duration() > kTolerance;
}

RunSmoother::Item RunSmoother::NewItem(int coarse, int64_t start, bool settled) const {
  return {coarse,
          start,
          start,
          {},
          SmoothedVotes(Odd(settings_.refine_window)),
          std::vector<double>(labels_.fine.size(), 0),
          settled};
}

void RunSmoother::Add(Item &item, const Step &step) const {
  if (!item.settled) {
    item.steps.push_back(step);
    return;
  }
  const bool known = item.coarse < labels_.unknown_coarse();
  item.votes.Add(known ? step.fine[static_cast<size_t>(item.coarse)] : labels_.unknown_fine());
  for (size_t i = 0; i < std::min(item.scores.size(), step.fine_scores.size()); ++i)
    item.scores[i] += static_cast<double>(step.fine_scores[i]);
}

void RunSmoother::Settle(Item &item) const {
  if (std::exchange(item.settled, true)) return;
  for (const Step &step : std::exchange(item.steps, {}))
    Add(item, step);
}

void RunSmoother::SettleIfLong(Item &item) const {
  if (!IsShort(item)) Settle(item);
}

double RunSmoother::ConfidenceOf(const Item &item, int fine) {
  const auto id = static_cast<size_t>(fine);
  return id < item.scores.size() ? item.scores[id] / static_cast<double>(item.votes.size()) : 0;
}

void RunSmoother::Append(Item &item, const Item &next) const {
  for (const Step &step : next.steps)
    Add(item, step);
  item.votes.Append(next.votes);
  for (size_t i = 0; i < item.scores.size(); ++i)
    item.scores[i] += next.scores[i];
  item.end = next.end;
}

void RunSmoother::Prepend(const Item &before, Item &item) const {
  Item merged = NewItem(item.coarse, before.start, item.settled);
  Append(merged, before);
  Append(merged, item);
  item = std::move(merged);
}

// ---- Smoothing

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
  OnSmoothed(step, coarse);
}

void RunSmoother::Show(std::optional<Item> &shown, const Step &step, int coarse) const {
  if (!shown) {
    shown = NewItem(coarse, start_, true);
  } else if (shown->coarse != coarse) {
    shown = NewItem(coarse, step.time, true);
  }
  Add(*shown, step);
}

StepLabel RunSmoother::LabelOf(const Item &shown, const Step &step) const {
  StepLabel label{step.time, step.end, shown.start, shown.coarse, shown.votes.Winner(), 0};
  label.confidence = ConfidenceOf(shown, label.fine);
  return label;
}

std::optional<StepLabel> RunSmoother::Newest() const {
  if (unsmoothed_.empty()) return newest_smoothed_;
  std::optional<Item> shown = shown_;
  for (size_t i = 0; i < unsmoothed_.size(); ++i)
    Show(shown, unsmoothed_[i], SmoothedAt(before_ + i));
  return LabelOf(*shown, unsmoothed_.back());
}

// ---- Merging

void RunSmoother::OnSmoothed(const Step &step, int coarse) {
  Show(shown_, step, coarse);
  const bool first_step = !newest_smoothed_;
  newest_smoothed_ = LabelOf(*shown_, step);
  if (first_step) newest_smoothed_->time = start_;
  step_labels_.push_back(*newest_smoothed_);

  const int64_t lasts_until = unsmoothed_.empty() ? step.time : unsmoothed_.front().time;
  if (top_is_open_ && top_->coarse == coarse) {
    Add(*top_, step);
    top_->end = lasts_until;
    return;
  }
  if (std::exchange(top_is_open_, false)) top_->end = step.time;
  if (open_ && open_->coarse != coarse) {
    open_->end = step.time;
    OnClosed(std::move(*open_));
    open_.reset();
  }
  const bool first = !top_ && !short_ && !open_;
  if (!open_) open_ = NewItem(coarse, first ? start_ : step.time, false);
  Add(*open_, step);
  open_->end = lasts_until;
  SettleIfLong(*open_);

  // It may be clear already, before it ends, what becomes of what stands before it.
  if (short_ && (!top_ || IsLonger(*open_, *top_))) {
    Prepend(*short_, *open_);
    short_.reset();
    SettleIfLong(*open_);
  }
  if (!short_ && open_->settled) {
    PushTop(std::move(*open_));
    open_.reset();
    top_is_open_ = true;
  }
}

void RunSmoother::OnClosed(Item item) {
  if (short_) {
    if (!top_ || IsLonger(item, *top_)) {
      Prepend(*short_, item);
    } else {
      Append(*top_, *short_);
    }
    short_.reset();
  }
  SettleIfLong(item);
  if (item.settled) {
    PushTop(std::move(item));
  } else {
    short_ = std::move(item);
  }
}

void RunSmoother::PushTop(Item item) {
  if (top_ && top_->coarse == item.coarse) {
    if (group_) {
      Append(*group_, *top_);
    } else {
      group_ = std::move(top_);
    }
  } else if (top_) {
    EmitTop(item.start);
  }
  top_ = std::move(item);
}

void RunSmoother::EmitTop(int64_t end) {
  if (group_) {
    Append(*group_, *top_);
    top_ = std::exchange(group_, std::nullopt);
  }
  LabelledSpan span{top_->start, end, top_->coarse, top_->votes.Winner(), static_cast<int64_t>(top_->votes.size()), 0};
  span.confidence = ConfidenceOf(*top_, span.fine);

  const auto name = [this](int id) { return labels_.fine[static_cast<size_t>(id)].label; };
  const bool shared = shared_[static_cast<size_t>(span.fine)];
  if (last_ && shared && name(last_->fine) == name(span.fine)) {
    const auto before = static_cast<double>(last_->steps), more = static_cast<double>(span.steps);
    last_->confidence = (last_->confidence * before + span.confidence * more) / (before + more);
    last_->end = span.end;
    last_->steps += span.steps;
    return;
  }
  if (last_) spans_.push_back(*std::exchange(last_, std::nullopt));
  if (shared) {
    last_ = span;
  } else {
    spans_.push_back(span);
  }
}

void RunSmoother::Finish(int64_t end) {
  while (!unsmoothed_.empty())
    SmoothNext();
  if (top_is_open_) {
    top_->end = end;
  } else if (open_) {
    open_->end = end;
    OnClosed(std::move(*open_));
    open_.reset();
  }
  if (short_ && top_) {
    Append(*top_, *short_);
  } else if (short_) {
    Settle(*short_);
    top_ = std::move(short_);
  }
  short_.reset();
  if (top_) EmitTop(end);
  top_.reset();
  if (last_) spans_.push_back(*std::exchange(last_, std::nullopt));
}

size_t RunSmoother::steps_kept() const {
  size_t kept = unsmoothed_.size();
  for (const auto *item : {&group_, &top_, &short_, &open_, &shown_})
    kept += *item ? (*item)->steps.size() : 0;
  return kept;
}

std::vector<LabelledSpan> RunSmoother::TakeSpans() {
  return std::exchange(spans_, {});
}

std::vector<StepLabel> RunSmoother::TakeLabels() {
  return std::exchange(step_labels_, {});
}

}  // namespace action
