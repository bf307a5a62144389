// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "demo/plan.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "action/labels.h"
#include "demo/actions.h"
#include "demo/random.h"

namespace action {
namespace {

// An element of the cyclic work and its standard time in seconds.
using Work = std::pair<const char *, int>;

constexpr std::array<Work, 8> kWork{{{"fetch_part_rnva", 4},
                                     {"mount_wheel_va", 9},
                                     {"turn_screw_va", 14},
                                     {"check_gauge_rnva", 4},
                                     {"mount_panel_va", 11},
                                     {"turn_valve_va", 6},
                                     {"check_seam_rnva", 5},
                                     {"clean_tool_nva", 7}}};
constexpr size_t kSkipped = 3, kSwapped = 4, kSlow = 1;  // of kWork
constexpr int kSkippedIn = 4, kSwappedIn = 7, kSlowIn = 10;

}  // namespace

void DemoVideo::Add(const std::string &label, int frames) {
  segments.push_back({label, frames, shift + " " + std::to_string(segments.size())});
}

int DemoVideo::Frames() const {
  int frames = 0;
  for (const DemoSegment &segment : segments)
    frames += segment.frames;
  return frames;
}

std::vector<DemoVideo> PlanClips() {
  std::vector<DemoVideo> clips;
  for (const DemoAction &action : DemoActions()) {
    for (int take = 1; take <= action.clips; ++take) {
      const std::string name = action.label + "_00" + std::to_string(take);
      clips.push_back({name, name, {{action.label, kDemoFps * Random("length " + name).Whole(3, 8), name}}});
    }
  }
  return clips;
}

DemoVideo PlanLine(int seed) {
  DemoVideo video{"line_" + std::to_string(seed), "line " + std::to_string(seed), {}};
  std::vector<std::string> order;
  for (int round = 0; round < 2; ++round) {
    for (const DemoAction &action : DemoActions()) {
      if (action.clips > 1) order.push_back(action.label);
    }
  }
  Random chance(video.shift);
  for (size_t i = order.size() - 1; i > 0; --i) {
    std::swap(order[i], order[static_cast<size_t>(chance.Whole(0, static_cast<int>(i)))]);
  }
  for (const std::string &label : order)
    video.Add(label, kDemoFps * chance.Whole(4, 8));
  return video;
}

DemoVideo PlanCycles(int seed, int count) {
  DemoVideo video{"cycles_" + std::to_string(seed) + "_" + std::to_string(count), "cycles " + std::to_string(seed), {}};
  Random chance(video.shift);
  for (int cycle = 1; cycle <= count; ++cycle) {
    std::vector<Work> order(kWork.begin(), kWork.end());
    if (cycle == kSwappedIn) std::swap(order[kSwapped], order[kSwapped + 1]);
    for (const auto &[label, standard] : order) {
      // Within a sixth of the standard time, but never under 3 s.
      int frames = static_cast<int>(standard * kDemoFps * chance.Between(5.0 / 6, 7.0 / 6));
      frames = std::max(frames, 3 * kDemoFps);
      if (cycle == kSkippedIn && label == kWork[kSkipped].first) continue;
      video.Add(label, cycle == kSlowIn && label == kWork[kSlow].first ? 3 * frames : frames);
    }
    if (cycle == 1 || cycle % 3 == 0) video.Add("wait_idle_nva", kDemoFps * chance.Whole(4, 11));
  }
  return video;
}

std::string GroundTruth(const DemoVideo &video) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  int begin = 0;
  for (const DemoSegment &segment : video.segments) {
    const int end = begin + segment.frames;
    rows.push_back({{"start", DemoSeconds(begin)},
                    {"end", DemoSeconds(end)},
                    {"duration", DemoSeconds(segment.frames)},
                    {"coarse_action", CoarseLabel(segment.label)},
                    {"fine_action", segment.label},
                    {"value_category", NameOf(CategoryOf(segment.label))}});
    begin = end;
  }
  return rows.dump(2) + "\n";
}

}  // namespace action
