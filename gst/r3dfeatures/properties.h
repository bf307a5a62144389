// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of r3dfeatures: their texts, defaults and values.
#ifndef GST_ACTION_R3DFEATURES_PROPERTIES_H_
#define GST_ACTION_R3DFEATURES_PROPERTIES_H_

#include <gst/gst.h>
#include <gst/video/video.h>

#include <string>

#include "action/network.h"
#include "action/picture.h"
#include "common/property_table.h"
#include "r3dfeatures/feature_pipeline.h"

namespace action {

// As they were set; device and roi are parsed where an error can be posted.
struct R3dFeaturesSettings {
  std::string weights;
  std::string device = "auto";
  Precision precision = Precision::kAuto;
  GstVideoOrientationMethod orientation = GST_VIDEO_ORIENTATION_IDENTITY;
  std::string roi = "0,0,1,1";
  guint max_pending = 4;
  guint batch_size = 0;
  bool post_messages = true;
  bool post_features = false;
  FeatureSettings features;
};

// With `stats`, of which the element knows the value.
const PropertyTable<R3dFeaturesSettings> &R3dFeaturesProperties();
inline const auto &PropertiesOf(const R3dFeaturesSettings &) {
  return R3dFeaturesProperties();
}

}  // namespace action

#endif  // GST_ACTION_R3DFEATURES_PROPERTIES_H_
