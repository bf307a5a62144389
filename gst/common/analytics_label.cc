// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/analytics_label.h"

#include <array>
#include <cmath>

#include "build_config.h"
#include "common/glib_ptr.h"

#if ACTION_HAVE_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

namespace action {
namespace {

constexpr const char *kFollowQuery = "action-labels-follow";

}  // namespace

bool LabelsFollow(GstPad *pad) {
  const QueryPtr query(gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty(kFollowQuery)));
  gboolean follow = FALSE;
  return gst_pad_peer_query(pad, query.get()) != FALSE &&
         gst_structure_get_boolean(gst_query_get_structure(query.get()), "follow", &follow) != FALSE && follow != FALSE;
}

bool AnswerLabelsFollow(GstQuery *query, bool follow) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_CUSTOM ||
      !gst_structure_has_name(gst_query_get_structure(query), kFollowQuery)) {
    return false;
  }
  gst_structure_set(gst_query_writable_structure(query), "follow", G_TYPE_BOOLEAN, follow ? TRUE : FALSE, nullptr);
  return true;
}

void AnalyticsLabel::SetCaps(const GstCaps *caps) {
  const GstStructure *structure = gst_caps_get_structure(caps, 0);
  const bool known = gst_structure_has_name(structure, "video/x-raw") &&
                     gst_structure_get_int(structure, "width", &width_) != FALSE &&
                     gst_structure_get_int(structure, "height", &height_) != FALSE;
  if (!known) width_ = height_ = 0;
}

#if ACTION_HAVE_ANALYTICS
void AnalyticsLabel::Attach(GstBuffer *buffer, const MetaLabel &label) const {
  if (width_ == 0 || label.state != SegmentState::kMeasured) return;
  const auto pixels = [](double share, int of) { return static_cast<gint>(std::lround(share * of)); };
  const gint left = pixels(region_.x, width_), top = pixels(region_.y, height_);
  const gint right = pixels(region_.x + region_.width, width_), bottom = pixels(region_.y + region_.height, height_);
  const auto confidence = static_cast<gfloat>(label.confidence);
  const GQuark fine = g_quark_from_string(label.fine_action.c_str());
  std::array<GQuark, 3> classes{fine, g_quark_from_string(label.coarse_action.c_str()),
                                g_quark_from_string(NameOf(label.category))};
  std::array<gfloat, 3> confidences{confidence, confidence, confidence};

  // The one that is there already, of an object detector say, is shared.
  GstAnalyticsRelationMeta *meta = gst_buffer_add_analytics_relation_meta(buffer);
  GstAnalyticsODMtd object;
  GstAnalyticsClsMtd classification;
  if (meta == nullptr ||
      !gst_analytics_relation_meta_add_od_mtd(meta, fine, left, top, right - left, bottom - top, confidence, &object) ||
      !gst_analytics_relation_meta_add_cls_mtd(meta, classes.size(), confidences.data(), classes.data(),
                                               &classification)) {
    return;
  }
  gst_analytics_relation_meta_set_relation(meta, GST_ANALYTICS_REL_TYPE_RELATE_TO, object.id, classification.id);
}
#else
void AnalyticsLabel::Attach(GstBuffer *, const MetaLabel &) const {}
#endif

}  // namespace action
