// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Returns from main while chunks are computed, or with an argument while the network is still being loaded: nothing is
// stopped, nothing unreferenced. Must end with status 0.
#include <gst/gst.h>

#include <cstdio>
#include <future>

namespace {

constexpr int kFramesBeforeExit = 24;  // with hop=1 nine chunks are under way

GstPadProbeReturn OnBuffer(GstPad *, GstPadProbeInfo *, gpointer user) {
  static int count = 0;
  if (++count == kFramesBeforeExit) static_cast<std::promise<void> *>(user)->set_value();
  return GST_PAD_PROBE_OK;
}

}  // namespace

int main(int argc, char **argv) {
  const bool early = argc > 1;
  gst_init(&argc, &argv);
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch(
      "videotestsrc num-buffers=1000 ! video/x-raw,width=64,height=48,framerate=8/1 ! r3dfeatures hop=1 max-pending=64 "
      "! fakesink name=out",
      &error);
  auto *enough = new std::promise<void>;
  GstElement *out = gst_bin_get_by_name(GST_BIN(pipeline), "out");
  gst_pad_add_probe(gst_element_get_static_pad(out, "sink"), GST_PAD_PROBE_TYPE_BUFFER, OnBuffer, enough, nullptr);
  if (gst_element_set_state(pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) return 3;
  if (!early) enough->get_future().wait();
  std::puts("leaving");
  return 0;
}
