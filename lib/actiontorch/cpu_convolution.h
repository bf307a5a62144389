// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// 3-D convolutions in fp32 on the CPU, over channels-last activations: the plain sum, and Winograd's for the 3x3x3
// convolutions that make up nine tenths of an R3D-18. No LibTorch.
#ifndef ACTIONTORCH_CPU_CONVOLUTION_H_
#define ACTIONTORCH_CPU_CONVOLUTION_H_

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#include "actiontorch/convolution_kernels.h"
#include "actiontorch/folded_r3d18.h"
#include "actiontorch/thread_team.h"

namespace action {

// The kernels for this processor; null when it has neither AVX-512 nor AVX2 with FMA. oneDNN's own limit
// (ONEDNN_MAX_CPU_ISA) holds here too, so that one setting stands for a smaller processor everywhere.
const ConvolutionKernels *KernelsOfThisProcessor();

// Floats on a cache line's boundary, undefined until they are written.
class Buffer {
 public:
  explicit Buffer(size_t size = 0) { Reserve(size); }
  // Makes room for `size` floats at least; what it held is lost when it grows.
  void Reserve(size_t size);
  float *data() { return data_.get(); }
  const float *data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(float *data) const { ::operator delete[](data, std::align_val_t{64}); }
  };
  std::unique_ptr<float[], Free> data_;
  size_t size_ = 0;
};

// [frames, height, width, channels] with a border of zeros around height and width that nobody writes. A copy is
// another name for the same memory.
class Activation {
 public:
  // `after`: zeros below and to the right beyond the border, read by tiles that the size is not a multiple of.
  Activation(Size3 size, int channels, int border, int after = 0);

  const Size3 &size() const { return size_; }
  int channels() const { return channels_; }
  ptrdiff_t row_stride() const { return row_stride_; }
  ptrdiff_t frame_stride() const { return frame_stride_; }  // a multiple of kValuesAtOnce
  // Frame after frame, from the border's first pixel on.
  float *data() { return data_; }
  const float *data() const { return data_; }
  // The first channel of a pixel; y and x may be in the border.
  float *At(int frame, int y, int x) { return data_ + Offset(frame, y, x); }
  const float *At(int frame, int y, int x) const { return data_ + Offset(frame, y, x); }
  // Some of the frames, in the same memory.
  Activation Frames(int first, int count) const;

 private:
  ptrdiff_t Offset(int frame, int y, int x) const {
    return frame * frame_stride_ + (y + border_) * row_stride_ + static_cast<ptrdiff_t>(x + border_) * channels_;
  }
  Size3 size_;
  int channels_;
  int border_;
  ptrdiff_t row_stride_;
  ptrdiff_t frame_stride_;
  std::shared_ptr<Buffer> buffer_;
  float *data_;  // of the first frame
};

// What threads need while they compute; shared by the convolutions of a network.
struct Workspace {
  explicit Workspace(ThreadTeam &threads) : team(threads), members(static_cast<size_t>(threads.size())) {}
  ThreadTeam &team;
  std::vector<Buffer> members;  // one each
  Buffer points;                // Winograd's: of all tiles of small layers, of whole pictures in time
  Buffer products;
};

class CpuConvolution {
 public:
  virtual ~CpuConvolution() = default;
  // out = convolution + bias (+ residual), negative values to 0 when `relu`. The sizes fit; residual may be null. Where
  // `in` has the frames around it that the first and the last of `out` read, in time nothing is padded.
  virtual void Run(const Activation &in, const Activation *residual, bool relu, Activation &out,
                   Workspace &workspace) const = 0;
};

// The sum as it is defined, any stride; padding no wider than the border of `in`. All: outputs in multiples of 64.
std::unique_ptr<CpuConvolution> NewDirectConvolution(const ConvolutionKernels &kernels,
                                                     const FoldedConvolution &folded);
// Kernel 3x3x3, stride 1, padding 1. `in` has room after it for whole tiles of 4x4 outputs.
std::unique_ptr<CpuConvolution> NewWinogradConvolution(const ConvolutionKernels &kernels,
                                                       const FoldedConvolution &folded);
// Two frames; in time kernel 3, stride 1 and padding 1, in space any. Three quarters of the plain sum's
// multiplications.
std::unique_ptr<CpuConvolution> NewTwoFrameConvolution(const ConvolutionKernels &kernels,
                                                       const FoldedConvolution &folded);
// In time kernel 3, stride 1 and padding 1; in space any, as the plain sum, up to 16 lines of a kernel.
std::unique_ptr<CpuConvolution> NewWinogradTimeConvolution(const ConvolutionKernels &kernels,
                                                           const FoldedConvolution &folded);

}  // namespace action

#endif  // ACTIONTORCH_CPU_CONVOLUTION_H_
