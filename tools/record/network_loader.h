// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The network of all stations, which takes some seconds to load, and may not be there for longer.
#ifndef GST_ACTION_RECORD_NETWORK_LOADER_H_
#define GST_ACTION_RECORD_NETWORK_LOADER_H_

#include <gst/gst.h>

#include <memory>
#include <mutex>
#include <string>

#include "action/engine.h"
#include "common/loaded_beside.h"
#include "record/settings.h"

namespace action {

// Stations record without labels until it is there: one that cannot be loaded is tried here, not by their pipelines,
// which would lose frames each time. On the main loop. Keeps the network for stations that begin.
class NetworkLoader {
 public:
  static constexpr const char *kLoading = "the network is being loaded";

  // Loads what the settings ask for; one that runs already is found at once.
  void Begin(const SiteSettings &settings);
  // now: running time. Tries again when that is due.
  void Poll(GstClockTime now);
  bool is_there() const { return static_cast<bool>(loading_.Get()); }
  // Why it is not; empty: it is.
  std::string WhyNot() const;

 private:
  void Load();

  Engine::Request request_;
  GstClockTime delay_ = 0;
  GstClockTime retry_at_ = GST_CLOCK_TIME_NONE;
  mutable std::mutex mutex_;
  std::string failure_;  // with the mutex: of the last try
  LoadedBeside<FeatureService> loading_;
};

}  // namespace action

#endif  // GST_ACTION_RECORD_NETWORK_LOADER_H_
