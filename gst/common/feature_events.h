// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
// clang-format off
//
// The contract between r3dfeatures and whoever reads its features: three downstream events and a message.
//
// `action-backbone`: sticky, before the first buffer of a run of the pipeline (READY to PAUSED) that is looked at, and
// again when frame-roi or hop changes. Fields:
//   weights-hash   string    SHA-256 of the weights (see action/r3d18_spec.h)
//   backbone       string    the network's name, when it is another one than R3D-18, whose features were made elsewhere;
//                            absent: R3D-18
//   stand-in       boolean   the weights were made by `gst-action-weights make-standin`: not a measurement
//   precision      string    fp32, fp16, bf16
//   device         string    cpu, cuda:0, ...
//   sample-rate    fraction  samples per second
//   hop            int       samples between chunk starts; of a live source that the network is too slow for, more than
//   hop-asked      int       what the property says
//   roi            string    x,y,width,height as fractions of the picture, turned as the property orientation says
//   frame-roi      string    the same part, in the frames as they pass
//   colorimetry    string    reference or stream
//   mode           string    windowed or continual: what r3dfeatures' property `features` says
//   live           boolean   the source is live
//
// `action-features`: serialized, one per chunk, before the buffer that follows it and before EOS. Fields:
//   index          uint64    0, 1, 2, ... without holes while the element is not stopped
//   timestamp      uint64    PTS of the first sampled frame, ns
//   stream-time    uint64    the same as stream time, ns
//   running-time   uint64    the same as running time, ns
//   duration       uint64    end - timestamp, ns
//   end            uint64    PTS of the first frame after the chunk: where the next sample is due; of a padded chunk
//                            the end of the last frame, ns
//   step-timestamp, step-stream-time, step-running-time
//                  uint64    of the first of the samples that the chunk stands for (see ChunkBuilder), ns
//   step-duration  uint64    until the next chunk's begin, ns
//   frames         int       sampled frames before padding, 1 to 16
//   padded         boolean   frames < 16: the last frame was repeated
//   discont        boolean   first chunk of a run: does not follow on the one before
//   dropped        boolean   left out because the network was too slow for a live source
//   features       GBytes    512 float32, little endian; absent when dropped
//
// `action-run-end`: serialized, without fields: the frames before it have all their chunks, and no frame follows on
// them (a GAP event said so). The GAP event comes after it.
//
// Element message `action-features` (property post-messages): the same fields; `features` only with post-features.
// A time that is not known is GST_CLOCK_TIME_NONE.
//
// Element message `action-network`: the network is there. Fields: weights (string, the file), weights-hash, device,
// precision, stand-in as above. Until then, frames of a live source pass without being looked at.
//
// Custom query `action-busy`, upstream: r3dfeatures answers, with the field `busy` (boolean), whether the network is at
// work for this stream: who waits for its events then knows that they are on their way. `loading` (boolean): the
// network is not there yet, so that there is no action-backbone yet either.
// clang-format on
#ifndef GST_ACTION_FEATURE_EVENTS_H_
#define GST_ACTION_FEATURE_EVENTS_H_

#include <gst/gst.h>

#include <optional>
#include <string>

#include "action/fraction.h"
#include "action/network.h"
#include "action/picture.h"
#include "common/glib_ptr.h"

namespace action {

inline constexpr const char *kBackboneEvent = "action-backbone";
inline constexpr const char *kFeaturesEvent = "action-features";
inline constexpr const char *kRunEndEvent = "action-run-end";
inline constexpr const char *kNetworkMessage = "action-network";

struct BackboneFacts {
  ServiceInfo service;
  std::string backbone;
  Fraction sample_rate;
  int hop = kChunkFrames;
  int hop_asked = kChunkFrames;
  Region roi;
  Region frame_roi;
  Colorimetry colorimetry = Colorimetry::kReference;
  FeatureMode mode = FeatureMode::kWindowed;
  bool live = false;
};

struct ChunkFacts {
  uint64_t index = 0;
  FrameTime time;  // of the first sampled frame; `end` as above
  FrameTime step;  // of the first of the samples that it stands for
  int frames = 0;
  bool discont = false;
};

// A chunk as it arrived.
struct ReceivedChunk {
  ChunkFacts facts;
  bool dropped = false;
  std::optional<Features> features;
};

// What an event says; nothing when its structure is not what it should be.
std::optional<BackboneFacts> ParseBackbone(const GstStructure *structure);
std::optional<ReceivedChunk> ParseFeatures(const GstStructure *structure);
// The same without the features: also of events that were made of such a one.
std::optional<ReceivedChunk> ParseChunk(const GstStructure *structure);

// Return full references.
GstEvent *NewBackboneEvent(const BackboneFacts &facts);
GstEvent *NewRunEndEvent();
GstEvent *NewFeaturesEvent(const ChunkFacts &facts, const std::optional<Features> &features);

GstMessage *NewNetworkMessage(GstElement *element, const ServiceInfo &info);
// The message of an event; `features` are left out unless asked for.
GstMessage *NewFeaturesMessage(GstElement *element, GstEvent *event, bool with_features);

// Asks upstream of the pad whether the source is live (LATENCY). False where nobody answers.
bool IsLive(GstPad *sink_pad);

inline constexpr const char *kBusyQuery = "action-busy";
struct NetworkState {
  bool busy = false;
  bool loading = false;
};
// Asks upstream of the pad. Where nobody answers there is neither.
NetworkState AskNetwork(GstPad *sink_pad);
// True if the query is action-busy; then it is answered.
bool AnswerBusyQuery(GstQuery *query, bool busy, bool loading);

}  // namespace action

#endif  // GST_ACTION_FEATURE_EVENTS_H_
