// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actioncamerasrc/port_probe.h"

#include <glib.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "action/deleter.h"
#include "actioncamerasrc/camera_uri.h"

namespace action {
namespace {

constexpr std::chrono::seconds kInterval{1};  // from question to question, and the longest wait for an answer
constexpr int kRtspPort = 554, kRtspsPort = 322;

}  // namespace

void PortProbe::Freed::operator()(addrinfo *address) const {
  freeaddrinfo(address);
}

PortProbe::PortProbe(const std::string &uri) {
  if (!IsRtsp(uri)) return;
  const std::unique_ptr<GUri, Deleter<g_uri_unref>> parsed(
      g_uri_parse(WithoutCredentials(uri).c_str(), G_URI_FLAGS_PARSE_RELAXED, nullptr));
  if (!parsed || g_uri_get_host(parsed.get()) == nullptr) return;
  const bool secure = std::string(g_uri_get_scheme(parsed.get())).starts_with("rtsps");
  const int port = g_uri_get_port(parsed.get());
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo *address = nullptr;
  const std::string number = std::to_string(port > 0 ? port : secure ? kRtspsPort : kRtspPort);
  if (getaddrinfo(g_uri_get_host(parsed.get()), number.c_str(), &hints, &address) == 0) address_.reset(address);
}

PortProbe::~PortProbe() {
  Close();
}

void PortProbe::Close() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

void PortProbe::Begin() {
  Close();
  asks_ = static_cast<bool>(address_);
  was_closed_ = false;
  asked_at_ = {};
}

void PortProbe::End() {
  Close();
  asks_ = false;
}

PortProbe::Answer PortProbe::Ask() {
  socket_ = socket(address_->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return Answer::kNone;
  if (connect(socket_, address_->ai_addr, address_->ai_addrlen) == 0) return Answer::kOpen;
  return errno == EINPROGRESS ? Answer::kNone : Answer::kClosed;
}

PortProbe::Answer PortProbe::Look() {
  pollfd what{socket_, POLLOUT, 0};
  if (poll(&what, 1, 0) <= 0) return Answer::kNone;
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return Answer::kNone;
  return error == 0 ? Answer::kOpen : Answer::kClosed;
}

bool PortProbe::HasAppeared(Clock::time_point now) {
  if (!asks_) return false;
  Answer answer = Answer::kNone;
  if (socket_ >= 0) {
    answer = Look();
    if (answer == Answer::kNone && now - asked_at_ >= kInterval) answer = Answer::kClosed;  // nobody answers at all
  } else if (now - asked_at_ >= kInterval) {
    asked_at_ = now;
    answer = Ask();
  }
  if (answer == Answer::kNone) return false;
  Close();
  if (answer == Answer::kClosed) {
    was_closed_ = true;
    return false;
  }
  asks_ = false;
  return was_closed_;
}

}  // namespace action
