// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a frame says as GstAnalytics metadata, read as a stock element reads it.
#ifndef TESTS_ELEMENT_DETECTIONS_H_
#define TESTS_ELEMENT_DETECTIONS_H_

#include <gst/gst.h>

#include <string>
#include <vector>

#include "build_config.h"

#if ACTION_HAVE_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

namespace test {

struct Detection {
  gint x = 0, y = 0, width = 0, height = 0;
  std::string type;
  double confidence = 0;
  std::vector<std::string> classes;  // of the classification that it is related to
  friend bool operator==(const Detection &, const Detection &) = default;
};

inline std::vector<Detection> DetectionsOf([[maybe_unused]] GstBuffer *buffer) {
  std::vector<Detection> found;
#if ACTION_HAVE_ANALYTICS
  GstAnalyticsRelationMeta *meta = gst_buffer_get_analytics_relation_meta(buffer);
  gpointer state = nullptr;
  GstAnalyticsMtd object;
  while (meta != nullptr &&
         gst_analytics_relation_meta_iterate(meta, &state, gst_analytics_od_mtd_get_mtd_type(), &object)) {
    Detection detection;
    gfloat confidence = 0;
    gst_analytics_od_mtd_get_location(&object, &detection.x, &detection.y, &detection.width, &detection.height,
                                      &confidence);
    detection.confidence = static_cast<double>(confidence);
    detection.type = g_quark_to_string(gst_analytics_od_mtd_get_obj_type(&object));
    gpointer related = nullptr;
    GstAnalyticsMtd classification;
    while (gst_analytics_relation_meta_get_direct_related(meta, object.id, GST_ANALYTICS_REL_TYPE_RELATE_TO,
                                                          gst_analytics_cls_mtd_get_mtd_type(), &related,
                                                          &classification)) {
      for (gsize i = 0; i < gst_analytics_cls_mtd_get_length(&classification); ++i) {
        detection.classes.emplace_back(g_quark_to_string(gst_analytics_cls_mtd_get_quark(&classification, i)));
      }
    }
    found.push_back(detection);
  }
#endif
  return found;
}

}  // namespace test

#define SKIP_WITHOUT_ANALYTICS() \
  if (!ACTION_HAVE_ANALYTICS) GTEST_SKIP() << "built with a GStreamer before 1.24, which has no GstAnalytics"

#endif  // TESTS_ELEMENT_DETECTIONS_H_
