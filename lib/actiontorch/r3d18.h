// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The backbone: R3D-18 without its classifier. No GStreamer, no OpenCV: what a bare GPU host can build.
#ifndef ACTIONTORCH_R3D18_H_
#define ACTIONTORCH_R3D18_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "action/checkpoint/checkpoint.h"
#include "action/engine.h"
#include "action/error.h"

namespace action {

// The device computes something else in this precision than in fp32.
class WrongPrecision : public Error {
 public:
  using Error::Error;
};

// Of FeatureMode::kContinual: the stem and the blocks of layers 1 and 2 run along the stream.
inline constexpr int kSharedBlocks = 4;

// What a network keeps of a stream from one chunk to the next, so that no frame is computed twice; only that: whatever
// became of it, features are the same.
class KeptFrames {
 public:
  virtual ~KeptFrames() = default;
};

// torchvision's video.r3d_18 in eval mode, `fc` removed. One thread at a time runs it, but for `concurrent_passes`.
class R3d18 {
 public:
  virtual ~R3d18() = default;

  // chunks: each [16, 112, 112, 3] RGB, 0 to 255. features: [number of chunks, 512]. Throws Error.
  virtual void Forward(std::span<const uint8_t *const> chunks, std::span<float> features) = 0;
  // The same from normalised input, [n, 3, 16, 112, 112]: (rgb / 255 - mean) / std.
  virtual void ForwardNormalised(std::span<const float> input, int n, std::span<float> features) = 0;

  // The stem and layers 1 and 2 over all frames of the chunk, with zeros before the first and behind the last; the rest
  // over what comes out in the places of its 16: of layer 2, which takes every second frame, the first of them and
  // every second behind it. `kept` is of the stream, null at its first chunk; the network may put something there.
  // features: [512]. Throws Error.
  virtual void ForwardContinual(const Chunk &chunk, std::unique_ptr<KeptFrames> &kept, std::span<float> features) = 0;

  // Runs it once with each batch that it has something to prepare for, so that what follows is computed at full speed.
  // Throws Error; WrongPrecision when it was not what fp32 gives.
  virtual void WarmUp();
  // Most chunks that Forward takes, and the number that the device is best used with.
  virtual int max_batch() const { return 64; }
  virtual int best_batch() const { return 1; }
  // Threads that may be in Forward at once, because the device then computes for one while others bring and fetch.
  virtual int concurrent_passes() const { return 1; }

  // How it is computed, for logs: "AVX-512, 2 threads".
  virtual std::string Description() const = 0;
};

// The network on this device, to be run by the calling thread. The weights have passed CheckR3d18; device and precision
// must not be auto: see ResolveDevice. Throws Error when the device cannot hold the network.
std::unique_ptr<R3d18> NewR3d18(const StateDict &weights, Device device, Precision precision);

// What NewR3d18 chooses from. In fp32 on processors with AVX2 or AVX-512: our own convolutions; null on others.
// threads: 0: one for each processor that the process may use, while it runs (ProcessorWatch).
std::unique_ptr<R3d18> NewVectorR3d18(const StateDict &weights, int threads);
// How LibTorch's operators have the network.
enum class TorchLayout {
  kBlocked,       // in oneDNN's own layout, where there is one: CPUs
  kChannelsLast,  // what GPUs run in fp32
  kSpaceToDepth,  // channels last, and the stem over 48 of them: what GPUs run in fp16
};
// LibTorch's operators, on any device.
std::unique_ptr<R3d18> NewTorchR3d18(const StateDict &weights, Device device, Precision precision, TorchLayout how);
// The same with what only CUDA has: streams, pinned memory, graphs. Only in builds against a LibTorch with CUDA.
std::unique_ptr<R3d18> NewCudaR3d18(const StateDict &weights, Device device, Precision precision);

// auto becomes cuda:0 where LibTorch sees a CUDA device, else cpu. Throws Error when the device is not there.
Device ResolveDevice(Device asked);

// auto becomes fp32 on CPUs and fp16 on GPUs. Throws Error when the precision is not to be had on the device.
Precision ResolvePrecision(Precision asked, Device device);

// What a user should know about this device in this precision; empty: nothing.
std::string DeviceNotice(Device device, Precision precision);

// LibTorch's version as it reports itself when running, "1.13.1"; empty when it does not say.
std::string LoadedTorchVersion();
// The version of the headers this was compiled with.
const char *CompiledTorchVersion();

}  // namespace action

#endif  // ACTIONTORCH_R3D18_H_
