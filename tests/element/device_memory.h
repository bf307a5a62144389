// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A stand-in for the memory of a GPU: as GstCudaMemory, it has its bytes on a "device", and a mapping for the processor
// is a copy of them, which is copied back where it was written. It counts these copies.
#ifndef GST_ACTION_TESTS_DEVICE_MEMORY_H_
#define GST_ACTION_TESTS_DEVICE_MEMORY_H_

#include <gst/gst.h>

#include <cstring>
#include <vector>

namespace test {

struct DeviceMemory {
  GstMemory memory;
  std::vector<guint8> *device;  // what the processor cannot see
  std::vector<guint8> *staging;
  GstMapFlags mapped;
};

struct DeviceAllocator {
  GstAllocator allocator;
  bool failing;  // no mapping works
  int downloads, uploads;
};

struct DeviceAllocatorClass {
  GstAllocatorClass parent;
};

G_GNUC_UNUSED static GType device_allocator_get_type();
G_DEFINE_TYPE(DeviceAllocator, device_allocator, GST_TYPE_ALLOCATOR)

static GstMemory *NewDeviceMemory(GstAllocator *allocator, gsize size, GstAllocationParams *) {
  auto *memory = g_new0(DeviceMemory, 1);
  gst_memory_init(&memory->memory, static_cast<GstMemoryFlags>(0), allocator, nullptr, size, 0, 0, size);
  memory->device = new std::vector<guint8>(size);
  memory->staging = new std::vector<guint8>(size);
  return &memory->memory;
}

static void FreeDeviceMemory(GstAllocator *, GstMemory *memory) {
  auto *ours = reinterpret_cast<DeviceMemory *>(memory);
  delete ours->device;
  delete ours->staging;
  g_free(ours);
}

static gpointer MapDeviceMemory(GstMemory *memory, GstMapInfo *info, gsize) {
  auto *ours = reinterpret_cast<DeviceMemory *>(memory);
  auto *allocator = reinterpret_cast<DeviceAllocator *>(memory->allocator);
  if (allocator->failing) return nullptr;
  ours->mapped = info->flags;
  if ((info->flags & GST_MAP_READ) != 0) {
    ++allocator->downloads;
    *ours->staging = *ours->device;
  }
  return ours->staging->data();
}

static void UnmapDeviceMemory(GstMemory *memory, GstMapInfo *info) {
  auto *ours = reinterpret_cast<DeviceMemory *>(memory);
  if ((info->flags & GST_MAP_WRITE) == 0) return;
  ++reinterpret_cast<DeviceAllocator *>(memory->allocator)->uploads;
  *ours->device = *ours->staging;
}

static void device_allocator_init(DeviceAllocator *self) {
  self->failing = false;
  self->downloads = self->uploads = 0;
  self->allocator.mem_type = "test.device";
  self->allocator.mem_map_full = MapDeviceMemory;
  self->allocator.mem_unmap_full = UnmapDeviceMemory;
  GST_OBJECT_FLAG_SET(self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

static void device_allocator_class_init(DeviceAllocatorClass *klass) {
  klass->parent.alloc = NewDeviceMemory;
  klass->parent.free = FreeDeviceMemory;
}

// The owner of an allocator.
class Device {
 public:
  Device() : allocator_(static_cast<DeviceAllocator *>(g_object_new(device_allocator_get_type(), nullptr))) {
    gst_object_ref_sink(allocator_);
  }
  ~Device() { gst_object_unref(allocator_); }
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  DeviceAllocator &operator*() const { return *allocator_; }
  DeviceAllocator *operator->() const { return allocator_; }

  // The same frame on the device. Takes the buffer.
  GstBuffer *Upload(GstBuffer *buffer) const {
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_READ);
    GstMemory *memory = gst_allocator_alloc(&allocator_->allocator, map.size, nullptr);
    reinterpret_cast<DeviceMemory *>(memory)->device->assign(map.data, map.data + map.size);
    gst_buffer_unmap(buffer, &map);
    GstBuffer *on_device = gst_buffer_copy_region(buffer, GST_BUFFER_COPY_METADATA, 0, static_cast<gsize>(-1));
    gst_buffer_append_memory(on_device, memory);
    gst_buffer_unref(buffer);
    return on_device;
  }

  // What lies there.
  static const std::vector<guint8> &BytesOf(GstBuffer *buffer) {
    return *reinterpret_cast<DeviceMemory *>(gst_buffer_peek_memory(buffer, 0))->device;
  }

 private:
  DeviceAllocator *allocator_;
};

}  // namespace test

#endif  // GST_ACTION_TESTS_DEVICE_MEMORY_H_
