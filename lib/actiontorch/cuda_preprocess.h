// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The preprocess of pictures that lie in a CUDA GPU's memory, on that GPU: what leaves it are the 112 x 112 pixels.
#ifndef ACTIONTORCH_CUDA_PREPROCESS_H_
#define ACTIONTORCH_CUDA_PREPROCESS_H_

#include <memory>

#include "action/engine.h"

namespace action {

// See Engine::NewCudaPreprocessor.
std::unique_ptr<Preprocessor> NewCudaPreprocessor(Colorimetry colorimetry, const Region &region, void *context);

}  // namespace action

#endif  // ACTIONTORCH_CUDA_PREPROCESS_H_
