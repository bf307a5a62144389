// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/feature_events.h"

#include <cstring>
#include <string_view>

namespace action {
namespace {

uint64_t DurationOf(const FrameTime &time) {
  const bool timed = time.end != kNoTime && time.timestamp != kNoTime && time.end >= time.timestamp;
  return timed ? time.end - time.timestamp : kNoTime;
}

}  // namespace

GstEvent *NewBackboneEvent(const BackboneFacts &facts) {
  GstStructure *structure = gst_structure_new(
      kBackboneEvent, "weights-hash", G_TYPE_STRING, facts.service.weights_hash.c_str(), "stand-in", G_TYPE_BOOLEAN,
      facts.service.stand_in, "precision", G_TYPE_STRING, NameOf(facts.service.precision), "device", G_TYPE_STRING,
      facts.service.device.ToString().c_str(), "sample-rate", GST_TYPE_FRACTION,
      static_cast<int>(facts.sample_rate.numerator), static_cast<int>(facts.sample_rate.denominator), "hop", G_TYPE_INT,
      facts.hop, "hop-asked", G_TYPE_INT, facts.hop_asked, "roi", G_TYPE_STRING, facts.roi.ToString().c_str(),
      "frame-roi", G_TYPE_STRING, facts.frame_roi.ToString().c_str(), "colorimetry", G_TYPE_STRING,
      NameOf(facts.colorimetry), "mode", G_TYPE_STRING, NameOf(facts.mode), "live", G_TYPE_BOOLEAN, facts.live,
      nullptr);
  if (!facts.backbone.empty()) gst_structure_set(structure, "backbone", G_TYPE_STRING, facts.backbone.c_str(), nullptr);
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, structure);
}

GstEvent *NewRunEndEvent() {
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty(kRunEndEvent));
}

GstEvent *NewFeaturesEvent(const ChunkFacts &facts, const std::optional<Features> &features) {
  const FrameTime &time = facts.time, &step = facts.step;
  GstStructure *structure = gst_structure_new(
      kFeaturesEvent, "index", G_TYPE_UINT64, facts.index, "timestamp", G_TYPE_UINT64, time.timestamp, "stream-time",
      G_TYPE_UINT64, time.stream_time, "running-time", G_TYPE_UINT64, time.running_time, "duration", G_TYPE_UINT64,
      DurationOf(time), "end", G_TYPE_UINT64, time.end, "step-timestamp", G_TYPE_UINT64, step.timestamp,
      "step-stream-time", G_TYPE_UINT64, step.stream_time, "step-running-time", G_TYPE_UINT64, step.running_time,
      "step-duration", G_TYPE_UINT64, DurationOf(step), "frames", G_TYPE_INT, facts.frames, "padded", G_TYPE_BOOLEAN,
      facts.frames < kChunkFrames, "discont", G_TYPE_BOOLEAN, facts.discont, "dropped", G_TYPE_BOOLEAN,
      !features.has_value(), nullptr);
  if (features) {
    const BytesPtr bytes(g_bytes_new(features->data(), features->size() * sizeof(float)));
    gst_structure_set(structure, "features", G_TYPE_BYTES, bytes.get(), nullptr);
  }
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, structure);
}

std::optional<BackboneFacts> ParseBackbone(const GstStructure *structure) {
  BackboneFacts facts;
  const char *hash = gst_structure_get_string(structure, "weights-hash");
  const char *roi = gst_structure_get_string(structure, "roi");
  const char *frame_roi = gst_structure_get_string(structure, "frame-roi");
  const char *colorimetry = gst_structure_get_string(structure, "colorimetry");
  gboolean stand_in = FALSE, live = FALSE;
  gint numerator = 0, denominator = 1;
  if (hash == nullptr || roi == nullptr || colorimetry == nullptr ||
      !gst_structure_get(structure, "stand-in", G_TYPE_BOOLEAN, &stand_in, "live", G_TYPE_BOOLEAN, &live, "hop",
                         G_TYPE_INT, &facts.hop, "sample-rate", GST_TYPE_FRACTION, &numerator, &denominator, nullptr)) {
    return std::nullopt;
  }
  facts.service.weights_hash = hash;
  if (const char *backbone = gst_structure_get_string(structure, "backbone")) facts.backbone = backbone;
  facts.service.stand_in = stand_in != FALSE;
  facts.live = live != FALSE;
  facts.hop_asked = facts.hop;
  gst_structure_get_int(structure, "hop-asked", &facts.hop_asked);
  facts.sample_rate = {numerator, denominator};
  facts.roi = Region::Parse(roi);
  facts.frame_roi = frame_roi != nullptr ? Region::Parse(frame_roi) : facts.roi;
  facts.colorimetry =
      std::string_view(colorimetry) == NameOf(Colorimetry::kStream) ? Colorimetry::kStream : Colorimetry::kReference;
  if (g_strcmp0(gst_structure_get_string(structure, "mode"), NameOf(FeatureMode::kContinual)) == 0)
    facts.mode = FeatureMode::kContinual;
  return facts;
}

std::optional<ReceivedChunk> ParseChunk(const GstStructure *structure) {
  ReceivedChunk chunk;
  FrameTime &time = chunk.facts.time, &step = chunk.facts.step;
  gboolean discont = FALSE, dropped = FALSE;
  guint64 duration = kNoTime;
  if (!gst_structure_get(structure, "index", G_TYPE_UINT64, &chunk.facts.index, "timestamp", G_TYPE_UINT64,
                         &time.timestamp, "stream-time", G_TYPE_UINT64, &time.stream_time, "running-time",
                         G_TYPE_UINT64, &time.running_time, "end", G_TYPE_UINT64, &time.end, "step-timestamp",
                         G_TYPE_UINT64, &step.timestamp, "step-stream-time", G_TYPE_UINT64, &step.stream_time,
                         "step-running-time", G_TYPE_UINT64, &step.running_time, "step-duration", G_TYPE_UINT64,
                         &duration, "frames", G_TYPE_INT, &chunk.facts.frames, "discont", G_TYPE_BOOLEAN, &discont,
                         "dropped", G_TYPE_BOOLEAN, &dropped, nullptr)) {
    return std::nullopt;
  }
  chunk.facts.discont = discont != FALSE;
  chunk.dropped = dropped != FALSE;
  if (step.timestamp != kNoTime && duration != kNoTime) step.end = step.timestamp + duration;
  return chunk;
}

std::optional<ReceivedChunk> ParseFeatures(const GstStructure *structure) {
  std::optional<ReceivedChunk> chunk = ParseChunk(structure);
  if (!chunk || chunk->dropped) return chunk;
  GBytes *bytes = nullptr;
  if (!gst_structure_get(structure, "features", G_TYPE_BYTES, &bytes, nullptr)) return std::nullopt;
  const BytesPtr owner(bytes);
  if (g_bytes_get_size(bytes) != sizeof(Features)) return std::nullopt;
  chunk->features.emplace();
  std::memcpy(chunk->features->data(), g_bytes_get_data(bytes, nullptr), sizeof(Features));
  return chunk;
}

GstMessage *NewNetworkMessage(GstElement *element, const ServiceInfo &info) {
  return gst_message_new_element(
      GST_OBJECT(element),
      gst_structure_new(kNetworkMessage, "weights", G_TYPE_STRING, info.weights_path.c_str(), "weights-hash",
                        G_TYPE_STRING, info.weights_hash.c_str(), "device", G_TYPE_STRING,
                        info.device.ToString().c_str(), "precision", G_TYPE_STRING, NameOf(info.precision), "stand-in",
                        G_TYPE_BOOLEAN, static_cast<gboolean>(info.stand_in), nullptr));
}

GstMessage *NewFeaturesMessage(GstElement *element, GstEvent *event, bool with_features) {
  GstStructure *structure = gst_structure_copy(gst_event_get_structure(event));
  if (!with_features) gst_structure_remove_field(structure, "features");
  return gst_message_new_element(GST_OBJECT(element), structure);
}

bool IsLive(GstPad *sink_pad) {
  const QueryPtr query(gst_query_new_latency());
  gboolean live = FALSE;
  if (gst_pad_peer_query(sink_pad, query.get())) gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
  return live != FALSE;
}

NetworkState AskNetwork(GstPad *sink_pad) {
  const QueryPtr query(gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty(kBusyQuery)));
  gboolean busy = FALSE, loading = FALSE;
  if (gst_pad_peer_query(sink_pad, query.get())) {
    gst_structure_get(gst_query_get_structure(query.get()), "busy", G_TYPE_BOOLEAN, &busy, "loading", G_TYPE_BOOLEAN,
                      &loading, nullptr);
  }
  return {busy != FALSE, loading != FALSE};
}

bool AnswerBusyQuery(GstQuery *query, bool busy, bool loading) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_CUSTOM ||
      !gst_structure_has_name(gst_query_get_structure(query), kBusyQuery)) {
    return false;
  }
  gst_structure_set(gst_query_writable_structure(query), "busy", G_TYPE_BOOLEAN, static_cast<gboolean>(busy), "loading",
                    G_TYPE_BOOLEAN, static_cast<gboolean>(loading), nullptr);
  return true;
}

}  // namespace action
