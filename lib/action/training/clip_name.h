// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the file name of a clip says of the action in it.
#ifndef ACTION_TRAINING_CLIP_NAME_H_
#define ACTION_TRAINING_CLIP_NAME_H_

#include <optional>
#include <string>

#include "action/export.h"
#include "action/labels.h"

namespace action {

// By which rule a label is read. The Python system has had three; docs/python-system.md compares them.
enum class LabelRule {
  kStandard,    // up to the value category; what stands behind it is an id. Without one: up to a number at the end
  kNotebook,    // the whole name
  kScripts,     // up to a number at the end
  kDeployment,  // ACTION_VALUE_ID: the action alone
};

// "standard", "notebook", "scripts", "deployment"
ACTION_API const char *NameOf(LabelRule rule);

struct ClipName {
  std::string text;      // the part of the name that is the label, as it is written
  std::string label;     // normalised
  bool foreign = false;  // it has letters outside ASCII
  // What the name says and the label does not (kDeployment).
  std::optional<ValueCategory> value = {};
  // What is left out of the label and is no plain number: a person, a camera, the number of a copy (kStandard).
  std::string id = {};
};

// `stem`: the name without folder and ending.
ACTION_API ClipName ReadClipName(const std::string &stem, LabelRule rule = LabelRule::kStandard);

}  // namespace action

#endif  // ACTION_TRAINING_CLIP_NAME_H_
