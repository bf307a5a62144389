// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// NVIDIA's driver, as far as GStreamer's CUDA elements and the preprocess call it, without a GPU. Memory of the "GPU"
// has addresses that the processor cannot read or write: a program that does so dies here as it would there. The
// kernels that it knows it runs itself, thread by thread, from the source that the PTX is compiled from.
//
// It is stricter than the driver: what is undefined there (a context that is gone, memory of another one, a kernel that
// reads outside of what was allocated) is an error here, and counted as a fault.
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "actioncuda/blend_pixel.h"
#include "actioncuda/shrink_pixel.h"

#define FAKE_API extern "C" __attribute__((visibility("default")))

namespace {

constexpr int kInvalidValue = 1, kOutOfMemory = 2, kInvalidContext = 201, kNotFound = 500, kIllegalAddress = 700,
              kDestroyed = 709, kNotSupported = 801;
constexpr size_t kSpace = size_t{8} << 30, kAlignment = 512;

struct Context {
  int number;
};
struct Module {
  Context *context;
};
struct Kernel {
  Module *module;
  std::string name;
};
struct Block {
  size_t bytes;
  Context *context;
};

struct Gpu {
  Gpu() {
    device = Map(PROT_NONE);
    memory = Map(PROT_READ | PROT_WRITE);
  }
  static uint8_t *Map(int protection) {
    void *at = mmap(nullptr, kSpace, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) abort();
    return static_cast<uint8_t *>(at);
  }

  std::mutex lock;
  uint8_t *device;  // addresses of the GPU: nothing can be read there
  uint8_t *memory;  // what lies at them
  size_t used = 0;
  std::map<uint64_t, Block> blocks;
  std::set<Context *> contexts;
  std::vector<Context *> gone;  // not freed, lest a new one should have the address
  std::set<Module *> modules;
  std::map<std::pair<Module *, std::string>, Kernel> kernels;
  std::map<std::string, long> counts;
  std::map<std::string, int> failures;
};

Gpu &TheGpu() {
  static auto *gpu = new Gpu;
  return *gpu;
}

thread_local std::vector<Context *> current;
Context *primary = nullptr;

int Fault(const char *what, int error) {
  fprintf(stderr, "fake CUDA: %s\n", what);
  ++TheGpu().counts["faults"];
  return error;
}

Context *Current() {
  return current.empty() ? nullptr : current.back();
}

// The block that holds all of these bytes. Null: none does.
const Block *BlockOf(uint64_t address, size_t bytes) {
  Gpu &gpu = TheGpu();
  auto after = gpu.blocks.upper_bound(address);
  if (after == gpu.blocks.begin()) return nullptr;
  const auto &[begin, block] = *std::prev(after);
  return address + bytes <= begin + block.bytes ? &block : nullptr;
}

uint8_t *Behind(uint64_t address) {
  Gpu &gpu = TheGpu();
  return gpu.memory + (address - reinterpret_cast<uint64_t>(gpu.device));
}

int Allocate(uint64_t *address, size_t bytes) {
  Gpu &gpu = TheGpu();
  if (Current() == nullptr) return Fault("memory without a context", kInvalidContext);
  const size_t room = (bytes + kAlignment) / kAlignment * kAlignment * 2;  // and none that touches the next
  if (gpu.used + room > kSpace) return kOutOfMemory;
  *address = reinterpret_cast<uint64_t>(gpu.device) + gpu.used;
  gpu.used += room;
  gpu.blocks[*address] = {bytes, Current()};
  ++gpu.counts["allocations"];
  return 0;
}

bool Fails(const char *function, int *error) {
  const auto found = TheGpu().failures.find(function);
  if (found == TheGpu().failures.end()) return false;
  *error = found->second;
  return true;
}

// Every byte that the kernel may read lies in one context's memory.
bool IsReadable(uint64_t plane, int stride, int rows, size_t row_bytes) {
  const size_t bytes = static_cast<size_t>(stride) * static_cast<size_t>(rows - 1) + row_bytes;
  const Block *block = BlockOf(plane, bytes);
  return block != nullptr && block->context == Current();
}

// The picture's size is not told to the kernel: what the spans and the turn reach is.
bool ReadsWhatIsThere(const action::ShrinkTask &task) {
  const auto *columns = reinterpret_cast<const action::ShrinkSpan *>(Behind(task.columns));
  const auto *rows = reinterpret_cast<const action::ShrinkSpan *>(Behind(task.rows));
  int right = 0, bottom = 0;
  for (const int column : {columns[0].first, columns[task.side - 1].first + columns[task.side - 1].count - 1}) {
    for (const int row : {rows[0].first, rows[task.side - 1].first + rows[task.side - 1].count - 1}) {
      const int x = task.x_x * column + task.x_y * row + task.x_0;
      const int y = task.y_x * column + task.y_y * row + task.y_0;
      if (x < 0 || y < 0) return false;
      right = std::max(right, x);
      bottom = std::max(bottom, y);
    }
  }
  const auto last = [](int index, int step, int bytes) { return static_cast<size_t>(index * step + bytes); };
  const int sample = task.wide != 0 ? 2 : 1;
  if (task.kind == action::ShrinkKind::kRgb) {
    const int furthest = std::max({task.red, task.green, task.blue});
    return IsReadable(task.y, task.y_stride, bottom + 1, last(right, task.y_step, furthest + 1));
  }
  const size_t chroma = last(right / 2, task.chroma_step, sample);
  return IsReadable(task.y, task.y_stride, bottom + 1, last(right, task.y_step, sample)) &&
         IsReadable(task.u, task.chroma_stride, task.chroma_rows, chroma) &&
         IsReadable(task.v, task.chroma_stride, task.chroma_rows, chroma) && bottom / 2 < task.chroma_rows;
}

bool Shrink(action::ShrinkTask task, unsigned width, unsigned height) {
  const uint8_t *gpu_begin = TheGpu().device;
  const auto pixels = static_cast<size_t>(task.side * task.side * 3);
  if (!ReadsWhatIsThere(task) || BlockOf(task.out, pixels) == nullptr) return false;
  for (uint64_t *address : {&task.y, &task.u, &task.v, &task.columns, &task.rows, &task.column_weights,
                            &task.row_weights, &task.chroma_of_rows, &task.out}) {
    if (*address >= reinterpret_cast<uint64_t>(gpu_begin)) *address = reinterpret_cast<uint64_t>(Behind(*address));
  }
  for (unsigned y = 0; y < height; ++y) {
    for (unsigned x = 0; x < width; ++x) {
      if (x < static_cast<unsigned>(task.side) && y < static_cast<unsigned>(task.side))
        action::ShrinkPixel(task, static_cast<int>(x), static_cast<int>(y));
    }
  }
  return true;
}

bool Blend(action::BlendTask task, unsigned width, unsigned height) {
  if (task.left < task.x || task.top < task.y || task.left < 0 || task.top < 0) return false;
  const auto last = [](int from, int to, int stride, int step) {
    return static_cast<size_t>(to - 1 - from) * static_cast<size_t>(stride) + static_cast<size_t>(step);
  };
  if (!IsReadable(task.pixels, task.pixels_stride, task.bottom - task.y, last(task.x, task.right, 4, 4))) return false;
  task.pixels = reinterpret_cast<uint64_t>(Behind(task.pixels));
  for (action::BlendComponent &component : task.components) {
    const int rows = (task.bottom - 1) / component.rows + 1, columns = (task.right - 1) / component.columns + 1;
    if (!IsReadable(component.plane, component.stride, rows, last(0, columns, component.step, 1))) return false;
    component.plane = reinterpret_cast<uint64_t>(Behind(component.plane));
  }
  for (int y = task.top; y < std::min(task.bottom, task.top + static_cast<int>(height)); ++y) {
    for (int x = task.left; x < std::min(task.right, task.left + static_cast<int>(width)); ++x)
      action::BlendPixel(task, x, y);
  }
  return true;
}

}  // namespace

// ---- For tests

// "faults", "launches", "allocations", "loaded modules", "bytes to main memory", "bytes to the GPU"; "blocks",
// "modules" and "contexts" are those that are there now.
FAKE_API long fake_cuda_count(const char *what) {
  Gpu &gpu = TheGpu();
  const std::lock_guard lock(gpu.lock);
  const std::string name = what;
  if (name == "blocks") return static_cast<long>(gpu.blocks.size());
  if (name == "modules") return static_cast<long>(gpu.modules.size());
  if (name == "contexts") return static_cast<long>(gpu.contexts.size());
  return gpu.counts[name];
}

// From now on this function returns this error; 0: it works again.
FAKE_API void fake_cuda_fail(const char *function, int error) {
  const std::lock_guard lock(TheGpu().lock);
  if (error == 0) {
    TheGpu().failures.erase(function);
  } else {
    TheGpu().failures[function] = error;
  }
}

// ---- The driver

FAKE_API int cuInit(unsigned) {
  return 0;
}

FAKE_API int cuDriverGetVersion(int *version) {
  *version = 12040;
  return 0;
}

FAKE_API int cuGetErrorName(int error, const char **name) {
  *name = error == kOutOfMemory      ? "CUDA_ERROR_OUT_OF_MEMORY"
          : error == 222             ? "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"
          : error == kIllegalAddress ? "CUDA_ERROR_ILLEGAL_ADDRESS"
                                     : "CUDA_ERROR_OF_THE_FAKE";
  return 0;
}

FAKE_API int cuGetErrorString(int error, const char **text) {
  return cuGetErrorName(error, text);
}

FAKE_API int cuDeviceGetCount(int *count) {
  *count = 1;
  return 0;
}

FAKE_API int cuDeviceGet(int *device, int ordinal) {
  *device = 0;
  return ordinal == 0 ? 0 : kInvalidValue;
}

FAKE_API int cuDeviceGetName(char *name, int length, int) {
  snprintf(name, static_cast<size_t>(length), "No GPU");
  return 0;
}

FAKE_API int cuDeviceGetAttribute(int *value, int attribute, int) {
  constexpr int kTextureAlignment = 14, kMajor = 75;
  *value = attribute == kTextureAlignment ? 512 : attribute == kMajor ? 7 : 0;
  return 0;
}

FAKE_API int cuDeviceCanAccessPeer(int *can, int, int) {
  *can = 0;
  return 0;
}

FAKE_API int cuCtxCreate_v2(Context **context, unsigned, int) {
  Gpu &gpu = TheGpu();
  const std::lock_guard lock(gpu.lock);
  *context = new Context{static_cast<int>(++gpu.counts["contexts made"])};
  gpu.contexts.insert(*context);
  current.push_back(*context);
  return 0;
}

FAKE_API int cuCtxDestroy_v2(Context *context) {
  Gpu &gpu = TheGpu();
  const std::lock_guard lock(gpu.lock);
  if (gpu.contexts.erase(context) == 0) return Fault("a context is destroyed twice", kDestroyed);
  std::erase_if(gpu.blocks, [&](const auto &block) { return block.second.context == context; });
  std::erase_if(gpu.modules, [&](const Module *module) { return module->context == context; });
  std::erase(current, context);
  gpu.gone.push_back(context);
  return 0;
}

FAKE_API int cuCtxPushCurrent_v2(Context *context) {
  Gpu &gpu = TheGpu();
  const std::lock_guard lock(gpu.lock);
  if (!gpu.contexts.contains(context)) return Fault("a context is used that is gone", kDestroyed);
  current.push_back(context);
  return 0;
}

FAKE_API int cuCtxPopCurrent_v2(Context **context) {
  if (current.empty()) return Fault("more contexts are popped than were pushed", kInvalidContext);
  if (context != nullptr) *context = current.back();
  current.pop_back();
  return 0;
}

// The primary context: one for each time that it is retained.
FAKE_API int cuDevicePrimaryCtxRetain(Context **context, int device) {
  const int error = cuCtxCreate_v2(context, 0, device);
  current.pop_back();
  primary = *context;
  return error;
}

FAKE_API int cuDevicePrimaryCtxRelease_v2(int) {
  return cuCtxDestroy_v2(primary);
}

FAKE_API int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  const std::lock_guard lock(TheGpu().lock);
  int error = 0;
  return Fails("cuMemAlloc", &error) ? error : Allocate(address, bytes);
}

FAKE_API int cuMemAllocPitch_v2(uint64_t *address, size_t *pitch, size_t width, size_t height, unsigned) {
  const std::lock_guard lock(TheGpu().lock);
  *pitch = (width + kAlignment - 1) / kAlignment * kAlignment;
  return Allocate(address, *pitch * height);
}

FAKE_API int cuMemFree_v2(uint64_t address) {
  Gpu &gpu = TheGpu();
  const std::lock_guard lock(gpu.lock);
  const auto found = gpu.blocks.find(address);
  if (found == gpu.blocks.end()) return Fault("memory is freed that is not there", kInvalidValue);
  if (Current() != found->second.context) return Fault("memory of another context is freed", kInvalidContext);
  gpu.blocks.erase(found);
  return 0;
}

FAKE_API int cuMemAllocHost_v2(void **at, size_t bytes) {
  *at = malloc(bytes);
  return 0;
}

FAKE_API int cuMemFreeHost(void *at) {
  free(at);
  return 0;
}

FAKE_API int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) {
  const std::lock_guard lock(TheGpu().lock);
  if (BlockOf(to, bytes) == nullptr) return Fault("a copy to where nothing is", kInvalidValue);
  memcpy(Behind(to), from, bytes);
  TheGpu().counts["bytes to the GPU"] += static_cast<long>(bytes);
  return 0;
}

FAKE_API int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
  const std::lock_guard lock(TheGpu().lock);
  if (BlockOf(from, bytes) == nullptr) return Fault("a copy from where nothing is", kInvalidValue);
  memcpy(to, Behind(from), bytes);
  TheGpu().counts["bytes to main memory"] += static_cast<long>(bytes);
  return 0;
}

// CUDA_MEMCPY2D
struct Copy2D {
  struct Side {
    size_t x, y;
    int kind;  // 1: main memory, 2: the GPU
    uint8_t *host;
    uint64_t device;
    void *array;
    size_t pitch;
  } from, to;
  size_t width, height;
};

FAKE_API int cuMemcpy2D_v2(const Copy2D *copy) {
  const std::lock_guard lock(TheGpu().lock);
  const auto rows_of = [&](const Copy2D::Side &side) -> uint8_t * {
    const size_t first = side.y * side.pitch + side.x;
    if (side.kind == 1) return side.host + first;
    const size_t bytes = copy->height > 0 ? (copy->height - 1) * side.pitch + copy->width : 0;
    return side.kind == 2 && BlockOf(side.device + first, bytes) != nullptr ? Behind(side.device + first) : nullptr;
  };
  const uint8_t *from = rows_of(copy->from);
  uint8_t *to = rows_of(copy->to);
  if (from == nullptr || to == nullptr) return Fault("a copy of what is not there", kInvalidValue);
  for (size_t row = 0; row < copy->height; ++row)
    memcpy(to + row * copy->to.pitch, from + row * copy->from.pitch, copy->width);
  const auto bytes = static_cast<long>(copy->width * copy->height);
  if (copy->from.kind == 2 && copy->to.kind == 1) TheGpu().counts["bytes to main memory"] += bytes;
  if (copy->from.kind == 1 && copy->to.kind == 2) TheGpu().counts["bytes to the GPU"] += bytes;
  return 0;
}

FAKE_API int cuMemcpy2DAsync_v2(const Copy2D *copy, void *) {
  return cuMemcpy2D_v2(copy);
}

FAKE_API int cuStreamCreate(void **stream, unsigned) {
  *stream = new char;
  return 0;
}

FAKE_API int cuStreamDestroy_v2(void *stream) {
  delete static_cast<char *>(stream);
  return 0;
}

FAKE_API int cuStreamDestroy(void *stream) {
  return cuStreamDestroy_v2(stream);
}

FAKE_API int cuStreamSynchronize(void *) {
  return 0;
}

FAKE_API int cuModuleLoadData(Module **module, const void *image) {
  Gpu &gpu = TheGpu();
  const std::lock_guard lock(gpu.lock);
  int error = 0;
  if (Fails("cuModuleLoadData", &error)) return error;
  if (Current() == nullptr) return Fault("a module without a context", kInvalidContext);
  if (strstr(static_cast<const char *>(image), ".visible .entry action_shrink") == nullptr) return kNotSupported;
  *module = new Module{Current()};
  gpu.modules.insert(*module);
  ++gpu.counts["loaded modules"];
  return 0;
}

FAKE_API int cuModuleUnload(Module *module) {
  Gpu &gpu = TheGpu();
  const std::lock_guard lock(gpu.lock);
  if (!gpu.modules.contains(module)) return Fault("a module is unloaded that is gone", kInvalidValue);
  if (Current() != module->context) return Fault("a module of another context is unloaded", kInvalidContext);
  gpu.modules.erase(module);
  delete module;
  return 0;
}

FAKE_API int cuModuleGetFunction(Kernel **kernel, Module *module, const char *name) {
  Gpu &gpu = TheGpu();
  const std::lock_guard lock(gpu.lock);
  if (strcmp(name, "action_shrink") != 0 && strcmp(name, "action_blend") != 0) return kNotFound;
  *kernel = &gpu.kernels.try_emplace({module, name}, Kernel{module, name}).first->second;
  return 0;
}

FAKE_API int cuLaunchKernel(Kernel *kernel, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                            unsigned block_y, unsigned block_z, unsigned, void *, void **parameters, void **) {
  Gpu &gpu = TheGpu();
  const std::lock_guard lock(gpu.lock);
  int error = 0;
  if (Fails("cuLaunchKernel", &error)) return error;
  if (!gpu.modules.contains(kernel->module) || kernel->module->context != Current())
    return Fault("a kernel of another context", kInvalidContext);
  if (grid_z != 1 || block_z != 1 || block_x * block_y > 1024) return Fault("a grid that cannot be", kInvalidValue);
  const unsigned width = grid_x * block_x, height = grid_y * block_y;
  const bool shrinks = kernel->name == "action_shrink";
  if (shrinks ? !Shrink(*static_cast<const action::ShrinkTask *>(parameters[0]), width, height)
              : !Blend(*static_cast<const action::BlendTask *>(parameters[0]), width, height))
    return Fault("a kernel reads or writes what is not there", kIllegalAddress);
  ++gpu.counts["launches"];
  return 0;
}

// What GStreamer looks for and the tests do not use.
#define NOT_HERE(name)    \
  FAKE_API int name() {   \
    return kNotSupported; \
  }
NOT_HERE(cuCtxEnablePeerAccess)
NOT_HERE(cuCtxDisablePeerAccess)
NOT_HERE(cuGraphicsMapResources)
NOT_HERE(cuGraphicsUnmapResources)
NOT_HERE(cuGraphicsResourceSetMapFlags_v2)
NOT_HERE(cuGraphicsSubResourceGetMappedArray)
NOT_HERE(cuGraphicsResourceGetMappedPointer_v2)
NOT_HERE(cuGraphicsUnregisterResource)
NOT_HERE(cuGraphicsGLRegisterImage)
NOT_HERE(cuGraphicsGLRegisterBuffer)
NOT_HERE(cuGLGetDevices_v2)
NOT_HERE(cuTexObjectCreate)
NOT_HERE(cuTexObjectDestroy)
