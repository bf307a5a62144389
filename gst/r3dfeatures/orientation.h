// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which way pictures are turned before they are analysed.
#ifndef GST_ACTION_ORIENTATION_H_
#define GST_ACTION_ORIENTATION_H_

#include <gst/video/video.h>

#include <optional>

#include "action/picture.h"

namespace action {

// The part of a frame that is `region` of the turned picture.
Region RegionOfFrame(const Region &region, Orientation orientation);

// What the property `orientation` says, or, where that is auto, the image-orientation tag of the stream; a tag of the
// stream counts more than one of the whole file.
class StreamOrientation {
 public:
  explicit StreamOrientation(GstVideoOrientationMethod method = GST_VIDEO_ORIENTATION_IDENTITY) : method_(method) {}
  void OnNewStream();
  void OnTags(GstTagList *tags);
  Orientation value() const;

 private:
  GstVideoOrientationMethod method_;
  std::optional<Orientation> of_stream_, of_file_;
};

}  // namespace action

#endif  // GST_ACTION_ORIENTATION_H_
