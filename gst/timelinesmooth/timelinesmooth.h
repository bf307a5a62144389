// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef GST_TIMELINESMOOTH_H_
#define GST_TIMELINESMOOTH_H_

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_TIMELINE_SMOOTH (gst_timeline_smooth_get_type())
G_DECLARE_FINAL_TYPE(GstTimelineSmooth, gst_timeline_smooth, GST, TIMELINE_SMOOTH, GstElement)

GST_ELEMENT_REGISTER_DECLARE(timelinesmooth);

G_END_DECLS

#endif  // GST_TIMELINESMOOTH_H_
