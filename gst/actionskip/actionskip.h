// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef GST_ACTIONSKIP_H_
#define GST_ACTIONSKIP_H_

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_ACTION_SKIP (gst_action_skip_get_type())
G_DECLARE_FINAL_TYPE(GstActionSkip, gst_action_skip, GST, ACTION_SKIP, GstElement)

GST_ELEMENT_REGISTER_DECLARE(actionskip);

G_END_DECLS

#endif  // GST_ACTIONSKIP_H_
