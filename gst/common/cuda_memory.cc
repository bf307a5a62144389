// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/cuda_memory.h"

namespace action {
namespace {

// The public beginning of GstCudaMemory, since GStreamer 1.22.
struct CudaMemory {
  GstMemory memory;
  GstObject *context;
};

}  // namespace

GstObject *CudaContextOf(GstBuffer *buffer) {
  if (gst_buffer_n_memory(buffer) != 1) return nullptr;
  GstMemory *memory = gst_buffer_peek_memory(buffer, 0);
  // By its allocator's type, too: anybody may name a memory so.
  const GType type = g_type_from_name("GstCudaAllocator");
  if (type == 0 || !gst_memory_is_type(memory, "gst.cuda.memory") ||
      !g_type_is_a(G_OBJECT_TYPE(memory->allocator), type)) {
    return nullptr;
  }
  return reinterpret_cast<CudaMemory *>(memory)->context;
}

}  // namespace action
