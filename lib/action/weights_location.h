// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where the backbone's weights are looked for.
#ifndef ACTION_WEIGHTS_LOCATION_H_
#define ACTION_WEIGHTS_LOCATION_H_

#include <string>
#include <vector>

#include "action/export.h"

namespace action {

// torchvision's own name for the Kinetics-400 weights; its last part is the start of the file's SHA-256.
inline constexpr const char *kPublishedWeightsFile = "r3d_18-b3b3357e.pth";
inline constexpr const char *kPublishedWeightsHashPrefix = "b3b3357e";
inline constexpr const char *kPublishedWeightsUrl = "https://download.pytorch.org/models/r3d_18-b3b3357e.pth";

// $XDG_DATA_HOME/gst-action, by default ~/.local/share/gst-action: where `gst-action-weights fetch` puts the file.
ACTION_API std::string WeightsFolder();

// All places, in the order in which they are tried: GST_ACTION_WEIGHTS (when set), WeightsFolder(), torch hub's cache.
ACTION_API std::vector<std::string> WeightsPlaces();

// `asked` if not empty, otherwise the first of WeightsPlaces() that exists. Throws Error listing the places and the two
// commands that help when there is none; a path given by `asked` or GST_ACTION_WEIGHTS must exist itself.
ACTION_API std::string FindWeights(const std::string &asked);

}  // namespace action

#endif  // ACTION_WEIGHTS_LOCATION_H_
