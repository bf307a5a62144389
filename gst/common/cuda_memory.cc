// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/cuda_memory.h"

#include <dlfcn.h>
#include <gst/video/video.h>

namespace action {
namespace {

// The public beginning of GstCudaMemory, since GStreamer 1.22.
struct CudaMemoryHead {
  GstMemory memory;
  GstObject *context;
};

using GetHandle = void *(*)(GstObject *context);

// In GStreamer's library for CUDA. It is there: somebody has made a context with it.
GetHandle FindGetHandle() {
  void *library = dlopen("libgstcuda-1.0.so.0", RTLD_NOW | RTLD_NOLOAD);
  return library != nullptr ? reinterpret_cast<GetHandle>(dlsym(library, "gst_cuda_context_get_handle")) : nullptr;
}

}  // namespace

void *CudaHandleOf(GstObject *context) {
  static const GetHandle get_handle = FindGetHandle();
  return get_handle != nullptr ? get_handle(context) : nullptr;
}

bool ComesWholeToMainMemory(GstBuffer *buffer) {
  const GstVideoMeta *meta = gst_buffer_get_video_meta(buffer);
  if (meta == nullptr || CudaContextOf(buffer) == nullptr) return true;
  for (guint plane = 0; plane < meta->n_planes; ++plane) {
    if (meta->stride[plane] > 0 && meta->offset[plane] % static_cast<gsize>(meta->stride[plane]) != 0) return false;
  }
  return true;
}

GstObject *CudaContextOf(GstBuffer *buffer) {
  if (gst_buffer_n_memory(buffer) != 1) return nullptr;
  GstMemory *memory = gst_buffer_peek_memory(buffer, 0);
  if (!gst_memory_is_type(memory, "gst.cuda.memory")) return nullptr;
  // By its allocator's type, too: anybody may name a memory so.
  const GType type = g_type_from_name("GstCudaAllocator");
  if (type == 0 || !g_type_is_a(G_OBJECT_TYPE(memory->allocator), type)) return nullptr;
  return reinterpret_cast<CudaMemoryHead *>(memory)->context;
}

}  // namespace action
