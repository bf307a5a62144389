#include "action/timeline/agreement.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace action {
namespace {

double Seconds(int64_t ns) {
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
    agreement.truth_seconds += Seconds(right.duration());
    for (const Segment &said : timeline) {
      const int64_t common = std::min(said.end, right.end) - std::max(said.start, right.start);
      if (common <= 0) continue;
      if (said.coarse_action == right.coarse_action) agreement.coarse_seconds += Seconds(common);
      if (said.fine_action == right.fine_action) agreement.fine_seconds += Seconds(common);
      if (said.category == right.category) agreement.value_seconds += Seconds(common);
    }
  }
  const std::vector<int64_t> said = BoundariesOf(timeline), right = BoundariesOf(truth);
  if (said.empty()) return agreement;
  double sum = 0;
  for (const int64_t boundary : right) {
    int64_t nearest = INT64_MAX;
    for (const int64_t other : said)
      nearest = std::min(nearest, std::abs(other - boundary));
    sum += Seconds(nearest);
  }
  agreement.boundaries = right.size();
  if (!right.empty()) agreement.mean_boundary_error = sum / static_cast<double>(right.size());
  return agreement;
}

}  // namespace action
