# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""actionskip takes pictures out before the decoder, and the features stay the same to the bit.

    test_skip.py BUILD
"""

import os
import shutil
import sys
import tempfile

import gi

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import tap

gi.require_version("Gst", "1.0")
from gi.repository import Gst

BUILD = os.path.abspath(sys.argv[1])
FOLDER = tempfile.mkdtemp(prefix="gst-action-skip-")
PATIENCE = 120  # s
Gst.init(None)

# Pictures that change all the time, so that one for another would be seen.
MOVING = "videotestsrc pattern=smpte75 num-buffers={frames} ! video/x-raw,format=I420,width=192,height=144,framerate={rate} ! timeoverlay font-desc=\"Sans 40\" valignment=center"
H264 = "x264enc speed-preset=fast key-int-max=60 {options} ! video/x-h264,profile=high ! h264parse"
# Two B pictures between others, which nothing refers to; three, of which one is referred to.
FLAT = "bframes=2 b-adapt=false option-string=b-pyramid=none"
PYRAMID = "bframes=3 b-adapt=false option-string=b-pyramid=normal"
H265 = "x265enc speed-preset=fast key-int-max=60 option-string=\"{options}\" ! h265parse"


def make(name, encoder=H264, options="", frames=160, rate="30/1", muxer="mp4mux"):
    path = os.path.join(FOLDER, name)
    if not os.path.exists(path):
        line = f"{MOVING.format(frames=frames, rate=rate)} ! {encoder.format(options=options)} ! {muxer} ! filesink location={path}"
        pipeline = Gst.parse_launch(line)
        finish(pipeline)
    return path


def finish(pipeline, seen=lambda message: None, start=Gst.State.PLAYING):
    """Runs to its end; returns the error's text, or None. seen: true when a message is not the end."""
    pipeline.set_state(start)
    bus = pipeline.get_bus()
    error = None
    while True:
        message = bus.timed_pop(PATIENCE * Gst.SECOND)
        assert message, "nothing happens"
        if seen(message):
            continue
        if message.type == Gst.MessageType.ERROR:
            error = message.parse_error()[0].message
        if message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS):
            break
    pipeline.stats = skip_stats(pipeline)
    pipeline.set_state(Gst.State.NULL)
    return error


def skip_stats(pipeline):
    skip = pipeline.get_by_name("skip")
    return {name: stats.get_value(name) for stats in [skip.get_property("stats")] for name in ("pictures", "skipped", "kept-all")} if skip else {}


def features(path, skip, codec="h264", demuxer="qtdemux", properties="", skip_properties="", between="", decoder=None, seek=None, seek_at_end=False):
    """What r3dfeatures says of a file: its messages without the time of day; and actionskip's stats, the frames that arrived.

    seek: (from, to) in seconds, before it plays; seek_at_end: when it has played to its end.
    """
    pipeline = Gst.parse_launch(f"filesrc location={path} ! {demuxer} ! {codec}parse ! {between} {f'actionskip name=skip {skip_properties} !' if skip else ''} "
                                f"{decoder or 'avdec_' + codec} ! r3dfeatures name=features post-features=true {properties} ! fakesink name=sink sync=false")
    rows, state = [], {"frames": 0, "sought": seek is None}

    def on_frame(_pad, _info):
        state["frames"] += 1
        return Gst.PadProbeReturn.OK
    pipeline.get_by_name("sink").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, on_frame)

    def seen(message):
        structure = message.get_structure()
        if message.type == Gst.MessageType.ELEMENT and structure.get_name() == "action-features":
            rows.append(tuple(structure.get_value(field).get_data() if field == "features" else structure.get_value(field)
                              for field in ("stream-time", "running-time", "duration", "end", "step-stream-time", "step-duration", "frames", "padded", "discont", "features")))
        if message.type == (Gst.MessageType.EOS if seek_at_end else Gst.MessageType.ASYNC_DONE) and not state["sought"]:
            state["sought"] = True
            rows.clear()
            state["frames"] = 0
            begin, end = (-1 if time is None else int(time * Gst.SECOND) for time in seek)
            assert pipeline.seek(1.0, Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE, Gst.SeekType.SET, begin,
                                 Gst.SeekType.NONE if end < 0 else Gst.SeekType.SET, end)
            pipeline.set_state(Gst.State.PLAYING)
            return True
    error = finish(pipeline, seen, Gst.State.PLAYING if seek is None or seek_at_end else Gst.State.PAUSED)
    assert error is None, error
    assert rows and sum(len(row[-1]) for row in rows) == 2048 * len(rows)
    return rows, pipeline.stats, state["frames"]


def compare(path, least, most=1.0, most_lost=1, **how):
    """The features are the same; the share of pictures that were skipped lies between the two. most_lost: pictures that the decoder makes no frames of."""
    plain, _, frames = features(path, False, **how)
    skipping, stats, left = features(path, True, **how)
    assert len(plain) == len(skipping), (len(plain), len(skipping))
    for i, (a, b) in enumerate(zip(plain, skipping)):
        assert a[:-1] == b[:-1], (i, a[:-1], b[:-1])
        assert a[-1] == b[-1], f"chunk {i} has other features"
    share = stats["skipped"] / stats["pictures"]
    assert left == frames - stats["skipped"] and 0 <= stats["pictures"] - frames <= most_lost, (stats, frames, left)
    assert least <= share <= most, (path, share, stats)
    return stats


def needed(what):
    if Gst.ElementFactory.find(what) is None:
        raise tap.Skip(f"{what} is not installed")


def same_features():
    notes = []
    # At 30/1 every fourth picture is sampled, at 25/1 every third, at 10/1 each.
    for name, options, rate, least, most in (("b0", "bframes=0", "30/1", 0, 0), ("b2", FLAT, "30/1", 0.4, 0.67), ("b3", PYRAMID, "30/1", 0.3, 0.6), ("b3-25", PYRAMID, "25/1", 0.25, 0.5),
                                             ("b2-10", FLAT, "10/1", 0, 0), ("b2-ntsc", FLAT, "30000/1001", 0.4, 0.67), ("b2-60", FLAT, "60/1", 0.5, 0.67)):
        stats = compare(make(f"{name}.mp4", options=options, rate=rate), least, most, properties="hop=4" if name == "b3" else "")
        notes.append(f"{name}: {stats['skipped']} of {stats['pictures']} skipped")
    return notes


def same_features_h265():
    needed("x265enc")
    needed("avdec_h265")
    notes = []
    for name, options, least in (("plain", "bframes=3:b-adapt=0:b-pyramid=0", 0.4), ("pyramid", "bframes=4:b-adapt=0", 0.3), ("layers", "bframes=3:b-adapt=0:temporal-layers=1", 0)):
        stats = compare(make(f"h265-{name}.mp4", encoder=H265, options=options), least, 0 if name == "layers" else 0.8, codec="h265")
        notes.append(f"{name}: {stats['skipped']} of {stats['pictures']} skipped")
    return notes


def start_codes():
    """The same pictures as a byte stream, and as a whole chain of elements that decodebin would put between."""
    path = make("b2.mp4", options=FLAT)
    one = compare(path, 0.4, between="video/x-h264,stream-format=byte-stream !")
    assert one == compare(path, 0.4, between="queue !", decoder="queue ! avdec_h264 ! queue ! videoconvert ! video/x-raw,format=RGB")


def nothing_is_proved():
    """Where it is not sure, all pictures stay, and it says why."""
    flat = make("b2.mp4", options=FLAT)
    long = make("long.mkv", encoder=H264.replace("key-int-max=60", "key-int-max=1000"), options=FLAT, muxer="matroskamux", frames=700)
    for path, how, why in ((flat, {"between": "capssetter caps=\"video/x-h264,interlace-mode=(string)interleaved\" !"}, "interlaced"),
                           (flat, {"between": "capssetter caps=\"video/x-h264,coded-picture-structure=(string)field\" !"}, "interlaced"),
                           (long, {"demuxer": "matroskademux"}, "wait for each other")):
        stats = compare(path, 0, 0, **how)
        assert why in (stats["kept-all"] or ""), (path, stats)


def matroska():
    """Without decoding times; the second file is a single group."""
    notes = []
    for name, options, frames, encoder in (("b2", FLAT, 160, H264), ("b3", PYRAMID, 160, H264), ("one-group", PYRAMID, 400, H264.replace("key-int-max=60", "key-int-max=1000"))):
        stats = compare(make(f"{name}.mkv", encoder=encoder, options=options, muxer="matroskamux", frames=frames), 0.3, 0.67, demuxer="matroskademux")
        notes.append(f"{name}: {stats['skipped']} of {stats['pictures']} skipped")
    return notes


def parts():
    """After a seek, to a key frame or between two pictures, to the end or not: it skips on, and r3dfeatures sees the same."""
    notes = []
    for name, muxer, demuxer in (("b2.mp4", "mp4mux", "qtdemux"), ("b2.mkv", "matroskamux", "matroskademux")):
        path = make(name, options=FLAT, muxer=muxer)
        for seek in ((0.0, None), (3.3, None), (2.0, 4.0), (2.51, 4.755), (4.9, 5.0))[0 if muxer == "mp4mux" else 1:]:
            plain, _, whole = features(path, False, demuxer=demuxer, seek=seek)
            skipping, stats, left = features(path, True, demuxer=demuxer, seek=seek)
            assert plain == skipping and stats["kept-all"] is None, (name, seek, len(plain), len(skipping), stats)
            notes.append(f"{name}, {seek[0]} to {seek[1] or 'its end'} s: {left} frames of {whole} decoded and played")
            assert left <= whole and (left < 0.7 * whole or whole < 10), notes
    # A rate that was found out to be none before the seek is none after it.
    path = irregular_file()
    plain, _, _ = features(path, False, seek=(1.0, None), seek_at_end=True)
    skipping, stats, _ = features(path, True, seek=(1.0, None), seek_at_end=True)
    assert plain == skipping and "announced rate" in stats["kept-all"], stats
    return notes


def irregular_file():
    path = os.path.join(FOLDER, "irregular.mp4")
    if os.path.exists(path):
        return path
    # 4 s at 30 a second, then every second one is missing.
    drop = 120
    source = Gst.parse_launch(MOVING.format(frames=240, rate="30/1") + f" ! identity name=drop ! {H264.format(options=FLAT)} ! mp4mux ! filesink location={path}")
    count = [0]

    def on_frame(_pad, _info):
        count[0] += 1
        return Gst.PadProbeReturn.DROP if count[0] > drop and count[0] % 2 else Gst.PadProbeReturn.OK
    source.get_by_name("drop").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, on_frame)
    assert finish(source) is None
    return path


def irregular():
    """A stream whose pictures stop coming at the announced rate: what was skipped before is told all the same."""
    stats = compare(irregular_file(), 0.2, 0.5)
    assert "announced rate" in stats["kept-all"], stats


def put_together():
    """Two recordings in fragments, one behind the other in a file: the times begin anew in the middle."""
    one = make("fragments.mp4", options=FLAT, muxer="mp4mux fragment-duration=1000")
    path = os.path.join(FOLDER, "together.mp4")
    with open(one, "rb") as file, open(path, "wb") as both:
        both.write(2 * file.read())
    stats = compare(path, 0.2, 0.6, most_lost=8)
    assert stats["kept-all"], stats


def other_rates():
    """Both elements at another rate; and a mistake, which is an error and no other result."""
    path = make("b2.mp4", options=FLAT)
    for rate in ("4/1", "15/1"):
        compare(path, 0.2, properties=f"sample-rate={rate}", skip_properties=f"sample-rate={rate}")
    line = f"filesrc location={path} ! qtdemux ! h264parse ! actionskip sample-rate=4/1 ! avdec_h264 ! r3dfeatures ! fakesink"
    error = finish(Gst.parse_launch(line))
    assert error and "actionskip's sample-rate" in error, error


def again():
    """Stopped and started: from the beginning, the same."""
    path = make("b2.mp4", options=FLAT)
    pipeline = Gst.parse_launch(f"filesrc location={path} ! qtdemux name=demux  h264parse name=parse ! actionskip name=skip ! avdec_h264 ! r3dfeatures ! fakesink sync=false")
    sink = pipeline.get_by_name("parse").get_static_pad("sink")
    pipeline.get_by_name("demux").connect("pad-added", lambda _, pad: pad.link(sink))
    assert finish(pipeline) is None
    first = pipeline.stats
    assert finish(pipeline) is None and pipeline.stats == first and first["skipped"] > 0, (first, pipeline.stats)
    # In the middle, with pictures that wait.
    pipeline.set_state(Gst.State.PAUSED)
    assert pipeline.get_state(PATIENCE * Gst.SECOND)[0] == Gst.StateChangeReturn.SUCCESS
    pipeline.set_state(Gst.State.NULL)


TESTS = [
    ("H.264: the same features", same_features),
    ("H.265: the same features", same_features_h265),
    ("start codes", start_codes),
    ("nothing is skipped where nothing is proved", nothing_is_proved),
    ("Matroska", matroska),
    ("parts", parts),
    ("a rate that changes", irregular),
    ("put together", put_together),
    ("other sample rates", other_rates),
    ("again", again),
]

if __name__ == "__main__":
    try:
        tap.run([test for test in TESTS if len(sys.argv) < 3 or any(word in test[0] for word in sys.argv[2:])])
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
