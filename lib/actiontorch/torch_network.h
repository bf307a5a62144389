// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// R3D-18 as ATen's operators, for any device. Includes ATen: for the few files that run it.
#ifndef ACTIONTORCH_TORCH_NETWORK_H_
#define ACTIONTORCH_TORCH_NETWORK_H_

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "action/engine.h"
#include "action/error.h"
#include "actiontorch/folded_r3d18.h"

namespace action {

// How a network lies in memory, channels last unless blocked, and what computes it.
struct Layout {
  at::Device device = at::kCPU;
  at::ScalarType type = at::kFloat;
  bool blocked = false;         // oneDNN's own layout, on the CPU
  bool space_to_depth = false;  // the stem with 48 channels instead of 3: space_to_depth.h
  bool fused = false;           // cuDNN's convolutions add and rectify themselves, on CUDA

  std::string Description() const;
};

at::Device TorchDevice(Device device);

// Weights and activations keep their layout throughout. Who calls has an InferenceMode.
class TorchNetwork {
 public:
  TorchNetwork(const FoldedR3d18 &folded, const Layout &layout);
  ~TorchNetwork();

  const Layout &layout() const { return layout_; }
  // pixels: [n, 16, 112, 112, 3] bytes on the device. Returns [n, 512] float there.
  at::Tensor FromPixels(const at::Tensor &pixels) const;
  // A chunk with its context (see R3d18::ForwardContinual). Returns [1, 512] float on the device.
  at::Tensor FromChunk(const Chunk &chunk) const;
  // x: [n, 3, 16, 112, 112] float on the device, normalised.
  at::Tensor FromNormalised(const at::Tensor &x) const;

 private:
  struct Convolution;
  struct Block;

  Layout layout_;
  at::Tensor Normalised(const at::Tensor &pixels) const;
  at::Tensor FromFrames(const at::Tensor &frames, int first = 0) const;
  at::Tensor Shared(const at::Tensor &x, int first) const;
  at::Tensor FromOdd(const Block &block, const at::Tensor &x) const;
  at::Tensor Dense(const at::Tensor &x) const;
  at::Tensor LaidOut(const at::Tensor &x) const;

  at::Tensor mean_;  // [3], as the others: x = (rgb / 255 - mean) / std = rgb * scale + shift
  at::Tensor std_;
  at::Tensor scale_;
  at::Tensor shift_;
  std::vector<Convolution> stem_;  // one
  std::vector<Block> blocks_;
};

// LibTorch's errors end in a stack of addresses that says nothing to a user.
Error Readable(const char *doing, const c10::Error &error);

template <typename Body>
void Translated(const char *doing, Body &&body) {
  try {
    body();
  } catch (const c10::Error &e) {
    throw Readable(doing, e);
  }
}

}  // namespace action

#endif  // ACTIONTORCH_TORCH_NETWORK_H_
