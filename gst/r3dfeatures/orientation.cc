// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "r3dfeatures/orientation.h"

#include <algorithm>

namespace action {
namespace {

// Both count alike; auto, custom and what is newer turn nothing.
static_assert(static_cast<int>(Orientation::k90R) == GST_VIDEO_ORIENTATION_90R &&
              static_cast<int>(Orientation::k180) == GST_VIDEO_ORIENTATION_180 &&
              static_cast<int>(Orientation::k90L) == GST_VIDEO_ORIENTATION_90L &&
              static_cast<int>(Orientation::kHoriz) == GST_VIDEO_ORIENTATION_HORIZ &&
              static_cast<int>(Orientation::kVert) == GST_VIDEO_ORIENTATION_VERT &&
              static_cast<int>(Orientation::kUlLr) == GST_VIDEO_ORIENTATION_UL_LR &&
              static_cast<int>(Orientation::kUrLl) == GST_VIDEO_ORIENTATION_UR_LL);
Orientation FromMethod(GstVideoOrientationMethod method) {
  const bool known = method >= GST_VIDEO_ORIENTATION_IDENTITY && method <= GST_VIDEO_ORIENTATION_UR_LL;
  return known ? static_cast<Orientation>(method) : Orientation::kIdentity;
}

}  // namespace

Region RegionOfFrame(const Region &region, Orientation orientation) {
  // 0.1 + 0.9 may be a little more than 1.
  const double from_right = std::max(0.0, 1 - (region.x + region.width));
  const double from_bottom = std::max(0.0, 1 - (region.y + region.height));
  switch (orientation) {
    case Orientation::kIdentity:
      return region;
    case Orientation::k90R:
      return {region.y, from_right, region.height, region.width};
    case Orientation::k180:
      return {from_right, from_bottom, region.width, region.height};
    case Orientation::k90L:
      return {from_bottom, region.x, region.height, region.width};
    case Orientation::kHoriz:
      return {from_right, region.y, region.width, region.height};
    case Orientation::kVert:
      return {region.x, from_bottom, region.width, region.height};
    case Orientation::kUlLr:
      return {region.y, region.x, region.height, region.width};
    case Orientation::kUrLl:
      return {from_bottom, from_right, region.height, region.width};
  }
  return region;
}

void StreamOrientation::OnNewStream() {
  of_stream_.reset();
  of_file_.reset();
}

void StreamOrientation::OnTags(GstTagList *tags) {
  GstVideoOrientationMethod method = GST_VIDEO_ORIENTATION_IDENTITY;
  if (!gst_video_orientation_from_tag(tags, &method)) return;
  (gst_tag_list_get_scope(tags) == GST_TAG_SCOPE_STREAM ? of_stream_ : of_file_) = FromMethod(method);
}

Orientation StreamOrientation::value() const {
  if (method_ != GST_VIDEO_ORIENTATION_AUTO) return FromMethod(method_);
  return of_stream_.value_or(of_file_.value_or(Orientation::kIdentity));
}

}  // namespace action
