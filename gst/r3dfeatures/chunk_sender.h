// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the application and the elements downstream are told of: chunks as events and messages, and warnings.
#ifndef GST_ACTION_CHUNK_SENDER_H_
#define GST_ACTION_CHUNK_SENDER_H_

#include <gst/base/gstbasetransform.h>

#include <chrono>
#include <functional>
#include <optional>

#include "r3dfeatures/feature_pipeline.h"
#include "r3dfeatures/properties.h"

namespace action {

inline guint64 Nanoseconds(std::chrono::nanoseconds time) {
  return static_cast<guint64>(time.count());
}

// The property `stats`. Returns a full reference.
GstStructure *NewStats(const StreamStats &stats, int hop);

// Sends in the name of an r3dfeatures. For its streaming thread.
class ChunkSender final : public FeaturePipeline::Client {
 public:
  // settings: copies what the properties say now.
  ChunkSender(GstBaseTransform *element, std::function<R3dFeaturesSettings()> settings, const FeatureStream &stream)
      : element_(element), settings_(std::move(settings)), stream_(stream) {}
  void set_live(bool live) { live_ = live; }
  void OnChunk(const ChunkFacts &facts, const std::optional<Features> &features) override;
  void OnIrregularRate(int64_t interval_ns) override;
  void OnAssumedRate() override;
  void OnJumpBack(int64_t by_ns) override;
  void OnHop(int hop, bool larger) override;

 private:
  GstBaseTransform *const element_;
  const std::function<R3dFeaturesSettings()> settings_;
  const FeatureStream &stream_;
  bool live_ = false;
  bool told_of_jump_ = false;
  bool told_of_loss_ = false;
  int told_of_hop_ = 0;  // the largest
};

}  // namespace action

#endif  // GST_ACTION_CHUNK_SENDER_H_
