// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/training/plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "action/labels.h"

namespace action {
namespace {

constexpr size_t kFewestClips = 2;  // of a family that is trained

}  // namespace

int IdOf(const std::vector<std::string> &labels, const std::string &label) {
  const auto found = std::ranges::find(labels, label);
  return found != labels.end() ? static_cast<int>(found - labels.begin()) : -1;
}

ClipPointers PointersTo(std::span<const LabelledClip> clips) {
  ClipPointers pointers;
  for (const LabelledClip &clip : clips)
    pointers.push_back(&clip);
  return pointers;
}

std::vector<FamilyPlan> PlanFamilies(std::span<const std::string> labels) {
  std::map<std::string, FamilyPlan> families;
  for (const std::string &label : labels) {
    FamilyPlan &family = families[CoarseLabel(label)];
    ++family.clips;
    if (IdOf(family.labels, label) < 0) family.labels.push_back(label);
  }
  std::vector<FamilyPlan> plan;
  for (auto &[name, family] : families) {
    family.name = name;
    std::ranges::sort(family.labels);
    if (family.labels.size() < 2) {
      family.skipped = "single_class";
    } else if (family.clips < kFewestClips) {
      family.skipped = "too_few_clips";
    }
    plan.push_back(std::move(family));
  }
  return plan;
}

}  // namespace action
