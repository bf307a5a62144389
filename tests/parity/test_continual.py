# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""r3dfeatures features=continual against torchvision's network over the whole run at once: every hop, gaps, flushes, padded ends.

    test_continual.py WEIGHTS
"""

import functools
import sys
import threading

import numpy as np

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402, F401

import oracle  # noqa: E402
import tap  # noqa: E402

WEIGHTS = sys.argv[1]
Gst.init(None)
SAMPLE = Gst.SECOND // 8
BACKBONE = oracle.Backbone(WEIGHTS)


class Stream:
    """appsrc ! r3dfeatures, and what comes out of it: (event name, fields), in order."""

    def __init__(self, properties):
        self.pipeline = Gst.parse_launch(f"appsrc name=in format=time max-bytes=0 ! r3dfeatures name=features sampling=stride {properties} ! fakesink name=out sync=false")
        self.source = self.pipeline.get_by_name("in")
        self.source.set_property("caps", Gst.Caps.from_string("video/x-raw,format=RGB,width=112,height=112,framerate=8/1"))
        self.events = []
        self.pushed = self.arrived = 0
        self.changed = threading.Condition()
        pad = self.pipeline.get_by_name("out").get_static_pad("sink")
        pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self._event)
        pad.add_probe(Gst.PadProbeType.BUFFER, self._frame)
        self.pipeline.set_state(Gst.State.PLAYING)

    def _event(self, pad, info):
        fields = info.get_event().get_structure()
        if fields and fields.get_name().startswith("action-"):
            self.events.append((fields.get_name(), fields))
        return Gst.PadProbeReturn.OK

    def _frame(self, pad, info):
        with self.changed:
            self.arrived += 1
            self.changed.notify_all()
        return Gst.PadProbeReturn.OK

    def push(self, frames, start):
        """Frames from this sample on."""
        for number, frame in enumerate(frames):
            buffer = Gst.Buffer.new_wrapped(frame.tobytes())
            buffer.pts, buffer.duration = (start + number) * SAMPLE, SAMPLE
            assert self.source.push_buffer(buffer) == Gst.FlowReturn.OK
            self.pushed += 1

    def gap(self, start, samples):
        assert self.source.send_event(Gst.Event.new_gap(start * SAMPLE, samples * SAMPLE))

    def wait(self):
        """Until everything that was pushed has gone through the element, and its chunks have left."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.arrived == self.pushed, 120)
        assert self.source.get_static_pad("src").peer_query(Gst.Query.new_drain())

    def end(self):
        self.source.end_of_stream()
        message = self.pipeline.get_bus().timed_pop_filtered(120 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
        assert message and message.type == Gst.MessageType.EOS, message and message.parse_error()
        self.pipeline.set_state(Gst.State.NULL)
        return [fields for name, fields in self.events if name == "action-features"]


def starts_of(count, hop):
    """Where chunks begin, and where the run ends with the frames that are repeated."""
    starts = [0]
    while starts[-1] + 16 < count:
        starts.append(starts[-1] + hop)
    return starts, starts[-1] + 16


@functools.lru_cache(maxsize=None)
def expected(seed, count, run_end):
    """A function of a chunk's start: its features, with the shared layers over the whole run at once."""
    frames = list(oracle.moving_pictures(count, seed))
    return functools.lru_cache(maxsize=None)(BACKBONE.shared(frames + [frames[-1]] * (run_end - count)))


def check(rows, runs, hop, notes):
    """rows: the chunks in order; runs: (seed, frames, first sample)."""
    at = 0
    for seed, count, first in runs:
        starts, run_end = starts_of(count, hop)
        right = expected(seed, count, run_end)
        for number, start in enumerate(starts):
            row = rows[at]
            at += 1
            assert row.get_value("timestamp") == (first + start) * SAMPLE, (row.to_string(), first, start)
            assert row.get_value("frames") == min(16, count - start) and row.get_value("discont") == (number == 0), row.to_string()
            got = np.frombuffer(row.get_value("features").get_data(), np.float32)
            limit = 1e-4 * float(np.abs(right(start)).max())
            worst = float(np.abs(got - right(start)).max())
            assert worst <= limit, (hop, seed, start, worst, limit)
            notes.append(worst)
    assert at == len(rows), (at, len(rows))


def hops(*some):
    """Two runs with a hole between them: one whose length fits many hops, and one that mostly ends in padding."""
    def test():
        notes = []
        for hop in some:
            stream = Stream(f"features=continual hop={hop}")
            stream.push(oracle.moving_pictures(40, 1), 0)
            stream.gap(40, 24)
            stream.push(oracle.moving_pictures(25, 2), 64)
            rows = stream.end()
            check(rows, [(1, 40, 0), (2, 25, 64)], hop, notes)
            ends = [i for i, (name, _) in enumerate(stream.events) if name == "action-run-end"]
            before = sum(name == "action-features" for name, _ in stream.events[:ends[0]])
            assert before == len(starts_of(40, hop)[0]), "the gap comes after all chunks of the frames before it"
            backbone = next(fields for name, fields in stream.events if name == "action-backbone")
            assert backbone.get_value("mode") == "continual"
        return [f"{len(notes)} chunks, largest difference {max(notes):.2g}"]
    return test


def short_runs():
    """One frame; 16; one more than that; and as many as a chunk and its context."""
    notes = []
    for count in (1, 16, 17, 27, 28):
        stream = Stream("features=continual hop=4")
        stream.push(oracle.moving_pictures(count, 3), 0)
        check(stream.end(), [(3, count, 0)], 4, notes)
    return [f"largest difference {max(notes):.2g}"]


def flushed():
    """What was before a flush has no part in what comes after it."""
    notes = []
    stream = Stream("features=continual hop=4")
    stream.push(oracle.moving_pictures(38, 1), 0)
    stream.wait()
    before = len([name for name, _ in stream.events if name == "action-features"])
    assert before == 3, before  # those at 0, 4 and 8 have the 11 frames behind them; the one at 12 has not
    assert stream.source.send_event(Gst.Event.new_flush_start())
    assert stream.source.send_event(Gst.Event.new_flush_stop(True))
    stream.push(oracle.moving_pictures(25, 2), 100)
    check(stream.end()[before:], [(2, 25, 100)], 4, notes)
    return [f"largest difference {max(notes):.2g}"]


def two_streams():
    """Two streams of one network, in turn: each has its own frames."""
    notes = []
    streams = [Stream("features=continual hop=4") for _ in range(2)]
    for start in range(0, 40, 5):
        for seed, stream in enumerate(streams, 1):
            stream.push(oracle.moving_pictures(40, seed)[start:start + 5], start)
            stream.wait()
    for seed, stream in enumerate(streams, 1):
        check(stream.end(), [(seed, 40, 0)], 4, notes)
    return [f"largest difference {max(notes):.2g}"]


def a_hop_of_16():
    notes = []
    stream = Stream("features=continual hop=16")
    stream.push(oracle.moving_pictures(40, 1), 0)
    check(stream.end(), [(1, 40, 0)], 16, notes)
    return [f"largest difference {max(notes):.2g}"]


TESTS = [
    ("hops 1, 2, 3, 4", hops(1, 2, 3, 4)),
    ("hops 5, 6, 7, 8", hops(5, 6, 7, 8)),
    ("hop 16", a_hop_of_16),
    ("short runs", short_runs),
    ("flushed", flushed),
    ("two streams", two_streams),
]
tap.run([test for test in TESTS if not sys.argv[2:] or any(part in test[0] for part in sys.argv[2:])])
