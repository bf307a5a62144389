// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Owners for GLib and GStreamer things, by the names of the things. Every owner of more than one file is here.
#ifndef GST_ACTION_COMMON_GLIB_PTR_H_
#define GST_ACTION_COMMON_GLIB_PTR_H_

#include <gst/gst.h>

#include <memory>

#include "action/deleter.h"

namespace action {

// For GstBuffer and its relatives, whose own unref functions are inline: a template cannot be given them.
struct MiniObjectUnref {
  template <typename T>
  void operator()(T *object) const {
    gst_mini_object_unref(GST_MINI_OBJECT_CAST(object));
  }
};
template <typename T>
using MiniObjectOf = std::unique_ptr<T, MiniObjectUnref>;

using BufferPtr = MiniObjectOf<GstBuffer>;
using BytesPtr = std::unique_ptr<GBytes, Deleter<g_bytes_unref>>;
using CapsPtr = MiniObjectOf<GstCaps>;
using CharPtr = std::unique_ptr<gchar, Deleter<g_free>>;
using ClockPtr = std::unique_ptr<GstClock, Deleter<gst_object_unref>>;
using ErrorPtr = std::unique_ptr<GError, Deleter<g_error_free>>;
using EventPtr = MiniObjectOf<GstEvent>;
using MessagePtr = MiniObjectOf<GstMessage>;
using GstObjectPtr = std::unique_ptr<GstObject, Deleter<gst_object_unref>>;
using MiniObjectPtr = MiniObjectOf<GstMiniObject>;
using PadPtr = std::unique_ptr<GstPad, Deleter<gst_object_unref>>;
using QueryPtr = MiniObjectOf<GstQuery>;
using StructurePtr = std::unique_ptr<GstStructure, Deleter<gst_structure_free>>;

}  // namespace action

#endif  // GST_ACTION_COMMON_GLIB_PTR_H_
