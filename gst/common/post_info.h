// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_POST_INFO_H_
#define GST_ACTION_POST_INFO_H_

#include <gst/gst.h>

#include <string>

namespace action {

// GST_ELEMENT_INFO for people at gst-launch-1.0 too: of an info message it prints the debug string alone.
inline void PostInfo(GstElement *element, GQuark domain, gint code, const std::string &text) {
  gst_element_message_full(element, GST_MESSAGE_INFO, domain, code, g_strdup(text.c_str()), g_strdup(text.c_str()),
                           __FILE__, GST_FUNCTION, __LINE__);
}

}  // namespace action

#endif  // GST_ACTION_POST_INFO_H_
