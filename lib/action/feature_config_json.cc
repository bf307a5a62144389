// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/feature_config_json.h"

#include "action/error.h"
#include "action/io/json_text.h"

namespace action {

FeatureConfig FeatureConfigIn(const nlohmann::json &object) {
  FeatureConfig config;
  config.weights_hash = object.at("weights_hash").get<std::string>();
  config.backbone = object.value("backbone", std::string());
  config.precision = EnumAt(object, "precision", {Precision::kFp32, Precision::kFp16, Precision::kBf16});
  config.sampling = EnumAt(object, "sampling", {Sampling::kAuto, Sampling::kStride, Sampling::kTimestamp});
  config.colorimetry = EnumAt(object, "colorimetry", {Colorimetry::kReference, Colorimetry::kStream});
  config.sample_rate = Fraction::Parse(object.at("sample_rate").get<std::string>()).value_or(Fraction{});
  config.hop = object.at("hop").get<int>();
  if (config.hop < 1 || config.hop > kChunkFrames)
    throw Error("hop is " + std::to_string(config.hop) + "; it should be 1 to 16 samples");
  config.roi = Region::Parse(object.at("roi").get<std::string>());
  if (object.contains("mode"))  // what is older than 0.2 has none
    config.mode = EnumAt(object, "mode", {FeatureMode::kWindowed, FeatureMode::kContinual});
  return config;
}

}  // namespace action
