// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The label of a frame as GstAnalytics metadata, which stock elements read (objectdetectionoverlay,
// relationmeta2onvifmeta): an object detection, whose box is what the features were computed of (r3dfeatures' roi, else
// the frame) and whose type is the fine action, related by RELATE_TO to one classification of three classes: fine
// action, coarse action, value category. The confidence of all is that of the label. Needs GStreamer 1.24; nothing
// happens with an older one.
//
// One element of a chain attaches it, the last that labels: timelinesmooth, or actionclassify where none follows, which
// it asks downstream with the custom query `action-labels-follow`. A frame that went through two chains (two
// r3dfeatures, of two work places) has one of each.
#ifndef GST_ACTION_ANALYTICS_LABEL_H_
#define GST_ACTION_ANALYTICS_LABEL_H_

#include <gst/gst.h>

#include <optional>

#include "action/picture.h"
#include "common/label_meta.h"

namespace action {

// Whether somebody downstream of a source pad gives frames better labels.
bool LabelsFollow(GstPad *pad);
// A pad function's part of it: whether the query is that one, which is then answered.
bool AnswerLabelsFollow(GstQuery *query, bool follow);

// What is known of the frames that are labelled. For one thread.
class AnalyticsLabel {
 public:
  // Of other caps than raw video nothing is known, and no metadata attached.
  void SetCaps(const GstCaps *caps);
  // region: of the frames, as in the field frame-roi of action-backbone.
  void SetRegion(const Region &region) { region_ = region; }

  // The buffer must be writable. Only what was measured is attached.
  void Attach(GstBuffer *buffer, const MetaLabel &label) const;

 private:
  int width_ = 0, height_ = 0;  // 0: not known
  Region region_;
};

}  // namespace action

#endif  // GST_ACTION_ANALYTICS_LABEL_H_
