// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "actiontorch/convolution_parts.h"
#include "actiontorch/cpu_convolution.h"

namespace action {
namespace {

class WinogradConvolution : public CpuConvolution {
 public:
  WinogradConvolution(const ConvolutionKernels &kernels, const FoldedConvolution &folded)
      : kernels_(kernels), inputs_(folded.inputs), outputs_(folded.outputs), bias_(folded.bias) {
    for (Buffer &point : weights_)
      point.Reserve(static_cast<size_t>(outputs_) * static_cast<size_t>(kTimePoints * inputs_));
    Points points{};
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
    const Frames frames{in.size()[0], out.size()[0], PaddingInTime(in.size()[0], out.size()[0], kTimeTaps, 1, 1),
                        TileFor(out.size()[0], kernels_)};
    const auto member_floats = [&](int member) { return workspace.members[static_cast<size_t>(member)].data(); };
    if (tiles >= kManyTiles) {
      // Each thread takes a few tiles from pixels to pixels, within its own cache; products take their points' place.
      const int at_once = std::max(1, kRowsOfTiles / CeilDiv(frames.out, kTileFrames));
      const size_t point_floats = PointFloats(at_once, frames.in);
      for (Buffer &buffer : workspace.members)
        buffer.Reserve(point_floats + ScratchFloats(at_once, frames.in));
      workspace.team.ForEach(CeilDiv(tiles, at_once), [&](int i, int member) {
        const int first = i * at_once;
        const int count = std::min(at_once, tiles - first);
        float *points = member_floats(member);
        for (int tile = 0; tile < count; ++tile)
          TransformPatches(job, first + tile, tile, count, points);
        for (int point = 0; point < kPatchPoints; ++point)
          Multiply(point, 0, outputs_, frames, count, points, points, points + point_floats);
        for (int tile = 0; tile < count; ++tile)
          TransformTiles(job, first + tile, tile, count, points);
      });
      return;
    }
    // Few tiles, many channels: the weights are the larger part, so all tiles go through them at once.
    workspace.points.Reserve(PointFloats(tiles, frames.in));
    workspace.products.Reserve(PointFloats(tiles, frames.in));
    for (Buffer &buffer : workspace.members)
      buffer.Reserve(ScratchFloats(tiles, frames.in));
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
  static constexpr int kRowsOfTiles = 12;    // in space and time; with their points 0.4 MB of 64 channels
  static constexpr int kManyTiles = 40;      // from here on threads work on different tiles; below, on different points
  static constexpr int kOutputsAtOnce = 64;  // of a point, by a thread

  // Of one input and output, in double: [point in time][point of the picture].
  using Points = std::array<std::array<double, kPatchPoints>, kTimePoints>;

  // G over time, then G g G' of the paper. `weight`: 3x3x3.
  static void TransformKernel(const float *weight, Points &points) {
    for (int time = 0; time < kTimePoints; ++time) {
      std::array<double, 9> g{};
      for (size_t tap = 0; tap < 27; ++tap)
        g[tap % 9] += kKernelPoints[time][tap / 9] * weight[tap];
      std::array<std::array<double, 3>, kPatchSide> rows{};
      for (size_t y = 0; y < kPatchSide; ++y) {
        for (size_t tap = 0; tap < 9; ++tap)
          rows[y][tap % 3] += kKernelPoints[y][tap / 3] * g[tap];
      }
      for (size_t point = 0; point < kPatchPoints; ++point) {
        const auto &row = rows[point / kPatchSide];
        const double *along = kKernelPoints[point % kPatchSide];
        points[static_cast<size_t>(time)][point] = along[0] * row[0] + along[1] * row[1] + along[2] * row[2];
      }
    }
  }

  static constexpr int kTimeTaps = 3;
  struct Frames {
    int in;
    int out;
    int padding;  // of zeros before the first of `in`
    TimeTile tile;
  };
  struct Job {
    const Activation &in;
    const Activation *residual;
    Activation &out;
    bool relu;
    int across;  // tiles
  };

  // Points lie as [36][frame of `in`][tile][channel], products too with fewer frames, points in time as [point][time
  // tile][tile][channel]. A cache line more between points keeps them out of each other's place in the cache.
  static constexpr ptrdiff_t kCacheLine = 16;
  ptrdiff_t PointStride(int tiles, int frames) const {
    return static_cast<ptrdiff_t>(tiles) * frames * std::max(inputs_, outputs_) + kCacheLine;
  }
  size_t PointFloats(int tiles, int frames) const {
    return static_cast<size_t>(PointStride(tiles, frames)) * kPatchPoints;
  }
  ptrdiff_t TimeStride(int tiles, int frames, int channels) const {
    return static_cast<ptrdiff_t>(tiles) * CeilDiv(frames, kTileFrames) * channels + kCacheLine;
  }

  void TransformPatches(const Job &job, int tile, int place, int places, float *points) const {
    const int y = tile / job.across * kTileSide, x = tile % job.across * kTileSide;
    const int frames = job.in.size()[0];
    for (int frame = 0; frame < frames; ++frame) {
      kernels_.transform_patch(job.in.At(frame, y - 1, x - 1), job.in.row_stride(), inputs_, inputs_,
                               points + (static_cast<ptrdiff_t>(frame) * places + place) * inputs_,
                               PointStride(places, frames));
    }
  }

  void TransformTiles(const Job &job, int tile, int place, int places, const float *products) const {
    const int y = tile / job.across * kTileSide, x = tile % job.across * kTileSide;
    const Size3 size = job.out.size();
    const Finish finish = {bias_.data(), job.relu};
    for (int frame = 0; frame < size[0]; ++frame) {
      kernels_.transform_tile(
          products + (static_cast<ptrdiff_t>(frame) * places + place) * outputs_, PointStride(places, job.in.size()[0]),
          outputs_, finish, job.residual != nullptr ? job.residual->At(frame, y, x) : nullptr,
          job.residual != nullptr ? job.residual->row_stride() : 0, outputs_, job.out.At(frame, y, x),
          job.out.row_stride(), outputs_, std::min(kTileSide, size[1] - y), std::min(kTileSide, size[2] - x));
    }
  }

  size_t WeightOffset(int panel, int time) const {
    return static_cast<size_t>(panel * kTimePoints + time) * static_cast<size_t>(inputs_ * kernels_.panel);
  }

  // Of `Multiply`: a frame of zeros, the points in time of all places, and their products with a panel of weights.
  size_t ScratchFloats(int places, int frames) const {
    return static_cast<size_t>(places * inputs_ + kTimePoints * (TimeStride(places, frames, inputs_) +
                                                                 TimeStride(places, frames, kernels_.panel)));
  }

  // One point of all frames and places, for some of the outputs; `products` may be `points` when it is all of them. The
  // frames before the first and behind the last are zeros.
  void Multiply(int point, int first_output, int last_output, const Frames &frames, int places, const float *points,
                float *products, float *scratch) const {
    const float *from = points + point * PointStride(places, frames.in);
    float *to = products + point * PointStride(places, frames.in);
    const ptrdiff_t frame_floats = static_cast<ptrdiff_t>(places) * inputs_;
    const TimeTile &time = frames.tile;
    const int time_tiles = CeilDiv(frames.out, time.frames);
    const int rows = time_tiles * places;
    const ptrdiff_t time_stride = TimeStride(places, frames.in, inputs_);
    const ptrdiff_t sum_stride = TimeStride(places, frames.in, kernels_.panel);
    const float *zeros = std::fill_n(scratch, frame_floats, 0.0f) - frame_floats;
    float *times = scratch + frame_floats;
    float *sums = times + kTimePoints * time_stride;
    for (int tile = 0; tile < time_tiles; ++tile) {
      const auto inputs = FramesOfTile(time, tile, from, frames.in, frames.padding, frame_floats, zeros);
      time.transform(inputs.data(), static_cast<int>(frame_floats), times + tile * frame_floats, time_stride);
    }
    constexpr ptrdiff_t kOneSegment = 0;
    for (int output = first_output; output < last_output; output += kernels_.panel) {
      for (int i = 0; i < time.points; ++i) {
        const float *weights = weights_[static_cast<size_t>(point)].data() +
                               WeightOffset(output / kernels_.panel, time.weights[static_cast<size_t>(i)]);
        ForEachPiece(rows, [&](int start, int count) {
          const float *row[kRowsAtOnce];
          for (int r = 0; r < count; ++r)
            row[r] = times + i * time_stride + static_cast<ptrdiff_t>(start + r) * inputs_;
          kernels_.multiply(row, count, &kOneSegment, 1, inputs_, weights,
                            sums + i * sum_stride + static_cast<ptrdiff_t>(start) * kernels_.panel, kernels_.panel,
                            false);
        });
      }
      for (int row = 0; row < rows; ++row) {
        const int frame = row / places * time.frames, place = row % places;
        std::array<float *, kTileFrames> outputs{};
        const int used = std::min(time.frames, frames.out - frame);
        for (int i = 0; i < used; ++i)
          outputs[static_cast<size_t>(i)] =
              to + (static_cast<ptrdiff_t>(frame + i) * places + place) * outputs_ + output;
        time.combine(sums + static_cast<ptrdiff_t>(row) * kernels_.panel, sum_stride, kernels_.panel, outputs.data(),
                     used);
      }
    }
  }

  const ConvolutionKernels &kernels_;
  const int inputs_, outputs_;
  std::array<Buffer, kPatchPoints> weights_;  // of each point [panel][time point][input][kernels.panel]
  const std::vector<float> bias_;
};

}  // namespace

std::unique_ptr<CpuConvolution> NewWinogradConvolution(const ConvolutionKernels &kernels,
                                                       const FoldedConvolution &folded) {
  return std::make_unique<WinogradConvolution>(kernels, folded);
}

}  // namespace action
