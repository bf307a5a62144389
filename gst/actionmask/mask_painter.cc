// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionmask/mask_painter.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "action/error.h"

namespace action {
namespace {

// Black, as the component has it.
unsigned BlackOf(const GstVideoFrame *frame, guint component) {
  const GstVideoFormatInfo *format = frame->info.finfo;
  const unsigned depth = GST_VIDEO_FORMAT_INFO_DEPTH(format, component);
  if (GST_VIDEO_FORMAT_INFO_IS_RGB(format)) return 0;
  if (component > 0) return 1u << (depth - 1);
  const bool full = frame->info.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
  return full || GST_VIDEO_FORMAT_INFO_IS_GRAY(format) ? 0 : 16u << (depth - 8);
}

void StoreWord(uint8_t *place, unsigned value, bool little_endian) {
  place[little_endian ? 0 : 1] = static_cast<uint8_t>(value & 0xff);
  place[little_endian ? 1 : 0] = static_cast<uint8_t>(value >> 8);
}

// First and behind the last sample of what is touched, of `count`.
struct Span {
  int begin, end;
};
Span Touched(double from, double length, int pixels, guint subsampling, int count) {
  const auto begin = static_cast<int>(std::floor(from * pixels)) >> subsampling;
  const auto end = (static_cast<int>(std::ceil((from + length) * pixels)) + (1 << subsampling) - 1) >> subsampling;
  return {std::clamp(begin, 0, count), std::clamp(end, 0, count)};
}

}  // namespace

std::vector<Region> ParseRegions(const std::string &text) {
  std::vector<Region> regions;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(';', at), text.size());
    std::string one = text.substr(at, end - at);
    at = end + 1;
    std::erase(one, ' ');
    if (one.empty()) continue;
    try {
      regions.push_back(Region::Parse(one));
    } catch (const Error &e) {
      throw Error("regions=" + text + ": " + e.what());
    }
  }
  return regions;
}

void PaintBlack(GstVideoFrame *frame, const Region &region) {
  const GstVideoFormatInfo *format = frame->info.finfo;
  const int width = GST_VIDEO_FRAME_WIDTH(frame), height = GST_VIDEO_FRAME_HEIGHT(frame);
  const bool little_endian = GST_VIDEO_FORMAT_INFO_IS_LE(format);
  for (guint component = 0; component < GST_VIDEO_FRAME_N_COMPONENTS(frame); ++component) {
    if (component == GST_VIDEO_COMP_A && GST_VIDEO_FORMAT_INFO_HAS_ALPHA(format)) continue;
    const Span columns = Touched(region.x, region.width, width, GST_VIDEO_FORMAT_INFO_W_SUB(format, component),
                                 GST_VIDEO_FRAME_COMP_WIDTH(frame, component));
    const Span rows = Touched(region.y, region.height, height, GST_VIDEO_FORMAT_INFO_H_SUB(format, component),
                              GST_VIDEO_FRAME_COMP_HEIGHT(frame, component));
    const bool words = GST_VIDEO_FORMAT_INFO_DEPTH(format, component) > 8;
    const unsigned black = BlackOf(frame, component) << GST_VIDEO_FORMAT_INFO_SHIFT(format, component);
    const int step = GST_VIDEO_FRAME_COMP_PSTRIDE(frame, component);
    // GStreamer's table gives V of P010 an offset of 1 byte, in the middle of U's word.
    const int offset = words ? GST_VIDEO_FRAME_COMP_POFFSET(frame, component) % 2 : 0;
    for (int row = rows.begin; row < rows.end; ++row) {
      uint8_t *line = static_cast<uint8_t *>(GST_VIDEO_FRAME_COMP_DATA(frame, component)) + offset +
                      static_cast<ptrdiff_t>(row) * GST_VIDEO_FRAME_COMP_STRIDE(frame, component);
      for (int column = columns.begin; column < columns.end; ++column) {
        uint8_t *place = line + static_cast<ptrdiff_t>(column) * step;
        if (words) {
          StoreWord(place, black, little_endian);
        } else {
          *place = static_cast<uint8_t>(black);
        }
      }
    }
  }
}

}  // namespace action
