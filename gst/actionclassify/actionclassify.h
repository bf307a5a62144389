// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef GST_ACTIONCLASSIFY_H_
#define GST_ACTIONCLASSIFY_H_

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_ACTION_CLASSIFY (gst_action_classify_get_type())
G_DECLARE_FINAL_TYPE(GstActionClassify, gst_action_classify, GST, ACTION_CLASSIFY, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(actionclassify);

G_END_DECLS

#endif  // GST_ACTIONCLASSIFY_H_
