#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads the features of a video at an appsink: action-features events arrive in order with the buffers.

    python3 appsink_features.py VIDEO

Prints a line a chunk: its time in seconds, the frames it is made of, the first three of its 512 numbers.
In C, gst_app_sink_pull_object gives buffers and events alike; Python does not have it, so a probe on the sink's pad sees the events.
"""

import struct
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402, F401  (GstApp gives appsink its methods)

PATIENCE = 60  # s; decodebin may give up without an error on a file that has no video


def on_event(pad, info):
    event = info.get_event()
    if event.has_name("action-features"):
        chunk = event.get_structure()
        if chunk.has_field("features"):  # absent when a live source was faster than the network
            features = struct.unpack("<512f", chunk.get_value("features").get_data())
            seconds = chunk.get_value("stream-time") / Gst.SECOND
            print("%.3f %d %.6f %.6f %.6f" % (seconds, chunk.get_value("frames"), *features[:3]))
    return Gst.PadProbeReturn.OK


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: appsink_features.py VIDEO")
    Gst.init(None)
    pipeline = Gst.parse_launch(
        "filesrc name=source ! decodebin ! r3dfeatures orientation=auto ! appsink name=sink sync=false")
    pipeline.get_by_name("source").set_property("location", sys.argv[1])
    sink = pipeline.get_by_name("sink")
    sink.get_static_pad("sink").add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, on_event)
    pipeline.set_state(Gst.State.PLAYING)
    error = None
    ended = False
    in_vain = 0
    while not error and not ended and in_vain < 10 * PATIENCE:
        ended = sink.is_eos()  # also when it never started
        # The pictures. An error in the pipeline does not wake the sink: look at the bus now and then.
        if sink.try_pull_sample(Gst.SECOND // 10) is not None:
            in_vain = 0
        else:
            in_vain += 1
            error = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if error:
        sys.exit(error.parse_error()[0].message)
    if not ended:
        sys.exit(f"{sys.argv[1]}: no picture for {PATIENCE} s")


main()
