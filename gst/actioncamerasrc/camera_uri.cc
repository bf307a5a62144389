// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actioncamerasrc/camera_uri.h"

#include <gst/gst.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "common/glib_ptr.h"

namespace action {
namespace {

std::string ProtocolOf(const std::string &uri) {
  const CharPtr protocol(gst_uri_get_protocol(uri.c_str()));
  if (!protocol) return "";
  const CharPtr lower(g_ascii_strdown(protocol.get(), -1));
  return lower.get();
}

// "user:password" of SCHEME://user:password@host/..., or empty. The last @ before the path ends it: a password may hold
// one.
std::string_view CredentialsOf(std::string_view uri) {
  const size_t scheme = uri.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::string_view rest = uri.substr(scheme + 3);
  const std::string_view authority = rest.substr(0, rest.find('/'));  // ? and # stand in passwords
  const size_t at = authority.rfind('@'), query = authority.find('?');
  if (at == std::string_view::npos) return {};
  const bool in_query = query < at && authority.substr(0, query).find(':') == std::string_view::npos;
  return in_query ? std::string_view{} : authority.substr(0, at);
}

bool IsOneOf(const std::string &text, std::initializer_list<std::string_view> all) {
  return std::ranges::find(all, text) != all.end();
}

void Erase(std::string &text, const std::string &what, const std::string &instead) {
  if (what.empty()) return;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + instead.size()))
    text.replace(at, what.size(), instead);
}

}  // namespace

std::string WithoutCredentials(const std::string &uri) {
  return WithoutCredentials(uri, uri);
}

std::string WithoutCredentials(const std::string &text, const std::string &uri) {
  const std::string credentials(CredentialsOf(uri));
  std::string result = text;
  if (credentials.empty()) return result;
  Erase(result, credentials + "@", "");
  const size_t colon = credentials.find(':');
  // A password alone, where it is long enough not to be a part of an ordinary word.
  constexpr size_t kLongEnough = 4;
  if (colon != std::string::npos && credentials.size() - colon - 1 >= kLongEnough)
    Erase(result, credentials.substr(colon + 1), "***");
  return result;
}

bool IsRtsp(const std::string &uri) {
  return ProtocolOf(uri).starts_with("rtsp");
}

bool IsLiveUri(const std::string &uri) {
  return IsRtsp(uri) || IsOneOf(ProtocolOf(uri), {"v4l2", "udp", "rtp", "srt", "rist", "rtmp", "ximagesrc"});
}

}  // namespace action
