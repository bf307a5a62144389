// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Enumerations of r3dfeatures' properties, with the texts that gst-inspect-1.0 shows.
#ifndef GST_ACTION_R3DFEATURES_ENUMS_H_
#define GST_ACTION_R3DFEATURES_ENUMS_H_

#include <glib-object.h>

G_BEGIN_DECLS

#define GST_TYPE_ACTION_PRECISION (gst_action_precision_get_type())
#define GST_TYPE_ACTION_SAMPLING (gst_action_sampling_get_type())
#define GST_TYPE_ACTION_COLORIMETRY (gst_action_colorimetry_get_type())
#define GST_TYPE_ACTION_FEATURE_MODE (gst_action_feature_mode_get_type())
#define GST_TYPE_ACTION_ORIENTATION (gst_action_orientation_get_type())

GType gst_action_precision_get_type(void);
GType gst_action_sampling_get_type(void);
GType gst_action_colorimetry_get_type(void);
GType gst_action_feature_mode_get_type(void);
GType gst_action_orientation_get_type(void);

G_END_DECLS

#endif  // GST_ACTION_R3DFEATURES_ENUMS_H_
