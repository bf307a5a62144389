// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A decoded picture to 112 x 112 RGB, with the calls that the reference makes: libswscale as inside cv2.VideoCapture,
// then cv2.resize with INTER_AREA.
#ifndef ACTIONTORCH_PREPROCESS_H_
#define ACTIONTORCH_PREPROCESS_H_

#include <memory>

#include "action/engine.h"

namespace action {

std::unique_ptr<Preprocessor> NewPreprocessor(Colorimetry colorimetry, const Region &region);
bool ReadsPixelFormat(const char *name);

}  // namespace action

#endif  // ACTIONTORCH_PREPROCESS_H_
