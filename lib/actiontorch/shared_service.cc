// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The register of running services: one per weights, device and precision.
#include <sys/stat.h>

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "action/error.h"
#include "action/r3d18_spec.h"
#include "action/sha256.h"
#include "action/weights_location.h"
#include "actiontorch/feature_service.h"
#include "actiontorch/r3d18.h"

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

// What a file was found to be. While its mark is the same it need not be read again to find its service.
struct KnownFile {
  FileMark mark{};
  std::string hash;
  bool stand_in = false;
};

struct Running {
  std::weak_ptr<FeatureService> service;
  bool stand_in = false;  // some file with these weights says so, so they are
};

using ServiceKey = std::tuple<std::string, std::string, Precision>;  // hash, device, precision

ServiceKey KeyOf(const ServiceInfo &info) {
  return {info.weights_hash, info.device.ToString(), info.precision};
}

struct Register {
  std::mutex mutex;  // held while a network is loaded: two elements that start together load it once
  std::map<std::string, KnownFile> files;
  std::map<ServiceKey, Running> services;
  std::map<ServiceKey, std::string> wrong;  // what came out wrong and is not tried again for kAuto, and why
};

// A service as one opener asked for it: the network is shared, the name of the file is his.
class NamedService : public FeatureService {
 public:
  NamedService(ServiceInfo info, std::shared_ptr<FeatureService> running)
      : info_(std::move(info)), running_(std::move(running)) {}
  const ServiceInfo &info() const override { return info_; }
  std::unique_ptr<FeatureStream> OpenStream(const StreamOptions &options) override {
    return running_->OpenStream(options);
  }

 private:
  const ServiceInfo info_;
  const std::shared_ptr<FeatureService> running_;
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
  info.notice = DeviceNotice(info.device, info.precision);
  info.weights_path = FindWeights(request.weights);
  return info;
}

// Reads, checks and identifies them.
StateDict ReadWeights(ServiceInfo &info, bool compare_with_published) {
  const Checkpoint checkpoint = ReadCheckpoint(info.weights_path);
  StateDict weights = ToStateDict(checkpoint);
  if (compare_with_published) info.published = Sha256Of(*checkpoint.bytes).starts_with(kPublishedWeightsHashPrefix);
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
  const bool may_fall_back = request.precision == Precision::kAuto && info.precision != Precision::kFp32;

  Register &all = TheRegister();
  const std::lock_guard lock(all.mutex);
  const auto find = [&]() -> std::shared_ptr<FeatureService> {
    if (const auto wrong = all.wrong.find(KeyOf(info)); may_fall_back && wrong != all.wrong.end()) {
      info.notice = wrong->second;
      info.precision = Precision::kFp32;
    }
    Running &entry = all.services[KeyOf(info)];
    auto running = entry.service.lock();
    if (!running) return nullptr;
    info.stand_in = entry.stand_in = entry.stand_in || info.stand_in;
    return std::make_shared<NamedService>(info, std::move(running));
  };
  const std::optional<FileMark> mark = MarkOf(info.weights_path);
  const auto known = all.files.find(info.weights_path);
  if (mark && known != all.files.end() && known->second.mark == *mark) {
    info.weights_hash = known->second.hash;
    info.stand_in = known->second.stand_in;
    if (auto running = find()) return running;
  }
  const StateDict weights = ReadWeights(info, false);
  // Not when it changed while it was read.
  if (mark && MarkOf(info.weights_path) == mark)
    all.files[info.weights_path] = {*mark, info.weights_hash, info.stand_in};
  if (auto running = find()) return running;
  const auto factory = [&]() -> BatchNetwork {
    const std::shared_ptr<R3d18> network = NewR3d18(weights, info.device, info.precision);
    const auto run = [network](std::span<const Chunk> chunks, std::span<Features> features) {
      std::vector<const uint8_t *> pixels;
      pixels.reserve(chunks.size());
      for (const Chunk &chunk : chunks)
        pixels.push_back(chunk.pixels.data());
      network->Forward(pixels, {features.front().data(), features.size() * kFeatureSize});
    };
    const auto run_continual = [network](const Chunk &chunk, std::unique_ptr<KeptFrames> &kept, Features &features) {
      network->ForwardContinual(chunk, kept, features);
    };
    network->WarmUp();
    return {run, network->max_batch(), network->best_batch(), network->concurrent_passes(), run_continual};
  };
  std::shared_ptr<FeatureService> service;
  try {
    service = StartFeatureService(info, factory);
  } catch (const WrongPrecision &e) {
    if (!may_fall_back || info.precision == Precision::kFp32) throw;
    all.wrong[KeyOf(info)] = std::string(e.what()) + ". Going on in fp32";
    if (auto running = find()) return running;
    service = StartFeatureService(info, factory);
  }
  all.services[KeyOf(info)] = {service, info.stand_in};
  return std::make_shared<NamedService>(info, std::move(service));
}

}  // namespace action
