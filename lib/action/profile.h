// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sets of settings under one name.
#ifndef ACTION_PROFILE_H_
#define ACTION_PROFILE_H_

#include "action/export.h"
#include "action/timeline/smoothing.h"

namespace action {

enum class Profile {
  kReference,  // what the Python system computes
  kStudy,      // durations of elements of work; chosen on the yardstick of docs/accuracy.md
};

// "reference", "study"
ACTION_API const char *NameOf(Profile profile);

ACTION_API SmoothingSettings SmoothingOf(Profile profile);
// r3dfeatures' hop: samples from one step to the next.
ACTION_API int HopOf(Profile profile);

}  // namespace action

#endif  // ACTION_PROFILE_H_
