// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actioncuda/cuda_kernels.h"

#include "action/error.h"

namespace action {
namespace {

constexpr int kBlockWidth = 16, kBlockHeight = 8;  // threads

// PTX, which the driver translates.
#ifdef ACTION_CUDA_KERNELS
constexpr const char *kPtx =
#include "cuda_kernels_ptx.inc"
    ;
#else
constexpr const char *kPtx = nullptr;
#endif

}  // namespace

bool HasCudaKernels() {
  return kPtx != nullptr;
}

void TryCudaKernels(const CudaDriver &driver) {
  int device = 0;
  CudaContext context = nullptr;
  driver.Check(driver.device(&device, 0), "no GPU");
  driver.Check(driver.retain_primary(&context, device), "no context on the GPU");
  try {
    const CurrentCudaContext current(driver, context);
    const CudaKernels kernels(driver);
  } catch (...) {
    driver.release_primary(device);
    throw;
  }
  driver.release_primary(device);
}

CudaKernels::CudaKernels(const CudaDriver &driver) : driver_(driver) {
  if (!HasCudaKernels()) throw Error("gst-action was built without kernels for it (apt install clang, and build anew)");
  driver.Check(driver.load_module(&module_, kPtx), "the driver cannot translate the kernels");
  try {
    driver.Check(driver.find_kernel(&shrink_, module_, "action_shrink"), "action_shrink");
    driver.Check(driver.find_kernel(&blend_, module_, "action_blend"), "action_blend");
  } catch (...) {
    driver.unload_module(module_);
    throw;
  }
}

CudaKernels::~CudaKernels() {
  driver_.unload_module(module_);
}

void CudaKernels::Shrink(ShrinkTask task) const {
  Launch(shrink_, task.side, task.side, &task);
}

void CudaKernels::Blend(BlendTask task) const {
  if (task.right > task.left && task.bottom > task.top)
    Launch(blend_, task.right - task.left, task.bottom - task.top, &task);
}

void CudaKernels::Launch(CudaKernel kernel, int width, int height, void *task) const {
  void *parameters[] = {task};
  const auto blocks = [](int threads, int block) { return static_cast<unsigned>((threads + block - 1) / block); };
  driver_.Check(driver_.launch(kernel, blocks(width, kBlockWidth), blocks(height, kBlockHeight), 1, kBlockWidth,
                               kBlockHeight, 1, 0, nullptr, parameters, nullptr),
                "a kernel does not start");
}

}  // namespace action
