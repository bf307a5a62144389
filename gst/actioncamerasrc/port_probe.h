// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Notices that a camera is back before the next try is due.
#ifndef GST_ACTION_PORT_PROBE_H_
#define GST_ACTION_PORT_PROBE_H_

#include <chrono>
#include <memory>
#include <string>

struct addrinfo;

namespace action {

// Looks every second whether somebody listens at the camera's RTSP port, for as long as nobody does: a camera that is
// there but does not answer is not asked more often than its retries ask. Nothing waits, so only addresses in numbers
// are looked at; names would have to be resolved.
class PortProbe {
 public:
  using Clock = std::chrono::steady_clock;

  explicit PortProbe(const std::string &uri);
  ~PortProbe();
  PortProbe(const PortProbe &) = delete;
  PortProbe &operator=(const PortProbe &) = delete;

  // A wait begins, and ends.
  void Begin();
  void End();
  // To be asked often. True once, when the port is open that was closed since Begin.
  bool HasAppeared(Clock::time_point now);

 private:
  enum class Answer { kNone, kOpen, kClosed };
  Answer Ask();
  Answer Look();
  void Close();

  struct Freed {
    void operator()(addrinfo *address) const;
  };
  std::unique_ptr<addrinfo, Freed> address_;  // null: not looked at
  int socket_ = -1;
  Clock::time_point asked_at_;
  bool asks_ = false;
  bool was_closed_ = false;
};

}  // namespace action

#endif  // GST_ACTION_PORT_PROBE_H_
