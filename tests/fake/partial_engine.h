// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An engine of which a test uses a part: it has the real preprocess, and refuses the rest.
#ifndef TESTS_PARTIAL_ENGINE_H_
#define TESTS_PARTIAL_ENGINE_H_

#include <memory>
#include <string>

#include "action/engine.h"
#include "action/error.h"
#include "action/head.h"
#include "actiontorch/cuda_preprocess.h"
#include "actiontorch/preprocess.h"

class PartialEngine : public action::Engine {
 public:
  std::shared_ptr<action::FeatureService> OpenFeatureService(const Request &) override { throw Refusal(); }
  action::ServiceInfo Describe(const Request &) override { throw Refusal(); }
  std::unique_ptr<action::Preprocessor> NewPreprocessor(action::Colorimetry colorimetry,
                                                        const action::Region &region) override {
    return action::NewPreprocessor(colorimetry, region);
  }
  std::unique_ptr<action::Preprocessor> NewCudaPreprocessor(action::Colorimetry colorimetry,
                                                            const action::Region &region, void *context) override {
    return action::NewCudaPreprocessor(colorimetry, region, context);
  }
  bool ReadsPixelFormat(const char *name) override { return action::ReadsPixelFormat(name); }
  std::unique_ptr<action::Classifier> NewClassifier(const action::StateDict &, const std::string &,
                                                    const action::Device &) override {
    throw Refusal();
  }
  action::TrainedHead TrainHead(const action::HeadTraining &) override { throw Refusal(); }
  std::string TorchVersion() override { throw Refusal(); }
  std::string CpuKernels() override { throw Refusal(); }
  void MakeStandIn(const std::string &, uint64_t) override { throw Refusal(); }

 private:
  static action::Error Refusal() { return action::Error("not in this test's engine"); }
};

#endif  // TESTS_PARTIAL_ENGINE_H_
