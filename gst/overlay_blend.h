// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Blends an overlay composition into a frame.
#ifndef GST_ACTION_OVERLAY_BLEND_H_
#define GST_ACTION_OVERLAY_BLEND_H_

#include <gst/video/video.h>

namespace action {

// As gst_video_overlay_composition_blend, with the same result. That function unpacks and packs whole rows of the
// frame, whatever the rectangle's width; where the format allows, this blends the planes themselves (8 bits of YUV
// without alpha) or shows it no more of the frame than it needs.
void BlendComposition(GstVideoOverlayComposition *composition, GstVideoFrame *frame);

}  // namespace action

#endif  // GST_ACTION_OVERLAY_BLEND_H_
