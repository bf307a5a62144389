// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Shows Python tests what the preprocess makes of a video: for every frame that leaves a gst-launch pipeline's element
// "out", 8 bytes PTS (ns) and [112, 112, 3] RGB on standard output.
//   frame_probe PIPELINE [EVERY]     only every EVERY-th frame is preprocessed; of the others the PTS alone is written
#include <gst/gst.h>
#include <gst/video/video.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "action/engine.h"
#include "action/error.h"
#include "common/decoding.h"
#include "common/pipeline_tasks.h"
#include "fake/partial_engine.h"
#include "r3dfeatures/frame_reader.h"
#include "r3dfeatures/orientation.h"

namespace {

struct Probe {
  PartialEngine engine;
  action::FrameReader reader{engine, action::Colorimetry::kReference, {}};
  action::StreamOrientation orientation{GST_VIDEO_ORIENTATION_AUTO};
  std::array<uint8_t, action::kFrameBytes> rgb{};
  uint64_t count = 0;
  uint64_t every = 1;
};

GstPadProbeReturn OnData(GstPad *pad, GstPadProbeInfo *info, gpointer user) {
  auto &probe = *static_cast<Probe *>(user);
  if ((info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) != 0) {
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
      GstCaps *caps = nullptr;
      gst_event_parse_caps(event, &caps);
      GstVideoInfo video;
      if (action::VideoInfoFromCaps(&video, caps)) probe.reader.SetInfo(video);
      std::fprintf(stderr, "caps %s\n", gst_caps_to_string(caps));
    } else if (GST_EVENT_TYPE(event) == GST_EVENT_TAG) {
      GstTagList *tags = nullptr;
      gst_event_parse_tag(event, &tags);
      probe.orientation.OnTags(tags);
      probe.reader.SetOrientation(probe.orientation.value());
    }
    return GST_PAD_PROBE_OK;
  }
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  const uint64_t pts = GST_BUFFER_PTS(buffer);
  std::fwrite(&pts, sizeof pts, 1, stdout);
  const bool wanted = probe.count++ % probe.every == 0;
  std::fputc(wanted ? 1 : 0, stdout);
  if (wanted) {
    probe.reader.Read(buffer, probe.rgb);
    std::fwrite(probe.rgb.data(), probe.rgb.size(), 1, stdout);
  }
  return GST_PAD_PROBE_OK;
}

}  // namespace

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch(argv[1], &error);
  if (error != nullptr) {
    std::fprintf(stderr, "%s\n", error->message);
    return 2;
  }
  // What decodebin brings in comes later.
  action::MendDecoding(pipeline);
  Probe probe;
  if (argc > 2) probe.every = std::strtoull(argv[2], nullptr, 10);
  GstElement *out = gst_bin_get_by_name(GST_BIN(pipeline), "out");
  GstPad *pad = gst_element_get_static_pad(out, "sink");
  gst_pad_add_probe(pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                    OnData, &probe, nullptr);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstMessage *message = nullptr;
  action::StandstillDetector standstill;
  while (message == nullptr) {
    message = gst_bus_timed_pop_filtered(gst_element_get_bus(pipeline), action::StandstillDetector::kInterval,
                                         static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    if (message != nullptr || !standstill.Stands(pipeline)) continue;
    std::fprintf(stderr, "error the pipeline stands still\n");
    return 1;
  }
  const bool failed = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
  if (failed) {
    gst_message_parse_error(message, &error, nullptr);
    std::fprintf(stderr, "error %s\n", error->message);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  return failed ? 1 : 0;
}
