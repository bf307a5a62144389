// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From a GStreamer video buffer to the picture that the preprocess reads.
#ifndef GST_ACTION_FRAME_READER_H_
#define GST_ACTION_FRAME_READER_H_

#include <gst/video/video.h>

#include <memory>
#include <span>
#include <vector>

#include "action/engine.h"
#include "common/glib_ptr.h"

namespace action {

// libavutil's name for a GStreamer format, or null when it has none.
const char *PixelFormatName(GstVideoFormat format);

// gst_video_info_from_caps, but where the colorimetry names a range and no matrix ("1:0:0:0", as from H.264 that only
// says it is full range) the range is kept: GStreamer drops such a colorimetry whole. False when the caps are not raw
// video.
bool VideoInfoFromCaps(GstVideoInfo *info, const GstCaps *caps);

// Maps buffers read-only, hands them to a Preprocessor, unmaps them. What lies in a CUDA GPU's memory is shrunk there;
// where that cannot be, and of other GPUs, GStreamer copies the frame to main memory. Formats that libswscale does not
// read go through a GstVideoConverter. A GstVideoCropMeta is honoured, down to the grid of the chroma samples. For one
// thread.
class FrameReader {
 public:
  FrameReader(Engine &engine, Colorimetry colorimetry, const Region &region);
  ~FrameReader();
  FrameReader(const FrameReader &) = delete;
  FrameReader &operator=(const FrameReader &) = delete;

  // What the next buffers hold. Throws Error when the format cannot be read.
  void SetInfo(const GstVideoInfo &info);

  void SetOrientation(Orientation orientation) { orientation_ = orientation; }
  Orientation orientation() const { return orientation_; }

  // Throws Error when the buffer cannot be mapped or converted.
  void Read(GstBuffer *buffer, std::span<uint8_t, kFrameBytes> rgb);

 private:
  struct Converter;
  void Process(Preprocessor &preprocessor, const GstVideoFrame &frame, const GstVideoRectangle &part,
               std::span<uint8_t, kFrameBytes> rgb);
  bool ReadsDirectly(const GstVideoInfo &info) const;
  void MakeConverter(const GstVideoInfo &info);
  bool ReadOnGpu(GstBuffer *buffer, std::span<uint8_t, kFrameBytes> rgb);

  Engine &engine_;
  const Colorimetry colorimetry_;
  const Region region_;
  const std::unique_ptr<Preprocessor> preprocessor_;
  // Of the GPU where the newest buffer lay. In this order: the preprocessor may not outlive the context.
  GstObjectPtr gpu_context_;
  std::unique_ptr<Preprocessor> gpu_preprocessor_;  // null: it does not work there
  GstVideoInfo info_;
  Orientation orientation_ = Orientation::kIdentity;
  std::unique_ptr<Converter> converter_;  // null: libswscale reads the format as it is
};

}  // namespace action

#endif  // GST_ACTION_FRAME_READER_H_
