// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/segment_merger.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace action {
namespace {

// Times are frames' times in whole ns: what the reference counts as equal may differ by a few.
constexpr int64_t kSameTime = 500000;

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

std::vector<int> FamiliesOf(const LabelTable &labels) {
  std::vector<int> families;
  for (const FineLabel &label : labels.fine)
    families.push_back(static_cast<int>(std::ranges::find(labels.coarse, label.coarse) - labels.coarse.begin()));
  families.push_back(labels.unknown_coarse());
  return families;
}

// ---- Tally

Tally::Tally(const LabelTable &labels, StepIds ids, int refine_window)
    : ids_(ids),
      unknown_coarse_(labels.unknown_coarse()),
      unknown_fine_(labels.unknown_fine()),
      // Where every step has the label of all there is nothing to smooth.
      votes_(ids == StepIds::kFine ? 1 : std::max(refine_window, 1) / 2 * 2 + 1),
      scores_(labels.fine.size(), 0) {}

void Tally::Add(int id, const Step &step) {
  if (ids_ == StepIds::kFine) {
    votes_.Add(id);
  } else {
    votes_.Add(id < unknown_coarse_ ? step.fine[static_cast<size_t>(id)] : unknown_fine_);
  }
  for (size_t i = 0; i < std::min(scores_.size(), step.fine_scores.size()); ++i)
    scores_[i] += static_cast<double>(step.fine_scores[i]);
}

void Tally::Append(const Tally &next) {
  votes_.Append(next.votes_);
  for (size_t i = 0; i < scores_.size(); ++i)
    scores_[i] += next.scores_[i];
}

double Tally::ConfidenceOf(int fine) const {
  const auto id = static_cast<size_t>(fine);
  return id < scores_.size() ? scores_[id] / static_cast<double>(votes_.size()) : 0;
}

// ---- Items

SegmentMerger::SegmentMerger(const SmoothingSettings &settings, const LabelTable &labels, StepIds ids, int64_t start)
    : labels_(labels),
      ids_(ids),
      refine_window_(settings.refine_window),
      start_(start),
      minima_((ids == StepIds::kFine ? labels.fine.size() : labels.coarse.size()) + 1, settings.min_duration),
      unknown_threshold_(ids == StepIds::kFine ? settings.unknown_threshold : 0),
      families_(FamiliesOf(labels)),
      shared_(SharedNames(labels)) {
  shared_.back() = ids == StepIds::kFine;
  if (ids != StepIds::kFine) return;
  for (size_t id = 0; id < labels.fine.size(); ++id) {
    if (const auto &seconds = labels.fine[id].element.min_seconds) minima_[id] = std::llround(*seconds * 1e9);
  }
}

bool SegmentMerger::IsShort(const Item &item) const {
  return item.duration() + kSameTime < minima_[static_cast<size_t>(item.id)];
}

bool SegmentMerger::IsLonger(const Item &a, const Item &b) {
  return a.duration() - b.duration() > kSameTime;
}

SegmentMerger::Item SegmentMerger::NewItem(int id, int64_t start) const {
  return {id, start, start, NewTally()};
}

void SegmentMerger::Add(Item &item, const Step &step) {
  if (item.settled) {
    item.tally.Add(item.id, step);
  } else {
    item.steps.push_back(step);
  }
}

void SegmentMerger::Settle(Item &item) {
  if (std::exchange(item.settled, true)) return;
  for (const Step &step : std::exchange(item.steps, {}))
    Add(item, step);
}

void SegmentMerger::SettleIfLong(Item &item) const {
  if (!IsShort(item)) Settle(item);
}

void SegmentMerger::Append(Item &item, const Item &next) {
  for (const Step &step : next.steps)
    Add(item, step);
  item.tally.Append(next.tally);
  item.end = next.end;
}

void SegmentMerger::Prepend(const Item &before, Item &item) const {
  Item merged = NewItem(item.id, before.start);
  merged.settled = item.settled;
  Append(merged, before);
  Append(merged, item);
  item = std::move(merged);
}

// ---- Merging

void SegmentMerger::Add(const Step &step, int id, int64_t lasts_until) {
  if (top_is_open_ && top_->id == id) {
    Add(*top_, step);
    top_->end = lasts_until;
    return;
  }
  if (std::exchange(top_is_open_, false)) top_->end = step.time;
  if (open_ && open_->id != id) {
    open_->end = step.time;
    OnClosed(std::move(*open_));
    open_.reset();
  }
  const bool first = !top_ && !short_ && !open_;
  if (!open_) open_ = NewItem(id, first ? start_ : step.time);
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

void SegmentMerger::OnClosed(Item item) {
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

void SegmentMerger::PushTop(Item item) {
  if (top_ && top_->id == item.id) {
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

void SegmentMerger::EmitTop(int64_t end) {
  if (group_) {
    Append(*group_, *top_);
    top_ = std::exchange(group_, std::nullopt);
  }
  LabelledSpan span{top_->start, end, 0, top_->tally.fine(), top_->tally.steps(), 0};
  span.confidence = top_->tally.ConfidenceOf(span.fine);
  if (span.confidence < unknown_threshold_) span.fine = labels_.unknown_fine();
  span.coarse = ids_ == StepIds::kCoarse ? top_->id : families_[static_cast<size_t>(span.fine)];

  const auto name = [this](int id) {
    return id < labels_.unknown_fine() ? labels_.fine[static_cast<size_t>(id)].label : std::string(kUnknownLabel);
  };
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

void SegmentMerger::Finish(int64_t end) {
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

size_t SegmentMerger::steps_kept() const {
  size_t kept = 0;
  for (const auto *item : {&group_, &top_, &short_, &open_})
    kept += *item ? (*item)->steps.size() : 0;
  return kept;
}

std::vector<LabelledSpan> SegmentMerger::TakeSpans() {
  return std::exchange(spans_, {});
}

}  // namespace action
