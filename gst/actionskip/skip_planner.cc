// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionskip/skip_planner.h"

#include <algorithm>
#include <utility>

namespace action {
namespace {

// More pictures than any decoder reorders (16) wait for no good reason.
constexpr size_t kMostWaiting = 64;

}  // namespace

void SkipPlanner::Decide(Waiting &next) {
  const bool taken = sampler_.Take(next.picture.pts);
  if (sampler_.TakeIrregularInterval()) gave_up_ = "its pictures do not come at the announced rate";
  next.decided = true;
  next.plan.keep = taken || next.picture.referenced || gave_up_ != nullptr;
  last_shown_ = next.picture.pts;
  if (next.plan.keep) {
    next.plan.skipped = std::exchange(skipped_, {});
  } else {
    skipped_.push_back({next.picture.pts, next.picture.duration});
  }
}

// What was skipped until now is told with the next picture that is shown.
void SkipPlanner::KeepAll() {
  Waiting *first = nullptr;
  for (Waiting &one : waiting_) {
    if (one.decided) continue;
    one.decided = true;
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

std::vector<SkipPlanner::Plan> SkipPlanner::Add(const Picture &picture) {
  if (gave_up_ == nullptr) {
    if (picture.pts < picture.dts || (last_dts_ && picture.dts <= *last_dts_)) {
      gave_up_ = "its decoding times are not in order";
    } else if (last_shown_ && picture.pts <= *last_shown_) {
      gave_up_ = "its times go back";
    } else if (waiting_.size() >= kMostWaiting) {
      gave_up_ = "its pictures wait for each other for too long";
    }
  }
  last_dts_ = picture.dts;
  waiting_.push_back({picture, false, {}});
  // Whatever comes later is shown after it is decoded, which is after now: before that, the order of showing is known.
  while (gave_up_ == nullptr) {
    Waiting *next = nullptr;
    for (Waiting &one : waiting_) {
      if (!one.decided && one.picture.pts < picture.dts && (next == nullptr || one.picture.pts < next->picture.pts))
        next = &one;
    }
    if (next == nullptr) break;
    Decide(*next);
  }
  if (gave_up_ != nullptr) KeepAll();
  return TakeDecided();
}

std::vector<SkipPlanner::Plan> SkipPlanner::Finish() {
  KeepAll();
  return TakeDecided();
}

}  // namespace action
