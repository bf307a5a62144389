// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of actionclassify: their texts, defaults and values.
#ifndef GST_ACTION_ACTIONCLASSIFY_PROPERTIES_H_
#define GST_ACTION_ACTIONCLASSIFY_PROPERTIES_H_

#include <gst/gst.h>

#include <string>

namespace action {

struct ClassifySettings {
  std::string model;
  std::string device = "auto";
  std::string elements;
  bool forward_features = false;
  double unknown_threshold = 0;
  bool strict = true;
  bool post_messages = true;
};

void InstallClassifyProperties(GObjectClass *object_class);
// Whether this is the property that another model is loaded for.
bool IsModel(guint id);

// False when there is no property of this id.
bool SetProperty(ClassifySettings &settings, guint id, const GValue *value);
bool GetProperty(const ClassifySettings &settings, guint id, GValue *value);

}  // namespace action

#endif  // GST_ACTION_ACTIONCLASSIFY_PROPERTIES_H_
