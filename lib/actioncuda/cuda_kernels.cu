// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The kernels: a thread for each pixel. Compiled to PTX by nvcc, or by clang without CUDA's headers.
#include "actioncuda/blend_pixel.h"
#include "actioncuda/shrink_pixel.h"

#ifdef __NVCC__
#define ACTION_THREAD(axis) static_cast<int>(blockIdx.axis * blockDim.axis + threadIdx.axis)
#else
#define ACTION_THREAD(axis)                                                                      \
  static_cast<int>(__nvvm_read_ptx_sreg_ctaid_##axis() * __nvvm_read_ptx_sreg_ntid_##axis() + \
                   __nvvm_read_ptx_sreg_tid_##axis())
#endif

// One of the 112 x 112 pixels.
extern "C" __attribute__((global)) void action_shrink(action::ShrinkTask task) {
  const int x = ACTION_THREAD(x), y = ACTION_THREAD(y);
  if (x < task.side && y < task.side) action::ShrinkPixel(task, x, y);
}

// One pixel of the part that is blended.
extern "C" __attribute__((global)) void action_blend(action::BlendTask task) {
  const int x = task.left + ACTION_THREAD(x), y = task.top + ACTION_THREAD(y);
  if (x < task.right && y < task.bottom) action::BlendPixel(task, x, y);
}
