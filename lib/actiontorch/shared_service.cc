// The register of running services: one per weights, device and precision.
#include <map>
#include <mutex>
#include <tuple>

#include "action/error.h"
#include "action/r3d18_spec.h"
#include "action/weights_location.h"
#include "actiontorch/feature_service.h"
#include "actiontorch/r3d18.h"
#include "actiontorch/worker_threads.h"

namespace action {
namespace {

struct Register {
  std::mutex mutex;  // held while a network is loaded: two elements that start together load it once
  std::map<std::tuple<std::string, std::string, Precision>, std::weak_ptr<FeatureService>> services;
};

// Never destroyed: elements may outlive main.
Register &TheRegister() {
  static auto *all = new Register;
  return *all;
}

}  // namespace

std::shared_ptr<FeatureService> SharedFeatureService(const Engine::Request &request) {
  ServiceInfo info;
  info.device = ResolveDevice(request.device);
  info.precision = ResolvePrecision(request.precision, info.device);
  info.weights_path = FindWeights(request.weights);

  Register &all = TheRegister();
  const std::lock_guard lock(all.mutex);
  // Read, hash, then use: the file may change under a name that is known already.
  const StateDict weights = ToStateDict(ReadCheckpoint(info.weights_path));
  CheckR3d18(weights, info.weights_path);
  info.weights_hash = WeightsHash(weights);
  info.stand_in = IsStandIn(weights);

  auto &entry = all.services[{info.weights_hash, info.device.ToString(), info.precision}];
  if (auto running = entry.lock()) return running;
  const auto factory = [&]() -> ChunkFunction {
    UseAllProcessors();
    auto network = std::make_shared<R3d18>(weights, info.weights_path, info.device, info.precision);
    const auto run = [network](const Chunk &chunk) {
      Features features{};
      network->Forward(chunk.pixels, 1, features);
      return features;
    };
    Chunk warm_up;
    warm_up.pixels.resize(kChunkBytes);
    run(warm_up);
    return run;
  };
  auto service = StartFeatureService(info, factory);
  entry = service;
  return service;
}

}  // namespace action
