// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionskip/skip_planner.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace action {
namespace {

// More pictures than any decoder reorders (16) wait for no good reason; without decoding times, more than ten seconds
// from one IDR picture to the next.
constexpr size_t kMostWaiting = 64;
constexpr size_t kLongestGroup = 512;

}  // namespace

void SkipPlanner::Decide(Waiting &next, const Picture *after) {
  const Picture &picture = next.picture;
  next.decided = true;
  last_shown_ = picture.pts;
  if (picture.place != Place::kInside) {  // r3dfeatures does not see it
    next.plan.keep = picture.referenced || gave_up_ != nullptr;
    return;
  }
  const bool taken = sampler_.Take(picture.pts + picture.cut);
  if (sampler_.TakeIrregularInterval()) {
    irregular_ = true;
    gave_up_ = "its pictures do not come at the announced rate";
  }
  // The last one tells r3dfeatures of those before it.
  const bool last = after == nullptr || after->place == Place::kAfter;
  next.plan.keep = taken || last || picture.referenced || gave_up_ != nullptr;
  if (next.plan.keep) {
    next.plan.skipped = std::exchange(skipped_, {});
  } else {
    skipped_.push_back({picture.pts, picture.duration});
  }
}

std::vector<SkipPlanner::Waiting *> SkipPlanner::UndecidedBefore(int64_t time) {
  std::vector<Waiting *> shown;
  for (Waiting &one : waiting_) {
    if (!one.decided && one.picture.pts < time) shown.push_back(&one);
  }
  std::ranges::sort(shown, {}, [](const Waiting *one) { return one->picture.pts; });
  return shown;
}

void SkipPlanner::DecideAll(const std::vector<Waiting *> &shown, const Picture *after) {
  for (size_t i = 0; i < shown.size() && gave_up_ == nullptr; ++i) {
    const Picture *next = i + 1 < shown.size() ? &shown[i + 1]->picture : after;
    Decide(*shown[i], next);
  }
}

// What was skipped until now is told with the next picture that is shown. One whose time lies before it is of another
// film that was put behind this one.
void SkipPlanner::KeepAll() {
  Waiting *first = nullptr;
  for (Waiting &one : waiting_) {
    if (one.decided) continue;
    one.decided = true;
    if (one.picture.place != Place::kInside || (last_shown_ && one.picture.pts <= *last_shown_)) continue;
    if (first == nullptr || one.picture.pts < first->picture.pts) first = &one;
  }
  if (first != nullptr) first->plan.skipped = std::exchange(skipped_, {});
}

std::vector<SkipPlanner::Plan> SkipPlanner::TakeDecided() {
  std::vector<Plan> plans;
  while (!waiting_.empty() && waiting_.front().decided) {
    plans.push_back(std::move(waiting_.front().plan));
    waiting_.pop_front();
  }
  return plans;
}

const char *SkipPlanner::ProblemOf(const Picture &picture) const {
  if (last_ && last_->dts.has_value() != picture.dts.has_value()) return "some of its decoding times are missing";
  if (picture.dts && (picture.pts < *picture.dts || (last_ && *picture.dts <= *last_->dts)))
    return "its decoding times are not in order";
  if (last_shown_ && picture.pts <= *last_shown_) return "its times go back";
  if (waiting_.size() >= (picture.dts ? kMostWaiting : kLongestGroup))
    return "its pictures wait for each other for too long";
  return nullptr;
}

std::vector<SkipPlanner::Plan> SkipPlanner::Add(const Picture &picture) {
  if (gave_up_ == nullptr) gave_up_ = ProblemOf(picture);
  last_ = picture;
  if (picture.dts) {
    waiting_.push_back({picture, false, {}});
    // Of what is known to be shown before now the last one waits, since it is not known what is shown after it.
    std::vector<Waiting *> shown = UndecidedBefore(*picture.dts);
    if (!shown.empty()) {
      const Picture &last = shown.back()->picture;
      shown.pop_back();
      DecideAll(shown, &last);
    }
  } else {
    if (picture.instantaneous_refresh) DecideAll(UndecidedBefore(INT64_MAX), &picture);
    waiting_.push_back({picture, false, {}});
  }
  if (gave_up_ != nullptr) KeepAll();
  return TakeDecided();
}

std::vector<SkipPlanner::Plan> SkipPlanner::End() {
  DecideAll(UndecidedBefore(INT64_MAX), nullptr);
  return Finish();
}

std::vector<SkipPlanner::Plan> SkipPlanner::Finish() {
  KeepAll();
  return TakeDecided();
}

void SkipPlanner::Restart() {
  sampler_.Restart();
  waiting_.clear();
  skipped_.clear();
  last_shown_.reset();
  last_.reset();
  if (!irregular_) gave_up_ = nullptr;
}

}  // namespace action
