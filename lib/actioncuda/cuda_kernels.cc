// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actioncuda/cuda_kernels.h"

namespace action {
namespace {

constexpr int kBlockWidth = 16, kBlockHeight = 8;  // threads

}  // namespace

#ifdef ACTION_CUDA_KERNELS
const char *const kCudaKernels =
#include "cuda_kernels_ptx.inc"
    ;
#else
const char *const kCudaKernels = nullptr;
#endif

CudaKernels::CudaKernels(const CudaDriver &driver) : driver_(driver) {
  driver.Check(driver.load_module(&module_, kCudaKernels), "the driver cannot translate the kernels");
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
