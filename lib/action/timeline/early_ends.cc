// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/early_ends.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>

namespace action {
namespace {

// If segments, in order of time, end a step early: how long a step is. Nothing: steps are not of one length, or there
// is not just one between a segment and the next.
std::optional<int64_t> MissingStep(std::span<const Segment *const> segments) {
  constexpr int64_t kChunk = 2'000'000'000;  // ns; 16 samples at 8 a second
  std::optional<int64_t> step;
  const auto fits = [&step](int64_t time, int64_t steps) {
    if (!step) step = time / steps;
    const int64_t off = std::abs(time - *step * steps);
    return *step > 0 && 50 * off <= *step * steps;
  };
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment &segment = *segments[i];
    if (segment.num_frames > 1 && !fits(segment.duration(), segment.num_frames - 1)) return std::nullopt;
    if (segment.num_frames <= 1 && segment.duration() != 0) return std::nullopt;
    if (i + 1 < segments.size() && !fits(segments[i + 1]->start - segment.end, 1)) return std::nullopt;
  }
  return step.value_or(kChunk);
}

}  // namespace

bool MendEarlyEnds(std::vector<Segment> &segments) {
  std::vector<Segment *> in_order;
  for (Segment &segment : segments)
    in_order.push_back(&segment);
  std::ranges::stable_sort(in_order, {}, &Segment::start);
  const auto step = MissingStep(std::vector<const Segment *>(in_order.begin(), in_order.end()));
  if (!step) return false;
  for (size_t i = 0; i + 1 < in_order.size(); ++i)
    in_order[i]->end = in_order[i + 1]->start;
  in_order.back()->end += *step;
  return true;
}

}  // namespace action
