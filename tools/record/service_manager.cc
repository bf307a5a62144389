// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace action {

void NotifyServiceManager(const std::string &state) {
  const char *path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || (*path != '/' && *path != '@') || std::strlen(path) >= sizeof(address.sun_path)) return;
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  address.sun_family = AF_UNIX;
  std::copy_n(path, std::strlen(path), address.sun_path);
  if (*path == '@') address.sun_path[0] = '\0';  // Linux' abstract names
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  // Nobody listens: systemd is not there any more, and nothing depends on it.
  (void)!sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr *>(&address), length);
  close(fd);
}

int64_t WatchdogInterval() {
  const char *pid = std::getenv("WATCHDOG_PID");
  const char *text = std::getenv("WATCHDOG_USEC");
  if (text == nullptr || (pid != nullptr && std::atoll(pid) != getpid())) return 0;
  return std::max<int64_t>(0, std::atoll(text)) * 1000;
}

}  // namespace action
