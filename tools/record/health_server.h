// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The HTTP listener: /healthz, /metrics, and a page with live pictures.
#ifndef GST_ACTION_RECORD_HEALTH_SERVER_H_
#define GST_ACTION_RECORD_HEALTH_SERVER_H_

#include <glib.h>

#include <memory>
#include <string>

#include "common/glib_ptr.h"
#include "record/site_status.h"

namespace action {

// On the main loop.
class HealthServer {
 public:
  // What is shown.
  class Source {
   public:
    virtual SiteStatus Status() = 0;
    // JPEG; null: there is none (yet), or no such station.
    virtual BytesPtr Picture(const std::string &station) = 0;

   protected:
    ~Source() = default;
  };

  // listen: ADDRESS:PORT, port 0 for any; token: the word that is asked for, empty: none. Throws Error.
  HealthServer(const std::string &listen, const std::string &token, Source &source);
  ~HealthServer();
  HealthServer(const HealthServer &) = delete;
  HealthServer &operator=(const HealthServer &) = delete;

  // "http://127.0.0.1:8484/"
  const std::string &address() const { return address_; }

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
  std::string address_;
};

}  // namespace action

#endif  // GST_ACTION_RECORD_HEALTH_SERVER_H_
