// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One network for all streams of a process, run by a worker of its own.
#ifndef ACTIONTORCH_FEATURE_SERVICE_H_
#define ACTIONTORCH_FEATURE_SERVICE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "action/engine.h"
#include "actiontorch/r3d18.h"

namespace action {

// What a worker runs.
struct BatchNetwork {
  // Writes the features of each chunk. Called on the worker's threads only, with at most max_batch chunks.
  std::function<void(std::span<const Chunk> chunks, std::span<Features> features)> run;
  int max_batch = 1;   // most that it takes
  int best_batch = 1;  // what suits the device best
  int threads = 1;     // that may be in run at once: a device computes for one while others bring and fetch
  // Of one chunk that has context. kept: of its stream. Of a network with several threads, which keeps nothing there,
  // two may have the same stream's at once.
  std::function<void(const Chunk &chunk, std::unique_ptr<KeptFrames> &kept, Features &features)> run_continual;
};
// Makes the network on the worker's first thread, so that everything LibTorch keeps per thread is set where it is used.
using NetworkFactory = std::function<BatchNetwork()>;

// Starts a worker and waits until the network is made. Rethrows what the factory throws.
std::shared_ptr<FeatureService> StartFeatureService(const ServiceInfo &info, const NetworkFactory &factory);

// The running service for these weights, device and precision, or one started now.
std::shared_ptr<FeatureService> SharedFeatureService(const Engine::Request &request);

// What SharedFeatureService would run. Reads the weights' file.
ServiceInfo DescribeService(const Engine::Request &request);

}  // namespace action

#endif  // ACTIONTORCH_FEATURE_SERVICE_H_
