// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// For functions that compilers for GPUs and for processors both read.
#ifndef ACTIONCUDA_GPU_FUNCTION_H_
#define ACTIONCUDA_GPU_FUNCTION_H_

#include <stdint.h>

#if defined(__CUDA__) || defined(__CUDACC__)
#define ACTION_GPU_FUNCTION inline __attribute__((device, always_inline))
#else
#define ACTION_GPU_FUNCTION inline
#endif

namespace action {

// What lies at an address of the GPU.
template <typename T>
ACTION_GPU_FUNCTION T *AtGpuAddress(uint64_t address) {
  return reinterpret_cast<T *>(static_cast<uintptr_t>(address));
}

}  // namespace action

#endif  // ACTIONCUDA_GPU_FUNCTION_H_
