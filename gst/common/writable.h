// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A frame that metadata may be put on.
#ifndef GST_ACTION_COMMON_WRITABLE_H_
#define GST_ACTION_COMMON_WRITABLE_H_

#include <gst/gst.h>

namespace action {

// As gst_buffer_make_writable: takes the frame, and gives back it or a copy that shares its memory. A copy of a frame
// from a pool refers to that frame (GstParentBufferMeta): the memory is not the pool's to give out again before the
// copy is gone, and who holds frames for long can see where they come from.
inline GstBuffer *MakeWritable(GstBuffer *frame) {
  if (gst_buffer_is_writable(frame)) return frame;
  GstBuffer *copy = gst_buffer_copy(frame);
  if (frame->pool != nullptr) gst_buffer_add_parent_buffer_meta(copy, frame);
  gst_buffer_unref(frame);
  return copy;
}

}  // namespace action

#endif  // GST_ACTION_COMMON_WRITABLE_H_
