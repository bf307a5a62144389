// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/viterbi_smoother.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "action/timeline/order_of_work.h"

namespace action {
namespace {

constexpr double kLeastProbability = 1e-6;
constexpr double kMillionths = 1e6;
constexpr int64_t kDropped = std::numeric_limits<int64_t>::min() / 2;

int64_t ToScore(double nats) {
  return std::llround(nats * kMillionths);
}

// ln p of every fine label. A step of which only labels are known is as sure of them as can be; one that is unknown
// says nothing.
std::vector<int64_t> EvidenceOf(const Step &step, size_t labels) {
  if (step.fine_scores.size() != labels) {
    std::vector<int64_t> evidence(labels, ToScore(std::log(kLeastProbability)));
    if (static_cast<size_t>(step.coarse) < step.fine.size()) {
      evidence[static_cast<size_t>(step.fine[static_cast<size_t>(step.coarse)])] = 0;
    }
    return evidence;
  }
  std::vector<int64_t> evidence;
  for (const float p : step.fine_scores)
    evidence.push_back(ToScore(std::log(std::max(static_cast<double>(p), kLeastProbability))));
  return evidence;
}

}  // namespace

std::vector<std::vector<double>> ChangeCosts(const SmoothingSettings &settings, const LabelTable &labels) {
  const OrderOfWork order(labels);
  std::vector<std::vector<double>> costs;
  for (size_t from = 0; from < labels.fine.size(); ++from) {
    std::vector<double> &row = costs.emplace_back(labels.fine.size(), settings.switch_cost);
    row[from] = 0;
    for (size_t to = 0; to < row.size(); ++to) {
      if (to != from) row[to] += settings.order_cost * std::min(order.LeftOut(from, to), 2);
    }
  }
  return costs;
}

ViterbiSmoother::ViterbiSmoother(const SmoothingSettings &settings, const LabelTable &labels, int64_t start)
    : start_(start),
      newest_time_(start),
      lookahead_(settings.lookahead),
      longest_doubt_(settings.longest_doubt),
      count_(labels.fine.size()),
      families_(FamiliesOf(labels)),
      merger_(settings, labels, StepIds::kFine, start) {
  for (const std::vector<double> &row : ChangeCosts(settings, labels)) {
    std::vector<int64_t> &cost = cost_.emplace_back();
    for (const double nats : row)
      cost.push_back(ToScore(nats));
  }
}

// ---- The best sequences

void ViterbiSmoother::Extend(const Step &step) {
  const std::vector<int64_t> evidence = EvidenceOf(step, count_);
  Pending next{step, std::vector<int>(count_, -1)};
  if (scores_.empty()) {
    scores_ = evidence;
  } else {
    std::vector<int64_t> extended(count_);
    for (size_t to = 0; to < count_; ++to) {
      size_t best = to;
      int64_t score = scores_[to];
      for (size_t from = 0; from < count_; ++from) {
        const int64_t changed = scores_[from] - cost_[from][to];
        if (changed > score) {
          score = changed;
          best = from;
        }
      }
      next.from[to] = static_cast<int>(best);
      extended[to] = score + evidence[to];
    }
    // Only differences matter.
    const int64_t highest = std::ranges::max(extended);
    for (int64_t &score : extended)
      score = std::max(score - highest, kDropped);
    scores_ = std::move(extended);
  }
  pending_.push_back(std::move(next));
}

int ViterbiSmoother::Best() const {
  return static_cast<int>(std::ranges::max_element(scores_) - scores_.begin());
}

std::vector<int> ViterbiSmoother::BestPath() const {
  std::vector<int> path(pending_.size());
  int label = Best();
  for (size_t i = path.size(); i-- > 0;) {
    path[i] = label;
    label = pending_[i].from[static_cast<size_t>(label)];
  }
  return path;
}

void ViterbiSmoother::Add(Step step) {
  step.time = std::max(step.time, newest_time_);
  newest_time_ = step.time;
  Extend(step);
  CommitAgreed();
  while (!pending_.empty() && newest_time_ - pending_.front().step.time > longest_doubt_) {
    ForceFirst();
    CommitAgreed();
  }
  ShowLate();
}

// What all sequences that have not been dropped agree on.
void ViterbiSmoother::CommitAgreed() {
  std::vector<int> alive;
  for (size_t label = 0; label < count_; ++label) {
    if (scores_[label] > kDropped) alive.push_back(static_cast<int>(label));
  }
  std::vector<int> agreed;  // labels, from the newest agreed step back
  for (size_t i = pending_.size(); i-- > 0;) {
    if (alive.size() == 1) agreed.push_back(alive[0]);
    if (i == 0) break;
    for (int &label : alive)
      label = pending_[i].from[static_cast<size_t>(label)];
    std::ranges::sort(alive);
    alive.erase(std::unique(alive.begin(), alive.end()), alive.end());
  }
  for (auto label = agreed.rbegin(); label != agreed.rend(); ++label)
    CommitFirst(*label);
}

void ViterbiSmoother::ForceFirst() {
  std::vector<int> first(count_);  // by label, what the best sequence that ends in it has at the first step
  for (size_t label = 0; label < count_; ++label) {
    int at = static_cast<int>(label);
    for (size_t i = pending_.size(); i-- > 1;)
      at = pending_[i].from[static_cast<size_t>(at)];
    first[label] = at;
  }
  const int decided = first[static_cast<size_t>(Best())];
  for (size_t label = 0; label < count_; ++label) {
    if (first[label] != decided) scores_[label] = kDropped;
  }
  ++forced_;
  CommitFirst(decided);
}

void ViterbiSmoother::CommitFirst(int fine) {
  const Pending done = std::move(pending_.front());
  pending_.pop_front();
  if (shown_count_ > 0) {
    --shown_count_;
  } else {
    ShowNext(done.step, fine);
  }
  merger_.Add(done.step, fine, pending_.empty() ? done.step.time : pending_.front().step.time);
}

void ViterbiSmoother::Finish(int64_t end) {
  const std::vector<int> path = pending_.empty() ? std::vector<int>() : BestPath();
  for (const int label : path)
    CommitFirst(label);
  merger_.Finish(end);
}

// ---- What frames show

void ViterbiSmoother::Show(std::optional<Shown> &shown, const Step &step, int fine) const {
  if (!shown) {
    shown = Shown{fine, start_, merger_.NewTally()};
  } else if (shown->fine != fine) {
    shown = Shown{fine, step.time, merger_.NewTally()};
  }
  shown->tally.Add(fine, step);
}

StepLabel ViterbiSmoother::LabelOf(const Shown &shown, const Step &step) const {
  return {step.time,   step.end,
          shown.start, families_[static_cast<size_t>(shown.fine)],
          shown.fine,  shown.tally.ConfidenceOf(shown.fine)};
}

void ViterbiSmoother::ShowNext(const Step &step, int fine) {
  Show(shown_, step, fine);
  StepLabel label = LabelOf(*shown_, step);
  if (!newest_shown_) label.time = start_;
  newest_shown_ = label;
  step_labels_.push_back(label);
}

// Frames do not wait longer than lookahead.
void ViterbiSmoother::ShowLate() {
  if (pending_.empty()) return;
  const int64_t newest_end = pending_.back().step.end;
  const auto is_late = [this, newest_end](size_t i) {
    return i < pending_.size() && newest_end - pending_[i].step.time >= lookahead_;
  };
  if (!is_late(shown_count_)) return;
  const std::vector<int> path = BestPath();
  for (; is_late(shown_count_); ++shown_count_)
    ShowNext(pending_[shown_count_].step, path[shown_count_]);
}

std::optional<StepLabel> ViterbiSmoother::Newest() const {
  if (pending_.size() == shown_count_) return newest_shown_;
  std::optional<Shown> shown = shown_;
  const std::vector<int> path = BestPath();
  for (size_t i = shown_count_; i < path.size(); ++i)
    Show(shown, pending_[i].step, path[i]);
  return LabelOf(*shown, pending_.back().step);
}

std::vector<StepLabel> ViterbiSmoother::TakeLabels() {
  return std::exchange(step_labels_, {});
}

}  // namespace action
