// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of actionoverlay: their texts, defaults and values.
#ifndef GST_ACTION_ACTIONOVERLAY_PROPERTIES_H_
#define GST_ACTION_ACTIONOVERLAY_PROPERTIES_H_

#include "actionoverlay/overlay_composer.h"
#include "common/property_table.h"

namespace action {

const PropertyTable<OverlaySettings> &ActionOverlayProperties();
inline const auto &PropertiesOf(const OverlaySettings &) {
  return ActionOverlayProperties();
}

}  // namespace action

#endif  // GST_ACTION_ACTIONOVERLAY_PROPERTIES_H_
