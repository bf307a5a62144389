// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_MASK_PAINTER_H_
#define GST_ACTION_MASK_PAINTER_H_

#include <gst/video/video.h>

#include <string>
#include <vector>

#include "action/picture.h"

namespace action {

// "x,y,width,height;..."; spaces do not matter. Throws Error.
std::vector<Region> ParseRegions(const std::string &text);

// Makes the region of a frame black, with every pixel that it touches; alpha stays. The format is one of those of
// actionmask: each component of a pixel is a byte or two of its own.
void PaintBlack(GstVideoFrame *frame, const Region &region);

}  // namespace action

#endif  // GST_ACTION_MASK_PAINTER_H_
