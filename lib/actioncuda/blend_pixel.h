// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What one thread of a GPU does to blend an overlay into a frame of 8 bits of YUV: one pixel, as actionoverlay's
// BlendPlainYuv does it on the processor.
#ifndef ACTIONCUDA_BLEND_PIXEL_H_
#define ACTIONCUDA_BLEND_PIXEL_H_

#include "actioncuda/gpu_function.h"

namespace action {

// Y, U or V of the frame.
struct BlendComponent {
  uint64_t plane;         // its first value
  int32_t stride;         // bytes
  int32_t step;           // from one value to the next, bytes
  int32_t columns, rows;  // of pixels that share a value
};

struct BlendTask {
  BlendComponent components[3];
  uint64_t pixels;  // AYUV, straight alpha
  int32_t pixels_stride;
  int32_t x, y;                      // of the first of them, in the frame
  int32_t left, top, right, bottom;  // the part of the frame that is blended
};

// Of those pixels that share a value the first one decides.
ACTION_GPU_FUNCTION void BlendPixel(const BlendTask &task, int x, int y) {
  const uint8_t *pixel = AtGpuAddress<const uint8_t>(
      task.pixels + static_cast<uint64_t>(static_cast<int64_t>(y - task.y) * task.pixels_stride + (x - task.x) * 4));
  const int alpha = pixel[0];
  for (int i = 0; i < 3; ++i) {
    const BlendComponent &component = task.components[i];
    if (x % component.columns != 0 || y % component.rows != 0) continue;
    uint8_t *value = AtGpuAddress<uint8_t>(
        component.plane + static_cast<uint64_t>(static_cast<int64_t>(y / component.rows) * component.stride +
                                                static_cast<int64_t>(x / component.columns) * component.step));
    const int sum = pixel[1 + i] * alpha + *value * (255 - alpha);
    *value = static_cast<uint8_t>((sum + 1 + (sum >> 8)) >> 8);  // sum / 255
  }
}

}  // namespace action

#endif  // ACTIONCUDA_BLEND_PIXEL_H_
