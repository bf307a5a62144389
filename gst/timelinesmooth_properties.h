// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of timelinesmooth: their texts, defaults and values.
#ifndef GST_ACTION_TIMELINESMOOTH_PROPERTIES_H_
#define GST_ACTION_TIMELINESMOOTH_PROPERTIES_H_

#include <gst/gst.h>

#include <string>

#include "action/profile.h"
#include "action/timeline/smoothing.h"

namespace action {

enum class SyncMode { kAuto, kImmediate, kAligned };
enum class TimeOrigin { kFirstFrame, kStream };

struct SmoothSettings {
  SmoothingSettings smoothing;
  // Where set they win over `smoothing`, once it is known how long a step is; s. 0, and less than 0 for the last: not
  // set.
  double window_seconds = 0;
  double refine_window_seconds = 0;
  double min_duration_seconds = -1;
  Profile profile = Profile::kReference;
  guint64 set_by_user = 0;  // bits by property id: those that the profile leaves alone
  SyncMode sync_mode = SyncMode::kAuto;
  guint64 max_size_bytes = G_GUINT64_CONSTANT(2) << 30;
  GstClockTime stall_timeout = 10 * GST_SECOND;
  TimeOrigin time_origin = TimeOrigin::kFirstFrame;
  std::string location;
  std::string elements;
  bool post_messages = true;

  // `smoothing` for steps that are so many seconds apart.
  SmoothingSettings SmoothingFor(double step_seconds) const;
};

// Installs `stats` too, of which the element knows the value.
void InstallSmoothProperties(GObjectClass *object_class);
bool IsStats(guint id);

// False when there is no property of this id.
bool SetProperty(SmoothSettings &settings, guint id, const GValue *value);
bool GetProperty(const SmoothSettings &settings, guint id, GValue *value);

}  // namespace action

#endif  // GST_ACTION_TIMELINESMOOTH_PROPERTIES_H_
