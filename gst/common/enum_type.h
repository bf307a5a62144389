// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// GObject types for the enumerations of properties.
#ifndef GST_ACTION_COMMON_ENUM_TYPE_H_
#define GST_ACTION_COMMON_ENUM_TYPE_H_

#include <glib-object.h>

namespace action {

template <typename E>
constexpr gint EnumValue(E value) {
  return static_cast<gint>(value);
}

// The values end with one of zeroes, and live as long as the process.
inline GType EnumTypeOnce(gsize *type, const char *name, const GEnumValue *values) {
  if (g_once_init_enter(type)) g_once_init_leave(type, g_enum_register_static(name, values));
  return *type;
}

inline GType FlagsTypeOnce(gsize *type, const char *name, const GFlagsValue *values) {
  if (g_once_init_enter(type)) g_once_init_leave(type, g_flags_register_static(name, values));
  return *type;
}

}  // namespace action

#endif  // GST_ACTION_COMMON_ENUM_TYPE_H_
