// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Stands in for libactiontorch in element tests: the real queues, worker and preprocess around a network that answers
// at once, or when the test lets it. Found through LD_LIBRARY_PATH, so the plugin under test is the one that is
// shipped.
#include "fake/fake_engine.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <numeric>

#include "action/engine.h"
#include "action/error.h"
#include "actiontorch/feature_service.h"
#include "fake/partial_engine.h"

namespace {

std::mutex mutex;
std::condition_variable changed;
bool gate_open = true;
bool loading_open = true;
int waiting_at_gate = 0;
std::atomic<bool> failing{false};

// features[0]: mean of the first frame; [1]: mean of the last one; [2]: mean of all.
action::Features Answer(const action::Chunk &chunk) {
  {
    std::unique_lock lock(mutex);
    ++waiting_at_gate;
    changed.notify_all();
    changed.wait(lock, [] { return gate_open; });
    --waiting_at_gate;
  }
  if (failing) throw action::Error("the fake network was told to fail");
  const auto mean = [&chunk](size_t from, size_t size) {
    const auto begin = chunk.pixels.begin() + static_cast<ptrdiff_t>(from);
    return static_cast<float>(std::accumulate(begin, begin + static_cast<ptrdiff_t>(size), 0.0) /
                              static_cast<double>(size));
  };
  action::Features features{};
  features[0] = mean(0, action::kFrameBytes);
  features[1] = mean(action::kChunkBytes - action::kFrameBytes, action::kFrameBytes);
  features[2] = mean(0, action::kChunkBytes);
  return features;
}

class ChosenLogits : public action::Classifier {
 public:
  explicit ChosenLogits(std::vector<float> features) : features_(std::move(features)) {}
  int classes() const override { return static_cast<int>(features_.size()); }
  std::vector<float> Logits(std::span<const action::Features> steps) const override {
    std::vector<float> logits;
    for (const action::Features &step : steps) {
      for (const float feature : features_)
        logits.push_back(step[static_cast<size_t>(feature)]);
    }
    return logits;
  }

 private:
  std::vector<float> features_;
};

void WaitUntilLoadingIsOpen() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [] { return loading_open; });
}

class FakeEngine : public PartialEngine {
 public:
  std::shared_ptr<action::FeatureService> OpenFeatureService(const Request &request) override {
    WaitUntilLoadingIsOpen();
    if (request.weights == "damaged") throw action::Error("the weights are damaged");
    return action::StartFeatureService(Describe(request), [] {
      const auto run = [](std::span<const action::Chunk> chunks, std::span<action::Features> features) {
        std::ranges::transform(chunks, features.begin(), Answer);
      };
      const auto continual = [](const action::Chunk &chunk, auto &, action::Features &features) {
        action::Chunk alone;
        const auto first = chunk.pixels.begin() + static_cast<ptrdiff_t>(chunk.before) * action::kFrameBytes;
        alone.pixels.assign(first, first + action::kChunkBytes);
        features = Answer(alone);
      };
      return action::BatchNetwork{run, 8, 1, 1, continual};
    });
  }
  // A classifier whose last bias says which of the features is the logit of each class.
  std::unique_ptr<action::Classifier> NewClassifier(const action::StateDict &weights, const std::string &,
                                                    const action::Device &device) override {
    WaitUntilLoadingIsOpen();
    if (device.kind == action::Device::Kind::kCuda) throw action::Error("there is no CUDA device");
    return std::make_unique<ChosenLogits>(weights.Find("net.7.bias")->ToFloats());
  }
  action::ServiceInfo Describe(const Request &request) override {
    action::ServiceInfo info;
    info.weights_path = request.weights;
    info.weights_hash = "fake";
    info.stand_in = request.weights == "stand-in";
    info.device = {action::Device::Kind::kCpu, 0};
    info.precision = action::Precision::kFp32;
    return info;
  }
};

}  // namespace

action::Engine *action_engine(int interface) {
  static auto *engine = new FakeEngine;
  return interface == action::kEngineInterface ? engine : nullptr;
}

void fake_engine_set_gate(bool open) {
  const std::lock_guard lock(mutex);
  gate_open = open;
  changed.notify_all();
}

void fake_engine_wait_at_gate() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [] { return waiting_at_gate > 0; });
}

void fake_engine_set_loading(bool open) {
  const std::lock_guard lock(mutex);
  loading_open = open;
  changed.notify_all();
}

void fake_engine_set_failing(bool fail) {
  failing = fail;
}
