// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/health_server.h"

#include <gio/gio.h>
#include <libsoup/soup.h>

#include <cstring>
#include <list>
#include <optional>
#include <utility>

#include "action/deleter.h"
#include "action/error.h"
#include "common/http.h"

namespace action {
namespace {

constexpr guint kPictureInterval = 200;  // ms
constexpr int kStatusEvery = 5;          // pictures
constexpr size_t kMostClients = 64;      // that get a stream
constexpr int kMostConnections = 128;    // a browser has up to six
constexpr guint kIdle = 120;             // s: then a connection on which nothing moves is closed
constexpr const char *kBoundary = "picture";
constexpr const char *kPage = "/gst-action/record/page.html";

using UriPtr = std::unique_ptr<GUri, Deleter<g_uri_unref>>;

void Answer(SoupServerMessage *message, guint status, const char *type, const std::string &text) {
  action::Answer(message, status, type, text, ContentPolicy(true));
}

}  // namespace

struct HealthServer::Impl {
  // One who gets pictures, or what happens, as long as he stays.
  struct Client {
    Impl *server;
    SoupServerMessage *message;
    std::string station;  // empty: events
    bool ready = true;    // what was sent before is gone
    BytesPtr last;        // picture
  };

  Impl(const std::string &word, Source &shown) : token(word), source(shown) {}

  const std::string token;
  Source &source;
  std::unique_ptr<SoupServer, Deleter<g_object_unref>> server;
  std::unique_ptr<GSocketService, Deleter<g_object_unref>> listener;
  const std::shared_ptr<int> connections = std::make_shared<int>(0);  // the last may go after the server
  std::list<Client> clients;
  guint timer = 0;
  int ticks = 0;

  static void OnRequest(SoupServer *, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user) {
    static_cast<Impl *>(user)->Handle(message, path, query);
  }
  static gboolean OnConnection(GSocketService *, GSocketConnection *connection, GObject *, gpointer user);
  bool MayIn(SoupServerMessage *message, GHashTable *query) const;
  void Handle(SoupServerMessage *message, const std::string &path, GHashTable *query);
  void BeginStream(SoupServerMessage *message, const std::string &station, const char *type);
  void Send(Client &client, const std::string &head, GBytes *bytes, const std::string &tail);
  void Tick();
};

// libsoup would take any number, until this process has no file descriptor left for recordings.
gboolean HealthServer::Impl::OnConnection(GSocketService *, GSocketConnection *connection, GObject *, gpointer user) {
  auto *self = static_cast<Impl *>(user);
  if (*self->connections >= kMostConnections) return TRUE;  // closed when it is let go of
  const std::unique_ptr<GSocketAddress, Deleter<g_object_unref>> local(
      g_socket_connection_get_local_address(connection, nullptr));
  const std::unique_ptr<GSocketAddress, Deleter<g_object_unref>> remote(
      g_socket_connection_get_remote_address(connection, nullptr));
  g_socket_set_timeout(g_socket_connection_get_socket(connection), kIdle);
  ++*self->connections;
  g_object_weak_ref(
      G_OBJECT(connection),
      [](gpointer data, GObject *) {
        const std::unique_ptr<std::shared_ptr<int>> count(static_cast<std::shared_ptr<int> *>(data));
        --**count;
      },
      new std::shared_ptr<int>(self->connections));
  soup_server_accept_iostream(self->server.get(), G_IO_STREAM(connection), local.get(), remote.get(), nullptr);
  return TRUE;
}

// Whoever knows the word; without one, whoever asks this machine by a name of its own (no page of elsewhere can).
bool HealthServer::Impl::MayIn(SoupServerMessage *message, GHashTable *query) const {
  SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
  if (token.empty()) return IsLoopback(g_uri_get_host(soup_server_message_get_uri(message)));
  const char *authorization = soup_message_headers_get_one(headers, "Authorization");
  if (authorization != nullptr && g_str_has_prefix(authorization, "Bearer ") && EqualSecrets(authorization + 7, token))
    return true;
  if (EqualSecrets(CookieOf(message, "token"), token)) return true;
  const auto *given = query != nullptr ? static_cast<const char *>(g_hash_table_lookup(query, "token")) : nullptr;
  return given != nullptr && EqualSecrets(given, token);
}

void HealthServer::Impl::Handle(SoupServerMessage *message, const std::string &path, GHashTable *query) {
  const char *method = soup_server_message_get_method(message);
  if (std::strcmp(method, "GET") != 0 && std::strcmp(method, "HEAD") != 0) {
    Answer(message, SOUP_STATUS_METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "only GET\n");
    return;
  }
  if (!MayIn(message, query)) {
    Answer(message, token.empty() ? SOUP_STATUS_FORBIDDEN : SOUP_STATUS_UNAUTHORIZED, "text/plain; charset=utf-8",
           token.empty() ? "ask for localhost\n" : "open /?token=WORD once, or send 'Authorization: Bearer WORD'\n");
    return;
  }
  if (path == "/healthz") {
    const auto problems = ProblemsOf(source.Status());
    std::string text = problems.empty() ? "ok\n" : "";
    for (const std::string &problem : problems)
      text += problem + "\n";
    Answer(message, problems.empty() ? SOUP_STATUS_OK : SOUP_STATUS_SERVICE_UNAVAILABLE, "text/plain; charset=utf-8",
           text);
  } else if (path == "/metrics") {
    Answer(message, SOUP_STATUS_OK, "text/plain; version=0.0.4; charset=utf-8", MetricsText(source.Status()));
  } else if (path == "/") {
    if (query != nullptr && g_hash_table_contains(query, "token")) {
      // Not to stay in the address line.
      const std::string cookie = "token=" + token + "; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000";
      soup_message_headers_append(soup_server_message_get_response_headers(message), "Set-Cookie", cookie.c_str());
      soup_server_message_set_status(message, SOUP_STATUS_SEE_OTHER, nullptr);
      soup_message_headers_replace(soup_server_message_get_response_headers(message), "Location", "/");
      return;
    }
    Answer(message, SOUP_STATUS_OK, "text/html; charset=utf-8", BuiltIn(kPage));
  } else if (path == "/status") {
    Answer(message, SOUP_STATUS_OK, "application/json", StatusJson(source.Status()));
  } else if (path == "/events") {
    BeginStream(message, "", "text/event-stream");
  } else if (path.starts_with("/station/") && path.ends_with(".mjpeg")) {
    BeginStream(message, path.substr(9, path.size() - 15), "multipart/x-mixed-replace; boundary=picture");
  } else if (path.starts_with("/station/") && path.ends_with(".jpg")) {
    const BytesPtr picture = source.Picture(path.substr(9, path.size() - 13));
    if (!picture) {
      Answer(message, SOUP_STATUS_NOT_FOUND, "text/plain; charset=utf-8", "there is no picture (yet); ask again\n");
      return;
    }
    gsize size = 0;
    const auto *data = static_cast<const char *>(g_bytes_get_data(picture.get(), &size));
    Answer(message, SOUP_STATUS_OK, "image/jpeg", std::string(data, size));
  } else {
    Answer(message, SOUP_STATUS_NOT_FOUND, "text/plain; charset=utf-8",
           "there are /, /healthz, /metrics, /status and /station/NAME.jpg\n");
  }
}

void HealthServer::Impl::BeginStream(SoupServerMessage *message, const std::string &station, const char *type) {
  if (clients.size() >= kMostClients) {
    Answer(message, SOUP_STATUS_SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", "too many watch already\n");
    return;
  }
  soup_server_message_set_status(message, SOUP_STATUS_OK, nullptr);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
  soup_message_headers_set_encoding(headers, SOUP_ENCODING_CHUNKED);
  soup_message_headers_replace(headers, "Content-Type", type);
  soup_message_headers_replace(headers, "Cache-Control", "no-store");
  soup_message_headers_replace(headers, "Cross-Origin-Resource-Policy", "same-origin");
  soup_message_body_set_accumulate(soup_server_message_get_response_body(message), FALSE);
  clients.push_back({this, message, station, true, nullptr});
  Client *client = &clients.back();
  g_signal_connect(message, "wrote-chunk",
                   G_CALLBACK(+[](SoupServerMessage *, gpointer user) { static_cast<Client *>(user)->ready = true; }),
                   client);
  g_signal_connect(message, "finished", G_CALLBACK(+[](SoupServerMessage *, gpointer user) {
                     auto *gone = static_cast<Client *>(user);
                     gone->server->clients.remove_if([gone](const Client &c) { return &c == gone; });
                   }),
                   client);
  // Something at once: a browser waits for the first bytes.
  Send(*client, station.empty() ? "retry: 2000\n\n" : "\r\n", nullptr, "");
}

void HealthServer::Impl::Send(Client &client, const std::string &head, GBytes *bytes, const std::string &tail) {
  SoupMessageBody *body = soup_server_message_get_response_body(client.message);
  std::string chunk = head;
  if (bytes != nullptr) {
    gsize size = 0;
    const auto *data = static_cast<const char *>(g_bytes_get_data(bytes, &size));
    chunk.append(data, size);
  }
  chunk += tail;
  client.ready = false;
  soup_message_body_append(body, SOUP_MEMORY_COPY, chunk.data(), chunk.size());
  soup_server_message_unpause(client.message);
}

void HealthServer::Impl::Tick() {
  const bool status_too = ticks++ % kStatusEvery == 0;
  std::optional<std::string> status;
  for (Client &client : clients) {
    // Who has not taken what was sent gets nothing new: it is not heaped up for him.
    if (!client.ready) continue;
    if (client.station.empty()) {
      if (!status_too) continue;
      if (!status) status = StatusJson(source.Status());
      Send(client, "data: " + *status + "\n\n", nullptr, "");
      continue;
    }
    BytesPtr picture = source.Picture(client.station);
    if (!picture || picture == client.last) continue;
    if (client.last && g_bytes_equal(client.last.get(), picture.get())) continue;
    Send(client,
         std::string("--") + kBoundary + "\r\nContent-Type: image/jpeg\r\nContent-Length: " +
             std::to_string(g_bytes_get_size(picture.get())) + "\r\n\r\n",
         picture.get(), "\r\n");
    client.last = std::move(picture);
  }
}

HealthServer::HealthServer(const std::string &listen, const std::string &token, Source &source)
    : impl_(new Impl(token, source)) {
  const std::unique_ptr<GSocketConnectable, Deleter<g_object_unref>> parsed(
      g_network_address_parse(listen.c_str(), 0, nullptr));
  if (!parsed) throw Error("listen = '" + listen + "' is not like 127.0.0.1:8484");
  const auto *network = G_NETWORK_ADDRESS(parsed.get());
  const char *host = g_network_address_get_hostname(const_cast<GNetworkAddress *>(network));
  const std::string number = std::strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
  const std::unique_ptr<GSocketAddress, Deleter<g_object_unref>> address(g_inet_socket_address_new_from_string(
      number.c_str(), g_network_address_get_port(const_cast<GNetworkAddress *>(network))));
  impl_->server.reset(soup_server_new("server-header", "gst-action-record", nullptr));
  soup_server_add_handler(impl_->server.get(), nullptr, Impl::OnRequest, impl_.get(), nullptr);
  // Nobody has anything to send: what somebody sends all the same is not kept.
  const SoupServerCallback at_first = [](SoupServer *, SoupServerMessage *message, const char *, GHashTable *,
                                         gpointer) {
    soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
  };
  soup_server_add_early_handler(impl_->server.get(), nullptr, at_first, nullptr, nullptr);
  GError *error = nullptr;
  GSocketAddress *bound = nullptr;
  impl_->listener.reset(g_socket_service_new());
  g_socket_listener_set_backlog(G_SOCKET_LISTENER(impl_->listener.get()), kMostConnections);
  if (!address ||
      !g_socket_listener_add_address(G_SOCKET_LISTENER(impl_->listener.get()), address.get(), G_SOCKET_TYPE_STREAM,
                                     G_SOCKET_PROTOCOL_TCP, nullptr, &bound, &error)) {
    const ErrorPtr owner(error);
    throw Error("cannot listen on " + listen + ": " + (error != nullptr ? error->message : "no address") +
                ". Is another gst-action-record running? Set listen to another port, or to none");
  }
  const std::unique_ptr<GSocketAddress, Deleter<g_object_unref>> owner(bound);
  const CharPtr text(g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(bound)));
  address_ = std::string("http://") + text.get() + "/";
  g_signal_connect(impl_->listener.get(), "incoming", G_CALLBACK(Impl::OnConnection), impl_.get());
  impl_->timer = g_timeout_add(
      kPictureInterval,
      [](gpointer user) -> gboolean {
        static_cast<Impl *>(user)->Tick();
        return G_SOURCE_CONTINUE;
      },
      impl_.get());
}

HealthServer::~HealthServer() {
  g_source_remove(impl_->timer);
  g_signal_handlers_disconnect_by_data(impl_->listener.get(), impl_.get());
  g_socket_service_stop(impl_->listener.get());
  g_socket_listener_close(G_SOCKET_LISTENER(impl_->listener.get()));
  soup_server_disconnect(impl_->server.get());
  impl_->server.reset();
}

}  // namespace action
