// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/profile.h"

#include "action/engine.h"

namespace action {

const char *NameOf(Profile profile) {
  return profile == Profile::kStudy ? "study" : "reference";
}

SmoothingSettings SmoothingOf(Profile profile) {
  SmoothingSettings settings;
  if (profile == Profile::kStudy) settings.method = SmoothingMethod::kViterbi;
  return settings;
}

int HopOf(Profile profile) {
  return profile == Profile::kStudy ? 4 : kChunkFrames;
}

}  // namespace action
