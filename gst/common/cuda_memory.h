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

}  // namespace action

#endif  // GST_ACTION_COMMON_CUDA_MEMORY_H_
