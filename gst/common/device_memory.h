// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Frames that lie in the memory of a GPU or another device.
#ifndef GST_ACTION_COMMON_DEVICE_MEMORY_H_
#define GST_ACTION_COMMON_DEVICE_MEMORY_H_

#include <gst/gst.h>

namespace action {

// Calls MACRO with the caps feature of each kind of device memory that GStreamer copies to main memory, and back, when
// a frame is mapped. Of others (NVMM, DMABuf) a map gives no pixels, or not in rows.
#define GST_ACTION_FOR_MAPPABLE_MEMORY(MACRO) \
  MACRO("memory:CUDAMemory") MACRO("memory:GLMemory") MACRO("memory:VAMemory")

// Not of caps that say ANY.
bool IsMainMemory(const GstCaps *caps);
// That, or one of these.
bool CanBeMapped(const GstCaps *caps);

// Of caps in another memory: the element that brings them back. Null: they can be mapped, or it is not known.
const char *DownloadElementFor(const GstCaps *caps);

}  // namespace action

#endif  // GST_ACTION_COMMON_DEVICE_MEMORY_H_
