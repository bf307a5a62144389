// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "studio/server.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <libsoup/soup.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "action/deleter.h"
#include "action/error.h"
#include "common/http.h"

namespace action {
namespace {

constexpr goffset kMostBody = 32 << 20;  // bytes of a request
constexpr size_t kBlock = 256 << 10;     // bytes of a file that are sent at once
constexpr const char *kResources = "/gst-action/studio";
constexpr const char *kOwnHeader = "X-Studio";  // a page of elsewhere cannot send it unasked

// A file on its way to a browser.
class FileSender {
 public:
  // Takes the descriptor. length: bytes from the place at which the file stands.
  FileSender(SoupServerMessage *message, int fd, goffset length) : message_(message), fd_(fd), left_(length) {
    SoupMessageBody *body = soup_server_message_get_response_body(message);
    soup_message_body_set_accumulate(body, FALSE);
    g_signal_connect(message, "wrote-chunk",
                     G_CALLBACK(+[](SoupServerMessage *, gpointer user) { static_cast<FileSender *>(user)->Next(); }),
                     this);
    g_signal_connect(message, "finished",
                     G_CALLBACK(+[](SoupServerMessage *, gpointer user) { delete static_cast<FileSender *>(user); }),
                     this);
    Next();
  }
  ~FileSender() { close(fd_); }
  FileSender(const FileSender &) = delete;
  FileSender &operator=(const FileSender &) = delete;

 private:
  void Next() {
    SoupMessageBody *body = soup_server_message_get_response_body(message_);
    std::vector<char> block(std::min<size_t>(kBlock, static_cast<size_t>(left_)));
    ssize_t got = 0;
    while (!block.empty() && (got = read(fd_, block.data(), block.size())) < 0 && errno == EINTR) {
    }
    if (got <= 0) {
      // All is sent; or the file has become shorter, and the browser asks again.
      soup_message_body_complete(body);
    } else {
      left_ -= got;
      soup_message_body_append(body, SOUP_MEMORY_COPY, block.data(), static_cast<gsize>(got));
    }
    soup_server_message_unpause(message_);
  }

  SoupServerMessage *const message_;
  const int fd_;
  goffset left_;
};

std::string TypeOf(const std::string &path) {
  const auto ends = [&path](const char *ending) { return path.ends_with(ending); };
  return ends(".html")   ? "text/html; charset=utf-8"
         : ends(".js")   ? "text/javascript; charset=utf-8"
         : ends(".css")  ? "text/css; charset=utf-8"
         : ends(".svg")  ? "image/svg+xml"
         : ends(".webm") ? "video/webm"
                         : "video/mp4";
}

void SendFile(SoupServerMessage *message, const StudioAnswer &answer) {
  const int fd = open(answer.file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (fd < 0 || fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    if (fd >= 0) close(fd);
    Answer(message, SOUP_STATUS_NOT_FOUND, "text/plain; charset=utf-8", "there is no such file\n",
           ContentPolicy(false));
    return;
  }
  SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
  soup_message_headers_replace(headers, "Content-Type",
                               (answer.type.empty() ? TypeOf(answer.file) : answer.type).c_str());
  soup_message_headers_replace(headers, "Accept-Ranges", "bytes");
  soup_message_headers_replace(headers, "Cache-Control", "no-store");
  soup_message_headers_replace(headers, "X-Content-Type-Options", "nosniff");
  soup_message_headers_replace(headers, "Cross-Origin-Resource-Policy", "same-origin");
  if (!answer.save_name.empty())
    soup_message_headers_replace(headers, "Content-Disposition",
                                 ("attachment; filename=\"" + answer.save_name + "\"").c_str());
  goffset begin = 0, length = facts.st_size;
  SoupRange *ranges = nullptr;
  int count = 0;
  if (soup_message_headers_get_ranges(soup_server_message_get_request_headers(message), facts.st_size, &ranges,
                                      &count)) {
    if (count == 1 && ranges[0].start >= 0 && ranges[0].end >= ranges[0].start && ranges[0].start < facts.st_size) {
      begin = ranges[0].start;
      length = std::min<goffset>(ranges[0].end, facts.st_size - 1) - begin + 1;
      soup_message_headers_set_content_range(headers, begin, begin + length - 1, facts.st_size);
      soup_server_message_set_status(message, SOUP_STATUS_PARTIAL_CONTENT, nullptr);
    } else {
      soup_server_message_set_status(message, SOUP_STATUS_OK, nullptr);
    }
    soup_message_headers_free_ranges(soup_server_message_get_request_headers(message), ranges);
  } else {
    soup_server_message_set_status(message, SOUP_STATUS_OK, nullptr);
  }
  soup_message_headers_set_content_length(headers, length);
  if (std::strcmp(soup_server_message_get_method(message), "HEAD") == 0 || lseek(fd, begin, SEEK_SET) < 0) {
    close(fd);
    return;
  }
  new FileSender(message, fd, length);  // it ends with the message
}

}  // namespace

struct StudioServer::Impl {
  std::string token, cookie;
  Handler handler;
  std::unique_ptr<SoupServer, Deleter<g_object_unref>> server;

  bool MayIn(SoupServerMessage *message) const {
    return IsLoopback(g_uri_get_host(soup_server_message_get_uri(message))) &&
           EqualSecrets(CookieOf(message, cookie), token);
  }

  // What a stranger sends is not kept.
  static void OnHeaders(SoupServer *, SoupServerMessage *message, const char *, GHashTable *, gpointer user) {
    const goffset length = soup_message_headers_get_content_length(soup_server_message_get_request_headers(message));
    if (!static_cast<Impl *>(user)->MayIn(message) || length > kMostBody)
      soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
  }

  static void OnRequest(SoupServer *, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user) {
    static_cast<Impl *>(user)->Handle(message, path, query);
  }

  void Handle(SoupServerMessage *message, const std::string &path, GHashTable *query) const {
    const auto plain = [&](guint status, const std::string &text) {
      Answer(message, status, "text/plain; charset=utf-8", text + "\n", ContentPolicy(false));
    };
    const char *given = query != nullptr ? static_cast<const char *>(g_hash_table_lookup(query, "token")) : nullptr;
    const bool here = IsLoopback(g_uri_get_host(soup_server_message_get_uri(message)));
    if (path == "/" && here && given != nullptr && EqualSecrets(given, token)) {
      // Not to stay in the address line.
      SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
      soup_message_headers_append(
          headers, "Set-Cookie",
          (cookie + "=" + token + "; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000").c_str());
      soup_message_headers_replace(headers, "Location", "/");
      soup_message_headers_replace(headers, "Referrer-Policy", "no-referrer");
      soup_server_message_set_status(message, SOUP_STATUS_SEE_OTHER, nullptr);
      return;
    }
    if (!MayIn(message)) return plain(SOUP_STATUS_UNAUTHORIZED, "open the address that gst-action-studio has printed");
    StudioRequest request{soup_server_message_get_method(message), path, {}, ""};
    const bool reads = request.method == "GET" || request.method == "HEAD";
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    if (!reads && soup_message_headers_get_one(headers, kOwnHeader) == nullptr)
      return plain(SOUP_STATUS_FORBIDDEN, "only the studio's own page may change anything");
    if (soup_message_headers_get_content_length(headers) > kMostBody)
      return plain(SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, "that is too much at once");
    if (query != nullptr) {
      GHashTableIter at;
      gpointer key = nullptr, value = nullptr;
      g_hash_table_iter_init(&at, query);
      while (g_hash_table_iter_next(&at, &key, &value))
        request.query[static_cast<char *>(key)] = static_cast<char *>(value);
    }
    SoupMessageBody *body = soup_server_message_get_request_body(message);
    const std::unique_ptr<GBytes, Deleter<g_bytes_unref>> bytes(soup_message_body_flatten(body));
    gsize size = 0;
    const auto *data = static_cast<const char *>(g_bytes_get_data(bytes.get(), &size));
    if (data != nullptr) request.body.assign(data, size);
    if (reads) {
      const std::string name = path == "/" ? "/index.html" : path;
      if (const std::string text = BuiltIn(kResources + name); !text.empty()) {
        Answer(message, SOUP_STATUS_OK, TypeOf(name).c_str(), text, ContentPolicy(false));
        return;
      }
    }
    StudioAnswer answer = handler(request);
    if (!answer.file.empty()) return SendFile(message, answer);
    if (!answer.save_name.empty())
      soup_message_headers_replace(soup_server_message_get_response_headers(message), "Content-Disposition",
                                   ("attachment; filename=\"" + answer.save_name + "\"").c_str());
    Answer(message, answer.status, answer.type.c_str(), answer.text, ContentPolicy(false));
  }
};

StudioServer::StudioServer(unsigned port, const std::string &token, Handler handler) : impl_(new Impl) {
  impl_->token = token;
  impl_->handler = std::move(handler);
  impl_->server.reset(soup_server_new("server-header", "gst-action-studio", nullptr));
  soup_server_add_early_handler(impl_->server.get(), nullptr, Impl::OnHeaders, impl_.get(), nullptr);
  soup_server_add_handler(impl_->server.get(), nullptr, Impl::OnRequest, impl_.get(), nullptr);
  GError *error = nullptr;
  if (!soup_server_listen_local(impl_->server.get(), port, SOUP_SERVER_LISTEN_IPV4_ONLY, &error)) {
    const std::unique_ptr<GError, Deleter<g_error_free>> owner(error);
    throw Error("cannot listen on port " + std::to_string(port) + " of this machine: " + error->message);
  }
  GSList *uris = soup_server_get_uris(impl_->server.get());
  port_ = static_cast<unsigned>(g_uri_get_port(static_cast<GUri *>(uris->data)));
  g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
  // Browsers keep one jar for all ports of a machine.
  impl_->cookie = "studio-" + std::to_string(port_);
}

StudioServer::~StudioServer() {
  soup_server_disconnect(impl_->server.get());
}

}  // namespace action
