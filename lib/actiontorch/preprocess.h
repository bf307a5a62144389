// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A decoded picture to 112 x 112 RGB, with the calls that the reference makes: libswscale as inside cv2.VideoCapture,
// then cv2.resize with INTER_AREA.
#ifndef ACTIONTORCH_PREPROCESS_H_
#define ACTIONTORCH_PREPROCESS_H_

#include <memory>
#include <opencv2/core/types.hpp>

#include "action/engine.h"

namespace action {

std::unique_ptr<Preprocessor> NewPreprocessor(Colorimetry colorimetry, const Region &region);
bool ReadsPixelFormat(const char *name);

// What this and other ways to the same pixels have in common:

// libswscale's numbers for a matrix (sws_getCoefficients), and whether samples are taken for full range.
const int *CoefficientsOf(const Frame &frame, Colorimetry colorimetry);
bool TakesFullRange(const Frame &frame, Colorimetry colorimetry);
// Width and height are exchanged.
bool SwapsSides(Orientation orientation);
// In pixels of a picture of this size; one pixel at least.
cv::Rect AreaOf(const Region &region, int width, int height);

}  // namespace action

#endif  // ACTIONTORCH_PREPROCESS_H_
