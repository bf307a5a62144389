// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_LIBAV_POOL_H_
#define GST_ACTION_LIBAV_POOL_H_

#include <gst/gst.h>

namespace action {

// GStreamer 1.26's libav decoders write pictures whose width is no multiple of 16 into buffers of a pool, from several
// threads. Now and then one takes a buffer of the wrong size, and the whole program ends ("video meta uses 368x240
// instead of 360x240"). Decoders that are added to this pipeline from now on copy each frame instead, which costs
// little.
inline void AvoidLibavPool(GstElement *pipeline) {
  guint major = 0, minor = 0, micro = 0, nano = 0;
  gst_version(&major, &minor, &micro, &nano);
  if (minor < 24) return;
  const auto on_element = [](GstBin *, GstBin *, GstElement *element, gpointer) {
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), "direct-rendering") == nullptr) return;
    g_object_set(element, "direct-rendering", FALSE, nullptr);
  };
  g_signal_connect(pipeline, "deep-element-added", G_CALLBACK(+on_element), nullptr);
}

}  // namespace action

#endif  // GST_ACTION_LIBAV_POOL_H_
