// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/network_loader.h"

#include <algorithm>
#include <exception>

#include "action/engine_library.h"
#include "action/text.h"

namespace action {
namespace {

constexpr GstClockTime kFirstRetry = 10 * GST_SECOND, kLastRetry = 300 * GST_SECOND;

}  // namespace

void NetworkLoader::Begin(const SiteSettings &settings) {
  request_.weights = settings.weights;
  request_.device = Device::Parse(settings.device);
  request_.precision =
      Named(settings.precision, {Precision::kAuto, Precision::kFp32, Precision::kFp16, Precision::kBf16}).value();
  delay_ = 0;
  {
    const std::lock_guard lock(mutex_);
    failure_.clear();
  }
  Load();
}

void NetworkLoader::Load() {
  retry_at_ = GST_CLOCK_TIME_NONE;
  loading_.Begin([this, request = request_, before = loading_.Get()]() -> std::shared_ptr<FeatureService> {
    try {
      return LoadEngine().OpenFeatureService(request);
    } catch (const std::exception &e) {
      const std::lock_guard lock(mutex_);
      failure_ = e.what();
      return nullptr;
    }
  });
}

void NetworkLoader::Poll(GstClockTime now) {
  if (!loading_.failed()) return;
  if (!GST_CLOCK_TIME_IS_VALID(retry_at_)) {
    delay_ = std::clamp(2 * delay_, kFirstRetry, kLastRetry);
    retry_at_ = now + delay_;
  } else if (now >= retry_at_) {
    Load();
  }
}

std::string NetworkLoader::WhyNot() const {
  if (is_there()) return {};
  const std::lock_guard lock(mutex_);
  return failure_.empty() ? kLoading : failure_;
}

}  // namespace action
