// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of actionoverlay: their texts, defaults and values.
#ifndef GST_ACTION_ACTIONOVERLAY_PROPERTIES_H_
#define GST_ACTION_ACTIONOVERLAY_PROPERTIES_H_

#include <gst/gst.h>

#include "overlay_composer.h"

namespace action {

void InstallOverlayProperties(GObjectClass *object_class);

// False when there is no property of this id.
bool SetProperty(OverlaySettings &settings, guint id, const GValue *value);
bool GetProperty(const OverlaySettings &settings, guint id, GValue *value);

}  // namespace action

#endif  // GST_ACTION_ACTIONOVERLAY_PROPERTIES_H_
