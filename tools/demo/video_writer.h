// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Pictures in, an H.264 file out.
#ifndef GST_ACTION_DEMO_VIDEO_WRITER_H_
#define GST_ACTION_DEMO_VIDEO_WRITER_H_

#include <cstdint>
#include <functional>
#include <string>

namespace action {

struct VideoFormat {
  int width = 0, height = 0, fps = 0;
};

// Writes PATH.part and gives it its name when it is complete; nothing is left of one that failed. Errors name the file.
// draw: fills the pixels of the next frame, 4 bytes each as Cairo's RGB24 has them, rows without gaps; false: there are
// no more. It is called by another thread while this one waits.
void WriteVideo(const std::string &path, const VideoFormat &format, const std::function<bool(uint8_t *pixels)> &draw);

}  // namespace action

#endif  // GST_ACTION_DEMO_VIDEO_WRITER_H_
