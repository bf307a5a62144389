// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timelinesmooth/enums.h"

#include "common/enum_type.h"
#include "timelinesmooth/properties.h"

GType gst_action_sync_mode_get_type(void) {
  using action::SyncMode;
  static const GEnumValue values[] = {
      {action::EnumValue(SyncMode::kAuto), "Immediate when the source is live, aligned otherwise", "auto"},
      {action::EnumValue(SyncMode::kImmediate), "Frames pass at once, with what is known", "immediate"},
      {action::EnumValue(SyncMode::kAligned), "Frames wait for their smoothed coarse action", "aligned"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return action::EnumTypeOnce(&type, "GstActionSyncMode", values);
}

GType gst_action_profile_get_type(void) {
  using action::Profile;
  static const GEnumValue values[] = {
      {action::EnumValue(Profile::kReference), "What the Python system computes", "reference"},
      {action::EnumValue(Profile::kStudy), "Durations for a time study", "study"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return action::EnumTypeOnce(&type, "GstActionProfile", values);
}

GType gst_action_smoothing_method_get_type(void) {
  using action::SmoothingMethod;
  static const GEnumValue values[] = {
      {action::EnumValue(SmoothingMethod::kMajority), "Majority of coarse labels, then of fine labels", "majority"},
      {action::EnumValue(SmoothingMethod::kViterbi), "Most probable sequence of fine labels", "viterbi"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return action::EnumTypeOnce(&type, "GstActionSmoothingMethod", values);
}
