// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef GST_ACTIONOVERLAY_H_
#define GST_ACTIONOVERLAY_H_

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_ACTION_OVERLAY (gst_action_overlay_get_type())
G_DECLARE_FINAL_TYPE(GstActionOverlay, gst_action_overlay, GST, ACTION_OVERLAY, GstElement)

GST_ELEMENT_REGISTER_DECLARE(actionoverlay);

G_END_DECLS

#endif  // GST_ACTIONOVERLAY_H_
