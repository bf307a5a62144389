// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Enumerations of actionoverlay's properties, with the texts that gst-inspect-1.0 shows.
#ifndef GST_ACTION_ACTIONOVERLAY_ENUMS_H_
#define GST_ACTION_ACTIONOVERLAY_ENUMS_H_

#include <glib-object.h>

G_BEGIN_DECLS

#define GST_TYPE_ACTION_PANEL_POSITION (gst_action_panel_position_get_type())
#define GST_TYPE_ACTION_SHOW_FLAGS (gst_action_show_flags_get_type())

GType gst_action_panel_position_get_type(void);
GType gst_action_show_flags_get_type(void);

G_END_DECLS

#endif  // GST_ACTION_ACTIONOVERLAY_ENUMS_H_
