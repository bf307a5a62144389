// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef GST_R3D_FEATURES_H_
#define GST_R3D_FEATURES_H_

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_R3D_FEATURES (gst_r3d_features_get_type())
G_DECLARE_FINAL_TYPE(GstR3dFeatures, gst_r3d_features, GST, R3D_FEATURES, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(r3dfeatures);

G_END_DECLS

#endif  // GST_R3D_FEATURES_H_
