// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actiontorch/cpu_convolution.h"

#include <strings.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>

namespace action {

const ConvolutionKernels *KernelsOfThisProcessor() {
#if defined(__x86_64__)
  const auto limited_to = [](std::initializer_list<const char *> names) {
    for (const char *variable : {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"}) {
      const char *value = std::getenv(variable);
      if (value == nullptr) continue;
      return std::ranges::any_of(names, [value](const char *name) { return strcasecmp(name, value) == 0; });
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
      frame_stride_((row_stride_ * (size[1] + 2 * border + after) + kValuesAtOnce - 1) / kValuesAtOnce * kValuesAtOnce),
      buffer_(std::make_shared<Buffer>(static_cast<size_t>(frame_stride_ * size[0]))),
      data_(buffer_->data()) {
  std::fill_n(buffer_->data(), buffer_->size(), 0.0f);
}

Activation Activation::Frames(int first, int count) const {
  Activation some = *this;
  some.size_[0] = count;
  some.data_ += first * frame_stride_;
  return some;
}

}  // namespace action
