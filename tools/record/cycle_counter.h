// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_RECORD_CYCLE_COUNTER_H_
#define GST_ACTION_RECORD_CYCLE_COUNTER_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace action {

// Cycles of work, from each beginning of a certain element to the next. Segments come in the order of time.
class CycleCounter {
 public:
  // starts: fine labels of the element that a cycle begins with; none: nothing is counted. takt: ns; 0: none.
  CycleCounter(std::set<std::string> starts, int64_t takt) : starts_(std::move(starts)), takt_(takt) {}

  // measured: somebody was seen at work; a cycle with a gap, or an unknown stretch, in it has no length.
  void Add(const std::string &fine_label, int64_t start, bool measured) {
    if (!measured) {
      whole_ = false;
    } else if (!starts_.contains(fine_label)) {
      other_seen_ = true;
    } else if (!begin_ || other_seen_) {  // else the same element goes on, after a moment that nobody recognised
      Begin(start);
    }
  }

  // For the cycles that end from now on.
  void SetTakt(int64_t takt) { takt_ = takt; }

  uint64_t cycles() const { return cycles_; }
  uint64_t overruns() const { return overruns_; }
  // ns; nothing before the first whole one.
  std::optional<int64_t> last() const { return last_; }
  bool counts() const { return !starts_.empty(); }

 private:
  void Begin(int64_t start) {
    if (begin_) {
      ++cycles_;
      if (whole_) {
        last_ = start - *begin_;
        if (takt_ > 0 && *last_ > takt_) ++overruns_;
      }
    }
    begin_ = start;
    whole_ = true;
    other_seen_ = false;
  }

  std::set<std::string> starts_;
  int64_t takt_;
  std::optional<int64_t> begin_, last_;
  bool whole_ = true, other_seen_ = false;
  uint64_t cycles_ = 0, overruns_ = 0;
};

}  // namespace action

#endif  // GST_ACTION_RECORD_CYCLE_COUNTER_H_
