// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "r3dfeatures/chunk_sender.h"

#include <utility>

#include "common/feature_events.h"

GST_DEBUG_CATEGORY_EXTERN(r3d_features_debug);
#define GST_CAT_DEFAULT r3d_features_debug

namespace action {

GstStructure *NewStats(const StreamStats &stats, int hop) {
  return gst_structure_new("stats", "chunks", G_TYPE_UINT64, stats.chunks, "batches", G_TYPE_UINT64, stats.batches,
                           "dropped", G_TYPE_UINT64, stats.dropped, "wait", G_TYPE_UINT64, Nanoseconds(stats.wait),
                           "compute", G_TYPE_UINT64, Nanoseconds(stats.compute), "network-chunks", G_TYPE_UINT64,
                           stats.network_chunks, "network-batches", G_TYPE_UINT64, stats.network_batches,
                           "network-compute", G_TYPE_UINT64, Nanoseconds(stats.network_compute), "network-streams",
                           G_TYPE_INT, stats.network_streams, "hop", G_TYPE_INT, hop, nullptr);
}

void ChunkSender::OnChunk(const ChunkFacts &facts, const std::optional<Features> &features) {
  GstEvent *event = NewFeaturesEvent(facts, features);
  GST_LOG_OBJECT(element_, "chunk %" G_GUINT64_FORMAT " at %" GST_TIME_FORMAT ", %d frames%s", facts.index,
                 GST_TIME_ARGS(facts.time.timestamp), facts.frames, features ? "" : ", dropped");
  if (!features) {
    GstMessage *message =
        gst_message_new_qos(GST_OBJECT(element_), live_, facts.time.running_time, facts.time.stream_time,
                            facts.time.timestamp, facts.time.end - facts.time.timestamp);
    // One chunk is one buffer of what the element makes.
    const StreamStats stats = stream_.stats();
    gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, stats.chunks, stats.dropped);
    // Why, as in the property stats.
    gst_structure_set(gst_message_writable_structure(message), "batches", G_TYPE_UINT64, stats.batches, "wait",
                      G_TYPE_UINT64, Nanoseconds(stats.wait), "compute", G_TYPE_UINT64, Nanoseconds(stats.compute),
                      nullptr);
    gst_element_post_message(GST_ELEMENT(element_), message);
    if (!std::exchange(told_of_loss_, true)) {
      GST_ELEMENT_WARNING(element_, STREAM, FAILED,
                          ("The network is too slow for this live source: steps are lost, and are gaps in the timeline "
                           "where several follow on each other"),
                          ("Fewer streams, a larger hop, or a GPU. This is said once; a QoS message tells of each"));
    }
  }
  const R3dFeaturesSettings settings = settings_();
  if (settings.post_messages) {
    gst_element_post_message(GST_ELEMENT(element_),
                             NewFeaturesMessage(GST_ELEMENT(element_), event, settings.post_features));
  }
  gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(element_), event);
}

void ChunkSender::OnIrregularRate(int64_t interval_ns) {
  GST_ELEMENT_WARNING(
      element_, STREAM, FORMAT,
      ("The frame rate is not constant, or not what the stream announces: sampling goes on by timestamp"),
      ("Frames are %" G_GINT64_FORMAT
       " ns apart, which is not what the caps announce. Set sampling=timestamp to sample "
       "this stream by time from its start, or sampling=stride to count frames all the same.",
       interval_ns));
}

void ChunkSender::OnAssumedRate() {
  GST_ELEMENT_WARNING(element_, STREAM, FORMAT,
                      ("The frames have neither times nor a frame rate: 25 frames a second are assumed"),
                      ("Say what is right in caps before r3dfeatures, such as video/x-raw,framerate=30/1 behind a "
                       "videorate, or let the source set times (appsrc do-timestamp=true)"));
}

void ChunkSender::OnJumpBack(int64_t by_ns) {
  GST_DEBUG_OBJECT(element_, "time went back by %" G_GINT64_FORMAT " ns", by_ns);
  if (std::exchange(told_of_jump_, true)) return;
  GST_ELEMENT_WARNING(element_, STREAM, FORMAT,
                      ("Times went back by %.1f s by themselves (a camera that was restarted?): taken as a hole",
                       static_cast<double>(by_ns) / GST_SECOND),
                      ("The timeline goes on from where it was. This is said once."));
}

void ChunkSender::OnHop(int hop, bool larger) {
  const R3dFeaturesSettings settings = settings_();
  const double every = static_cast<double>(hop) * static_cast<double>(settings.features.sample_rate.denominator) /
                       static_cast<double>(settings.features.sample_rate.numerator);
  GST_INFO_OBJECT(element_, "hop %d: a step every %.2f s", hop, every);
  if (!larger || hop <= told_of_hop_) return;
  told_of_hop_ = hop;
  GST_ELEMENT_WARNING(
      element_, STREAM, FAILED,
      ("The network is too slow for hop=%d: from now on there is a step every %.1f s (hop %d), before steps are lost",
       settings.features.hop, every, hop),
      ("Fewer streams, a larger hop, or a GPU; adaptive-hop=false keeps the hop. It becomes smaller again by itself "
       "when the network has time."));
}

}  // namespace action
