// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Pictures, and what becomes of them before the network sees them.
#ifndef ACTION_PICTURE_H_
#define ACTION_PICTURE_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "action/chunk_builder.h"
#include "action/export.h"

namespace action {

enum class Colorimetry {
  kReference,  // as cv2.VideoCapture: BT.601, full range honoured for 8-bit YUV
  kStream,     // as the stream says
};

// "reference", "stream"
ACTION_API const char *NameOf(Colorimetry colorimetry);

// How a picture is turned, as GStreamer's GstVideoOrientationMethod has it.
enum class Orientation {
  kIdentity,
  k90R,  // clockwise
  k180,
  k90L,    // counter-clockwise
  kHoriz,  // mirrored, left and right exchanged
  kVert,   // top and bottom exchanged
  kUlLr,   // mirrored at the diagonal from the upper left to the lower right corner
  kUrLl,   // mirrored at the other one
};

// A picture in memory, as libswscale describes it.
struct Frame {
  const char *pixel_format = "";  // libavutil's name: "yuv420p", "nv12", "rgb24", ...
  int width = 0;                  // pixels
  int height = 0;
  std::array<const uint8_t *, 4> planes{};
  std::array<int, 4> strides{};  // bytes
  bool full_range = false;
  enum class Matrix { kBt601, kBt709, kBt2020, kSmpte240m, kFcc } matrix = Matrix::kBt601;
  Orientation orientation = Orientation::kIdentity;  // to be turned so, after the conversion to RGB, as cv2 does
};

// Part of the picture, as fractions of its width and height.
struct Region {
  double x = 0, y = 0, width = 1, height = 1;

  bool whole() const { return x == 0 && y == 0 && width == 1 && height == 1; }
  // "x,y,width,height". Throws Error when it is not four numbers, or not a part of the picture.
  ACTION_API static Region Parse(std::string_view text);
  ACTION_API std::string ToString() const;
  friend bool operator==(const Region &, const Region &) = default;
};

// Turns a decoded picture into what the backbone was trained on. Used by one thread at a time.
class Preprocessor {
 public:
  virtual ~Preprocessor() = default;
  // Writes [112, 112, 3] RGB of the region of the turned picture. Throws Error when the picture cannot be read.
  virtual void Process(const Frame &frame, std::span<uint8_t, kFrameBytes> rgb) = 0;
};

}  // namespace action

#endif  // ACTION_PICTURE_H_
