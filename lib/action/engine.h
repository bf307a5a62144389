// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the LibTorch side of the product offers, in plain types. Callers never see a torch header; the GStreamer plugin
// reaches it through action_engine(), found with dlopen, so that loading the plugin does not load LibTorch.
#ifndef ACTION_ENGINE_H_
#define ACTION_ENGINE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "action/export.h"
#include "action/network.h"
#include "action/picture.h"

namespace action {

class Classifier;
struct HeadTraining;
struct StateDict;
struct TrainedHead;

class Engine {
 public:
  virtual ~Engine() = default;

  struct Request {
    std::string weights;  // a path; empty: see FindWeights
    Device device;
    Precision precision = Precision::kAuto;
  };
  // Loads the network and runs it once, or returns the one that is running already. Throws Error.
  virtual std::shared_ptr<FeatureService> OpenFeatureService(const Request &request) = 0;

  // What OpenFeatureService would run, without running it: reads and checks the weights, resolves device and precision.
  virtual ServiceInfo Describe(const Request &request) = 0;

  virtual std::unique_ptr<Preprocessor> NewPreprocessor(Colorimetry colorimetry, const Region &region) = 0;
  // The same for pictures in the memory of a CUDA GPU: the planes are addresses in a CUDA context (CUcontext), which
  // must outlive the preprocessor. Within 1 of what NewPreprocessor's gives. Process throws Error for what it cannot
  // do: formats but for NV12, NV21, P010, I420 and packed RGB, odd sizes of YUV, less than 112 x 112. Null: without
  // NVIDIA's driver, or a context.
  virtual std::unique_ptr<Preprocessor> NewCudaPreprocessor(Colorimetry colorimetry, const Region &region,
                                                            void *context) = 0;
  // Whether NewPreprocessor's reads this libavutil pixel format.
  virtual bool ReadsPixelFormat(const char *name) = 0;

  // A head (see action/head.h) with these weights. `auto` is the CPU, which is done with a step before a GPU has been
  // asked. Throws Error naming `where` when the weights are none, or the device when there is none.
  virtual std::unique_ptr<Classifier> NewClassifier(const StateDict &weights, const std::string &where,
                                                    const Device &device) = 0;
  // Trains a head, on the calling thread alone. Throws Error.
  virtual TrainedHead TrainHead(const HeadTraining &training) = 0;

  // The LibTorch that computes, such as "1.13.0".
  virtual std::string TorchVersion() = 0;

  // What fp32 on CPUs is computed with, "AVX-512" or "AVX2"; empty where LibTorch does it.
  virtual std::string CpuKernels() = 0;

  // Writes seeded R3D-18 weights whose batch norms are calibrated on drifting 1/f noise, marked as a stand-in.
  virtual void MakeStandIn(const std::string &path, uint64_t seed) = 0;
};

// Bump with every change of the classes above: plugin and engine may come from different builds.
inline constexpr int kEngineInterface = 7;

}  // namespace action

// Defined in libactiontorch. Null when `interface` is not the one that the library was built with. Throws action::Error
// when the LibTorch that was loaded is not the one it was compiled against.
extern "C" ACTION_API action::Engine *action_engine(int interface);

#endif  // ACTION_ENGINE_H_
