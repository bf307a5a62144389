// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// NVIDIA's driver, as far as it is used here. Its functions are found when the program runs, so that it needs nothing
// of CUDA to be built, and runs where there is no such driver.
#ifndef ACTIONCUDA_CUDA_DRIVER_H_
#define ACTIONCUDA_CUDA_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <new>

namespace action {

// The types of "CUDA Driver API", as plain as its binary interface has them.
using CudaResult = int;        // CUresult; 0 is success
using CudaAddress = uint64_t;  // CUdeviceptr
using CudaContext = void *;    // CUcontext
using CudaModule = void *;     // CUmodule
using CudaKernel = void *;     // CUfunction

struct CudaDriver {
  CudaResult (*init)(unsigned flags);
  CudaResult (*device)(int *device, int ordinal);
  CudaResult (*retain_primary)(CudaContext *context, int device);
  CudaResult (*release_primary)(int device);
  CudaResult (*push_context)(CudaContext context);
  CudaResult (*pop_context)(CudaContext *context);
  CudaResult (*load_module)(CudaModule *module, const void *image);
  CudaResult (*unload_module)(CudaModule module);
  CudaResult (*find_kernel)(CudaKernel *kernel, CudaModule module, const char *name);
  CudaResult (*allocate)(CudaAddress *address, size_t bytes);
  CudaResult (*free)(CudaAddress address);
  CudaResult (*copy_to)(CudaAddress to, const void *from, size_t bytes);
  CudaResult (*copy_from)(void *to, CudaAddress from, size_t bytes);
  CudaResult (*launch)(CudaKernel kernel, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                       unsigned block_y, unsigned block_z, unsigned shared_bytes, void *stream, void **parameters,
                       void **extra);
  CudaResult (*synchronize)(void *stream);
  CudaResult (*error_name)(CudaResult error, const char **name);

  // Throws Error, with what failed and the driver's name for why, unless the result is success.
  void Check(CudaResult result, const char *what) const;
};

// Loads the driver at the first call, for good. Null: there is none, or it finds no GPU.
const CudaDriver *FindCudaDriver();

// The calling thread's context, while this lives.
class CurrentCudaContext {
 public:
  // Throws Error.
  CurrentCudaContext(const CudaDriver &driver, CudaContext context);
  // For destructors: a context that is gone has taken with it what was in it.
  CurrentCudaContext(const CudaDriver &driver, CudaContext context, std::nothrow_t) noexcept
      : driver_(driver), pushed_(driver.push_context(context) == 0) {}
  ~CurrentCudaContext();
  CurrentCudaContext(const CurrentCudaContext &) = delete;
  CurrentCudaContext &operator=(const CurrentCudaContext &) = delete;

 private:
  const CudaDriver &driver_;
  bool pushed_ = true;
};

// Memory on the GPU. Made and destroyed while its context is current.
class CudaMemory {
 public:
  CudaMemory(const CudaDriver &driver, size_t bytes);
  CudaMemory(const CudaDriver &driver, const void *from, size_t bytes);  // a copy
  ~CudaMemory() { driver_.free(address_); }
  CudaMemory(const CudaMemory &) = delete;
  CudaMemory &operator=(const CudaMemory &) = delete;

  CudaAddress address() const { return address_; }
  // Waits for what the context was told before.
  void CopyTo(void *to) const;

 private:
  const CudaDriver &driver_;
  const size_t bytes_;
  CudaAddress address_ = 0;
};

}  // namespace action

#endif  // ACTIONCUDA_CUDA_DRIVER_H_
