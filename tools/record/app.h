// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_RECORD_APP_H_
#define GST_ACTION_RECORD_APP_H_

#include <functional>
#include <string>

#include "record/settings.h"

namespace action {

struct AppOptions {
  SiteSettings settings;
  // Reads the settings anew, for SIGHUP; empty: they cannot be read again. Throws Error.
  std::function<SiteSettings()> reload;
};

// Runs until SIGINT or SIGTERM; returns an exit code. Throws Error when it cannot start.
int RunRecorder(const AppOptions &options);

}  // namespace action

#endif  // GST_ACTION_RECORD_APP_H_
