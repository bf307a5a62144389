// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The network on LibTorch, and the choice among the ways to compute it.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "action/chunk_builder.h"
#include "action/processors.h"
#include "actiontorch/r3d18.h"
#include "actiontorch/torch_network.h"
#include "actiontorch/worker_threads.h"

namespace action {
namespace {

class TorchR3d18 : public R3d18 {
 public:
  TorchR3d18(const FoldedR3d18 &folded, const Layout &layout)
      : network_(folded, layout), follows_(layout.device.is_cpu() && !ThreadsAreGiven()) {}

  void Forward(std::span<const uint8_t *const> chunks, std::span<float> features) override {
    FollowProcessors();
    Translated("the network", [&] {
      const c10::InferenceMode guard;
      std::vector<at::Tensor> pixels;
      pixels.reserve(chunks.size());
      for (const uint8_t *chunk : chunks) {
        pixels.push_back(
            at::from_blob(const_cast<uint8_t *>(chunk), {1, kChunkFrames, kFrameSide, kFrameSide, 3}, at::kByte));
      }
      const at::Tensor bytes = pixels.size() == 1 ? pixels.front() : at::cat(pixels);
      CopyOut(network_.FromPixels(bytes.to(network_.layout().device)), features);
    });
  }

  void ForwardContinual(const Chunk &chunk, std::unique_ptr<KeptFrames> &, std::span<float> features) override {
    FollowProcessors();
    Translated("the network", [&] {
      const c10::InferenceMode guard;
      CopyOut(network_.FromChunk(chunk), features);
    });
  }

  void ForwardNormalised(std::span<const float> input, int n, std::span<float> features) override {
    Translated("the network", [&] {
      const c10::InferenceMode guard;
      const at::Tensor x =
          at::from_blob(const_cast<float *>(input.data()), {n, 3, kChunkFrames, kFrameSide, kFrameSide}, at::kFloat);
      CopyOut(network_.FromNormalised(x.to(network_.layout().device)), features);
    });
  }

  std::string Description() const override { return network_.layout().Description(); }

 private:
  // The number of threads is one of the calling thread's.
  void FollowProcessors() {
    if (!follows_) return;
    const int usable = processors_.Count();
    if (std::exchange(threads_, usable) != usable) UseAllProcessors();
  }

  static void CopyOut(const at::Tensor &result, std::span<float> features) {
    const at::Tensor out = result.to(at::kCPU).contiguous();
    std::copy_n(out.data_ptr<float>(), out.numel(), features.begin());
  }

  const TorchNetwork network_;
  ProcessorWatch processors_;
  const bool follows_;
  int threads_ = 0;  // what the processors were when the last chunk came; 0: none came
};

}  // namespace

void R3d18::WarmUp() {
  const std::vector<uint8_t> pixels(kChunkBytes);
  const uint8_t *const chunk = pixels.data();
  Features features{};
  Forward({&chunk, 1}, features);
}

std::unique_ptr<R3d18> NewTorchR3d18(const StateDict &weights, Device device, Precision precision, TorchLayout how) {
  std::unique_ptr<R3d18> network;
  Translated("loading the network", [&] {
    const c10::InferenceMode guard;
    Layout layout;
    layout.device = TorchDevice(device);
    layout.blocked = how == TorchLayout::kBlocked && device.kind == Device::Kind::kCpu && at::hasMKLDNN();
    layout.space_to_depth = how == TorchLayout::kSpaceToDepth;
    layout.type = precision == Precision::kBf16   ? at::kBFloat16
                  : precision == Precision::kFp16 ? at::kHalf
                                                  : at::kFloat;
    network = std::make_unique<TorchR3d18>(Fold(weights), layout);
  });
  return network;
}

std::unique_ptr<R3d18> NewR3d18(const StateDict &weights, Device device, Precision precision) {
  const int threads = UseAllProcessors();
  if (device.kind == Device::Kind::kCpu && precision == Precision::kFp32) {
    if (auto network = NewVectorR3d18(weights, ThreadsAreGiven() ? threads : 0)) return network;
  }
#ifdef ACTION_WITH_CUDA
  if (device.kind == Device::Kind::kCuda) return NewCudaR3d18(weights, device, precision);
#endif
  return NewTorchR3d18(weights, device, precision, TorchLayout::kBlocked);
}

}  // namespace action
