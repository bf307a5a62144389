# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs pipelines some of whose frames lie in the memory of a GPU. To be imported after gi has been told the version of Gst."""

from gi.repository import Gst

PATIENCE = 120  # s


def run(line, stopped=lambda: None):
    """Runs to the end: the error or None, the features that were posted, and of each frame at `sink` the features of its caps and its bytes, None on a GPU.
    stopped: called in READY."""
    pipeline = Gst.parse_launch(line)
    features, seen = [], []
    sink = pipeline.get_by_name("sink")
    if sink:
        def on_frame(pad, info):
            where, frame = pad.get_current_caps().get_features(0), info.get_buffer()
            here = where.contains("memory:SystemMemory")
            seen.append((where.to_string(), frame.extract_dup(0, frame.get_size()) if here else None))
            return Gst.PadProbeReturn.OK
        sink.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, on_frame)
    pipeline.set_state(Gst.State.PLAYING)
    bus, error = pipeline.get_bus(), None
    while True:
        message = bus.timed_pop(PATIENCE * Gst.SECOND)
        assert message, f"nothing happens: {line}"
        if message.type == Gst.MessageType.ELEMENT and message.has_name("action-features") and message.get_structure().has_field("features"):
            features.append(list(message.get_structure().get_value("features").get_data()))
        if message.type == Gst.MessageType.ERROR:
            error = message.parse_error()[0].message
        if message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS):
            break
    pipeline.set_state(Gst.State.READY)
    stopped()
    pipeline.set_state(Gst.State.NULL)
    return error, features, seen
