// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Blends overlay rectangles into frames in the memory of a CUDA GPU, there.
#ifndef GST_ACTION_CUDA_BLEND_H_
#define GST_ACTION_CUDA_BLEND_H_

#include <gst/video/video.h>

#include <memory>
#include <span>

#include "common/glib_ptr.h"

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
  // writable. False: it cannot be done there, of which a log tells, and nothing was drawn. (Where it fails half way,
  // the rest is missing in that one frame.)
  bool Blend(std::span<GstVideoOverlayRectangle *const> rectangles, GstBuffer *buffer, const GstVideoInfo &info);

 private:
  class Place;
  std::unique_ptr<Place> place_;  // where the newest frame lay
  GstObjectPtr failed_;           // the context in which it failed
};

}  // namespace action

#endif  // GST_ACTION_CUDA_BLEND_H_
