// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef ACTION_FEATURE_CONFIG_JSON_H_
#define ACTION_FEATURE_CONFIG_JSON_H_

#include <nlohmann/json.hpp>

#include "action/feature_cache.h"

namespace action {

// What the twin of a cache entry and model.json say of features. Throws Error, and json::exception, on what is missing
// or not known.
FeatureConfig FeatureConfigIn(const nlohmann::json &object);

}  // namespace action

#endif  // ACTION_FEATURE_CONFIG_JSON_H_
