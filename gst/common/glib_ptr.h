// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Owners for GLib and GStreamer things, by the names of the things.
#ifndef GST_ACTION_GLIB_PTR_H_
#define GST_ACTION_GLIB_PTR_H_

#include <gst/gst.h>

#include <memory>

#include "action/deleter.h"

namespace action {

using CharPtr = std::unique_ptr<gchar, Deleter<g_free>>;
using CapsPtr = std::unique_ptr<GstCaps, Deleter<gst_caps_unref>>;
using BytesPtr = std::unique_ptr<GBytes, Deleter<g_bytes_unref>>;
using StructurePtr = std::unique_ptr<GstStructure, Deleter<gst_structure_free>>;
using QueryPtr = std::unique_ptr<GstQuery, Deleter<gst_query_unref>>;

}  // namespace action

#endif  // GST_ACTION_GLIB_PTR_H_
