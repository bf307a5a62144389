// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef GST_ACTIONCAMERASRC_H_
#define GST_ACTIONCAMERASRC_H_

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_ACTION_CAMERA_SRC (gst_action_camera_src_get_type())
G_DECLARE_FINAL_TYPE(GstActionCameraSrc, gst_action_camera_src, GST, ACTION_CAMERA_SRC, GstBin)

GST_ELEMENT_REGISTER_DECLARE(actioncamerasrc);

G_END_DECLS

#endif  // GST_ACTIONCAMERASRC_H_
