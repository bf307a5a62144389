// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Blends an overlay composition into frames, or has them carry it.
#ifndef GST_ACTION_OVERLAY_BLEND_H_
#define GST_ACTION_OVERLAY_BLEND_H_

#include <gst/video/video.h>

#include <vector>

#include "actionoverlay/cuda_blend.h"
#include "actionoverlay/overlay_composer.h"

namespace action {

// For who draws it later, beside what other elements want drawn. `buffer` is writable.
void AttachOverlay(GstBuffer *buffer, GstVideoOverlayComposition *composition);

// As gst_video_overlay_composition_blend, with two differences. Rectangles of RGB are converted with the frame's own
// matrix and range (BT.601, BT.709, ...; GStreamer 1.22 knows BT.601 alone). And it looks at no more of the frame than
// it needs: that function unpacks and packs whole rows; where the format allows, this blends the planes themselves (8
// bits of YUV without alpha) or shows it only the columns of the rectangle.
// For one thread.
class OverlayBlender {
 public:
  void Blend(GstVideoOverlayComposition *composition, GstVideoFrame *frame);

  // Wherever the frame lies. In the memory of a CUDA GPU with the same result, and with no copy to main memory if that
  // can be. `buffer` is writable. False: it cannot be mapped, and nothing was drawn.
  bool Blend(GstVideoOverlayComposition *composition, GstBuffer *buffer, const GstVideoInfo &info);

 private:
  // A rectangle with straight alpha, in the colours of the frames.
  struct Converted {
    guint of;  // the sequence number of the rectangle that it was made from
    RectanglePtr rectangle;
  };

  bool BlendOnGpu(GstVideoOverlayComposition *composition, GstBuffer *buffer, const GstVideoInfo &info);
  void ConvertAll(GstVideoOverlayComposition *composition, const GstVideoInfo &info);

  CudaBlender cuda_;
  std::vector<Converted> converted_;  // of the last composition
  GstVideoColorimetry colorimetry_{};
  GstVideoFormat format_ = GST_VIDEO_FORMAT_UNKNOWN;
};

}  // namespace action

#endif  // GST_ACTION_OVERLAY_BLEND_H_
