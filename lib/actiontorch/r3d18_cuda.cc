// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// R3D-18 on CUDA. What is computed is torch_network.cc, as on every device; here is only how it is driven: pixels
// travel from pinned memory on a stream of their own, each batch size is a CUDA graph, and nothing waits for the whole
// device.
#include <ATen/ATen.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "action/chunk_builder.h"
#include "action/error.h"
#include "actiontorch/r3d18.h"
#include "actiontorch/stand_in.h"
#include "actiontorch/torch_network.h"

namespace action {
namespace {

// The batch sizes that are prepared. Others are padded up to the next.
constexpr int kBatchSizes[] = {1, 4, 16, 32};
// Below this cosine to fp32 a batch size is not used.
constexpr double kLowestCosine = 0.999;
// The best batch is the smallest whose time for a chunk is within this of the shortest.
constexpr double kNearlyBest = 1.05;
// Callers at once: one whose chunks are computed, one that brings its own.
constexpr int kLanes = 2;

// Whether cuDNN may use TF32. Nothing when the application has said so for each operator, which newer LibTorches do not
// put into one word: then it is left alone.
std::optional<bool> AllowedTf32() {
  try {
    return at::globalContext().allowTF32CuDNN();
  } catch (const c10::Error &) {
    return std::nullopt;
  }
}

// cuDNN's choices are settings of the whole process, in which the application may use LibTorch as well.
class CudnnSettings {
 public:
  explicit CudnnSettings(bool autotune) : benchmark_(at::globalContext().benchmarkCuDNN()), tf32_(AllowedTf32()) {
    at::globalContext().setBenchmarkCuDNN(autotune);
    if (tf32_) at::globalContext().setAllowTF32CuDNN(false);
  }
  ~CudnnSettings() {
    at::globalContext().setBenchmarkCuDNN(benchmark_);
    if (tf32_) at::globalContext().setAllowTF32CuDNN(*tf32_);
  }
  CudnnSettings(const CudnnSettings &) = delete;
  CudnnSettings &operator=(const CudnnSettings &) = delete;

 private:
  const bool benchmark_;
  const std::optional<bool> tf32_;
};

class Event {
 public:
  Event() { C10_CUDA_CHECK(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming | cudaEventBlockingSync)); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event &) = delete;
  Event &operator=(const Event &) = delete;
  void Record(const c10::cuda::CUDAStream &stream) { C10_CUDA_CHECK(cudaEventRecord(event_, stream.stream())); }
  void Block(const c10::cuda::CUDAStream &stream) { C10_CUDA_CHECK(cudaStreamWaitEvent(stream.stream(), event_, 0)); }
  void Wait() { C10_CUDA_CHECK(cudaEventSynchronize(event_)); }

 private:
  cudaEvent_t event_ = nullptr;
};

// A batch size that has been prepared.
struct Pass {
  int size = 0;
  at::Tensor pixels;                           // on the device
  at::Tensor features;                         // on the device; what the graph writes
  std::unique_ptr<at::cuda::CUDAGraph> graph;  // null: operator by operator
};

// What one caller brings its chunks with and fetches their features, while the device computes for another.
struct Lane {
  at::Tensor staged_pixels;    // pinned
  at::Tensor pixels;           // on the device
  at::Tensor staged_features;  // pinned
  Event copied;
  Event computed;
};

double Cosine(const float *a, const float *b) {
  double ab = 0, aa = 0, bb = 0;
  for (int i = 0; i < kFeatureSize; ++i) {
    ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return ab / std::sqrt(aa * bb);  // NaN when one of them is
}

class CudaR3d18 : public R3d18 {
 public:
  CudaR3d18(FoldedR3d18 folded, const Layout &layout)
      : folded_(std::move(folded)),
        layout_(layout),
        compute_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, layout.device.index())),
        copy_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, layout.device.index())) {}

  void WarmUp() override {
    OnDevice("preparing the network on the GPU", [&] {
      const Reference reference = MakeReference();
      PrepareAll(reference);
      if (layout_.fused && passes_.size() < std::size(kBatchSizes) && !out_of_memory_) {
        // cuDNN may have no fused kernels for this GPU, or wrong ones, or not for each batch.
        const size_t fused = passes_.size();
        layout_.fused = false;
        PrepareAll(reference);
        if (passes_.size() < fused) {
          layout_.fused = true;
          PrepareAll(reference);
        }
      }
      if (passes_.empty() && wrong_) throw WrongPrecision(why_not_);
      if (passes_.empty()) throw Error(why_not_);
      ChooseBest();
      EmptyCache();  // what cuDNN tried its algorithms in
    });
    folded_ = {};
  }

  int max_batch() const override { return static_cast<int>(LargestBatch()); }
  int best_batch() const override {
    const std::lock_guard lock(mutex_);
    return best_;
  }
  // Without a graph cuDNN would search its algorithms again in each thread: it keeps what it found for the thread.
  int concurrent_passes() const override {
    const std::lock_guard lock(mutex_);
    return std::ranges::all_of(passes_, [](const auto &pass) { return pass->graph != nullptr; }) ? kLanes : 1;
  }

  void Forward(std::span<const uint8_t *const> chunks, std::span<float> features) override {
    OnDevice("the network", [&] {
      const HeldLane lane(*this);
      while (!chunks.empty()) {
        const size_t count = std::min(chunks.size(), LargestBatch());
        if (!Run(*lane, chunks.first(count), features.data())) continue;  // in smaller batches
        chunks = chunks.subspan(count);
        features = features.subspan(count * kFeatureSize);
      }
    });
  }

  // Without a graph: there would be one for each number of frames.
  void ForwardContinual(const Chunk &chunk, std::unique_ptr<KeptFrames> &, std::span<float> features) override {
    OnDevice("the network", [&] {
      const std::lock_guard lock(mutex_);
      if (!network_) throw Error(kNotPrepared);
      const CudnnSettings settings(/*autotune=*/false);
      const at::Tensor out = network_->FromChunk(chunk).to(at::kCPU).contiguous();
      std::copy_n(out.data_ptr<float>(), out.numel(), features.begin());
    });
  }

  void ForwardNormalised(std::span<const float> input, int n, std::span<float> features) override {
    OnDevice("the network", [&] {
      const std::lock_guard lock(mutex_);
      if (!network_) throw Error(kNotPrepared);
      const CudnnSettings settings(/*autotune=*/false);
      const at::Tensor x =
          at::from_blob(const_cast<float *>(input.data()), {n, 3, kChunkFrames, kFrameSide, kFrameSide}, at::kFloat);
      const at::Tensor out = network_->FromNormalised(x.to(layout_.device)).to(at::kCPU).contiguous();
      std::copy_n(out.data_ptr<float>(), out.numel(), features.begin());
    });
  }

  std::string Description() const override {
    const std::lock_guard lock(mutex_);
    std::string text = layout_.Description() + (layout_.fused ? ", fused" : "") + ", batches of";
    for (const auto &pass : passes_)
      text += " " + std::to_string(pass->size) + (pass->graph ? "" : " (no graph: " + why_no_graph_ + ")");
    return text + ", best " + std::to_string(best_);
  }

 private:
  static constexpr const char *kNotPrepared = "the network on the GPU was not prepared (WarmUp)";

  // What fp32 makes of a clip, to compare with.
  struct Reference {
    std::vector<uint8_t> pixels;
    std::vector<float> features;
  };

  // A lane that nobody else has in the meantime.
  class HeldLane {
   public:
    explicit HeldLane(CudaR3d18 &network) : network_(network) {
      std::unique_lock lock(network.mutex_);
      if (network.passes_.empty()) throw Error(kNotPrepared);
      network.lane_freed_.wait(lock, [&] { return !network.free_lanes_.empty(); });
      lane_ = network.free_lanes_.back();
      network.free_lanes_.pop_back();
    }
    ~HeldLane() {
      const std::lock_guard lock(network_.mutex_);
      network_.free_lanes_.push_back(lane_);
      network_.lane_freed_.notify_one();
    }
    HeldLane(const HeldLane &) = delete;
    HeldLane &operator=(const HeldLane &) = delete;
    Lane &operator*() const { return *lane_; }

   private:
    CudaR3d18 &network_;
    Lane *lane_ = nullptr;
  };

  template <typename Body>
  void OnDevice(const char *doing, Body &&body) {
    Translated(doing, [&] {
      const c10::InferenceMode guard;
      const c10::cuda::CUDAGuard device(layout_.device);
      try {
        body();
      } catch (const c10::OutOfMemoryError &) {
        throw Error(NoMemory());
      }
    });
  }

  // Without fused kernels and with its own stem, so that what it is compared with cannot be wrong in the same way.
  Reference MakeReference() const {
    const CudnnSettings settings(/*autotune=*/false);
    Reference reference;
    reference.pixels = NoiseClip(1);
    const at::Tensor bytes =
        at::from_blob(reference.pixels.data(), {1, kChunkFrames, kFrameSide, kFrameSide, 3}, at::kByte);
    Layout layout;
    layout.device = layout_.device;
    const TorchNetwork network(folded_, layout);
    const at::Tensor out = network.FromPixels(bytes.to(layout.device)).to(at::kCPU).contiguous();
    reference.features.assign(out.data_ptr<float>(), out.data_ptr<float>() + kFeatureSize);
    return reference;
  }

  // Leaves passes_ empty, and why_not_ set, when none can be had.
  void PrepareAll(const Reference &reference) {
    passes_.clear();
    network_.emplace(folded_, layout_);
    wrong_ = out_of_memory_ = false;
    why_no_graph_.clear();
    graph_pool_ = at::cuda::graph_pool_handle();  // one that all graphs have left cannot be entered again
    for (const int size : kBatchSizes) {
      // What does not fit, larger ones do not either; nor does what is wrong get right with more.
      if (!Prepare(size, reference)) break;
    }
  }

  // False, and why_not_ is set, when the batch does not fit into memory, cannot be computed or comes out wrong.
  bool Prepare(int size, const Reference &reference) {
    auto pass = std::make_unique<Pass>();
    pass->size = size;
    try {
      MakeLanes(size);
      const CudnnSettings settings(/*autotune=*/true);
      const c10::cuda::CUDAStreamGuard stream(compute_);
      pass->pixels = NewPixels(size, at::TensorOptions().device(layout_.device)).zero_();
      // Twice: cuDNN tries its algorithms in the first pass and needs no more memory in the second.
      for (int i = 0; i < 2; ++i)
        pass->features = network_->FromPixels(pass->pixels);
      C10_CUDA_CHECK(cudaStreamSynchronize(compute_.stream()));
      EmptyCache();  // during a capture LibTorch does not: what the search used would be missing
      Capture(*pass);
      if (!IsRight(*pass, reference)) return false;
      passes_.push_back(std::move(pass));
      return true;
    } catch (const c10::OutOfMemoryError &) {
      pass.reset();
      EmptyCache();
      why_not_ = NoMemory();
      out_of_memory_ = true;
    } catch (const c10::Error &e) {
      // cuDNN has no plan for it, or the host no pinned memory: smaller batches work all the same.
      why_not_ = Readable("preparing the network on the GPU", e).what();
    }
    return false;
  }

  static at::Tensor NewPixels(int chunks, const at::TensorOptions &options) {
    return at::empty({chunks, kChunkFrames, kFrameSide, kFrameSide, 3}, options.dtype(at::kByte));
  }

  // Lanes for batches of this size.
  void MakeLanes(int size) {
    std::array<std::unique_ptr<Lane>, kLanes> lanes;
    for (auto &lane : lanes) {
      const auto pinned = at::TensorOptions().pinned_memory(true);
      lane = std::make_unique<Lane>();
      lane->staged_pixels = NewPixels(size, pinned);
      lane->staged_features = at::empty({size, kFeatureSize}, pinned.dtype(at::kFloat));
      lane->pixels = NewPixels(size, at::TensorOptions().device(layout_.device));
    }
    lanes_ = std::move(lanes);
    free_lanes_.clear();
    for (const auto &lane : lanes_)
      free_lanes_.push_back(lane.get());
  }

  // LibTorch refuses after a capture that failed, where its allocator still thinks that one goes on.
  static void EmptyCache() {
    try {
      c10::cuda::CUDACachingAllocator::emptyCache();
    } catch (const c10::Error &) {
      // What it would have given back stays for the tensors to come.
    }
  }

  // A decoder in the same process may call CUDA at any time, so only this thread's calls are looked at. Where capturing
  // fails operators run one by one: they have just done so, in memory that was enough. All graphs work in one pool of
  // memory, since no two run at once; what each writes into stays its own.
  void Capture(Pass &pass) {
    if (!why_no_graph_.empty()) return;  // what cannot be captured once cannot be captured in a larger batch
    auto graph = std::make_unique<at::cuda::CUDAGraph>();
    bool capturing = false;
    try {
      graph->capture_begin(graph_pool_, cudaStreamCaptureModeThreadLocal);
      capturing = true;
      const at::Tensor features = network_->FromPixels(pass.pixels);
      capturing = false;
      graph->capture_end();
      pass.features = features;
      pass.graph = std::move(graph);
    } catch (const c10::Error &e) {  // out of memory too: a graph has memory of its own
      why_no_graph_ = Readable("capturing", e).what();
      const bool ended = capturing && EndCapture(*graph);
      if (!ended && LeavePool(c10::cuda::CUDACachingAllocator::get())) {
        static_cast<void>(graph.release());  // never destroyed: LibTorch's allocators may go on asking it
      }
      cudaGetLastError();  // of the capture, not of what follows
    }
  }

  // LibTorch may leave its allocator in a capture that could not be ended: it would keep the pool's memory, and give
  // back nothing, for as long as the process lives. False when it has left by itself: then the graph releases the pool.
  template <typename Allocator>
  bool LeavePool(Allocator *allocator) const {
    const c10::DeviceIndex device = layout_.device.index();
    if constexpr (requires {
                    allocator->endAllocateToPool(device, graph_pool_), allocator->releasePool(device, graph_pool_);
                  }) {
      try {
        allocator->endAllocateToPool(device, graph_pool_);
        allocator->releasePool(device, graph_pool_);
      } catch (const c10::Error &) {
        return false;
      }
    }
    return true;
  }

  // The stream must not stay in a capture that failed.
  static bool EndCapture(at::cuda::CUDAGraph &graph) {
    try {
      graph.capture_end();
      return true;
    } catch (const c10::Error &) {
      return false;
    }
  }

  bool IsRight(Pass &pass, const Reference &reference) {
    const std::vector<const uint8_t *> chunks(static_cast<size_t>(pass.size), reference.pixels.data());
    std::vector<float> features(chunks.size() * kFeatureSize);
    Lane &lane = *lanes_.front();
    Bring(lane, chunks);
    Enqueue(lane, pass, chunks.size());
    Fetch(lane, chunks.size(), features.data());
    for (size_t i = 0; i < chunks.size(); ++i) {
      const double cosine = Cosine(features.data() + i * kFeatureSize, reference.features.data());
      if (cosine >= kLowestCosine) continue;
      why_not_ = "this GPU computes the network wrongly in " + layout_.Description() + ": the cosine to fp32 is " +
                 std::to_string(cosine) + " in a batch of " + std::to_string(pass.size) +
                 ". Use precision=fp32, or a PyTorch with another cuDNN";
      wrong_ = true;
      return false;
    }
    return true;
  }

  std::string NoMemory() const {
    size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    return "the GPU has too little memory for the network: " + std::to_string(free >> 20) + " of " +
           std::to_string(total >> 20) + " MiB are free, and one chunk at a time was too much. End other programs " +
           "that use " + layout_.device.str() + ", or use device=cpu";
  }

  // By the time that the device takes: bringing and fetching go on beside it.
  void ChooseBest() {
    const c10::cuda::CUDAStreamGuard stream(compute_);
    std::vector<double> seconds;
    for (const auto &pass : passes_) {
      double best = std::numeric_limits<double>::max();
      try {
        for (int i = 0; i < 3; ++i) {
          const auto start = std::chrono::steady_clock::now();
          Compute(*pass);
          C10_CUDA_CHECK(cudaStreamSynchronize(compute_.stream()));
          best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        }
      } catch (const c10::Error &) {
        if (seconds.empty()) throw;
        passes_.resize(seconds.size());  // its memory has gone: smaller batches are left
        break;
      }
      seconds.push_back(best / pass->size);
    }
    const double limit = *std::ranges::min_element(seconds) * kNearlyBest;
    const auto chosen = std::ranges::find_if(seconds, [limit](double one) { return one <= limit; });
    best_ = passes_[static_cast<size_t>(chosen - seconds.begin())]->size;
  }

  // Enqueues a pass over pass.pixels on the current stream.
  void Compute(Pass &pass) const {
    if (pass.graph) {
      pass.graph->replay();
    } else {
      const CudnnSettings settings(/*autotune=*/true);  // what it found in Prepare
      pass.features = network_->FromPixels(pass.pixels);
    }
  }

  size_t LargestBatch() const {
    const std::lock_guard lock(mutex_);
    return static_cast<size_t>(passes_.back()->size);
  }

  // False when memory was lacking and smaller batches are left. (Other programs may take it at any time; a graph has
  // its own.)
  bool Run(Lane &lane, std::span<const uint8_t *const> chunks, float *features) {
    Bring(lane, chunks);
    {
      const std::lock_guard lock(mutex_);
      const auto fits = std::ranges::find_if(
          passes_, [&chunks](const auto &pass) { return static_cast<size_t>(pass->size) >= chunks.size(); });
      if (fits == passes_.end()) return false;
      try {
        Enqueue(lane, **fits, chunks.size());
      } catch (const c10::Error &) {
        // Of any kind: without memory for its workspace cuDNN finds no algorithm.
        if (passes_.size() == 1 || (*fits)->graph) throw;
        passes_.pop_back();
        best_ = std::min(best_, passes_.back()->size);
        EmptyCache();
        return false;
      }
    }
    Fetch(lane, chunks.size(), features);
    return true;
  }

  void Bring(Lane &lane, std::span<const uint8_t *const> chunks) const {
    auto *staged = lane.staged_pixels.data_ptr<uint8_t>();
    for (const uint8_t *chunk : chunks) {
      std::memcpy(staged, chunk, kChunkBytes);
      staged += kChunkBytes;
    }
    const auto count = static_cast<int64_t>(chunks.size());
    const c10::cuda::CUDAStreamGuard stream(copy_);
    lane.pixels.narrow(0, 0, count).copy_(lane.staged_pixels.narrow(0, 0, count), /*non_blocking=*/true);
    lane.copied.Record(copy_);
  }

  void Enqueue(Lane &lane, Pass &pass, size_t chunks) const {
    const auto count = static_cast<int64_t>(chunks);
    const c10::cuda::CUDAStreamGuard stream(compute_);
    lane.copied.Block(compute_);
    pass.pixels.narrow(0, 0, count).copy_(lane.pixels.narrow(0, 0, count), /*non_blocking=*/true);
    Compute(pass);
    lane.staged_features.narrow(0, 0, count).copy_(pass.features.narrow(0, 0, count), /*non_blocking=*/true);
    lane.computed.Record(compute_);
  }

  static void Fetch(Lane &lane, size_t chunks, float *features) {
    lane.computed.Wait();
    std::copy_n(lane.staged_features.data_ptr<float>(), chunks * kFeatureSize, features);
  }

  FoldedR3d18 folded_;  // until WarmUp
  Layout layout_;
  const c10::cuda::CUDAStream compute_;
  const c10::cuda::CUDAStream copy_;
  std::array<std::unique_ptr<Lane>, kLanes> lanes_;
  std::string why_not_;
  bool wrong_ = false;          // why_not_ is about what was computed
  bool out_of_memory_ = false;  // why_not_ is about memory
  std::string why_no_graph_;
  at::cuda::MempoolId_t graph_pool_{0, 0};

  mutable std::mutex mutex_;  // what follows: two threads may run a prepared network
  std::condition_variable lane_freed_;
  std::vector<Lane *> free_lanes_;
  std::optional<TorchNetwork> network_;
  std::vector<std::unique_ptr<Pass>> passes_;  // by size
  int best_ = 0;
};

}  // namespace

std::unique_ptr<R3d18> NewCudaR3d18(const StateDict &weights, Device device, Precision precision) {
  std::unique_ptr<R3d18> network;
  Translated("loading the network", [&] {
    const c10::InferenceMode guard;
    Layout layout;
    layout.device = TorchDevice(device);
    layout.type = precision == Precision::kFp16 ? at::kHalf : at::kFloat;
    layout.space_to_depth = layout.fused = layout.type == at::kHalf;
    const c10::cuda::CUDAGuard current(layout.device);
    network = std::make_unique<CudaR3d18>(Fold(weights), layout);
  });
  return network;
}

}  // namespace action
