// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// GStreamer's CUDA memory, as far as its public interface goes. GStreamer's own header of it asks for CUDA's headers,
// which Debian does not have.
#ifndef GST_ACTION_COMMON_CUDA_MEMORY_H_
#define GST_ACTION_COMMON_CUDA_MEMORY_H_

#include <gst/gst.h>

namespace action {

// GST_MAP_CUDA: with it a mapping is the address on the GPU, and nothing is copied to main memory.
inline constexpr auto kMapCuda = static_cast<GstMapFlags>(GST_MAP_FLAG_LAST << 1);

// The GstCudaContext in which a buffer lies; it lives as long as a reference to it. Null: the buffer is not a single
// piece of CUDA memory. No reference is taken.
GstObject *CudaContextOf(GstBuffer *buffer);

// False: a mapping for the processor lacks a part of the frame. GStreamer 1.22 copies rows as long as the first
// plane's, and of I420 with an odd height lets the last plane begin in the middle of one.
bool ComesWholeToMainMemory(GstBuffer *buffer);

// The CUcontext of a GstCudaContext (gst_cuda_context_get_handle).
void *CudaHandleOf(GstObject *context);

}  // namespace action

#endif  // GST_ACTION_COMMON_CUDA_MEMORY_H_
