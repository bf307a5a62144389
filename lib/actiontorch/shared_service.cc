// The register of running services: one per weights, device and precision.
#include <sys/stat.h>

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>

#include "action/error.h"
#include "action/r3d18_spec.h"
#include "action/weights_location.h"
#include "actiontorch/feature_service.h"
#include "actiontorch/r3d18.h"
#include "actiontorch/worker_threads.h"

namespace action {
namespace {

// What changes when a file does: device, inode, size, times of change.
using FileMark = std::array<int64_t, 7>;

std::optional<FileMark> MarkOf(const std::string &path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) return std::nullopt;
  return FileMark{static_cast<int64_t>(facts.st_dev),
                  static_cast<int64_t>(facts.st_ino),
                  facts.st_size,
                  facts.st_mtim.tv_sec,
                  facts.st_mtim.tv_nsec,
                  facts.st_ctim.tv_sec,
                  facts.st_ctim.tv_nsec};
}

struct Register {
  std::mutex mutex;  // held while a network is loaded: two elements that start together load it once
  // Files that were read and have not changed since need not be read again to find their service.
  std::map<std::string, std::pair<FileMark, std::weak_ptr<FeatureService>>> files;  // key: path, device, precision
  std::map<std::tuple<std::string, std::string, Precision>, std::weak_ptr<FeatureService>> services;
};

// Never destroyed: elements may outlive main.
Register &TheRegister() {
  static auto *all = new Register;
  return *all;
}

// What can be said without reading the file.
ServiceInfo Resolve(const Engine::Request &request) {
  ServiceInfo info;
  info.device = ResolveDevice(request.device);
  info.precision = ResolvePrecision(request.precision, info.device);
  info.weights_path = FindWeights(request.weights);
  return info;
}

// Reads, checks and identifies them.
StateDict ReadWeights(ServiceInfo &info, bool compare_with_published) {
  const Checkpoint checkpoint = ReadCheckpoint(info.weights_path);
  StateDict weights = ToStateDict(checkpoint);
  if (compare_with_published) info.published = FileHash(*checkpoint.bytes).starts_with(kPublishedWeightsHashPrefix);
  CheckR3d18(weights, info.weights_path);
  info.weights_hash = WeightsHash(weights);
  info.stand_in = IsStandIn(weights);
  return weights;
}

}  // namespace

ServiceInfo DescribeService(const Engine::Request &request) {
  ServiceInfo info = Resolve(request);
  ReadWeights(info, true);
  return info;
}

std::shared_ptr<FeatureService> SharedFeatureService(const Engine::Request &request) {
  ServiceInfo info = Resolve(request);

  Register &all = TheRegister();
  const std::lock_guard lock(all.mutex);
  auto &file = all.files[info.weights_path + "\n" + info.device.ToString() + "\n" + NameOf(info.precision)];
  const std::optional<FileMark> mark = MarkOf(info.weights_path);
  if (mark && file.first == *mark) {
    if (auto running = file.second.lock()) return running;
  }
  const StateDict weights = ReadWeights(info, false);
  const auto remember = [&](const std::shared_ptr<FeatureService> &service) {
    // Not when it changed while it was read.
    if (mark && MarkOf(info.weights_path) == mark) file = {*mark, service};
    return service;
  };

  auto &entry = all.services[{info.weights_hash, info.device.ToString(), info.precision}];
  if (auto running = entry.lock()) return remember(running);
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
  return remember(service);
}

}  // namespace action
