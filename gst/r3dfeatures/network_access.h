// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An r3dfeatures' way to its network, which is loaded beside the state changes.
#ifndef GST_ACTION_NETWORK_ACCESS_H_
#define GST_ACTION_NETWORK_ACCESS_H_

#include <gst/gst.h>

#include <memory>
#include <mutex>
#include <optional>

#include "action/engine.h"
#include "common/loaded_beside.h"
#include "r3dfeatures/properties.h"

namespace action {

class NetworkAccess {
 public:
  explicit NetworkAccess(GstElement *element) : element_(element) {}

  // ---- State changes

  // NULL->READY and READY->PAUSED: begins to load what the settings ask for. When it is there, an element message
  // `action-network` is posted; an error or warnings come before it. False: it has failed since NULL->READY, and the
  // error was posted. Throws Error when `device` is none.
  bool Load(const R3dFeaturesSettings &settings);
  // READY->PAUSED.
  void Start(const StreamOptions &options);
  // PAUSED->READY, before the pads are deactivated: nobody waits any more.
  void Close();
  // After they were.
  void Stop();
  // READY->NULL. Waits for what is being loaded.
  void Unload();

  // ---- Streaming thread

  // True: the stream is open. False: the network is not there yet (wait: somebody interrupted), or has failed.
  bool Open(bool wait);
  // After Open.
  Engine &engine() { return *network_->engine; }
  const ServiceInfo &info() const { return network_->service->info(); }
  FeatureStream &stream() { return *stream_; }

  // ---- Any thread

  // Every wait, for the network or in the stream, ends until Resume.
  void Interrupt();
  void Resume();
  // There will be no network; the error was posted.
  bool failed() const { return loading_.failed(); }
  // Between Start and Stop, and frames cannot be looked at yet.
  bool loading() const;
  bool computing() const;
  // Of the stream; of the last one while there is none.
  StreamStats stats() const;

 private:
  struct Network {
    Engine *engine = nullptr;
    std::shared_ptr<FeatureService> service;
  };

  std::shared_ptr<Network> LoadNow(const Engine::Request &request, const std::shared_ptr<Network> &before) const;
  std::shared_ptr<FeatureStream> OpenedStream() const;
  // Returns the stream that is to be told.
  std::shared_ptr<FeatureStream> Set(bool NetworkAccess::*flag, bool value);

  GstElement *const element_;
  LoadedBeside<Network> loading_;

  // State changes.
  Engine::Request request_;

  StreamOptions options_;             // READY->PAUSED
  std::shared_ptr<Network> network_;  // streaming thread; of the stream

  mutable std::mutex mutex_;  // protects what follows
  std::shared_ptr<FeatureStream> stream_;
  bool started_ = false, interrupted_ = false, closed_ = false;
  StreamStats last_stats_;
};

}  // namespace action

#endif  // GST_ACTION_NETWORK_ACCESS_H_
