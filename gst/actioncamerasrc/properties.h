// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of actioncamerasrc: their texts, defaults and values.
#ifndef GST_ACTION_ACTIONCAMERASRC_PROPERTIES_H_
#define GST_ACTION_ACTIONCAMERASRC_PROPERTIES_H_

#include <gst/gst.h>

#include <string>

#include "common/property_table.h"

namespace action {

struct CameraSettings {
  std::string uri;
  std::string user_id;
  std::string user_pw;
  std::string protocols;
  guint latency = 200;  // ms
  GstClockTime connect_timeout = 20 * GST_SECOND;
  GstClockTime stale_timeout = 5 * GST_SECOND;
  GstClockTime frozen_timeout = 0;
  GstClockTime retry_min = GST_SECOND;
  GstClockTime retry_max = 30 * GST_SECOND;
};

// With `stats`, of which the element knows the value.
const PropertyTable<CameraSettings> &CameraProperties();
inline const auto &PropertiesOf(const CameraSettings &) {
  return CameraProperties();
}

}  // namespace action

#endif  // GST_ACTION_ACTIONCAMERASRC_PROPERTIES_H_
