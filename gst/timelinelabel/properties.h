// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of timelinelabel: their texts, defaults and values.
#ifndef GST_ACTION_TIMELINELABEL_PROPERTIES_H_
#define GST_ACTION_TIMELINELABEL_PROPERTIES_H_

#include <gst/gst.h>

#include <string>

#include "action/timeline/stream_clock.h"
#include "common/property_table.h"

namespace action {

struct TimelineLabelSettings {
  std::string location;
  TimeOrigin time_origin = TimeOrigin::kFirstFrame;
};

const PropertyTable<TimelineLabelSettings> &TimelineLabelProperties();
inline const auto &PropertiesOf(const TimelineLabelSettings &) {
  return TimelineLabelProperties();
}

}  // namespace action

#endif  // GST_ACTION_TIMELINELABEL_PROPERTIES_H_
