// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What r3dfeatures does with frames, apart from being a GstElement: cut the stream into runs, sample, collect chunks,
// send them to the network, and hand back events in order.
#ifndef GST_ACTION_FEATURE_PIPELINE_H_
#define GST_ACTION_FEATURE_PIPELINE_H_

#include <gst/video/video.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "action/chunk_builder.h"
#include "action/engine.h"
#include "action/frame_sampler.h"
#include "action/gap_detector.h"
#include "action/timestamp_filler.h"
#include "common/feature_events.h"
#include "r3dfeatures/frame_reader.h"
#include "r3dfeatures/hop_governor.h"

namespace action {

// What the element's properties say, copied once when streaming starts.
struct FeatureSettings {
  Fraction sample_rate{8, 1};
  Sampling sampling = Sampling::kAuto;
  int hop = kChunkFrames;
  FeatureMode mode = FeatureMode::kWindowed;
  Region roi;
  Colorimetry colorimetry = Colorimetry::kReference;
  GstClockTime gap_threshold = GST_SECOND;
  bool adaptive_hop = true;
};

// All of it is for the streaming thread. `stream` may be interrupted from others: then the functions that wait return
// GST_FLOW_FLUSHING, and what they were about to do is not done. Throws Error when the network or the preprocess fails.
class FeaturePipeline {
 public:
  // Told of what comes out, on the streaming thread, with no lock held.
  class Client {
   public:
    // `features` absent: dropped.
    virtual void OnChunk(const ChunkFacts &facts, const std::optional<Features> &features) = 0;
    // The stream left its announced rate; sampling goes on by timestamp.
    virtual void OnIrregularRate(int64_t interval_ns) = 0;
    // Frames have neither times nor a rate: 25 a second are assumed.
    virtual void OnAssumedRate() = 0;
    // Time went back by so much, without a new segment: a run ends here.
    virtual void OnJumpBack(int64_t by_ns) = 0;
    // The network is too slow for the hop that was there, or fast enough for a smaller one again.
    virtual void OnHop(int hop, bool larger) = 0;

   protected:
    ~Client() = default;
  };

  FeaturePipeline(Engine &engine, const FeatureSettings &settings, FeatureStream &stream, Client &client);

  // The source turned out to be live: sample by timestamp, and drop chunks rather than wait. most_waiting: chunks that
  // wait before some are dropped.
  void SetLive(bool live, size_t most_waiting);

  // Samples from step to step now.
  int hop() const { return builder_.hop(); }

  // The caps change to `info`, whatever is returned. A change of size ends the run.
  GstFlowReturn SetInfo(const GstVideoInfo &info);

  // Pictures are turned so from now on, which ends the run. False: they are already.
  bool SetOrientation(Orientation orientation);

  // One frame; `segment` gives its times their meaning.
  GstFlowReturn Push(GstBuffer *buffer, const GstSegment &segment);

  // No frame comes until `pts` (GST_CLOCK_TIME_NONE: not known). If that is a hole, it ends the run.
  GstFlowReturn PushGap(GstClockTime pts);
  // True once after a run was ended by a GAP or by EndRun, when all its chunks have been sent out.
  bool TakeRunEnded();

  // Ends the run: the samples that no chunk holds leave as a padded one.
  GstFlowReturn EndRun();
  // Sends out what is finished, without waiting.
  void PushFinished();
  // Waits for everything that is under way and sends it out.
  GstFlowReturn Drain();

  // After a flush: forgets everything but the count of chunks.
  void Reset();

 private:
  bool Note(const TimestampFiller::Frame &frame, bool untimed_break, GstFlowReturn &flow);
  GstFlowReturn Submit(Chunk chunk);
  void AdaptHop();

  const FeatureSettings settings_;
  FeatureStream &stream_;
  Client &client_;

  bool live_ = false;
  std::optional<HopGovernor> governor_;  // of a live source
  int64_t now_ = 0;                      // time of the newest frame, ns
  bool run_ended_ = false;               // and nothing has come since
  std::optional<GstVideoInfo> info_;
  FrameReader reader_;
  std::optional<FrameSampler> sampler_;
  ChunkBuilder builder_;
  GapDetector gaps_;
  TimestampFiller filler_;
  bool assumed_ = false;  // the rate of frames that have no times
  std::vector<uint8_t> rgb_;

  struct Submitted {
    uint64_t tag;
    ChunkFacts facts;
    int64_t at;  // now_
  };
  std::deque<Submitted> submitted_;  // in order, until their results are taken
  uint64_t next_index_ = 0;          // given when a chunk leaves, so that a flush leaves no hole
};

}  // namespace action

#endif  // GST_ACTION_FEATURE_PIPELINE_H_
