// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Messages that elements post.
#ifndef GST_ACTION_COMMON_MESSAGES_H_
#define GST_ACTION_COMMON_MESSAGES_H_

#include <gst/gst.h>

#include <string>

namespace action {

// GST_ELEMENT_INFO for people at gst-launch-1.0 too: of an info message it prints the debug string alone.
void PostInfo(GstElement *element, GQuark domain, gint code, const std::string &text);

}  // namespace action

#endif  // GST_ACTION_COMMON_MESSAGES_H_
