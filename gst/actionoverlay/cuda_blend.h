// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Blends overlay rectangles into frames in the memory of a CUDA GPU, there.
#ifndef GST_ACTION_CUDA_BLEND_H_
#define GST_ACTION_CUDA_BLEND_H_

#include <gst/video/video.h>

#include <memory>
#include <span>

namespace action {

// For one thread.
class CudaBlender {
 public:
  CudaBlender();
  ~CudaBlender();
  CudaBlender(CudaBlender &&) noexcept;
  CudaBlender &operator=(CudaBlender &&) noexcept;

  // The frame lies in a CUDA GPU's memory, and blending there has not failed. Cheap.
  bool Reaches(GstBuffer *buffer) const;

  // rectangles: AYUV of straight alpha, each pixel for one of the frame. info: 8 bits of YUV without alpha. `buffer` is
  // writable. False: it cannot be done there, of which a log tells, and some rectangles may be in the frame.
  bool Blend(std::span<GstVideoOverlayRectangle *const> rectangles, GstBuffer *buffer, const GstVideoInfo &info);

 private:
  class Place;
  std::unique_ptr<Place> place_;  // where the newest frame lay
  const void *failed_ = nullptr;  // the context in which it failed
};

}  // namespace action

#endif  // GST_ACTION_CUDA_BLEND_H_
