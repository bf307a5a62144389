// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of timelinesmooth: their texts, defaults and values.
#ifndef GST_ACTION_TIMELINESMOOTH_PROPERTIES_H_
#define GST_ACTION_TIMELINESMOOTH_PROPERTIES_H_

#include <gst/gst.h>

#include <optional>
#include <string>

#include "action/profile.h"
#include "action/timeline/smoothing.h"
#include "action/timeline/stream_clock.h"
#include "common/property_table.h"

namespace action {

enum class SyncMode { kAuto, kImmediate, kAligned };

// What the user has set by itself, whatever the profile says.
struct SmoothingSetByUser {
  std::optional<SmoothingMethod> method;
  std::optional<int> window;
  std::optional<int> refine_window;
  std::optional<int64_t> min_duration;
  std::optional<double> switch_cost;
  std::optional<double> order_cost;
  std::optional<int64_t> lookahead;
};

struct TimelineSmoothSettings {
  Profile profile = Profile::kReference;
  SmoothingSetByUser by_user;
  // Deprecated forms in seconds, which win once it is known how long a step is. 0, and less than 0 for the last: not
  // set.
  double window_seconds = 0;
  double refine_window_seconds = 0;
  double min_duration_seconds = -1;
  SyncMode sync_mode = SyncMode::kAuto;
  guint64 max_size_bytes = G_GUINT64_CONSTANT(2) << 30;
  GstClockTime stall_timeout = 10 * GST_SECOND;
  TimeOrigin time_origin = TimeOrigin::kFirstFrame;
  std::string location;
  std::string station;
  std::string elements;
  bool post_messages = true;

  // What the profile and the user say together; for steps that are so many seconds apart, 0 where that is not known.
  SmoothingSettings SmoothingFor(double step_seconds) const;
};

// With `stats`, of which the element knows the value.
const PropertyTable<TimelineSmoothSettings> &TimelineSmoothProperties();
inline const auto &PropertiesOf(const TimelineSmoothSettings &) {
  return TimelineSmoothProperties();
}

}  // namespace action

#endif  // GST_ACTION_TIMELINESMOOTH_PROPERTIES_H_
