// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// fdatasync may take seconds on a busy disk: the main loop does not wait for it.
#ifndef GST_ACTION_RECORD_BACKGROUND_SYNC_H_
#define GST_ACTION_RECORD_BACKGROUND_SYNC_H_

#include <functional>
#include <string>

namespace action {

// Brings a file to the disk on a thread of GLib's pool; then `done` is called on the main loop.
void SyncInBackground(const std::string &path, std::function<void()> done);

}  // namespace action

#endif  // GST_ACTION_RECORD_BACKGROUND_SYNC_H_
