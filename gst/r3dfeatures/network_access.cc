// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "r3dfeatures/network_access.h"

#include <chrono>
#include <utility>

#include "action/engine_library.h"
#include "action/r3d18_spec.h"
#include "common/feature_events.h"
#include "common/guarded.h"

GST_DEBUG_CATEGORY_EXTERN(r3d_features_debug);
#define GST_CAT_DEFAULT r3d_features_debug

namespace action {
namespace {

constexpr std::chrono::milliseconds kAtOnce{50};

bool SameRequest(const Engine::Request &a, const Engine::Request &b) {
  return a.weights == b.weights && a.device == b.device && a.precision == b.precision;
}

void TellOf(GstElement *element, const ServiceInfo &info) {
  GST_INFO_OBJECT(element, "weights %s (%s) on %s in %s", info.weights_path.c_str(), info.weights_hash.c_str(),
                  info.device.ToString().c_str(), NameOf(info.precision));
  if (!info.notice.empty()) GST_ELEMENT_WARNING(element, LIBRARY, SETTINGS, ("%s", info.notice.c_str()), (nullptr));
  if (!info.stand_in) return;
  GST_ELEMENT_WARNING(
      element, LIBRARY, SETTINGS, ("%s", kStandInNotice),
      ("%s holds seeded weights that were never trained. Features are repeatable and good enough to try "
       "things out; get the published weights with 'gst-action-weights fetch'.",
       info.weights_path.c_str()));
}

}  // namespace

// ---- State changes

std::shared_ptr<NetworkAccess::Network> NetworkAccess::LoadNow(const Engine::Request &request,
                                                               const std::shared_ptr<Network> &before) const {
  return guarded(element_, std::shared_ptr<Network>(), [&]() -> std::shared_ptr<Network> {
    const EngineOrError found = FindEngine();
    if (found.engine == nullptr) {
      GST_ELEMENT_ERROR(element_, LIBRARY, INIT, ("%s", found.error.c_str()), (nullptr));
      return nullptr;
    }
    auto network = std::make_shared<Network>(found.engine, found.engine->OpenFeatureService(request));
    if (!before || before->service->info() != network->service->info()) TellOf(element_, network->service->info());
    return network;
  });
}

bool NetworkAccess::Load(const R3dFeaturesSettings &settings) {
  const Engine::Request request{settings.weights, Device::Parse(settings.device), settings.precision};
  if (loading_.TakeFresh() && SameRequest(request, request_)) return !loading_.failed();
  request_ = request;
  // The one before stays until then, so that the same is not loaded twice.
  loading_.Begin([this, request, before = loading_.Get()] { return LoadNow(request, before); },
                 [this](const Network &network) {
                   gst_element_post_message(element_, NewNetworkMessage(element_, network.service->info()));
                 });
  return true;
}

void NetworkAccess::Start(const StreamOptions &options) {
  options_ = options;
  loading_.Open();
  // A network that is running already is found at once, and no frame passes before it is there.
  loading_.WaitFor(kAtOnce);
  const std::lock_guard lock(mutex_);
  started_ = true;
  interrupted_ = closed_ = false;
}

void NetworkAccess::Close() {
  loading_.Close();
  if (const auto stream = Set(&NetworkAccess::closed_, true)) stream->Close();
}

void NetworkAccess::Stop() {
  std::shared_ptr<FeatureStream> stream;  // closed when the lock is free again
  {
    const std::lock_guard lock(mutex_);
    started_ = false;
    stream = std::move(stream_);
    if (stream) last_stats_ = stream->stats();
  }
  network_.reset();
}

void NetworkAccess::Unload() {
  loading_.Forget();
}

// ---- Streaming thread

bool NetworkAccess::Open(bool wait) {
  if (network_) return true;
  std::shared_ptr<Network> network = wait ? loading_.Wait() : loading_.Get();
  if (!network) return false;
  std::shared_ptr<FeatureStream> stream = network->service->OpenStream(options_);
  network_ = std::move(network);
  const std::lock_guard lock(mutex_);
  if (interrupted_) stream->Interrupt();
  if (closed_) stream->Close();
  stream_ = std::move(stream);
  return true;
}

// ---- Any thread

std::shared_ptr<FeatureStream> NetworkAccess::OpenedStream() const {
  const std::lock_guard lock(mutex_);
  return stream_;
}

std::shared_ptr<FeatureStream> NetworkAccess::Set(bool NetworkAccess::*flag, bool value) {
  const std::lock_guard lock(mutex_);
  this->*flag = value;
  return stream_;
}

void NetworkAccess::Interrupt() {
  loading_.Interrupt();
  if (const auto stream = Set(&NetworkAccess::interrupted_, true)) stream->Interrupt();
}

void NetworkAccess::Resume() {
  loading_.Resume();
  if (const auto stream = Set(&NetworkAccess::interrupted_, false)) stream->Resume();
}

bool NetworkAccess::loading() const {
  if (loading_.failed()) return false;
  const std::lock_guard lock(mutex_);
  return started_ && !stream_;
}

bool NetworkAccess::computing() const {
  const auto stream = OpenedStream();
  return stream && stream->computing();
}

StreamStats NetworkAccess::stats() const {
  if (const auto stream = OpenedStream()) return stream->stats();
  const std::lock_guard lock(mutex_);
  return last_stats_;
}

}  // namespace action
