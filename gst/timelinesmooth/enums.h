// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Enumerations of timelinesmooth's properties, with the texts that gst-inspect-1.0 shows.
#ifndef GST_ACTION_TIMELINESMOOTH_ENUMS_H_
#define GST_ACTION_TIMELINESMOOTH_ENUMS_H_

#include <glib-object.h>

G_BEGIN_DECLS

#define GST_TYPE_ACTION_SYNC_MODE (gst_action_sync_mode_get_type())
#define GST_TYPE_ACTION_PROFILE (gst_action_profile_get_type())
#define GST_TYPE_ACTION_SMOOTHING_METHOD (gst_action_smoothing_method_get_type())

GType gst_action_sync_mode_get_type(void);
GType gst_action_profile_get_type(void);
GType gst_action_smoothing_method_get_type(void);

G_END_DECLS

#endif  // GST_ACTION_TIMELINESMOOTH_ENUMS_H_
