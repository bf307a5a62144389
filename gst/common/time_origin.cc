// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/time_origin.h"

#include "common/enum_type.h"

GType gst_action_time_origin_get_type(void) {
  using action::TimeOrigin;
  static const GEnumValue values[] = {
      {action::EnumValue(TimeOrigin::kFirstFrame), "Time 0 is the first frame", "first-frame"},
      {action::EnumValue(TimeOrigin::kStream), "Time 0 is stream time 0", "stream"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return action::EnumTypeOnce(&type, "GstActionTimeOrigin", values);
}
