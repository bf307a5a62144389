// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The element's struct, for the files of this folder.
#ifndef GST_ACTION_TIMELINESMOOTH_TIMELINESMOOTH_PRIVATE_H_
#define GST_ACTION_TIMELINESMOOTH_TIMELINESMOOTH_PRIVATE_H_

#include "timelinesmooth/smooth_labels.h"
#include "timelinesmooth/timelinesmooth.h"

namespace action {

struct TimelineSmoothState {
  TimelineSmoothState(GstElement *element, GstPad *sink, GstPad *source) : labels(element, sink, source) {}
  TimelineSmoothSettings settings;  // object lock
  SmoothLabels labels;
};

}  // namespace action

struct _GstTimelineSmooth {
  GstElement parent;
  GstPad *sinkpad;
  GstPad *srcpad;
  action::TimelineSmoothState *state;
};

#endif  // GST_ACTION_TIMELINESMOOTH_TIMELINESMOOTH_PRIVATE_H_
