# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs actionclassify and timelinesmooth on features that were computed once: no video, no network.

Features of hop 2 hold those of hops 4, 8 and 16: a chunk is 16 samples from a multiple of the hop on.
"""

import json
import os
import subprocess

import numpy as np

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

Gst.init(None)
CHUNK = 16


def record(video, path, hop, properties="precision=fp32"):
    """The chunks of a video of constant rate, once: saved in path (.npz)."""
    if os.path.exists(path):
        return
    chunks, facts = [], {}

    def seen(pad, info):
        event = info.get_event()
        fields = event.get_structure()
        name = fields.get_name() if fields else ""
        if name == "action-backbone":
            facts["backbone"] = fields.to_string()
        elif name == "action-features":
            chunks.append((fields.get_value("stream-time"), fields.get_value("padded"), fields.get_value("step-stream-time"),
                           np.frombuffer(fields.get_value("features").get_data(), np.float32)))
        return Gst.PadProbeReturn.OK

    last = {}

    def frame(pad, info):
        buffer = info.get_buffer()
        last.setdefault("first", buffer.pts)
        last["end"] = buffer.pts + buffer.duration
        return Gst.PadProbeReturn.OK

    pipeline = Gst.parse_launch(f'filesrc location="{video}" ! decodebin ! r3dfeatures orientation=auto hop={hop} post-messages=false '
                                f"{properties} ! fakesink name=out")
    pad = pipeline.get_by_name("out").get_static_pad("sink")
    pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, seen)
    pad.add_probe(Gst.PadProbeType.BUFFER, frame)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    assert message.type == Gst.MessageType.EOS, message.parse_error()
    pipeline.set_state(Gst.State.NULL)
    whole = [c for c in chunks if not c[1]]
    temporary = path + ".tmp.npz"
    np.savez(temporary, features=np.stack([c[3] for c in whole]), times=np.array([c[0] for c in whole], np.int64),
             steps=np.array([c[2] for c in whole], np.int64), hop=hop, duration=last["end"] - last["first"], backbone=facts["backbone"])
    os.rename(temporary, path)


class Features:
    def __init__(self, path):
        with np.load(path) as read:
            self.features, self.times, self.steps = read["features"], read["times"] - read["times"][0], read["steps"]
            self.hop, self.duration, self.backbone = int(read["hop"]), int(read["duration"]), str(read["backbone"])
        assert self.hop == 2
        # Sample 2k begins chunk k, and chunk k's step begins 7 samples later.
        self.steps = self.steps - self.steps[0] + self._sample_after(7)

    def _sample_after(self, count):
        return int(round((self.times[-1] / (2 * (len(self.times) - 1))) * count))

    def sample(self, number):
        """Time of a sample, ns; the rate is constant."""
        return int(round(self.times[-1] * number / (2 * (len(self.times) - 1))))

    def chunks(self, hop):
        """(first sample, features) of every chunk of 16 samples at this hop."""
        return [(2 * k, self.features[k]) for k in range(0, len(self.features), hop // 2)]


def chain(description):
    """The elements, with a pad to push into."""
    pipeline = Gst.parse_launch(description)
    source = Gst.Pad.new("source", Gst.PadDirection.SRC)
    element = pipeline.get_by_name("first")
    assert source.link(element.get_static_pad("sink")) == Gst.PadLinkReturn.OK
    return pipeline, source


def timeline(features, hop, model, location, classify="", smooth=""):
    """What the elements make of the features at this hop: the exported timeline."""
    pipeline, source = chain(f"actionclassify name=first model={model} post-messages=false {classify} ! timelinesmooth sync-mode=immediate post-messages=false "
                             f"location={location} {smooth} ! fakesink async=false")
    pipeline.set_state(Gst.State.PLAYING)
    source.set_active(True)
    source.push_event(Gst.Event.new_stream_start("replay"))
    caps = Gst.Caps.from_string("video/x-raw,format=GRAY8,width=4,height=4,framerate=0/1")
    source.push_event(Gst.Event.new_caps(caps))
    segment = Gst.Segment()
    segment.init(Gst.Format.TIME)
    source.push_event(Gst.Event.new_segment(segment))
    backbone, _ = Gst.Structure.from_string(features.backbone)
    backbone.set_value("hop", hop)
    source.push_event(Gst.Event.new_custom(Gst.EventType.CUSTOM_DOWNSTREAM_STICKY, backbone))
    pixels = Gst.Buffer.new_wrapped(bytes(16))
    chunks = features.chunks(hop)

    def frame(begin, end):
        buffer = pixels.copy()
        buffer.pts, buffer.duration = begin, end - begin
        assert source.push(buffer) == Gst.FlowReturn.OK

    at = 0
    for index, (first, values) in enumerate(chunks):
        begin, end = features.sample(first), features.sample(first + CHUNK)
        step = features.sample(first + (CHUNK - hop) // 2)
        step_end = features.sample(first + (CHUNK - hop) // 2 + hop)
        if end > at:
            frame(at, end)
            at = end
        event = Gst.Structure.new_empty("action-features")
        for name, value in (("index", index), ("timestamp", begin), ("stream-time", begin), ("running-time", begin), ("duration", end - begin),
                            ("end", end), ("step-timestamp", step), ("step-stream-time", step), ("step-running-time", step),
                            ("step-duration", step_end - step)):
            typed = GObjectValue(value)
            event.set_value(name, typed)
        for name, value in (("padded", False), ("discont", index == 0), ("dropped", False)):
            event.set_value(name, value)
        event.set_value("frames", CHUNK)
        event.set_value("features", GLib.Bytes.new(values.tobytes()))
        source.push_event(Gst.Event.new_custom(Gst.EventType.CUSTOM_DOWNSTREAM, event))
    if features.duration > at:
        frame(at, features.duration)
    source.push_event(Gst.Event.new_eos())
    bus = pipeline.get_bus()
    message = bus.timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    assert message is not None and message.type == Gst.MessageType.EOS, message and message.parse_error()
    pipeline.set_state(Gst.State.NULL)
    with open(location) as file:
        return json.load(file)


def GObjectValue(number):
    """An unsigned 64-bit value, which Python's int is not by itself."""
    from gi.repository import GObject
    value = GObject.Value()
    value.init(GObject.TYPE_UINT64)
    value.set_uint64(number)
    return value


def cpu_seconds(command):
    """Wall and CPU seconds of a command."""
    import resource
    import time
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
