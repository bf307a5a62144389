// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/timeline/agreement.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "action/timeline/edit_distance.h"

namespace action {
namespace {

double ToSeconds(int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

// Where one segment ends and the next begins, with another fine action.
std::vector<int64_t> BoundariesOf(std::span<const Segment> segments) {
  std::vector<int64_t> boundaries;
  for (size_t i = 1; i < segments.size(); ++i) {
    if (segments[i].fine_action != segments[i - 1].fine_action) boundaries.push_back(segments[i].start);
  }
  return boundaries;
}

}  // namespace

Agreement Compare(std::span<const Segment> timeline, std::span<const Segment> truth) {
  Agreement agreement;
  for (const Segment &right : truth) {
    agreement.truth_seconds += ToSeconds(right.duration());
    for (const Segment &said : timeline) {
      const int64_t common = std::min(said.end, right.end) - std::max(said.start, right.start);
      if (common <= 0) continue;
      if (said.coarse_action == right.coarse_action) agreement.coarse_seconds += ToSeconds(common);
      if (said.fine_action == right.fine_action) agreement.fine_seconds += ToSeconds(common);
      if (said.category == right.category) agreement.value_seconds += ToSeconds(common);
    }
  }
  const std::vector<int64_t> said = BoundariesOf(timeline), right = BoundariesOf(truth);
  agreement.boundaries = right.size();
  if (said.empty() || right.empty()) return agreement;
  double sum = 0;
  for (const int64_t boundary : right) {
    int64_t nearest = INT64_MAX;
    for (const int64_t other : said)
      nearest = std::min(nearest, std::abs(other - boundary));
    sum += ToSeconds(nearest);
  }
  agreement.mean_boundary_error = sum / static_cast<double>(right.size());
  return agreement;
}

namespace {

struct Stretch {
  std::string label;
  double start, end;  // s
  double duration() const { return end - start; }
};

std::vector<Stretch> ElementsOf(std::span<const Segment> segments) {
  std::vector<Stretch> elements;
  bool follows = false;
  for (const Segment &segment : segments) {
    const bool is_element = StateInStudy(segment) == SegmentState::kMeasured;
    if (is_element && follows && elements.back().label == segment.fine_action) {
      elements.back().end = ToSeconds(segment.end);
    } else if (is_element) {
      elements.push_back({segment.fine_action, ToSeconds(segment.start), ToSeconds(segment.end)});
    }
    follows = is_element;
  }
  return elements;
}

double Iou(const Stretch &a, const Stretch &b) {
  const double common = std::min(a.end, b.end) - std::max(a.start, b.start);
  if (common <= 0) return 0;
  return common / (std::max(a.end, b.end) - std::min(a.start, b.start));
}

// The one of the same label that shares most; nothing when none shares anything.
const Stretch *BestMatch(const Stretch &element, const std::vector<Stretch> &others) {
  const Stretch *best = nullptr;
  double most = 0;
  for (const Stretch &other : others) {
    if (other.label != element.label) continue;
    const double iou = Iou(element, other);
    if (iou > most) {
      most = iou;
      best = &other;
    }
  }
  return best;
}

// Boundaries at tenths of a frame are equal: times in files are rounded.
constexpr double kRounding = 1e-9;

double F1(const std::vector<Stretch> &said, const std::vector<Stretch> &truth, double overlap) {
  std::vector<bool> hit(truth.size(), false);
  size_t right = 0;
  for (const Stretch &element : said) {
    const Stretch *match = BestMatch(element, truth);
    if (match == nullptr || Iou(element, *match) < overlap - kRounding) continue;
    const auto place = static_cast<size_t>(match - truth.data());
    if (!hit[place]) ++right;
    hit[place] = true;
  }
  const double sum = static_cast<double>(said.size() + truth.size());
  return sum > 0 ? 100 * 2 * static_cast<double>(right) / sum : 0;
}

// 100 less the Levenshtein distance of the label sequences in per cent of the longer one.
double EditScore(const std::vector<Stretch> &said, const std::vector<Stretch> &truth) {
  const size_t longer = std::max(said.size(), truth.size());
  if (longer == 0) return 0;
  return 100 * (1 - static_cast<double>(EditDistance(said, truth)) / static_cast<double>(longer));
}

}  // namespace

ElementAgreement CompareElements(std::span<const Segment> timeline, std::span<const Segment> truth) {
  constexpr double kSame = 0.5;
  const std::vector<Stretch> said = ElementsOf(timeline), right = ElementsOf(truth);
  ElementAgreement agreement;
  agreement.elements = right.size();
  size_t found = 0;
  for (const Stretch &element : right) {
    const Stretch *match = BestMatch(element, said);
    if (match == nullptr || Iou(element, *match) < kSame - kRounding) continue;
    ++found;
    const double error = match->duration() - element.duration();
    agreement.duration_bias += error;
    agreement.duration_error += std::abs(error);
    if (std::abs(error) <= 0.5 + kRounding) ++agreement.within_half_second;
    if (std::abs(error) <= 0.1 * element.duration() + kRounding) ++agreement.within_tenth;
  }
  agreement.lost = right.size() - found;
  if (found > 0) {
    agreement.duration_bias /= static_cast<double>(found);
    agreement.duration_error /= static_cast<double>(found);
  }
  for (const Stretch &element : said) {
    const Stretch *match = BestMatch(element, right);
    if (match == nullptr || Iou(element, *match) < kSame - kRounding) ++agreement.invented;
  }
  agreement.f1_10 = F1(said, right, 0.10);
  agreement.f1_25 = F1(said, right, 0.25);
  agreement.f1_50 = F1(said, right, 0.50);
  agreement.edit = EditScore(said, right);
  return agreement;
}

}  // namespace action
