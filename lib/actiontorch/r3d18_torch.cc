#include "actiontorch/r3d18.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/chunk_builder.h"
#include "action/error.h"
#include "actiontorch/folded_r3d18.h"
#include "actiontorch/normalisation.h"
#include "actiontorch/worker_threads.h"

namespace action {
namespace {

at::Tensor ToTorch(const std::vector<float> &values, at::IntArrayRef shape) {
  return at::from_blob(const_cast<float *>(values.data()), shape, at::kFloat).clone();
}

std::array<int64_t, 3> Wide(const Size3 &size) {
  return {size[0], size[1], size[2]};
}

at::Device TorchDevice(Device device) {
  if (device.kind == Device::Kind::kCuda) return {at::kCUDA, static_cast<c10::DeviceIndex>(device.index)};
  return at::kCPU;
}

// LibTorch 2 wants to know the input's size, or it reorders weights in every pass; LibTorch 1.13 does not take it.
template <typename... Rest>
at::Tensor ReorderWeight(const at::Tensor &weight, const std::array<int64_t, 3> &padding,
                         const std::array<int64_t, 3> &stride, const std::array<int64_t, 5> &input_size) {
  const std::array<int64_t, 3> dilation = {1, 1, 1};
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

// How a network lies in memory.
struct Layout {
  at::Device device = at::kCPU;
  at::ScalarType type = at::kFloat;
  bool blocked = false;  // oneDNN's own layout, on the CPU
};

class Convolution {
 public:
  // `input`: the size of what it will be given.
  Convolution(const FoldedConvolution &folded, const Size3 &input, const Layout &layout)
      : stride_(Wide(folded.stride)), padding_(Wide(folded.padding)) {
    const auto [time, height, width] = Wide(folded.kernel);
    weight_ = ToTorch(folded.weight, {folded.outputs, folded.inputs, time, height, width});
    bias_ = ToTorch(folded.bias, {folded.outputs});
    if (layout.blocked) {
      const std::array<int64_t, 5> input_size = {1, folded.inputs, input[0], input[1], input[2]};
      weight_ = ReorderWeight<>(weight_.to_mkldnn(layout.type), padding_, stride_, input_size);
      bias_ = bias_.to_mkldnn(layout.type);
    } else {
      weight_ = weight_.to(layout.device, layout.type).contiguous(at::MemoryFormat::ChannelsLast3d);
      bias_ = bias_.to(layout.device, layout.type);
    }
  }

  at::Tensor operator()(const at::Tensor &x) const {
    return at::convolution(x, weight_, bias_, stride_, padding_, {1, 1, 1}, false, {0, 0, 0}, 1);
  }

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  std::array<int64_t, 3> stride_;
  std::array<int64_t, 3> padding_;
};

struct Block {
  Convolution conv1;
  Convolution conv2;
  std::optional<Convolution> downsample;

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

// Weights are used as they lie; who calls has an InferenceMode.
class Network {
 public:
  Network(const FoldedR3d18 &folded, const Layout &layout)
      : layout_(layout), stem_(folded.stem, {kChunkFrames, kFrameSide, kFrameSide}, layout) {
    mean_ = at::tensor(at::ArrayRef<float>(kMean)).view({3, 1, 1, 1}).to(layout.device);
    std_ = at::tensor(at::ArrayRef<float>(kStd)).view({3, 1, 1, 1}).to(layout.device);
    Size3 size = folded.stem.OutputSize({kChunkFrames, kFrameSide, kFrameSide});
    for (const FoldedBlock &from : folded.blocks) {
      const Size3 out = from.conv1.OutputSize(size);
      Block block{Convolution(from.conv1, size, layout), Convolution(from.conv2, out, layout), std::nullopt};
      if (from.downsample) block.downsample.emplace(*from.downsample, size, layout);
      size = out;
      blocks_.push_back(std::move(block));
    }
  }

  // pixels: [n, 16, 112, 112, 3] bytes on the device. Returns [n, 512] float there.
  at::Tensor FromPixels(const at::Tensor &pixels) const {
    // The reference's order of operations: rgb / 255, - mean, / std. In float: half would round the differences.
    at::Tensor x = pixels.permute({0, 4, 1, 2, 3}).to(at::kFloat);
    x.div_(255.0).sub_(mean_).div_(std_);
    return Run(x);
  }

  // x: [n, 3, 16, 112, 112] float on the device.
  at::Tensor Run(at::Tensor x) const {
    if (layout_.blocked) {
      x = x.contiguous().to_mkldnn(layout_.type);
    } else {
      x = x.to(layout_.type).contiguous(at::MemoryFormat::ChannelsLast3d);
    }
    x = stem_(x);
    at::relu_(x);
    for (const Block &block : blocks_)
      x = block(x);
    x = layout_.blocked ? x.to_dense(at::kFloat) : x.to(at::kFloat);
    return x.mean({2, 3, 4});
  }

 private:
  Layout layout_;
  at::Tensor mean_;  // [3, 1, 1, 1], as std_
  at::Tensor std_;
  Convolution stem_;
  std::vector<Block> blocks_;
};

class TorchR3d18 : public R3d18 {
 public:
  TorchR3d18(const FoldedR3d18 &folded, const Layout &layout) : layout_(layout), network_(folded, layout) {}

  void Forward(std::span<const uint8_t> pixels, int n, std::span<float> features) override {
    Translated("the network", [&] {
      const c10::InferenceMode guard;
      const at::Tensor bytes =
          at::from_blob(const_cast<uint8_t *>(pixels.data()), {n, kChunkFrames, kFrameSide, kFrameSide, 3}, at::kByte);
      CopyOut(network_.FromPixels(bytes.to(layout_.device)), features);
    });
  }

  void ForwardNormalised(std::span<const float> input, int n, std::span<float> features) override {
    Translated("the network", [&] {
      const c10::InferenceMode guard;
      const at::Tensor x =
          at::from_blob(const_cast<float *>(input.data()), {n, 3, kChunkFrames, kFrameSide, kFrameSide}, at::kFloat);
      CopyOut(network_.Run(x.to(layout_.device)), features);
    });
  }

  std::string Description() const override {
    return std::string(layout_.blocked ? "LibTorch with oneDNN, " : "LibTorch, ") + c10::toString(layout_.type) +
           " on " + layout_.device.str();
  }

 private:
  static void CopyOut(const at::Tensor &result, std::span<float> features) {
    const at::Tensor out = result.to(at::kCPU).contiguous();
    std::copy_n(out.data_ptr<float>(), out.numel(), features.begin());
  }

  const Layout layout_;
  const Network network_;
};

}  // namespace

void R3d18::WarmUp() {
  const std::vector<uint8_t> pixels(kChunkBytes);
  Features features{};
  Forward(pixels, 1, features);
}

std::unique_ptr<R3d18> NewTorchR3d18(const StateDict &weights, Device device, Precision precision) {
  std::unique_ptr<R3d18> network;
  Translated("loading the network", [&] {
    const c10::InferenceMode guard;
    Layout layout;
    layout.device = TorchDevice(device);
    layout.blocked = device.kind == Device::Kind::kCpu && at::hasMKLDNN();
    layout.type = precision == Precision::kBf16 ? at::kBFloat16 : at::kFloat;
    network = std::make_unique<TorchR3d18>(Fold(weights), layout);
  });
  return network;
}

std::unique_ptr<R3d18> NewR3d18(const StateDict &weights, Device device, Precision precision) {
  const int threads = UseAllProcessors();
  if (device.kind == Device::Kind::kCpu && precision == Precision::kFp32) {
    if (auto network = NewVectorR3d18(weights, threads)) return network;
  }
  return NewTorchR3d18(weights, device, precision);
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
