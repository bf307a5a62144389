// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Seeded weights for trying things out where the published ones cannot be had.
#ifndef ACTIONTORCH_STAND_IN_H_
#define ACTIONTORCH_STAND_IN_H_

#include <cstdint>
#include <vector>

#include "action/checkpoint/checkpoint.h"

namespace action {

// A random R3D-18 (He initialisation) whose batch norms are calibrated, layer by layer, on clips of drifting 1/f noise,
// so that activations keep their scale through the depth. All 122 entries of torchvision's state_dict; metadata
// "stand-in" holds the seed. The same seed gives the same convolutions everywhere; batch norms agree to rounding.
StateDict MakeStandInWeights(uint64_t seed);

// A clip as the network takes it, [16, 112, 112, 3]: octaves of drifting noise, all of equal variance (1/f), with a
// common luminance and weaker colours.
std::vector<uint8_t> NoiseClip(uint64_t seed);

}  // namespace action

#endif  // ACTIONTORCH_STAND_IN_H_
