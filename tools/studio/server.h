// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The studio's HTTP side: who may in, the page, files of any size.
#ifndef GST_ACTION_STUDIO_SERVER_H_
#define GST_ACTION_STUDIO_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace action {

struct StudioRequest {
  std::string method, path;
  std::map<std::string, std::string> query;
  std::string body;
};

struct StudioAnswer {
  unsigned status = 200;
  std::string type = "application/json";
  std::string text;
  std::string file;       // sent instead of the text, in parts where the browser asks for parts
  std::string save_name;  // the browser saves it under this name; empty: it shows it
};

// On the main loop, on loopback alone. Whoever knows the word is let in: in the address (/?token=WORD), which becomes a
// cookie.
class StudioServer {
 public:
  using Handler = std::function<StudioAnswer(const StudioRequest &request)>;

  // port 0: any. Throws Error.
  StudioServer(unsigned port, const std::string &token, Handler handler);
  ~StudioServer();
  StudioServer(const StudioServer &) = delete;
  StudioServer &operator=(const StudioServer &) = delete;

  unsigned port() const { return port_; }

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
  unsigned port_ = 0;
};

}  // namespace action

#endif  // GST_ACTION_STUDIO_SERVER_H_
