# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which elements pass on the label meta: the table of docs/labels.md is what happens here.

  test_meta_table.py BUILD SOURCE            the test (TAP)
  test_meta_table.py BUILD SOURCE --table    the table's rows as they should be
"""
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import tap  # noqa: E402

BUILD, SOURCE = sys.argv[1:3]
os.environ.setdefault("GST_PLUGIN_PATH", os.path.join(BUILD, "gst"))

import gi  # noqa: E402

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

Gst.init(None)

# What stands between the labels and whoever reads them; the name in the table is that of the first element.
LINES = {
    "converters": ["videoconvert ! video/x-raw,format=RGB", "videoscale ! video/x-raw,width=160,height=120",
                   "videorate ! video/x-raw,framerate=5/1", "videoflip method=clockwise", "videocrop top=8", "videobox top=-8"],
    "queues": ["queue", "tee", "valve", "identity", "multiqueue"],
    "drawing": ["textoverlay text=x", "timeoverlay", "clockoverlay", "gamma gamma=2", "videobalance hue=0.5"],
    "mixing": ["deinterlace mode=interlaced", "compositor"],
    "encoders": ["x264enc", "vp8enc", "vp9enc", "jpegenc", "videoconvert ! pngenc", "avenc_mpeg4"],
    "containers and the network": ["x264enc ! h264parse", "x264enc ! mpegtsmux", "x264enc ! matroskamux", "x264enc ! rtph264pay",
                                   "x264enc ! avdec_h264", "jpegenc ! jpegdec"],
}


def passes(line):
    """Whether frames, or what is made of them, have the label behind these elements; None where one is not installed."""
    if any(Gst.ElementFactory.find(part.split()[0]) is None for part in line.split(" ! ") if not part.startswith("video/")):
        return None
    with tempfile.TemporaryDirectory() as folder:
        timeline = os.path.join(folder, "t.json")
        with open(timeline, "w", encoding="utf-8") as file:
            json.dump([{"start": 0, "end": 60, "fine_action": "a_va"}], file)
        pipeline = Gst.parse_launch(f"videotestsrc num-buffers=40 ! video/x-raw,format=I420,width=320,height=240,framerate=10/1 "
                                    f"! timelinelabel location={timeline} ! {line} ! fakesink name=sink sync=false")
        found = []

        def look(_, info):
            several = info.get_buffer_list() if info.type & Gst.PadProbeType.BUFFER_LIST else None
            buffers = [several.get(i) for i in range(several.length())] if several else [info.get_buffer()]
            found.extend(buffer.get_custom_meta("GstActionLabelMeta") is not None for buffer in buffers)
            return Gst.PadProbeReturn.OK

        pipeline.get_by_name("sink").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST, look)
        pipeline.set_state(Gst.State.PLAYING)
        message = pipeline.get_bus().timed_pop_filtered(30 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
        pipeline.set_state(Gst.State.NULL)
        assert message and message.type == Gst.MessageType.EOS and found, (line, message and message.parse_error())
        # The first things that a container or an encoder pushes may be headers.
        return sum(found) * 2 > len(found)


def measured():
    return {(kind, line): passes(line) for kind, lines in LINES.items() for line in lines}


def name_of(line):
    return " ! ".join(part.split()[0] for part in line.split(" ! ") if not part.startswith("video/"))


def rows(results):
    table = []
    for kind in LINES:
        sides = {True: [], False: []}
        for (of, line), kept in results.items():
            if of == kind and kept is not None:
                sides[kept].append(f"`{name_of(line)}`")
        table.append(f"| {kind} | {', '.join(sides[True]) or '-'} | {', '.join(sides[False]) or '-'} |")
    return table


def table_of_the_document():
    with open(os.path.join(SOURCE, "docs/labels.md"), encoding="utf-8") as file:
        text = file.read().split("### What passes it on", 1)[1].split("\n#", 1)[0]
    said = {}
    for kind, keeps, drops in re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", text, re.M):
        for side, names in ((True, keeps), (False, drops)):
            for name in re.findall(r"`([^`]+)`", names):
                said[kind, name] = side
    return said


def the_table_is_what_happens():
    said = table_of_the_document()
    results = measured()
    wrong = [f"{name_of(line)}: {'passes it on' if kept else 'drops it'}, the table says {said.get((kind, name_of(line)))}"
             for (kind, line), kept in results.items() if kept is not None and said.get((kind, name_of(line))) != kept]
    unknown = set(said) - {(kind, name_of(line)) for kind, line in results}
    assert not unknown, unknown
    if wrong and Gst.version()[:2] != (1, 22):
        raise tap.Skip(f"the table is of GStreamer 1.22, this is {Gst.version_string()}: {wrong}")
    assert not wrong, wrong
    return [f"not installed: {name_of(line)}" for (_, line), kept in results.items() if kept is None]


if "--table" in sys.argv:
    print("\n".join(rows(measured())))
else:
    tap.run([("the table of docs/labels.md is what happens", the_table_is_what_happens)])
