// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Puts labels on the frames of a GstBaseTransform.
#ifndef GST_ACTION_COMMON_FRAME_LABELLER_H_
#define GST_ACTION_COMMON_FRAME_LABELLER_H_

#include <gst/base/gstbasetransform.h>

#include <optional>

#include "common/analytics_label.h"
#include "common/label_meta.h"

namespace action {

// For the streaming thread.
class FrameLabeller {
 public:
  // What follows downstream may be another than before: it is asked anew with the next label.
  void SetCaps(const GstCaps *caps);
  void SetRegion(const Region &region);
  void Reset() { labels_follow_.reset(); }

  // For prepare_output_buffer: the frame with this label, and without any where there is none. The pixels are shared;
  // where somebody else has the frame too, what is given back is a copy of what hangs on it. GstAnalytics metadata only
  // where no better label follows downstream.
  GstBuffer *Put(GstBaseTransform *transform, GstBuffer *input, const std::optional<MetaLabel> &label);

 private:
  AnalyticsLabel analytics_;
  std::optional<bool> labels_follow_;  // better ones, from downstream; not known before the next label
};

}  // namespace action

#endif  // GST_ACTION_COMMON_FRAME_LABELLER_H_
