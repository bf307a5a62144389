// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The labels that a timeline file has for the frames of a stream.
#ifndef GST_ACTION_TIMELINELABEL_FILE_LABELS_H_
#define GST_ACTION_TIMELINELABEL_FILE_LABELS_H_

#include <gst/gst.h>

#include <optional>
#include <string>
#include <vector>

#include "action/timeline/timeline_file.h"
#include "common/frame_clock.h"
#include "common/label_meta.h"

namespace action {

// For one thread.
class FileLabels {
 public:
  // Of a file with several runs, the last. Throws Error.
  FileLabels(const std::string &location, TimeOrigin origin);

  const std::vector<Segment> &segments() const { return segments_; }
  // What the file contradicts itself in.
  const std::vector<std::string> &warnings() const { return warnings_; }

  // What it has to know of the stream (FrameClock).
  void OnEvent(GstEvent *event) { clock_.OnEvent(event); }
  // The frame that comes next. Nothing where the file says nothing of its time, or it has none.
  const Segment *SegmentOf(GstBuffer *frame);
  // After SegmentOf: the same as a label.
  MetaLabel LabelOf(const Segment &segment) const;

 private:
  std::vector<Segment> segments_;
  std::vector<std::string> warnings_;
  FrameClock clock_;
  int64_t timeline_time_ = 0;  // of the frame
};

}  // namespace action

#endif  // GST_ACTION_TIMELINELABEL_FILE_LABELS_H_
