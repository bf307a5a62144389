// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which classifiers a set of labels asks for.
#ifndef ACTION_TRAINING_PLAN_H_
#define ACTION_TRAINING_PLAN_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "action/export.h"
#include "action/network.h"

namespace action {

// What a head is trained and measured on.
struct LabelledClip {
  std::string name;   // for people
  std::string label;  // fine, normalised
  std::string source;
  std::vector<Features> steps;  // at least one
};

// Clips are large, and the same ones train many heads.
using ClipPointers = std::vector<const LabelledClip *>;
ClipPointers PointersTo(std::span<const LabelledClip> clips);

// A family: the fine labels of one coarse label.
struct FamilyPlan {
  std::string name;
  size_t clips = 0;
  std::vector<std::string> labels;  // by class id
  std::string skipped;              // "single_class", "too_few_clips", or empty: it gets a head
};

// The coarse labels by class id, with their families. The reference's rule: a family with one fine label, or fewer than
// 2 clips, is skipped.
ACTION_API std::vector<FamilyPlan> PlanFamilies(std::span<const std::string> labels);

// The place of a label among these; -1: it is none of them.
int IdOf(const std::vector<std::string> &labels, const std::string &label);

}  // namespace action

#endif  // ACTION_TRAINING_PLAN_H_
