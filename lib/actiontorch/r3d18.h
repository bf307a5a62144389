// The backbone: R3D-18 without its classifier, on LibTorch alone (no GStreamer, no OpenCV).
#ifndef ACTIONTORCH_R3D18_H_
#define ACTIONTORCH_R3D18_H_

#include <cstdint>
#include <memory>
#include <span>

#include "action/checkpoint/checkpoint.h"
#include "action/engine.h"

namespace action {

// torchvision's video.r3d_18 in eval mode, `fc` removed. Batch norms are folded into the convolutions at load; on the
// CPU weights and activations stay in oneDNN's blocked layout throughout. One thread at a time runs it.
class R3d18 {
 public:
  // The weights have passed CheckR3d18; device and precision must not be auto: see ResolveDevice. Throws Error when the
  // device cannot hold the network.
  R3d18(const StateDict &weights, Device device, Precision precision);
  ~R3d18();
  R3d18(const R3d18 &) = delete;
  R3d18 &operator=(const R3d18 &) = delete;

  // pixels: [n, 16, 112, 112, 3] RGB, 0 to 255. features: [n, 512].
  void Forward(std::span<const uint8_t> pixels, int n, std::span<float> features);
  // The same from normalised input, [n, 3, 16, 112, 112]: (rgb / 255 - mean) / std.
  void ForwardNormalised(std::span<const float> input, int n, std::span<float> features);

 private:
  struct Network;
  void Build(const StateDict &weights, Device device, Precision precision);

  std::unique_ptr<Network> network_;
};

// auto becomes cuda:0 where LibTorch sees a CUDA device, else cpu. Throws Error when the device is not there.
Device ResolveDevice(Device asked);

// auto becomes fp32. Throws Error when the precision is not to be had on the device.
Precision ResolvePrecision(Precision asked, Device device);

// LibTorch's version as it reports itself when running, "1.13.1"; empty when it does not say.
std::string LoadedTorchVersion();
// The version of the headers this was compiled with.
const char *CompiledTorchVersion();

}  // namespace action

#endif  // ACTIONTORCH_R3D18_H_
