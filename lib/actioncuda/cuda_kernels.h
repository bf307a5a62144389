// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Our kernels, and how they are started.
#ifndef ACTIONCUDA_CUDA_KERNELS_H_
#define ACTIONCUDA_CUDA_KERNELS_H_

#include "actioncuda/blend_pixel.h"
#include "actioncuda/cuda_driver.h"
#include "actioncuda/shrink_pixel.h"

namespace action {

// False: built without a compiler for them.
bool HasCudaKernels();

// Whether the first GPU takes them: throws Error when it does not.
void TryCudaKernels(const CudaDriver &driver);

// In one context: made, used and destroyed while that is current. Throws Error, also where this build has none.
//
// Kernels run on the context's default stream, which begins when what its other streams were told before is done, and
// ends before they go on. That is how they wait for a decoder, and an encoder for them.
class CudaKernels {
 public:
  explicit CudaKernels(const CudaDriver &driver);
  ~CudaKernels();
  CudaKernels(const CudaKernels &) = delete;
  CudaKernels &operator=(const CudaKernels &) = delete;

  void Shrink(ShrinkTask task) const;
  void Blend(BlendTask task) const;

 private:
  void Launch(CudaKernel kernel, int width, int height, void *task) const;

  const CudaDriver &driver_;
  CudaModule module_ = nullptr;
  CudaKernel shrink_ = nullptr, blend_ = nullptr;
};

}  // namespace action

#endif  // ACTIONCUDA_CUDA_KERNELS_H_
