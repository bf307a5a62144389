// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The options that say how videos become features, for every tool that does it.
#ifndef GST_ACTION_FEATURE_OPTIONS_H_
#define GST_ACTION_FEATURE_OPTIONS_H_

#include <glib.h>

#include <string>
#include <utility>
#include <vector>

#include "action/engine.h"
#include "action/feature_cache.h"
#include "action/profile.h"

namespace action {

// --weights, --device, --precision, --sample-rate, --sampling, --features, --roi, --colorimetry, and the hop under a
// name of choice; where that is "hop", --profile too, which decides it when it is not given.
class FeatureOptions {
 public:
  // profile: which one counts when none is given.
  FeatureOptions(const char *hop_option, const char *hop_help, Profile profile = Profile::kReference)
      : hop_option_(hop_option), hop_help_(hop_help), default_profile_(profile) {}
  ~FeatureOptions();
  FeatureOptions(const FeatureOptions &) = delete;
  FeatureOptions &operator=(const FeatureOptions &) = delete;

  // Adds them to a command line; `this` must outlive the parsing.
  void AddTo(GOptionContext *context);

  // The functions below are for after the parsing, and throw Error when an option is not understood.
  Engine::Request Request() const;
  // weights_hash and precision are left to whoever asks the engine.
  FeatureConfig Config() const;
  // Properties of r3dfeatures that say the same.
  std::vector<std::pair<std::string, std::string>> Properties() const;

  Profile profile() const;

  // One that was given; empty: none was.
  std::string Given() const;

  bool names_precision() const { return precision_ != nullptr; }

 private:
  const char *const hop_option_;
  const char *const hop_help_;
  const Profile default_profile_;
  char *weights_ = nullptr;
  char *device_ = nullptr;
  char *precision_ = nullptr;
  char *sample_rate_ = nullptr;
  char *sampling_ = nullptr;
  char *roi_ = nullptr;
  char *colorimetry_ = nullptr;
  char *mode_ = nullptr;
  static constexpr int kProfilesHop = -1;  // not given

  char *profile_ = nullptr;
  int hop_ = kProfilesHop;
};

}  // namespace action

#endif  // GST_ACTION_FEATURE_OPTIONS_H_
