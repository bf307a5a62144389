// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/frame_labeller.h"

#include "common/writable.h"

namespace action {

void FrameLabeller::SetCaps(const GstCaps *caps) {
  analytics_.SetCaps(caps);
  Reset();
}

void FrameLabeller::SetRegion(const Region &region) {
  analytics_.SetRegion(region);
  Reset();
}

GstBuffer *FrameLabeller::Put(GstBaseTransform *transform, GstBuffer *input, const std::optional<MetaLabel> &label) {
  if (!label && gst_buffer_get_custom_meta(input, kLabelMeta) == nullptr) return input;
  GstBuffer *output = gst_buffer_is_writable(input) ? input : MakeWritable(gst_buffer_ref(input));
  SetLabel(output, label);
  if (!label) return output;
  if (!labels_follow_) labels_follow_ = LabelsFollow(GST_BASE_TRANSFORM_SRC_PAD(transform));
  if (!*labels_follow_) analytics_.Attach(output, *label);
  return output;
}

}  // namespace action
