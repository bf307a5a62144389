// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "r3dfeatures_properties.h"

#include "common/enums.h"
#include "common/property_values.h"

namespace action {
namespace {

enum {
  PROP_0,
  PROP_WEIGHTS,
  PROP_DEVICE,
  PROP_PRECISION,
  PROP_SAMPLE_RATE,
  PROP_SAMPLING,
  PROP_HOP,
  PROP_ROI,
  PROP_COLORIMETRY,
  PROP_MAX_PENDING,
  PROP_BATCH_SIZE,
  PROP_GAP_THRESHOLD,
  PROP_POST_MESSAGES,
  PROP_POST_FEATURES,
  PROP_STATS,
};

}  // namespace

bool SetProperty(Settings &settings, guint id, const GValue *value) {
  switch (id) {
    case PROP_WEIGHTS:
      settings.weights = TextOf(value);
      return true;
    case PROP_DEVICE:
      settings.device = TextOf(value);
      return true;
    case PROP_PRECISION:
      settings.precision = static_cast<Precision>(g_value_get_enum(value));
      return true;
    case PROP_SAMPLE_RATE:
      settings.features.sample_rate = {gst_value_get_fraction_numerator(value),
                                       gst_value_get_fraction_denominator(value)};
      return true;
    case PROP_SAMPLING:
      settings.features.sampling = static_cast<Sampling>(g_value_get_enum(value));
      return true;
    case PROP_HOP:
      settings.features.hop = g_value_get_int(value);
      return true;
    case PROP_ROI:
      settings.roi = TextOf(value);
      return true;
    case PROP_COLORIMETRY:
      settings.features.colorimetry = static_cast<Colorimetry>(g_value_get_enum(value));
      return true;
    case PROP_MAX_PENDING:
      settings.max_pending = g_value_get_uint(value);
      return true;
    case PROP_BATCH_SIZE:
      settings.batch_size = g_value_get_uint(value);
      return true;
    case PROP_GAP_THRESHOLD:
      settings.features.gap_threshold = g_value_get_uint64(value);
      return true;
    case PROP_POST_MESSAGES:
      settings.post_messages = g_value_get_boolean(value) != FALSE;
      return true;
    case PROP_POST_FEATURES:
      settings.post_features = g_value_get_boolean(value) != FALSE;
      return true;
    default:
      return false;
  }
}

bool GetProperty(const Settings &settings, guint id, GValue *value) {
  switch (id) {
    case PROP_WEIGHTS:
      SetTextOrNull(value, settings.weights);
      return true;
    case PROP_DEVICE:
      g_value_set_string(value, settings.device.c_str());
      return true;
    case PROP_PRECISION:
      g_value_set_enum(value, static_cast<int>(settings.precision));
      return true;
    case PROP_SAMPLE_RATE:
      gst_value_set_fraction(value, static_cast<int>(settings.features.sample_rate.numerator),
                             static_cast<int>(settings.features.sample_rate.denominator));
      return true;
    case PROP_SAMPLING:
      g_value_set_enum(value, static_cast<int>(settings.features.sampling));
      return true;
    case PROP_HOP:
      g_value_set_int(value, settings.features.hop);
      return true;
    case PROP_ROI:
      g_value_set_string(value, settings.roi.c_str());
      return true;
    case PROP_COLORIMETRY:
      g_value_set_enum(value, static_cast<int>(settings.features.colorimetry));
      return true;
    case PROP_MAX_PENDING:
      g_value_set_uint(value, settings.max_pending);
      return true;
    case PROP_BATCH_SIZE:
      g_value_set_uint(value, settings.batch_size);
      return true;
    case PROP_GAP_THRESHOLD:
      g_value_set_uint64(value, settings.features.gap_threshold);
      return true;
    case PROP_POST_MESSAGES:
      g_value_set_boolean(value, settings.post_messages);
      return true;
    case PROP_POST_FEATURES:
      g_value_set_boolean(value, settings.post_features);
      return true;
    default:
      return false;
  }
}

bool IsFeatureStats(guint id) {
  return id == PROP_STATS;
}

void InstallProperties(GObjectClass *object_class) {
  constexpr auto kFlags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  const auto install = [object_class](guint id, GParamSpec *spec) {
    g_object_class_install_property(object_class, id, spec);
  };
  install(PROP_WEIGHTS,
          g_param_spec_string(
              "weights", "Weights",
              "File with the weights of torchvision's video.r3d_18 (.pth, .pt or .safetensors). Not set: "
              "GST_ACTION_WEIGHTS, then $XDG_DATA_HOME/gst-action/r3d_18-b3b3357e.pth, then torch hub's cache. "
              "'gst-action-weights fetch' puts the published file there",
              nullptr, kFlags));
  install(PROP_DEVICE,
          g_param_spec_string(
              "device", "Device",
              "Where the network runs: auto (a CUDA GPU if there is one, else the CPU), cpu, cuda or cuda:N. "
              "Elements with the same weights, device and precision share one network",
              "auto", kFlags));
  install(PROP_PRECISION,
          g_param_spec_enum(
              "precision", "Precision",
              "Number format of the network. auto is fp32 on CPUs, which repeats the reference most closely, and "
              "fp16 on GPUs; bf16 is faster on CPUs with AMX, and may label steps otherwise whose classes "
              "are close to each other: train with it too",
              GST_TYPE_ACTION_PRECISION, static_cast<int>(Precision::kAuto), kFlags));
  install(PROP_SAMPLE_RATE,
          gst_param_spec_fraction(
              "sample-rate", "Sample rate",
              "Frames per second that are looked at. Must be what the model was trained with (8/1 in the "
              "reference); 16 of them make one chunk",
              1, 1000, 1000, 1, 8, 1, kFlags));
  install(PROP_SAMPLING,
          g_param_spec_enum(
              "sampling", "Sampling",
              "How frames are chosen. auto counts frames as the reference does while a file keeps its announced "
              "rate, and goes by time for variable rates and live sources",
              GST_TYPE_ACTION_SAMPLING, static_cast<int>(Sampling::kAuto), kFlags));
  install(PROP_HOP,
          g_param_spec_int("hop", "Hop",
                           "Samples from the start of one chunk to the next. 16: chunks do not overlap, as in the "
                           "reference, one every 2 s at 8/1; 4: one every 0.5 s, for a finer timeline at four times "
                           "the work",
                           1, kChunkFrames, kChunkFrames, kFlags));
  install(PROP_ROI, g_param_spec_string(
                        "roi", "Region of interest",
                        "Part of the picture that is looked at: x,y,width,height as fractions of its size. 0.5,0,0.5,1 "
                        "is the right half. Must be what the model was trained with",
                        "0,0,1,1", kFlags));
  install(PROP_COLORIMETRY,
          g_param_spec_enum(
              "colorimetry", "Colorimetry",
              "How YUV becomes RGB. reference: BT.601 whatever the stream says, as cv2.VideoCapture, which the "
              "published weights and existing models were trained with; stream: as the stream says, for "
              "models trained anew",
              GST_TYPE_ACTION_COLORIMETRY, static_cast<int>(Colorimetry::kReference), kFlags));
  install(
      PROP_MAX_PENDING,
      g_param_spec_uint("max-pending", "Maximum pending chunks",
                        "Chunks (0.6 MB each) that may wait for the network. When it is full a file waits, and a live "
                        "source loses its oldest waiting chunk",
                        1, 1024, Settings{}.max_pending, kFlags));
  install(
      PROP_BATCH_SIZE,
      g_param_spec_uint("batch-size", "Batch size",
                        "Most chunks in a pass of the network that has one of this stream. Passes take what waits, of "
                        "all streams in turn, and never wait for more. 0: what suits the device, 1 on CPUs; less "
                        "than that lowers the delay of many live streams on one GPU, and its memory",
                        0, 64, 0, kFlags));
  install(PROP_GAP_THRESHOLD,
          g_param_spec_uint64(
              "gap-threshold", "Gap threshold",
              "Missing time, in nanoseconds, from which a chunk is ended and a new one begun instead of one "
              "chunk covering the hole. A lost frame is not a hole",
              GST_MSECOND, G_MAXINT64, GST_SECOND, kFlags));
  install(PROP_POST_MESSAGES,
          g_param_spec_boolean("post-messages", "Post messages",
                               "Post an element message 'action-features' for every chunk: its times and state", TRUE,
                               kFlags));
  install(PROP_POST_FEATURES,
          g_param_spec_boolean("post-features", "Post features",
                               "Put the 512 numbers (a GBytes of float32, 2 kB) into the messages too", FALSE, kFlags));
  install(PROP_STATS, g_param_spec_boxed(
                          "stats", "Statistics",
                          "Of this stream since READY->PAUSED: chunks (computed), batches (passes of the network that "
                          "had some of them), dropped (under overload), wait and compute (ns in all). Of the network, "
                          "all streams together: network-chunks, network-batches, network-compute (ns), "
                          "network-streams (now open)",
                          GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));

  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_PRECISION, static_cast<GstPluginAPIFlags>(0));
  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_SAMPLING, static_cast<GstPluginAPIFlags>(0));
  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_COLORIMETRY, static_cast<GstPluginAPIFlags>(0));
}

}  // namespace action
