// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What devices and precisions there are, and which LibTorch.
#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/InferenceMode.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <string>

#include "action/error.h"
#include "actiontorch/r3d18.h"

namespace action {

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
      // Not bf16 on CPUs: it does not give the timeline of fp32 on every video, since steps whose classes are close to
      // each other change, and where it is fast (AVX512-BF16) fp32 is as fast. fp16 rounds eight times finer.
      return cpu ? Precision::kFp32 : Precision::kFp16;
    case Precision::kFp32:
      return asked;
    case Precision::kBf16:
      if (cpu && WhyNoBf16().empty()) return asked;
      throw Error(
          "precision=bf16 was asked for, but it is not to be had on device " + device.ToString() +
          (cpu ? ": oneDNN, which computes in it, cannot on this processor (bf16 needs AVX-512 or AMX), says \"" +
                     WhyNoBf16() + "\". Use precision=fp32 or precision=auto"
               : std::string(". Use precision=fp16 or precision=fp32")));
    case Precision::kFp16:
      if (!cpu) return asked;
      throw Error("precision=fp16 was asked for, but CPUs do not compute in it (device " + device.ToString() +
                  "). Use precision=fp32 or precision=auto");
  }
  return asked;
}

std::string DeviceNotice(Device device, Precision precision) {
  if (device.kind != Device::Kind::kCuda || precision != Precision::kFp16) return {};
  const long version = at::detail::getCUDAHooks().versionCuDNN();  // 91002 for 9.10.2
  if (version < 90800 || version >= 91600) return {};
  return "cuDNN " + std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) +
         " has slow and partly wrong half-precision 3-D convolutions (PyTorch issues 163581, 166122, 167024; "
         "versions " +
         "9.8 to 9.15). The network was compared with fp32 when it was loaded; for full speed, use a PyTorch with " +
         "another cuDNN (pip install --upgrade nvidia-cudnn-cu12 or -cu13)";
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
