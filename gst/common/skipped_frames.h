// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Frames that are not in the stream since nobody looks at them: actionskip tells r3dfeatures, through the decoder,
// which ones they were. A GstCustomMeta on the next frame that is there, in the order in which frames are shown.
#ifndef GST_ACTION_COMMON_SKIPPED_FRAMES_H_
#define GST_ACTION_COMMON_SKIPPED_FRAMES_H_

#include <gst/gst.h>

#include <vector>

namespace action {

inline constexpr const char *kSkippedMeta = "GstActionSkippedMeta";

struct SkippedFrame {
  GstClockTime timestamp = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  friend bool operator==(const SkippedFrame &, const SkippedFrame &) = default;
};

// Once, when the plugin is loaded.
void RegisterSkippedMeta();

// The buffer must be writable.
void SetSkipped(GstBuffer *buffer, const std::vector<SkippedFrame> &frames);
// In the order of time; empty: none.
std::vector<SkippedFrame> SkippedBefore(GstBuffer *buffer);

}  // namespace action

#endif  // GST_ACTION_COMMON_SKIPPED_FRAMES_H_
