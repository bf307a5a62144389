// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef GST_ACTIONMASK_H_
#define GST_ACTIONMASK_H_

#include <gst/video/gstvideofilter.h>

G_BEGIN_DECLS

#define GST_TYPE_ACTION_MASK (gst_action_mask_get_type())
G_DECLARE_FINAL_TYPE(GstActionMask, gst_action_mask, GST, ACTION_MASK, GstVideoFilter)

GST_ELEMENT_REGISTER_DECLARE(actionmask);

G_END_DECLS

#endif  // GST_ACTIONMASK_H_
