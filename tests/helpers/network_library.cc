// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The network as a C library, so that Python can run it in one process with its own PyTorch and profiler. LibTorch
// only: built by tests/cuda-check.sh with g++ alone.
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "action/checkpoint/checkpoint.h"
#include "action/checkpoint/formats.h"
#include "action/r3d18_spec.h"
#include "actiontorch/r3d18.h"

#define CHECK_API extern "C" __attribute__((visibility("default")))

namespace {

struct Handle {
  std::unique_ptr<action::R3d18> network;
  std::string notice;
  std::string description;
};

std::string &LastError() {
  static std::string error;
  return error;
}

template <typename Body>
bool Caught(Body &&body) {
  try {
    body();
    return true;
  } catch (const std::exception &e) {
    LastError() = e.what();
    return false;
  }
}

action::Precision PrecisionOf(const std::string &name) {
  for (const auto precision : {action::Precision::kFp32, action::Precision::kFp16, action::Precision::kBf16}) {
    if (name == action::NameOf(precision)) return precision;
  }
  return action::Precision::kAuto;
}

}  // namespace

// Null on failure: see check_error.
CHECK_API Handle *check_open(const char *weights, const char *device_name, const char *precision_name) {
  auto handle = std::make_unique<Handle>();
  const bool opened = Caught([&] {
    std::ifstream file(weights, std::ios::binary);
    const std::string data((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto bytes = std::as_bytes(std::span(data));
    action::Checkpoint checkpoint;
    checkpoint.path = weights;
    checkpoint.root = action::ParseTorchZip(std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end()));
    const action::StateDict state = action::ToStateDict(checkpoint);
    action::CheckR3d18(state, weights);
    const action::Device device = action::ResolveDevice(action::Device::Parse(device_name));
    const action::Precision precision = action::ResolvePrecision(PrecisionOf(precision_name), device);
    handle->network = action::NewR3d18(state, device, precision);
    handle->network->WarmUp();
    handle->notice = action::DeviceNotice(device, precision);
  });
  return opened ? handle.release() : nullptr;
}

CHECK_API void check_close(Handle *handle) {
  delete handle;
}

CHECK_API const char *check_error() {
  return LastError().c_str();
}

CHECK_API const char *check_description(Handle *handle) {
  handle->description = handle->network->Description() + (handle->notice.empty() ? "" : "; ") + handle->notice;
  return handle->description.c_str();
}

// pixels: [n, 16, 112, 112, 3] bytes; features: [n, 512] float32.
CHECK_API bool check_forward(Handle *handle, const uint8_t *pixels, int n, float *features) {
  return Caught([&] {
    std::vector<const uint8_t *> chunks;
    for (int i = 0; i < n; ++i)
      chunks.push_back(pixels + static_cast<ptrdiff_t>(i) * action::kChunkBytes);
    handle->network->Forward(chunks, {features, chunks.size() * action::kFeatureSize});
  });
}
