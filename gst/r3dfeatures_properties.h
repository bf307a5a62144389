// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of r3dfeatures: their texts, defaults and values.
#ifndef GST_ACTION_R3DFEATURES_PROPERTIES_H_
#define GST_ACTION_R3DFEATURES_PROPERTIES_H_

#include <gst/gst.h>

#include <string>

#include "action/engine.h"
#include "feature_pipeline.h"

namespace action {

// As they were set; device and roi are parsed where an error can be posted.
struct Settings {
  std::string weights;
  std::string device = "auto";
  Precision precision = Precision::kAuto;
  std::string roi = "0,0,1,1";
  guint max_pending = 4;
  guint batch_size = 0;
  bool post_messages = true;
  bool post_features = false;
  FeatureSettings features;
};

// Installs `stats` too, of which the element knows the value.
void InstallProperties(GObjectClass *object_class);
bool IsFeatureStats(guint id);

// False when there is no property of this id.
bool SetProperty(Settings &settings, guint id, const GValue *value);
bool GetProperty(const Settings &settings, guint id, GValue *value);

}  // namespace action

#endif  // GST_ACTION_R3DFEATURES_PROPERTIES_H_
