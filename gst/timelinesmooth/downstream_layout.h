// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where the lines of a picture lie, for a downstream that may not look.
#ifndef GST_ACTION_DOWNSTREAM_LAYOUT_H_
#define GST_ACTION_DOWNSTREAM_LAYOUT_H_

#include <gst/video/video.h>

#include <optional>

namespace action {

// Decoders give frames strides of their own to whoever reads GstVideoMeta. An element that answers ALLOCATION without
// asking downstream has promised that, and makes good here what downstream does not read. For the thread that pushes.
class DownstreamLayout {
 public:
  // Asks downstream of a source pad anew, by an ALLOCATION query: after new caps, and when the pad wants to be
  // reconfigured. Nothing is held.
  void Ask(GstPad *pad);

  // Takes the buffer and gives it back, or a copy in the default layout where its own is another and downstream does
  // not read GstVideoMeta. Memory that cannot be read stays what it is.
  GstBuffer *Fit(GstBuffer *buffer) const;

 private:
  std::optional<GstVideoInfo> info_;  // of the caps, where GstVideoInfo can read them
  bool reads_meta_ = false;
};

}  // namespace action

#endif  // GST_ACTION_DOWNSTREAM_LAYOUT_H_
