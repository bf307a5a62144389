// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Passwords and the page's token, which stand in no site.toml.
#ifndef GST_ACTION_RECORD_SECRETS_H_
#define GST_ACTION_RECORD_SECRETS_H_

#include <string>

#include "record/settings.h"

namespace action {

// The password of a camera: from the environment, a file that nobody else may read, or the key ring of the desktop
// (libsecret, attributes service=gst-action and camera=NAME). Empty: none. Throws Error.
std::string PasswordOf(const StationSettings &station);
// The word that pages are asked for; empty: none is wanted. Throws Error.
std::string TokenOf(const SiteSettings &settings);

}  // namespace action

#endif  // GST_ACTION_RECORD_SECRETS_H_
