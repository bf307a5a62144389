// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actioncuda/cuda_driver.h"

#include <dlfcn.h>

#include <optional>
#include <string>

#include "action/error.h"

namespace action {
namespace {

std::optional<CudaDriver> Load() {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::nullopt;
  CudaDriver driver{};
  bool complete = true;
  const auto find = [&](auto &function, const char *name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    complete = complete && function != nullptr;
  };
  find(driver.init, "cuInit");
  find(driver.device, "cuDeviceGet");
  find(driver.retain_primary, "cuDevicePrimaryCtxRetain");
  find(driver.release_primary, "cuDevicePrimaryCtxRelease_v2");
  find(driver.push_context, "cuCtxPushCurrent_v2");
  find(driver.pop_context, "cuCtxPopCurrent_v2");
  find(driver.load_module, "cuModuleLoadData");
  find(driver.unload_module, "cuModuleUnload");
  find(driver.find_kernel, "cuModuleGetFunction");
  find(driver.allocate, "cuMemAlloc_v2");
  find(driver.free, "cuMemFree_v2");
  find(driver.copy_to, "cuMemcpyHtoD_v2");
  find(driver.copy_from, "cuMemcpyDtoH_v2");
  find(driver.launch, "cuLaunchKernel");
  find(driver.synchronize, "cuStreamSynchronize");
  find(driver.error_name, "cuGetErrorName");
  if (!complete || driver.init(0) != 0) return std::nullopt;
  return driver;
}

}  // namespace

void CudaDriver::Check(CudaResult result, const char *what) const {
  if (result == 0) return;
  const char *name = nullptr;
  error_name(result, &name);
  throw Error(std::string("CUDA: ") + what + ": " + (name != nullptr ? name : std::to_string(result)));
}

CurrentCudaContext::CurrentCudaContext(const CudaDriver &driver, CudaContext context) : driver_(driver) {
  driver.Check(driver.push_context(context), "cannot use the context of a picture");
}

CurrentCudaContext::~CurrentCudaContext() {
  CudaContext popped = nullptr;
  if (pushed_) driver_.pop_context(&popped);
}

CudaMemory::CudaMemory(const CudaDriver &driver, size_t bytes) : driver_(driver), bytes_(bytes) {
  driver.Check(driver.allocate(&address_, bytes), "no memory on the GPU");
}

CudaMemory::CudaMemory(const CudaDriver &driver, const void *from, size_t bytes) : CudaMemory(driver, bytes) {
  driver.Check(driver.copy_to(address_, from, bytes), "cannot copy to the GPU");
}

void CudaMemory::CopyTo(void *to) const {
  driver_.Check(driver_.copy_from(to, address_, bytes_), "a kernel failed");
}

const CudaDriver *FindCudaDriver() {
  static const std::optional<CudaDriver> driver = Load();
  return driver ? &*driver : nullptr;
}

}  // namespace action
