#include "actiontorch/cpu_convolution.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace action {
namespace {

int CeilDiv(int a, int b) {
  return (a + b - 1) / b;
}

// Cuts `count` rows into pieces of nearly equal size, none above kRowsAtOnce: 14 is 5 + 5 + 4.
template <typename Body>
void ForEachPiece(int count, Body &&body) {
  const int pieces = CeilDiv(count, kRowsAtOnce);
  for (int i = 0; i < pieces; ++i) {
    const int from = count * i / pieces;
    body(from, count * (i + 1) / pieces - from);
  }
}

}  // namespace

const ConvolutionKernels *KernelsOfThisProcessor() {
#if defined(__x86_64__)
  const auto limited_to = [](std::initializer_list<std::string_view> names) {
    for (const char *variable : {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"}) {
      const char *value = std::getenv(variable);
      if (value != nullptr) return std::ranges::find(names, std::string_view(value)) != names.end();
    }
    return false;
  };
  if (limited_to({"SSE41", "AVX"})) return nullptr;
  const bool avx2_only = limited_to({"AVX2", "AVX2_VNNI"});
  if (!avx2_only && __builtin_cpu_supports("avx512f") && Avx512Kernels() != nullptr) return Avx512Kernels();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Avx2Kernels();
#endif
  return nullptr;
}

void Buffer::Reserve(size_t size) {
  if (size <= size_) return;
  data_.reset(new (std::align_val_t{64}) float[size]);
  size_ = size;
}

Activation::Activation(Size3 size, int channels, int border, int after)
    : size_(size),
      channels_(channels),
      border_(border),
      row_stride_(static_cast<ptrdiff_t>(size[2] + 2 * border + after) * channels),
      frame_stride_(row_stride_ * (size[1] + 2 * border + after)),
      buffer_(static_cast<size_t>(frame_stride_ * size[0])) {
  std::fill_n(buffer_.data(), buffer_.size(), 0.0f);
}

namespace {

// Weights as `multiply` reads them: [panel][k][kernels.panel], k in the order of an input row in memory.
template <typename At>
Buffer PackPanels(const ConvolutionKernels &kernels, int outputs, int depth, At &&at) {
  Buffer packed(static_cast<size_t>(outputs) * static_cast<size_t>(depth));
  float *to = packed.data();
  for (int panel = 0; panel < outputs; panel += kernels.panel) {
    for (int k = 0; k < depth; ++k) {
      for (int j = 0; j < kernels.panel; ++j)
        *to++ = at(panel + j, k);
    }
  }
  return packed;
}

class DirectConvolution : public CpuConvolution {
 public:
  DirectConvolution(const ConvolutionKernels &kernels, const FoldedConvolution &folded)
      : kernels_(kernels),
        kernel_(folded.kernel),
        stride_(folded.stride),
        padding_(folded.padding),
        outputs_(folded.outputs),
        length_(folded.kernel[2] * folded.inputs),
        bias_(folded.bias) {
    // One segment: the pixels of a kernel's row, which lie side by side.
    const int taps = kernel_[0] * kernel_[1] * kernel_[2];
    weights_ = PackPanels(kernels, outputs_, taps * folded.inputs, [&](int output, int k) {
      return folded
          .weight[static_cast<size_t>((output * folded.inputs + k % folded.inputs) * taps + k / folded.inputs)];
    });
  }

  void Run(const Activation &in, const Activation *residual, bool relu, Activation &out,
           Workspace &workspace) const override {
    const Size3 size = out.size();
    const int lines = std::clamp(kGroupPixels / size[2], 1, size[1]);
    const int groups = CeilDiv(size[1], lines);
    const int panels = outputs_ / kernels_.panel;
    for (Buffer &buffer : workspace.members)
      buffer.Reserve(static_cast<size_t>(lines * size[2] * kernels_.panel));
    workspace.team.ForEach(panels * size[0] * groups, [&](int i, int member) {
      const int group = i % groups;
      const int frame = i / groups % size[0];
      const int panel = i / groups / size[0];
      RunGroup(in, residual, relu, out, panel, frame, group * lines, std::min(size[1], (group + 1) * lines),
               workspace.members[static_cast<size_t>(member)].data());
    });
  }

 private:
  static constexpr int kGroupPixels = 224;
  static constexpr int kMostSegments = 32;
  static constexpr size_t kChunkFloats = 64 * 1024;  // of weights, kept in the second-level cache

  void RunGroup(const Activation &in, const Activation *residual, bool relu, Activation &out, int panel, int frame,
                int top, int bottom, float *sums) const {
    // Frames before the first and behind the last are zeros and left out.
    const int first_frame = frame * stride_[0] - padding_[0];
    const int from = std::max(0, -first_frame);
    const int to = std::min(kernel_[0], in.size()[0] - first_frame);
    std::array<ptrdiff_t, kMostSegments> segments;
    int count = 0;
    for (int t = from; t < to; ++t) {
      for (int y = 0; y < kernel_[1]; ++y)
        segments[static_cast<size_t>(count++)] = t * in.frame_stride() + y * in.row_stride();
    }
    const auto segment_floats = static_cast<size_t>(length_) * static_cast<size_t>(kernels_.panel);
    const float *weights = weights_.data() + static_cast<size_t>(panel * kernel_[0] * kernel_[1]) * segment_floats +
                           static_cast<size_t>(from * kernel_[1]) * segment_floats;
    const int width = out.size()[2];
    const int pixels = (bottom - top) * width;
    const int step = std::max(1, static_cast<int>(kChunkFloats / segment_floats));
    const float *origin = in.At(0, 0, 0) + first_frame * in.frame_stride();
    for (int s = 0; s < count; s += step) {
      ForEachPiece(pixels, [&](int pixel, int rows) {
        const float *row[kRowsAtOnce];
        for (int r = 0; r < rows; ++r) {
          const int y = top + (pixel + r) / width, x = (pixel + r) % width;
          row[r] = origin + (y * stride_[1] - padding_[1]) * in.row_stride() +
                   static_cast<ptrdiff_t>(x * stride_[2] - padding_[2]) * in.channels();
        }
        kernels_.multiply(row, rows, segments.data() + s, std::min(step, count - s), length_,
                          weights + static_cast<size_t>(s) * segment_floats, sums + pixel * kernels_.panel,
                          kernels_.panel, s > 0);
      });
    }
    const int channel = panel * kernels_.panel;
    const Finish finish = {bias_.data() + channel, relu};
    for (int pixel = 0; pixel < pixels; ++pixel) {
      const int y = top + pixel / width, x = pixel % width;
      kernels_.finish_pixel(sums + pixel * kernels_.panel, kernels_.panel, finish,
                            residual != nullptr ? residual->At(frame, y, x) + channel : nullptr,
                            out.At(frame, y, x) + channel);
    }
  }

  const ConvolutionKernels &kernels_;
  const Size3 kernel_, stride_, padding_;
  const int outputs_;
  const int length_;  // floats of a segment
  Buffer weights_;    // [panel][time][height][width * inputs][kernels.panel]
  const std::vector<float> bias_;
};

class WinogradConvolution : public CpuConvolution {
 public:
  WinogradConvolution(const ConvolutionKernels &kernels, const FoldedConvolution &folded)
      : kernels_(kernels), inputs_(folded.inputs), outputs_(folded.outputs), bias_(folded.bias) {
    for (Buffer &point : weights_)
      point.Reserve(static_cast<size_t>(outputs_) * static_cast<size_t>(kTimePoints * inputs_));
    std::array<std::array<double, kPatchPoints>, kTimePoints> points{};
    for (int output = 0; output < outputs_; ++output) {
      for (int input = 0; input < inputs_; ++input) {
        TransformKernel(folded.weight.data() + (output * inputs_ + input) * 27, points);
        for (int time = 0; time < kTimePoints; ++time) {
          const size_t to = WeightOffset(output / kernels.panel, time) +
                            static_cast<size_t>(input * kernels.panel + output % kernels.panel);
          for (size_t point = 0; point < weights_.size(); ++point)
            weights_[point].data()[to] = static_cast<float>(points[static_cast<size_t>(time)][point]);
        }
      }
    }
  }

  void Run(const Activation &in, const Activation *residual, bool relu, Activation &out,
           Workspace &workspace) const override {
    const Job job{in, residual, out, relu, CeilDiv(in.size()[2], kTileSide)};
    const int tiles = CeilDiv(in.size()[1], kTileSide) * job.across;
    const int frames = in.size()[0];
    const auto member_floats = [&](int member) { return workspace.members[static_cast<size_t>(member)].data(); };
    if (tiles >= kManyTiles) {
      // Each thread takes a few tiles from pixels to pixels, within its own cache.
      const size_t point_floats = PointFloats(kTilesAtOnce, frames, inputs_);
      const size_t product_floats = PointFloats(kTilesAtOnce, frames, outputs_);
      for (Buffer &buffer : workspace.members)
        buffer.Reserve(point_floats + product_floats + ScratchFloats(kTilesAtOnce, frames));
      workspace.team.ForEach(CeilDiv(tiles, kTilesAtOnce), [&](int i, int member) {
        const int first = i * kTilesAtOnce;
        const int count = std::min(kTilesAtOnce, tiles - first);
        float *points = member_floats(member);
        float *products = points + point_floats;
        for (int tile = 0; tile < count; ++tile)
          TransformPatches(job, first + tile, tile, count, points);
        for (int point = 0; point < kPatchPoints; ++point)
          Multiply(point, 0, outputs_, frames, count, points, products, products + product_floats);
        for (int tile = 0; tile < count; ++tile)
          TransformTiles(job, first + tile, tile, count, products);
      });
      return;
    }
    // Few tiles, many channels: the weights are the larger part, so all tiles go through them at once.
    workspace.points.Reserve(PointFloats(tiles, frames, inputs_));
    workspace.products.Reserve(PointFloats(tiles, frames, outputs_));
    for (Buffer &buffer : workspace.members)
      buffer.Reserve(ScratchFloats(tiles, frames));
    float *points = workspace.points.data();
    float *products = workspace.products.data();
    workspace.team.ForEach(tiles, [&](int tile, int) { TransformPatches(job, tile, tile, tiles, points); });
    const int groups = CeilDiv(outputs_, kOutputsAtOnce);
    workspace.team.ForEach(kPatchPoints * groups, [&](int i, int member) {
      const int output = i % groups * kOutputsAtOnce;
      Multiply(i / groups, output, std::min(output + kOutputsAtOnce, outputs_), frames, tiles, points, products,
               member_floats(member));
    });
    workspace.team.ForEach(tiles, [&](int tile, int) { TransformTiles(job, tile, tile, tiles, products); });
  }

 private:
  static constexpr int kTilesAtOnce = 3;     // with their points and products 0.9 MB at 16 frames of 64 channels
  static constexpr int kManyTiles = 40;      // from here on threads work on different tiles; below, on different points
  static constexpr int kOutputsAtOnce = 64;  // of a point, by a thread

  // 3x3x3 values to 4 x 36: G of F(2, 3) over time, then G g G' of the paper, in double.
  static void TransformKernel(const float *g, std::array<std::array<double, kPatchPoints>, kTimePoints> &points) {
    std::array<std::array<double, 9>, kTimePoints> times{};
    for (size_t i = 0; i < 9; ++i) {
      const double a = g[i], b = g[9 + i], c = g[18 + i];
      times[0][i] = a;
      times[1][i] = (a + b + c) / 2;
      times[2][i] = (a - b + c) / 2;
      times[3][i] = c;
    }
    for (size_t time = 0; time < times.size(); ++time)
      TransformPicture(times[time].data(), points[time]);
  }

  static void TransformPicture(const double *g, std::array<double, kPatchPoints> &points) {
    const auto line = [](double a, double b, double c, double *out, int stride) {
      out[0] = a / 4;
      out[stride] = -(a + b + c) / 6;
      out[2 * stride] = -(a - b + c) / 6;
      out[3 * stride] = a / 24 + b / 12 + c / 6;
      out[4 * stride] = a / 24 - b / 12 + c / 6;
      out[5 * stride] = c;
    };
    std::array<double, kPatchSide * 3> columns{};
    for (int x = 0; x < 3; ++x)
      line(g[x], g[3 + x], g[6 + x], columns.data() + x, 3);
    for (int y = 0; y < kPatchSide; ++y) {
      const double *row = columns.data() + y * 3;
      line(row[0], row[1], row[2], points.data() + y * kPatchSide, 1);
    }
  }

  struct Job {
    const Activation &in;
    const Activation *residual;
    Activation &out;
    bool relu;
    int across;  // tiles
  };

  // Points lie as [36][frame][tile][channel], points in time as [4][pair of frames][tile][channel]. A cache line more
  // between points keeps them out of each other's place in the cache.
  static ptrdiff_t PointStride(int tiles, int frames, int channels) {
    return static_cast<ptrdiff_t>(tiles) * frames * channels + 16;
  }
  static size_t PointFloats(int tiles, int frames, int channels) {
    return static_cast<size_t>(PointStride(tiles, frames, channels)) * kPatchPoints;
  }

  void TransformPatches(const Job &job, int tile, int place, int places, float *points) const {
    const int y = tile / job.across * kTileSide, x = tile % job.across * kTileSide;
    const int frames = job.in.size()[0];
    for (int frame = 0; frame < frames; ++frame) {
      kernels_.transform_patch(job.in.At(frame, y - 1, x - 1), job.in.row_stride(), inputs_, inputs_,
                               points + (static_cast<ptrdiff_t>(frame) * places + place) * inputs_,
                               PointStride(places, frames, inputs_));
    }
  }

  void TransformTiles(const Job &job, int tile, int place, int places, const float *products) const {
    const int y = tile / job.across * kTileSide, x = tile % job.across * kTileSide;
    const Size3 size = job.out.size();
    const Finish finish = {bias_.data(), job.relu};
    for (int frame = 0; frame < size[0]; ++frame) {
      kernels_.transform_tile(products + (static_cast<ptrdiff_t>(frame) * places + place) * outputs_,
                              PointStride(places, size[0], outputs_), outputs_, finish,
                              job.residual != nullptr ? job.residual->At(frame, y, x) : nullptr,
                              job.residual != nullptr ? job.residual->row_stride() : 0, outputs_,
                              job.out.At(frame, y, x), job.out.row_stride(), outputs_, std::min(kTileSide, size[1] - y),
                              std::min(kTileSide, size[2] - x));
    }
  }

  size_t WeightOffset(int panel, int time) const {
    return static_cast<size_t>(panel * kTimePoints + time) * static_cast<size_t>(inputs_ * kernels_.panel);
  }

  // Of `Multiply`: a frame of zeros, the points in time of all places, and their products with a panel of weights.
  size_t ScratchFloats(int places, int frames) const {
    const int pairs = CeilDiv(frames, kTileFrames);
    return static_cast<size_t>(places * inputs_ + kTimePoints * (PointStride(places, pairs, inputs_) +
                                                                 PointStride(places, pairs, kernels_.panel)));
  }

  // One point of all frames and places, for some of the outputs. The frames before the first and behind the last are
  // zeros.
  void Multiply(int point, int first_output, int last_output, int frames, int places, const float *points,
                float *products, float *scratch) const {
    const float *from = points + point * PointStride(places, frames, inputs_);
    float *to = products + point * PointStride(places, frames, outputs_);
    const ptrdiff_t frame_floats = static_cast<ptrdiff_t>(places) * inputs_;
    const int pairs = CeilDiv(frames, kTileFrames);
    const int rows = pairs * places;
    const ptrdiff_t time_stride = PointStride(places, pairs, inputs_);
    const ptrdiff_t sum_stride = PointStride(places, pairs, kernels_.panel);
    const float *zeros = std::fill_n(scratch, frame_floats, 0.0f) - frame_floats;
    float *times = scratch + frame_floats;
    float *sums = times + kTimePoints * time_stride;
    for (int pair = 0; pair < pairs; ++pair) {
      std::array<const float *, kTimePoints> four;
      for (int i = 0; i < kTimePoints; ++i) {
        const int frame = pair * kTileFrames - 1 + i;
        four[static_cast<size_t>(i)] = frame >= 0 && frame < frames ? from + frame * frame_floats : zeros;
      }
      kernels_.transform_frames(four.data(), static_cast<int>(frame_floats), times + pair * frame_floats, time_stride);
    }
    constexpr ptrdiff_t kOneSegment = 0;
    for (int output = first_output; output < last_output; output += kernels_.panel) {
      for (int time = 0; time < kTimePoints; ++time) {
        const float *weights =
            weights_[static_cast<size_t>(point)].data() + WeightOffset(output / kernels_.panel, time);
        ForEachPiece(rows, [&](int start, int count) {
          const float *row[kRowsAtOnce];
          for (int r = 0; r < count; ++r)
            row[r] = times + time * time_stride + static_cast<ptrdiff_t>(start + r) * inputs_;
          kernels_.multiply(row, count, &kOneSegment, 1, inputs_, weights,
                            sums + time * sum_stride + static_cast<ptrdiff_t>(start) * kernels_.panel, kernels_.panel,
                            false);
        });
      }
      for (int row = 0; row < rows; ++row) {
        const int frame = row / places * kTileFrames, place = row % places;
        float *first = to + (static_cast<ptrdiff_t>(frame) * places + place) * outputs_ + output;
        kernels_.combine_frames(sums + static_cast<ptrdiff_t>(row) * kernels_.panel, sum_stride, kernels_.panel, first,
                                frame + 1 < frames ? first + static_cast<ptrdiff_t>(places) * outputs_ : nullptr);
      }
    }
  }

  const ConvolutionKernels &kernels_;
  const int inputs_, outputs_;
  std::array<Buffer, kPatchPoints> weights_;  // of each point [panel][time point][input][kernels.panel]
  const std::vector<float> bias_;
};

}  // namespace

std::unique_ptr<CpuConvolution> NewDirectConvolution(const ConvolutionKernels &kernels,
                                                     const FoldedConvolution &folded) {
  return std::make_unique<DirectConvolution>(kernels, folded);
}

std::unique_ptr<CpuConvolution> NewWinogradConvolution(const ConvolutionKernels &kernels,
                                                       const FoldedConvolution &folded) {
  return std::make_unique<WinogradConvolution>(kernels, folded);
}

}  // namespace action
