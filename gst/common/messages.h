// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Messages that elements post.
#ifndef GST_ACTION_COMMON_MESSAGES_H_
#define GST_ACTION_COMMON_MESSAGES_H_

#include <gst/gst.h>

#include <string>

#include "action/error.h"

namespace action {

// GST_ELEMENT_INFO for people at gst-launch-1.0 too: of an info message it prints the debug string alone.
// With the domain, the code and the file (details: location) of the error. debug: what it means for the element.
void PostWarning(GstElement *element, const Error &error, const std::string &debug);

void PostInfo(GstElement *element, GQuark domain, gint code, const std::string &text);

}  // namespace action

#endif  // GST_ACTION_COMMON_MESSAGES_H_
