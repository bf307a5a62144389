// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The engine behind action_engine(): binds the parts of this library together.
#include <exception>
#include <memory>
#include <string>

#include "action/engine.h"
#include "action/error.h"
#include "actiontorch/cpu_convolution.h"
#include "actiontorch/cuda_preprocess.h"
#include "actiontorch/feature_service.h"
#include "actiontorch/head_network.h"
#include "actiontorch/head_training.h"
#include "actiontorch/preprocess.h"
#include "actiontorch/r3d18.h"
#include "actiontorch/stand_in.h"

namespace action {
namespace {

class TorchEngine : public Engine {
 public:
  std::shared_ptr<FeatureService> OpenFeatureService(const Request &request) override {
    return SharedFeatureService(request);
  }
  ServiceInfo Describe(const Request &request) override { return DescribeService(request); }
  std::unique_ptr<Preprocessor> NewPreprocessor(Colorimetry colorimetry, const Region &region) override {
    return action::NewPreprocessor(colorimetry, region);
  }
  std::unique_ptr<Preprocessor> NewCudaPreprocessor(Colorimetry colorimetry, const Region &region,
                                                    void *context) override {
    return action::NewCudaPreprocessor(colorimetry, region, context);
  }
  bool ReadsPixelFormat(const char *name) override { return action::ReadsPixelFormat(name); }
  std::unique_ptr<Classifier> NewClassifier(const StateDict &weights, const std::string &where,
                                            const Device &device) override {
    const Device used = device.kind == Device::Kind::kCuda ? ResolveDevice(device) : Device{Device::Kind::kCpu, 0};
    return action::NewClassifier(weights, where, used);
  }
  TrainedHead TrainHead(const HeadTraining &training) override { return action::TrainHead(training); }
  std::string TorchVersion() override { return LoadedTorchVersion(); }
  std::string CpuKernels() override {
    const ConvolutionKernels *kernels = KernelsOfThisProcessor();
    return kernels != nullptr ? kernels->name : "";
  }
  void MakeStandIn(const std::string &path, uint64_t seed) override { WriteStateDict(path, MakeStandInWeights(seed)); }
};

void CheckTorchVersion() {
  const std::string loaded = LoadedTorchVersion();
  const std::string compiled = CompiledTorchVersion();
  // A wheel's version may carry a suffix ("2.1.0+cpu") on one side only.
  const auto plain = [](const std::string &version) { return version.substr(0, version.find('+')); };
  if (loaded.empty() || plain(loaded) == plain(compiled)) return;
  throw Error("gst-action was built against LibTorch " + compiled + ", but LibTorch " + loaded +
              " was loaded. Build again against the installed one, or correct LD_LIBRARY_PATH");
}

}  // namespace
}  // namespace action

action::Engine *action_engine(int interface) {
  if (interface != action::kEngineInterface) return nullptr;
  action::CheckTorchVersion();
  static auto *engine = new action::TorchEngine;
  return engine;
}
