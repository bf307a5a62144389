// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of actionmask: their texts, defaults and values.
#ifndef GST_ACTION_ACTIONMASK_PROPERTIES_H_
#define GST_ACTION_ACTIONMASK_PROPERTIES_H_

#include <gst/gst.h>

#include <string>

#include "common/property_table.h"

namespace action {

struct ActionMaskSettings {
  std::string regions;
};

const PropertyTable<ActionMaskSettings> &ActionMaskProperties();
inline const auto &PropertiesOf(const ActionMaskSettings &) {
  return ActionMaskProperties();
}

}  // namespace action

#endif  // GST_ACTION_ACTIONMASK_PROPERTIES_H_
