// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What Kinetics-400's pictures were normalised with when torchvision's weights were trained.
#ifndef ACTIONTORCH_NORMALISATION_H_
#define ACTIONTORCH_NORMALISATION_H_

#include <array>

namespace action {

// x = (rgb / 255 - mean) / std, in this order of operations
inline constexpr std::array<float, 3> kMean = {0.43216f, 0.394666f, 0.37645f};
inline constexpr std::array<float, 3> kStd = {0.22803f, 0.22145f, 0.216989f};

}  // namespace action

#endif  // ACTIONTORCH_NORMALISATION_H_
