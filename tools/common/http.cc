// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/http.h"

#include <gio/gio.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "action/deleter.h"

namespace action {

bool EqualSecrets(const std::string &a, const std::string &b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

std::string CookieOf(SoupServerMessage *message, const std::string &name) {
  const char *header = soup_message_headers_get_one(soup_server_message_get_request_headers(message), "Cookie");
  const std::string text = header != nullptr ? header : "";
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(';', at), text.size());
    std::string pair = text.substr(at, end - at);
    pair.erase(0, pair.find_first_not_of(' '));
    if (pair.starts_with(name + "=")) return pair.substr(name.size() + 1);
    at = end + 1;
  }
  return {};
}

bool IsLoopback(const char *host) {
  if (host == nullptr) return false;
  if (std::strcmp(host, "localhost") == 0) return true;
  const std::unique_ptr<GInetAddress, Deleter<g_object_unref>> number(g_inet_address_new_from_string(host));
  return number && g_inet_address_get_is_loopback(number.get());
}

std::string ContentPolicy(bool inline_script) {
  return std::string(
             "default-src 'none'; img-src 'self' data:; media-src 'self'; connect-src 'self'; frame-src 'self'; "
             "form-action 'none'; base-uri 'none'; frame-ancestors 'self'; style-src 'self' 'unsafe-inline'; "
             "script-src ") +
         (inline_script ? "'unsafe-inline'" : "'self'");
}

void Answer(SoupServerMessage *message, guint status, const char *type, const std::string &text,
            const std::string &policy) {
  soup_server_message_set_status(message, status, nullptr);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
  soup_message_headers_replace(headers, "Cache-Control", "no-store");
  soup_message_headers_replace(headers, "X-Content-Type-Options", "nosniff");
  soup_message_headers_replace(headers, "Cross-Origin-Resource-Policy", "same-origin");
  soup_message_headers_replace(headers, "Referrer-Policy", "no-referrer");
  soup_message_headers_replace(headers, "Content-Security-Policy", policy.c_str());
  soup_server_message_set_response(message, type, SOUP_MEMORY_COPY, text.data(), text.size());
}

std::string BuiltIn(const std::string &path) {
  const std::unique_ptr<GBytes, Deleter<g_bytes_unref>> bytes(
      g_resources_lookup_data(path.c_str(), G_RESOURCE_LOOKUP_FLAGS_NONE, nullptr));
  gsize size = 0;
  const auto *data = bytes ? static_cast<const char *>(g_bytes_get_data(bytes.get(), &size)) : nullptr;
  return data != nullptr ? std::string(data, size) : std::string();
}

}  // namespace action
