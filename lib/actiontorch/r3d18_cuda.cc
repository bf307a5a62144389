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
#include <cstring>
#include <limits>
#include <memory>
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
  at::Tensor staged_pixels;                    // pinned
  at::Tensor pixels;                           // on the device
  at::Tensor features;                         // on the device; what the graph writes
  at::Tensor staged_features;                  // pinned
  std::unique_ptr<at::cuda::CUDAGraph> graph;  // null: operator by operator
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
        device_(layout.device),
        network_(folded_, layout),
        compute_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device_.index())),
        copy_(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device_.index())) {}

  void WarmUp() override {
    Translated("preparing the network on the GPU", [&] {
      const c10::InferenceMode guard;
      const c10::cuda::CUDAGuard device(device_);
      const Reference reference = MakeReference();
      for (const int size : kBatchSizes) {
        // What does not fit, larger ones do not either; nor does what is wrong get right with more.
        if (!Prepare(size, reference)) break;
      }
      if (passes_.empty() && wrong_) throw WrongPrecision(why_not_);
      if (passes_.empty()) throw Error(why_not_);
      ChooseBest();
    });
    folded_ = {};
  }

  int max_batch() const override { return passes_.back()->size; }
  int best_batch() const override { return best_; }

  void Forward(std::span<const uint8_t> pixels, int n, std::span<float> features) override {
    Translated("the network", [&] {
      const c10::InferenceMode guard;
      const c10::cuda::CUDAGuard device(device_);
      if (passes_.empty()) throw Error("the network on the GPU was not prepared (WarmUp)");
      for (int done = 0; done < n;) {
        Pass &pass = PassFor(n - done);
        const int count = std::min(pass.size, n - done);
        try {
          RunPass(pass, pixels.data() + static_cast<ptrdiff_t>(done) * kChunkBytes, count,
                  features.data() + static_cast<ptrdiff_t>(done) * kFeatureSize);
        } catch (const c10::OutOfMemoryError &) {
          // Other programs took the memory since: go on in smaller batches. (A graph has its memory.)
          if (passes_.size() == 1) throw Error(NoMemory());
          passes_.pop_back();
          best_ = std::min(best_, passes_.back()->size);
          EmptyCache();
          continue;
        }
        done += count;
      }
    });
  }

  void ForwardNormalised(std::span<const float> input, int n, std::span<float> features) override {
    Translated("the network", [&] {
      const c10::InferenceMode guard;
      const c10::cuda::CUDAGuard device(device_);
      const CudnnSettings settings(/*autotune=*/false);
      const at::Tensor x =
          at::from_blob(const_cast<float *>(input.data()), {n, 3, kChunkFrames, kFrameSide, kFrameSide}, at::kFloat);
      const at::Tensor out = network_.FromNormalised(x.to(device_)).to(at::kCPU).contiguous();
      std::copy_n(out.data_ptr<float>(), out.numel(), features.begin());
    });
  }

  std::string Description() const override {
    std::string text = network_.layout().Description() + ", batches of";
    for (const auto &pass : passes_)
      text += " " + std::to_string(pass->size) + (pass->graph ? "" : " (no graph: " + why_no_graph_ + ")");
    return text + ", best " + std::to_string(best_);
  }

 private:
  // What fp32 makes of a clip, to compare with.
  struct Reference {
    std::vector<uint8_t> pixels;
    std::vector<float> features;
  };

  Reference MakeReference() const {
    const CudnnSettings settings(/*autotune=*/false);
    Reference reference;
    reference.pixels = NoiseClip(1);
    const at::Tensor bytes =
        at::from_blob(reference.pixels.data(), {1, kChunkFrames, kFrameSide, kFrameSide, 3}, at::kByte);
    Layout layout = network_.layout();
    layout.type = at::kFloat;
    const at::Tensor out = TorchNetwork(folded_, layout).FromPixels(bytes.to(device_)).to(at::kCPU).contiguous();
    reference.features.assign(out.data_ptr<float>(), out.data_ptr<float>() + kFeatureSize);
    return reference;
  }

  // False, and why_not_ is set, when the batch does not fit into memory or comes out wrong.
  bool Prepare(int size, const Reference &reference) {
    auto pass = std::make_unique<Pass>();
    pass->size = size;
    try {
      const auto pinned = [](at::ScalarType type) { return at::TensorOptions(type).pinned_memory(true); };
      const std::array<int64_t, 5> shape = {size, kChunkFrames, kFrameSide, kFrameSide, 3};
      pass->staged_pixels = at::empty(shape, pinned(at::kByte));
      pass->staged_features = at::empty({size, kFeatureSize}, pinned(at::kFloat));
      pass->pixels = at::zeros(shape, at::TensorOptions(at::kByte).device(device_));
      C10_CUDA_CHECK(cudaStreamSynchronize(c10::cuda::getCurrentCUDAStream(device_.index()).stream()));
      const CudnnSettings settings(/*autotune=*/true);
      const c10::cuda::CUDAStreamGuard stream(compute_);
      // Twice: cuDNN tries its algorithms in the first pass and needs no more memory in the second.
      for (int i = 0; i < 2; ++i)
        pass->features = network_.FromPixels(pass->pixels);
      C10_CUDA_CHECK(cudaStreamSynchronize(compute_.stream()));
      Capture(*pass);
      if (!Check(*pass, reference)) return false;
      passes_.push_back(std::move(pass));
      return true;
    } catch (const c10::OutOfMemoryError &) {
      pass.reset();
      EmptyCache();
      why_not_ = NoMemory();
      return false;
    } catch (const c10::Error &) {
      // cuDNN has no plan for it, or the host no pinned memory: smaller batches work all the same.
      if (passes_.empty()) throw;
      return false;
    }
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
  // fails operators run one by one: they have just done so, in memory that was enough.
  void Capture(Pass &pass) {
    if (failed_graph_) return;  // what cannot be captured once cannot be captured in a larger batch
    auto graph = std::make_unique<at::cuda::CUDAGraph>();
    bool capturing = false;
    try {
      graph->capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
      capturing = true;
      const at::Tensor features = network_.FromPixels(pass.pixels);
      capturing = false;
      graph->capture_end();
      pass.features = features;
      pass.graph = std::move(graph);
    } catch (const c10::Error &e) {  // out of memory too: a graph has memory of its own
      why_no_graph_ = Readable("capturing", e).what();
      if (capturing) EndCapture(*graph);
      cudaGetLastError();  // of the capture, not of what follows
      failed_graph_ = graph.release();
    }
  }

  // The stream must not stay in a capture that failed, nor the allocator serve it.
  static void EndCapture(at::cuda::CUDAGraph &graph) {
    try {
      graph.capture_end();
    } catch (const c10::Error &) {
      // That it failed is known.
    }
  }

  bool Check(Pass &pass, const Reference &reference) {
    std::vector<uint8_t> pixels;
    for (int i = 0; i < pass.size; ++i)
      pixels.insert(pixels.end(), reference.pixels.begin(), reference.pixels.end());
    std::vector<float> features(static_cast<size_t>(pass.size) * kFeatureSize);
    RunPass(pass, pixels.data(), pass.size, features.data());
    for (int i = 0; i < pass.size; ++i) {
      const double cosine =
          Cosine(features.data() + static_cast<ptrdiff_t>(i) * kFeatureSize, reference.features.data());
      if (cosine >= kLowestCosine) continue;
      why_not_ = "this GPU computes the network wrongly in " + network_.layout().Description() +
                 ": the cosine to fp32 is " + std::to_string(cosine) + " in a batch of " + std::to_string(pass.size) +
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
           std::to_string(total >> 20) +
           " MiB are free, and one chunk at a time was too much. End other programs that " + "use " + device_.str() +
           ", or use device=cpu";
  }

  void ChooseBest() {
    std::vector<double> seconds;
    for (const auto &pass : passes_) {
      const std::vector<uint8_t> pixels(static_cast<size_t>(pass->size) * kChunkBytes);
      std::vector<float> features(static_cast<size_t>(pass->size) * kFeatureSize);
      double best = std::numeric_limits<double>::max();
      for (int i = 0; i < 3; ++i) {
        const auto start = std::chrono::steady_clock::now();
        RunPass(*pass, pixels.data(), pass->size, features.data());
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      }
      seconds.push_back(best / pass->size);
    }
    const double limit = *std::ranges::min_element(seconds) * kNearlyBest;
    for (size_t i = 0; i < passes_.size() && best_ == 0; ++i) {
      if (seconds[i] <= limit) best_ = passes_[i]->size;
    }
  }

  Pass &PassFor(int n) {
    const auto fits = std::ranges::find_if(passes_, [n](const auto &pass) { return pass->size >= n; });
    return fits != passes_.end() ? **fits : *passes_.back();
  }

  void RunPass(Pass &pass, const uint8_t *pixels, int count, float *features) {
    std::memcpy(pass.staged_pixels.data_ptr<uint8_t>(), pixels, static_cast<size_t>(count) * kChunkBytes);
    {
      const c10::cuda::CUDAStreamGuard stream(copy_);
      pass.pixels.narrow(0, 0, count).copy_(pass.staged_pixels.narrow(0, 0, count), /*non_blocking=*/true);
      copied_.Record(copy_);
    }
    copied_.Block(compute_);
    const c10::cuda::CUDAStreamGuard stream(compute_);
    if (pass.graph) {
      pass.graph->replay();
    } else {
      const CudnnSettings settings(/*autotune=*/true);  // what it found in Prepare
      pass.features = network_.FromPixels(pass.pixels);
    }
    pass.staged_features.narrow(0, 0, count).copy_(pass.features.narrow(0, 0, count), /*non_blocking=*/true);
    computed_.Record(compute_);
    computed_.Wait();
    std::copy_n(pass.staged_features.data_ptr<float>(), static_cast<ptrdiff_t>(count) * kFeatureSize, features);
  }

  FoldedR3d18 folded_;  // until WarmUp
  const at::Device device_;
  const TorchNetwork network_;
  const c10::cuda::CUDAStream compute_;
  const c10::cuda::CUDAStream copy_;
  Event copied_;
  Event computed_;
  std::vector<std::unique_ptr<Pass>> passes_;  // by size
  int best_ = 0;
  std::string why_not_;
  bool wrong_ = false;  // why_not_ is about what was computed
  std::string why_no_graph_;
  // Never destroyed: some LibTorch's allocator goes on asking a graph whose capture failed.
  at::cuda::CUDAGraph *failed_graph_ = nullptr;
};

}  // namespace

std::unique_ptr<R3d18> NewCudaR3d18(const StateDict &weights, Device device, Precision precision) {
  std::unique_ptr<R3d18> network;
  Translated("loading the network", [&] {
    const c10::InferenceMode guard;
    Layout layout;
    layout.device = TorchDevice(device);
    layout.type = precision == Precision::kFp16 ? at::kHalf : at::kFloat;
    const c10::cuda::CUDAGuard current(layout.device);
    network = std::make_unique<CudaR3d18>(Fold(weights), layout);
  });
  return network;
}

}  // namespace action
