// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The plugin `action`: registers its elements and the label meta, and does nothing else, so that scanning it stays
// quick.
#include <gst/gst.h>

#include "actioncamerasrc/actioncamerasrc.h"
#include "actionclassify/actionclassify.h"
#include "actionmask/actionmask.h"
#include "actionoverlay/actionoverlay.h"
#include "actionskip/actionskip.h"
#include "build_config.h"
#include "common/label_meta.h"
#include "common/skipped_frames.h"
#include "r3dfeatures/r3dfeatures.h"
#include "timelinelabel/timelinelabel.h"
#include "timelinesmooth/timelinesmooth.h"

static gboolean plugin_init(GstPlugin *plugin) {
  action::RegisterLabelMeta();
  action::RegisterSkippedMeta();
  return GST_ELEMENT_REGISTER(actioncamerasrc, plugin) && GST_ELEMENT_REGISTER(r3dfeatures, plugin) &&
         GST_ELEMENT_REGISTER(actionclassify, plugin) && GST_ELEMENT_REGISTER(timelinesmooth, plugin) &&
         GST_ELEMENT_REGISTER(timelinelabel, plugin) && GST_ELEMENT_REGISTER(actionmask, plugin) &&
         GST_ELEMENT_REGISTER(actionoverlay, plugin) && GST_ELEMENT_REGISTER(actionskip, plugin);
}

// `gst-inspect-1.0 --exists` is false for elements whose version is below GStreamer's own, so that is what comes first.
#define ELEMENT_VERSION ACTION_GST_VERSION " (gst-action " ACTION_VERSION ")"
#define PACKAGE "gst-action"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, action, "Action recognition and time study of video",
                  plugin_init, ELEMENT_VERSION, "LGPL", "gst-action " ACTION_VERSION, ACTION_ORIGIN)
