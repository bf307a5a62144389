// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Property enumerations, with the texts that gst-inspect shows.
#ifndef GST_ACTION_ENUMS_H_
#define GST_ACTION_ENUMS_H_

#include <glib-object.h>

G_BEGIN_DECLS

#define GST_TYPE_ACTION_PRECISION (gst_action_precision_get_type())
#define GST_TYPE_ACTION_SAMPLING (gst_action_sampling_get_type())
#define GST_TYPE_ACTION_COLORIMETRY (gst_action_colorimetry_get_type())
#define GST_TYPE_ACTION_SYNC_MODE (gst_action_sync_mode_get_type())
#define GST_TYPE_ACTION_TIME_ORIGIN (gst_action_time_origin_get_type())
#define GST_TYPE_ACTION_PROFILE (gst_action_profile_get_type())
#define GST_TYPE_ACTION_SMOOTHING_METHOD (gst_action_smoothing_method_get_type())
#define GST_TYPE_ACTION_PANEL_POSITION (gst_action_panel_position_get_type())
#define GST_TYPE_ACTION_SHOW_FLAGS (gst_action_show_flags_get_type())

GType gst_action_precision_get_type(void);
GType gst_action_sampling_get_type(void);
GType gst_action_colorimetry_get_type(void);
GType gst_action_sync_mode_get_type(void);
GType gst_action_time_origin_get_type(void);
GType gst_action_profile_get_type(void);
GType gst_action_smoothing_method_get_type(void);
GType gst_action_panel_position_get_type(void);
GType gst_action_show_flags_get_type(void);

G_END_DECLS

#endif  // GST_ACTION_ENUMS_H_
