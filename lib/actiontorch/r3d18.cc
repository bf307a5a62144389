#include "actiontorch/r3d18.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "action/error.h"
#include "action/r3d18_spec.h"

namespace action {
namespace {

// torchvision's batch norms and normalisation of Kinetics-400.
constexpr double kBatchNormEpsilon = 1e-5;
constexpr std::array<float, 3> kMean = {0.43216f, 0.394666f, 0.37645f};
constexpr std::array<float, 3> kStd = {0.22803f, 0.22145f, 0.216989f};

using Size3 = std::array<int64_t, 3>;  // time, height, width

at::Tensor ToTorch(const Tensor &tensor) {
  const std::vector<float> values = tensor.ToFloats();
  return at::from_blob(const_cast<float *>(values.data()), tensor.shape(), at::kFloat).clone();
}

at::Device TorchDevice(Device device) {
  if (device.kind == Device::Kind::kCuda) return {at::kCUDA, static_cast<c10::DeviceIndex>(device.index)};
  return at::kCPU;
}

// LibTorch 2 wants to know the input's size, or it reorders weights in every pass; LibTorch 1.13 does not take it.
template <typename... Rest>
at::Tensor ReorderWeight(const at::Tensor &weight, const Size3 &padding, const Size3 &stride,
                         const std::array<int64_t, 5> &input_size) {
  const Size3 dilation = {1, 1, 1};
  return [&](auto... tail) {
    if constexpr (requires {
                    at::mkldnn_reorder_conv3d_weight(weight, padding, stride, dilation, 1, input_size, tail...);
                  }) {
      return at::mkldnn_reorder_conv3d_weight(weight, padding, stride, dilation, 1, input_size, tail...);
    } else {
      return at::mkldnn_reorder_conv3d_weight(weight, padding, stride, dilation, 1, tail...);
    }
  }();
}

// A convolution with its batch norm folded in: w' = w g / sqrt(v + eps), b' = beta - m g / sqrt(v + eps).
class Convolution {
 public:
  Convolution(const StateDict &weights, const std::string &conv, const std::string &norm, Size3 stride, Size3 padding,
              const Size3 &input, Device device, at::ScalarType type, bool blocked)
      : stride_(stride), padding_(padding) {
    const auto get = [&weights](const std::string &name) { return ToTorch(*weights.Find(name)).to(at::kDouble); };
    const at::Tensor weight = get(conv + ".weight");
    const at::Tensor scale = get(norm + ".weight") / at::sqrt(get(norm + ".running_var") + kBatchNormEpsilon);
    weight_ = (weight * scale.view({-1, 1, 1, 1, 1})).to(at::kFloat);
    bias_ = (get(norm + ".bias") - get(norm + ".running_mean") * scale).to(at::kFloat);
    if (blocked) {
      const std::array<int64_t, 5> input_size = {1, weight.size(1), input[0], input[1], input[2]};
      weight_ = ReorderWeight<>(weight_.to_mkldnn(type), padding_, stride_, input_size);
      bias_ = bias_.to_mkldnn(type);
    } else {
      weight_ = weight_.to(TorchDevice(device));
      bias_ = bias_.to(TorchDevice(device));
    }
    for (size_t i = 0; i < output_.size(); ++i) {
      output_[i] = (input[i] + 2 * padding[i] - weight.size(static_cast<int64_t>(i) + 2)) / stride[i] + 1;
    }
  }

  at::Tensor operator()(const at::Tensor &x) const {
    return at::convolution(x, weight_, bias_, stride_, padding_, {1, 1, 1}, false, {0, 0, 0}, 1);
  }

  const Size3 &output() const { return output_; }

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  Size3 stride_;
  Size3 padding_;
  Size3 output_{};
};

struct Block {
  Convolution conv1;
  Convolution conv2;
  std::unique_ptr<Convolution> downsample;

  at::Tensor operator()(const at::Tensor &x) const {
    at::Tensor out = conv1(x);
    at::relu_(out);
    out = conv2(out);
    out.add_(downsample ? (*downsample)(x) : x);
    return at::relu_(out);
  }
};

// LibTorch's errors end in a stack of addresses that says nothing to a user.
template <typename Body>
void Translated(const char *doing, Body &&body) {
  try {
    body();
  } catch (const c10::Error &e) {
    const std::string what = e.what_without_backtrace();
    const std::string line = what.substr(0, what.find('\n'));
    const bool memory = line.find("alloc") != std::string::npos || line.find("out of memory") != std::string::npos;
    throw Error(std::string(doing) + " failed in LibTorch" + (memory ? " for lack of memory" : "") + ": " + line);
  }
}

}  // namespace

struct R3d18::Network {
  at::Device device = at::kCPU;
  at::ScalarType type = at::kFloat;
  bool blocked = false;  // oneDNN's layout
  at::Tensor mean;       // [3, 1, 1, 1], as std
  at::Tensor std;
  std::unique_ptr<Convolution> stem;
  std::vector<Block> blocks;

  // x: [n, 3, 16, 112, 112] float, on `device`. Returns [n, 512].
  at::Tensor Run(at::Tensor x) const {
    if (blocked) x = x.contiguous().to_mkldnn(type);
    x = (*stem)(x);
    at::relu_(x);
    for (const Block &block : blocks)
      x = block(x);
    if (blocked) x = x.to_dense(at::kFloat);
    return x.mean({2, 3, 4});
  }
};

R3d18::R3d18(const StateDict &weights, Device device, Precision precision) : network_(std::make_unique<Network>()) {
  Translated("loading the network", [&] { Build(weights, device, precision); });
}

void R3d18::Build(const StateDict &weights, Device device, Precision precision) {
  const c10::InferenceMode guard;
  Network &net = *network_;
  net.device = TorchDevice(device);
  net.blocked = device.kind == Device::Kind::kCpu && at::hasMKLDNN();
  net.type = precision == Precision::kBf16 ? at::kBFloat16 : at::kFloat;
  const auto make = [&](const std::string &conv, const std::string &norm, Size3 stride, Size3 padding,
                        const Size3 &input) {
    return Convolution(weights, conv, norm, stride, padding, input, device, net.type, net.blocked);
  };
  net.mean = at::tensor(at::ArrayRef<float>(kMean)).view({3, 1, 1, 1}).to(net.device);
  net.std = at::tensor(at::ArrayRef<float>(kStd)).view({3, 1, 1, 1}).to(net.device);

  Size3 size = {kChunkFrames, kFrameSide, kFrameSide};
  net.stem = std::make_unique<Convolution>(make("stem.0", "stem.1", {1, 2, 2}, {1, 3, 3}, size));
  size = net.stem->output();
  for (int layer = 1; layer <= 4; ++layer) {
    for (int index = 0; index < 2; ++index) {
      const std::string name = "layer" + std::to_string(layer) + "." + std::to_string(index);
      const bool shrinks = layer > 1 && index == 0;
      const Size3 stride = shrinks ? Size3{2, 2, 2} : Size3{1, 1, 1};
      Block block{make(name + ".conv1.0", name + ".conv1.1", stride, {1, 1, 1}, size),
                  make(name + ".conv2.0", name + ".conv2.1", {1, 1, 1}, {1, 1, 1}, size), nullptr};
      if (shrinks) {
        block.downsample = std::make_unique<Convolution>(
            make(name + ".downsample.0", name + ".downsample.1", stride, {0, 0, 0}, size));
      }
      size = block.conv1.output();
      net.blocks.push_back(std::move(block));
    }
  }
}

R3d18::~R3d18() = default;

void R3d18::Forward(std::span<const uint8_t> pixels, int n, std::span<float> features) {
  Translated("the network", [&] {
    const c10::InferenceMode guard;
    const at::Tensor bytes =
        at::from_blob(const_cast<uint8_t *>(pixels.data()), {n, kChunkFrames, kFrameSide, kFrameSide, 3}, at::kByte);
    // The reference's order of operations: rgb / 255, - mean, / std.
    at::Tensor x = bytes.to(network_->device).permute({0, 4, 1, 2, 3}).to(at::kFloat).contiguous();
    x.div_(255.0).sub_(network_->mean).div_(network_->std);
    const at::Tensor out = network_->Run(x).to(at::kCPU).contiguous();
    std::copy_n(out.data_ptr<float>(), out.numel(), features.begin());
  });
}

void R3d18::ForwardNormalised(std::span<const float> input, int n, std::span<float> features) {
  Translated("the network", [&] {
    const c10::InferenceMode guard;
    const at::Tensor x =
        at::from_blob(const_cast<float *>(input.data()), {n, 3, kChunkFrames, kFrameSide, kFrameSide}, at::kFloat);
    const at::Tensor out = network_->Run(x.to(network_->device)).to(at::kCPU).contiguous();
    std::copy_n(out.data_ptr<float>(), out.numel(), features.begin());
  });
}

Device ResolveDevice(Device asked) {
  const auto count = static_cast<int>(torch::cuda::is_available() ? torch::cuda::device_count() : 0);
  switch (asked.kind) {
    case Device::Kind::kCpu:
      return asked;
    case Device::Kind::kAuto:
      return count > 0 ? Device{Device::Kind::kCuda, 0} : Device{Device::Kind::kCpu, 0};
    case Device::Kind::kCuda:
      break;
  }
  // Not at::hasCUDA(), which from LibTorch 2 on asks for a device and not for the library.
  if (!at::globalContext().hasCUDART()) {
    throw Error(
        "device=" + asked.ToString() + " was asked for, but this LibTorch (" + CompiledTorchVersion() +
        ") was built without CUDA. Use device=cpu, or build gst-action against a CUDA LibTorch with -Dtorch-dir=");
  }
  if (count == 0) {
    throw Error("device=" + asked.ToString() + " was asked for, but no CUDA device is visible. Check that nvidia-smi " +
                "lists one and that CUDA_VISIBLE_DEVICES does not hide it, or use device=cpu");
  }
  if (asked.index >= count) {
    throw Error("device=" + asked.ToString() +
                " was asked for, but there are only cuda:0 to cuda:" + std::to_string(count - 1));
  }
  return asked;
}

namespace {

// Why oneDNN cannot compute in bfloat16 here; empty when it can. It is asked by letting it: what it will do depends on
// more than the processor's flags (ONEDNN_MAX_CPU_ISA). It throws its own kind of exception.
std::string WhyNoBf16() {
  static const std::string why = []() -> std::string {
    if (!at::hasMKLDNN()) return "this LibTorch has no oneDNN";
    try {
      const c10::InferenceMode guard;
      const at::Tensor x = at::zeros({1, 16, 4, 8, 8}).to_mkldnn(at::kBFloat16);
      const at::Tensor weight = at::zeros({16, 16, 3, 3, 3}).to_mkldnn(at::kBFloat16);
      const at::Tensor bias = at::zeros({16}).to_mkldnn(at::kBFloat16);
      at::convolution(x, weight, bias, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, false, {0, 0, 0}, 1).to_dense(at::kFloat);
    } catch (const c10::Error &e) {
      const std::string what = e.what_without_backtrace();
      return what.substr(0, what.find('\n'));
    } catch (const std::exception &e) {
      return e.what();
    }
    return {};
  }();
  return why;
}

}  // namespace

Precision ResolvePrecision(Precision asked, Device device) {
  const bool cpu = device.kind == Device::Kind::kCpu;
  switch (asked) {
    case Precision::kAuto:
      // bf16 halves the time where the CPU computes in it, but does not give the timeline of fp32 on every video: steps
      // whose classes are close to each other change.
    case Precision::kFp32:
      return Precision::kFp32;
    case Precision::kBf16:
      if (cpu && WhyNoBf16().empty()) return asked;
      throw Error("precision=bf16 was asked for, but it is not to be had on device " + device.ToString() +
                  (cpu ? ": " + WhyNoBf16() : std::string()) + ". Use precision=fp32 or precision=auto");
    case Precision::kFp16:
      break;
  }
  throw Error(std::string("precision=") + NameOf(asked) + " was asked for, but " +
              (cpu ? "CPUs do not compute in it" : "this version does not compute in it") + " (device " +
              device.ToString() + "). Use precision=fp32 or precision=auto");
}

std::string LoadedTorchVersion() {
  const std::string config = at::show_config();
  const std::string key = "TORCH_VERSION=";
  const size_t at = config.find(key);
  if (at == std::string::npos) return {};
  return config.substr(at + key.size(), config.find_first_of(", \n", at) - at - key.size());
}

const char *CompiledTorchVersion() {
  return TORCH_VERSION;
}

}  // namespace action
