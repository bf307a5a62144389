// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of actionclassify: their texts, defaults and values.
#ifndef GST_ACTION_ACTIONCLASSIFY_PROPERTIES_H_
#define GST_ACTION_ACTIONCLASSIFY_PROPERTIES_H_

#include <gst/gst.h>

#include <string>

#include "common/property_table.h"

namespace action {

struct ActionClassifySettings {
  std::string model;
  std::string device = "auto";
  std::string elements;
  bool forward_features = false;
  double unknown_threshold = 0;
  bool strict = true;
  bool post_messages = true;
};

const PropertyTable<ActionClassifySettings> &ActionClassifyProperties();
inline const auto &PropertiesOf(const ActionClassifySettings &) {
  return ActionClassifyProperties();
}

}  // namespace action

#endif  // GST_ACTION_ACTIONCLASSIFY_PROPERTIES_H_
