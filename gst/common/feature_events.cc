#include "common/feature_events.h"

namespace action {

GstEvent *NewBackboneEvent(const BackboneFacts &facts) {
  GstStructure *structure = gst_structure_new(
      kBackboneEvent, "weights-hash", G_TYPE_STRING, facts.service.weights_hash.c_str(), "stand-in", G_TYPE_BOOLEAN,
      facts.service.stand_in, "precision", G_TYPE_STRING, NameOf(facts.service.precision), "device", G_TYPE_STRING,
      facts.service.device.ToString().c_str(), "sample-rate", GST_TYPE_FRACTION,
      static_cast<int>(facts.sample_rate.numerator), static_cast<int>(facts.sample_rate.denominator), "hop", G_TYPE_INT,
      facts.hop, "roi", G_TYPE_STRING, facts.roi.ToString().c_str(), "colorimetry", G_TYPE_STRING,
      NameOf(facts.colorimetry), "live", G_TYPE_BOOLEAN, facts.live, nullptr);
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, structure);
}

GstEvent *NewFeaturesEvent(const ChunkFacts &facts, const std::optional<Features> &features) {
  const FrameTime &time = facts.time;
  const bool timed = time.end != kNoTime && time.timestamp != kNoTime && time.end >= time.timestamp;
  GstStructure *structure = gst_structure_new(
      kFeaturesEvent, "index", G_TYPE_UINT64, facts.index, "timestamp", G_TYPE_UINT64, time.timestamp, "stream-time",
      G_TYPE_UINT64, time.stream_time, "running-time", G_TYPE_UINT64, time.running_time, "duration", G_TYPE_UINT64,
      timed ? time.end - time.timestamp : kNoTime, "end", G_TYPE_UINT64, time.end, "frames", G_TYPE_INT, facts.frames,
      "padded", G_TYPE_BOOLEAN, facts.frames < kChunkFrames, "discont", G_TYPE_BOOLEAN, facts.discont, "dropped",
      G_TYPE_BOOLEAN, !features.has_value(), nullptr);
  if (features) {
    const BytesPtr bytes(g_bytes_new(features->data(), features->size() * sizeof(float)));
    gst_structure_set(structure, "features", G_TYPE_BYTES, bytes.get(), nullptr);
  }
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, structure);
}

GstMessage *NewFeaturesMessage(GstElement *element, GstEvent *event, bool with_features) {
  GstStructure *structure = gst_structure_copy(gst_event_get_structure(event));
  if (!with_features) gst_structure_remove_field(structure, "features");
  return gst_message_new_element(GST_OBJECT(element), structure);
}

}  // namespace action
