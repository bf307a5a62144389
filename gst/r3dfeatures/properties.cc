// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "r3dfeatures/properties.h"

#include "r3dfeatures/enums.h"

namespace action {
namespace {

using Settings = R3dFeaturesSettings;

PropertyTable<Settings> NewTable() {
  PropertyTable<Settings> table;
  table.Text("weights", "Weights",
             "File with the weights of torchvision's video.r3d_18 (.pth, .pt or .safetensors). Not set: "
             "GST_ACTION_WEIGHTS, then $XDG_DATA_HOME/gst-action/r3d_18-b3b3357e.pth, then torch hub's cache. "
             "'gst-action-weights fetch' puts the published file there",
             &Settings::weights, kMutableReady);
  table.Text("device", "Device",
             "Where the network runs: auto (a CUDA GPU if there is one, else the CPU), cpu, cuda or cuda:N. "
             "Elements with the same weights, device and precision share one network",
             &Settings::device, kMutableReady);
  table.Enum("precision", "Precision",
             "Number format of the network. auto is fp32 on CPUs, which repeats the reference most closely, and "
             "fp16 on GPUs; bf16 is faster on CPUs with AMX, and may label steps otherwise whose classes "
             "are close to each other: train with it too",
             GST_TYPE_ACTION_PRECISION, &Settings::precision, kMutableReady);
  table.Rate(
      "sample-rate", "Sample rate",
      "Frames per second that are looked at. Must be what the model was trained with (8/1 in "
      "the reference); 16 of them make one chunk",
      [](auto &s) -> auto & { return s.features.sample_rate; }, kMutableReady);
  table.Enum(
      "sampling", "Sampling",
      "How frames are chosen. auto counts frames as the reference does while a file keeps its announced "
      "rate, and goes by time for variable rates and live sources",
      GST_TYPE_ACTION_SAMPLING, [](auto &s) -> auto & { return s.features.sampling; }, kMutableReady);
  table.Int(
      "hop", "Hop",
      "Samples from the start of one chunk to the next. 16: chunks do not overlap, as in the reference, one "
      "every 2 s at 8/1; 4: one every 0.5 s, for a finer timeline at four times the work",
      1, kChunkFrames, [](auto &s) -> auto & { return s.features.hop; }, kMutableReady);
  table.Enum(
      "features", "Features",
      "windowed: of a chunk's 16 frames alone, as the reference. continual: the first layers run along the stream, "
      "each "
      "frame once, and see the frames around a chunk as well; chunks that overlap (hop 4) share their work, on CPUs, "
      "and "
      "come 11 samples later. Must be what the model was trained with",
      GST_TYPE_ACTION_FEATURE_MODE, [](auto &s) -> auto & { return s.features.mode; }, kMutableReady);
  table.Boolean(
      "adaptive-hop", "Adaptive hop",
      "Of a live source: while the network does not keep up, the hop is doubled, up to 16, instead of losing steps "
      "here "
      "and there; and halved again when there is time",
      [](auto &s) -> auto & { return s.features.adaptive_hop; }, kMutableReady);
  table.Enum("orientation", "Orientation",
             "How pictures are turned before they are looked at; the frames pass as they came. auto: as the stream's "
             "image-orientation tag says, after the conversion to RGB, as cv2.VideoCapture does. Behind a videoflip: "
             "identity",
             GST_TYPE_ACTION_ORIENTATION, &Settings::orientation, kMutableReady);
  table.Text(
      "roi", "Region of interest",
      "Part of the (turned) picture that is looked at: x,y,width,height as fractions of its size. 0.5,0,0.5,1 is the "
      "right half. Must be what the model was trained with",
      &Settings::roi, kMutableReady);
  table.Enum(
      "colorimetry", "Colorimetry",
      "How YUV becomes RGB. reference: BT.601 whatever the stream says, as cv2.VideoCapture, which the "
      "published weights and existing models were trained with; stream: as the stream says, for "
      "models trained anew",
      GST_TYPE_ACTION_COLORIMETRY, [](auto &s) -> auto & { return s.features.colorimetry; }, kMutableReady);
  table.Uint("max-pending", "Maximum pending chunks",
             "Chunks (0.6 MB each) that may wait for the network. When it is full a file waits, and a live source "
             "loses its oldest waiting chunk",
             1, 1024, &Settings::max_pending, kMutableReady);
  table.Uint("batch-size", "Batch size",
             "Most chunks in a pass of the network that has one of this stream. Passes take what waits, of all "
             "streams in turn, and never wait for more. 0: what suits the device, 1 on CPUs; less than that lowers "
             "the delay of many live streams on one GPU, and its memory",
             0, 64, &Settings::batch_size, kMutableReady);
  table.Uint64(
      "gap-threshold", "Gap threshold",
      "Missing time, in nanoseconds, from which a chunk is ended and a new one begun instead of one chunk "
      "covering the hole. A lost frame is not a hole",
      GST_MSECOND, G_MAXINT64, [](auto &s) -> auto & { return s.features.gap_threshold; }, kMutableReady);
  table.Boolean("post-messages", "Post messages",
                "Post an element message 'action-features' for every chunk: its times and state",
                &Settings::post_messages, kMutablePlaying);
  table.Boolean("post-features", "Post features",
                "Put the 512 numbers (a GBytes of float32, 2 kB) into the messages too", &Settings::post_features,
                kMutablePlaying);
  table.Computed(g_param_spec_boxed(
      "stats", "Statistics",
      "Of this stream since READY->PAUSED: chunks (computed), batches (passes of the network that had some of them), "
      "dropped (under overload), wait and compute (ns in all); hop (samples from step to step now). Of the network, "
      "all streams together: network-chunks, "
      "network-batches, network-compute (ns), network-streams (now open)",
      GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  return table;
}

}  // namespace

const PropertyTable<Settings> &R3dFeaturesProperties() {
  static const PropertyTable<Settings> table = NewTable();
  return table;
}

}  // namespace action
