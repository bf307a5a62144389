// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/sound_decoder.h"

#include <utility>

#include "action/error.h"
#include "record/sound_track.h"

namespace action {
namespace {

constexpr GstClockTime kRetryDelay = 10 * GST_SECOND;
constexpr size_t kMostSaid = 20;

}  // namespace

SoundDecoder::SoundDecoder(const SharedTime &time, std::function<void(const std::string &)> say)
    : time_(time), say_(std::move(say)) {}

SoundDecoder::~SoundDecoder() {
  in_.SetTarget(nullptr);
}

void SoundDecoder::Begin() {
  failed_ = false;
  pipeline_ = std::make_unique<Pipeline>(
      "appsrc name=in format=time is-live=true max-buffers=0 max-bytes=0 max-time=2000000000 leaky-type=downstream ! "
      "decodebin ! audioconvert ! audioresample ! " +
          std::string(kRawSound) + " ! appsink name=out sync=false async=false enable-last-sample=false",
      time_, [this](GstMessage *message) { OnMessage(message); });
  out_.Connect(pipeline_->Find("out"));
  in_.SetTarget(pipeline_->Find("in"));
  pipeline_->Play();
}

void SoundDecoder::OnMessage(GstMessage *message) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) Fail(TextOf(message));
}

void SoundDecoder::Fail(const std::string &what) {
  if (std::exchange(failed_, true)) return;
  in_.SetTarget(nullptr);
  retry_at_ = time_.Now() + kRetryDelay;
  if (said_.size() < kMostSaid && said_.insert(what).second)
    say_("its sound cannot be decoded: " + what + ". It is recorded as silence, and tried again");
}

void SoundDecoder::Poll() {
  const bool wanted = pipeline_ ? failed_ && time_.Now() >= retry_at_ : in_.fed() && time_.Now() >= retry_at_;
  if (!wanted) return;
  try {
    pipeline_.reset();
    Begin();
  } catch (const Error &e) {
    failed_ = false;
    Fail(e.what());
  }
}

}  // namespace action
