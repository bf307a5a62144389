// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// R3D-18's stem over space to depth: its 3 input channels leave matrix units idle, 48 fill them.
#ifndef ACTIONTORCH_SPACE_TO_DEPTH_H_
#define ACTIONTORCH_SPACE_TO_DEPTH_H_

#include <ATen/ATen.h>

#include "actiontorch/folded_r3d18.h"

namespace action {

// The convolution that gives for SpaceToDepth(x) what `stem`, whose kernel is 3x7x7 with stride 1x2x2, gives for x: the
// same products, and others with weights of 0. 48 inputs, kernel 1x4x4, stride 1, no padding.
FoldedConvolution SpaceToDepth(const FoldedConvolution &stem);
// The size of SpaceToDepth(x), of x.
Size3 SpaceToDepthSize(const Size3 &x);

// x: [n, t, h, w, 3], h and w even. Returns [n, 48, t, h / 2 + 3, w / 2 + 3], channels last. Channel
// (4 * dt + 2 * dy + dx) * 3 + c at (t, y, x) is channel c of x, padded with zeros, at (t - 1 + dt, 2 y - 3 + dy, 2 x -
// 3 + dx); dt goes to 3, which no tap of the kernel wants, because matrix units want channels by 16.
at::Tensor SpaceToDepth(const at::Tensor &x);

}  // namespace action

#endif  // ACTIONTORCH_SPACE_TO_DEPTH_H_
