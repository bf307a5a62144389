// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef GST_TIMELINELABEL_H_
#define GST_TIMELINELABEL_H_

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_TIMELINE_LABEL (gst_timeline_label_get_type())
G_DECLARE_FINAL_TYPE(GstTimelineLabel, gst_timeline_label, GST, TIMELINE_LABEL, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(timelinelabel);

G_END_DECLS

#endif  // GST_TIMELINELABEL_H_
