// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of actionskip: their texts, defaults and values.
#ifndef GST_ACTION_ACTIONSKIP_PROPERTIES_H_
#define GST_ACTION_ACTIONSKIP_PROPERTIES_H_

#include <gst/gst.h>

#include "action/fraction.h"
#include "common/property_table.h"

namespace action {

struct ActionSkipSettings {
  Fraction sample_rate{8, 1};
};

const PropertyTable<ActionSkipSettings> &ActionSkipProperties();
inline const auto &PropertiesOf(const ActionSkipSettings &) {
  return ActionSkipProperties();
}

}  // namespace action

#endif  // GST_ACTION_ACTIONSKIP_PROPERTIES_H_
