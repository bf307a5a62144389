// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_RECORD_SERVICE_MANAGER_H_
#define GST_ACTION_RECORD_SERVICE_MANAGER_H_

#include <cstdint>
#include <string>

namespace action {

// Tells systemd how things are (sd_notify(3): a datagram to the socket $NOTIFY_SOCKET). Without it, does nothing.
void NotifyServiceManager(const std::string &state);

// How often systemd wants to hear from this process, ns (sd_watchdog_enabled(3)); 0: not at all.
int64_t WatchdogInterval();

}  // namespace action

#endif  // GST_ACTION_RECORD_SERVICE_MANAGER_H_
