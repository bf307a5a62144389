// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Strings of properties: GObject's may be null, ours are empty then.
#ifndef GST_ACTION_COMMON_PROPERTY_VALUES_H_
#define GST_ACTION_COMMON_PROPERTY_VALUES_H_

#include <glib-object.h>

#include <string>

namespace action {

inline std::string TextOf(const GValue *value, const char *otherwise = "") {
  const char *text = g_value_get_string(value);
  return text != nullptr ? text : otherwise;
}

inline void SetTextOrNull(GValue *value, const std::string &text) {
  g_value_set_string(value, text.empty() ? nullptr : text.c_str());
}

}  // namespace action

#endif  // GST_ACTION_COMMON_PROPERTY_VALUES_H_
