// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_CAMERA_URI_H_
#define GST_ACTION_CAMERA_URI_H_

#include <string>

namespace action {

// The address without user name and password: for messages, logs and pages.
std::string WithoutCredentials(const std::string &uri);

// A text of somebody else's (an error message) without the credentials that `uri` holds.
std::string WithoutCredentials(const std::string &text, const std::string &uri);

bool IsRtsp(const std::string &uri);

// Whether frames come when they are taken, and not as fast as they are read (files).
bool IsLiveUri(const std::string &uri);

}  // namespace action

#endif  // GST_ACTION_CAMERA_URI_H_
