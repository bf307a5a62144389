// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/feature_options.h"

#include <initializer_list>
#include <string_view>

#include "action/error.h"
#include "action/profile.h"
#include "common/command_line.h"

namespace action {
namespace {

// One of the values, by its name; the first when nothing is said.
template <typename Enum>
Enum Parse(const char *option, const char *text, std::initializer_list<Enum> values) {
  if (text == nullptr) return *values.begin();
  std::string known;
  for (const Enum value : values) {
    if (std::string_view(text) == NameOf(value)) return value;
    known += (known.empty() ? "" : ", ") + std::string(NameOf(value));
  }
  throw Error(std::string(option) + " '" + text + "' is not understood; it is one of " + known);
}

Fraction ParseRate(const char *text) {
  constexpr int64_t kMost = 1000;
  const auto rate = Fraction::Parse(text);
  if (!rate || rate->numerator < 1 || rate->numerator > kMost || rate->denominator > kMost) {
    throw Error(std::string("--sample-rate '") + text +
                "' is not understood; it is a number or a fraction, such as 8/1");
  }
  return *rate;
}

}  // namespace

FeatureOptions::~FeatureOptions() {
  for (char *text : {profile_, weights_, device_, precision_, sample_rate_, sampling_, roi_, colorimetry_, mode_})
    g_free(text);
}

void FeatureOptions::AddTo(GOptionContext *context) {
  const GOptionEntry entries[] = {
      {"weights", 'w', 0, G_OPTION_ARG_FILENAME, &weights_, "R3D-18 weights; default: see gst-inspect-1.0 r3dfeatures",
       "FILE"},
      {"device", 0, 0, G_OPTION_ARG_STRING, &device_, "auto, cpu, cuda or cuda:N", "DEVICE"},
      {"precision", 0, 0, G_OPTION_ARG_STRING, &precision_, "auto, fp32, fp16 or bf16", "PRECISION"},
      {"sample-rate", 0, 0, G_OPTION_ARG_STRING, &sample_rate_, "Frames per second that are looked at (default 8/1)",
       "RATE"},
      {"sampling", 0, 0, G_OPTION_ARG_STRING, &sampling_, "auto, stride or timestamp", "SAMPLING"},
      {hop_option_, 0, 0, G_OPTION_ARG_INT, &hop_, hop_help_, "N"},
      {"features", 0, 0, G_OPTION_ARG_STRING, &mode_,
       "windowed (default) or continual: see gst-inspect-1.0 r3dfeatures", "WHICH"},
      {"roi", 0, 0, G_OPTION_ARG_STRING, &roi_, "Part of the picture, as fractions: x,y,width,height", "REGION"},
      {"colorimetry", 0, 0, G_OPTION_ARG_STRING, &colorimetry_, "reference or stream", "WHICH"},
      {},
  };
  g_option_context_add_main_entries(context, entries, nullptr);
  if (std::string_view(hop_option_) != "hop") return;
  const GOptionEntry profile[] = {{"profile", 0, 0, G_OPTION_ARG_STRING, &profile_,
                                   default_profile_ == Profile::kStudy
                                       ? "study (hop 4, default) or reference (hop 16), for what is not set by itself"
                                       : "reference (hop 16, default) or study (hop 4), for what is not set by itself",
                                   "PROFILE"},
                                  {}};
  g_option_context_add_main_entries(context, profile, nullptr);
}

Engine::Request FeatureOptions::Request() const {
  Engine::Request request;
  request.weights = OrEmpty(weights_);
  request.device = Device::Parse(OrEmpty(device_));
  request.precision =
      Parse("--precision", precision_, {Precision::kAuto, Precision::kFp32, Precision::kFp16, Precision::kBf16});
  return request;
}

FeatureConfig FeatureOptions::Config() const {
  FeatureConfig config;
  if (sample_rate_ != nullptr) config.sample_rate = ParseRate(sample_rate_);
  config.sampling = Parse("--sampling", sampling_, {Sampling::kAuto, Sampling::kStride, Sampling::kTimestamp});
  config.colorimetry = Parse("--colorimetry", colorimetry_, {Colorimetry::kReference, Colorimetry::kStream});
  config.mode = Parse("--features", mode_, {FeatureMode::kWindowed, FeatureMode::kContinual});
  config.hop = hop_ != kProfilesHop ? hop_ : HopOf(profile());
  if (config.hop < 1 || config.hop > kChunkFrames)
    throw Error(std::string("--") + hop_option_ + " is " + std::to_string(config.hop) + "; it must be 1 to 16");
  if (roi_ != nullptr) config.roi = Region::Parse(roi_);
  return config;
}

std::string FeatureOptions::Given() const {
  for (const auto &[name, text] : {std::pair{"--weights", weights_},
                                   {"--device", device_},
                                   {"--precision", precision_},
                                   {"--sample-rate", sample_rate_},
                                   {"--sampling", sampling_},
                                   {"--roi", roi_},
                                   {"--colorimetry", colorimetry_},
                                   {"--features", mode_},
                                   {"--profile", profile_}}) {
    if (text != nullptr) return name;
  }
  return hop_ != kProfilesHop ? "--" + std::string(hop_option_) : "";
}

Profile FeatureOptions::profile() const {
  if (profile_ == nullptr) return default_profile_;
  return Parse("--profile", profile_, {Profile::kReference, Profile::kStudy});
}

std::vector<std::pair<std::string, std::string>> FeatureOptions::Properties() const {
  const FeatureConfig config = Config();
  return {{"weights", OrEmpty(weights_)},        {"device", OrEmpty(device_)},
          {"precision", OrEmpty(precision_)},    {"sample-rate", config.sample_rate.ToString()},
          {"sampling", NameOf(config.sampling)}, {"hop", std::to_string(config.hop)},
          {"roi", config.roi.ToString()},        {"colorimetry", NameOf(config.colorimetry)},
          {"features", NameOf(config.mode)}};
}

}  // namespace action
