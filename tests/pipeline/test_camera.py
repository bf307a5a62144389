# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""actioncamerasrc against real RTSP servers on loopback that are killed, fall silent, come late or change: frames flow again by themselves, in
one stream, and the application is told.

    test_camera.py BUILD
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import small_model
import tap
from rtsp_camera import H264, VIDEO, WITH_AAC, WITH_G711, Camera

BUILD = os.path.abspath(sys.argv[1])
FOLDER = tempfile.mkdtemp(prefix="gst-action-camera-")
PATIENCE = 60  # s

SMALL = H264.replace("320", "160").replace("240", "120")
H265 = f"{VIDEO} ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! valve name=valve ! rtph265pay name=pay0 pt=96"
JPEG = f"{VIDEO} ! jpegenc ! valve name=valve ! rtpjpegpay name=pay0 pt=26"
SOUND_FIRST = "audiotestsrc is-live=true ! audio/x-raw,rate=8000 ! mulawenc ! rtppcmupay name=pay0 pt=0 " + H264.replace("pay0", "pay1")


class Line:
    """A pipeline around actioncamerasrc: what its source pad sends, and what its bus says."""

    def __init__(self, url, properties="", rest="fakesink sync=false async=false"):
        self.sent, self.said = [], []
        self.pipeline = Gst.parse_launch(f"actioncamerasrc name=camera uri={url} retry-min=100000000 retry-max=400000000 {properties} ! {rest}")
        self.camera = self.pipeline.get_by_name("camera")
        self.camera.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM, self._on)

    def _on(self, _pad, info):
        if info.type & Gst.PadProbeType.BUFFER:
            buffer = info.get_buffer()
            self.sent.append(("frame", buffer.pts, bool(buffer.get_flags() & Gst.BufferFlags.DISCONT)))
        else:
            event = info.get_event()
            text = event.parse_caps().to_string() if event.type == Gst.EventType.CAPS else event.parse_gap() if event.type == Gst.EventType.GAP else None
            self.sent.append((Gst.EventType.get_name(event.type), text, None))
        return Gst.PadProbeReturn.OK

    def __enter__(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        return self

    def __exit__(self, *_):
        self.pipeline.set_state(Gst.State.NULL)

    def frames(self):
        return [entry for entry in self.sent if entry[0] == "frame"]

    def events(self, name):
        return [entry for entry in self.sent if entry[0] == name]

    def stat(self, name):
        return self.camera.get_property("stats").get_value(name)

    def until(self, what, condition, seconds=PATIENCE):
        """Reads the bus until the condition holds."""
        ends = time.monotonic() + seconds
        bus = self.pipeline.get_bus()
        while not condition():
            assert time.monotonic() < ends, f"not within {seconds} s: {what}; {len(self.frames())} frames; {self.said}"
            message = bus.timed_pop(20 * Gst.MSECOND)
            if not message:
                continue
            if message.type == Gst.MessageType.ELEMENT and message.get_structure().get_name().startswith("camera-"):
                self.said.append(message.get_structure().to_string())
            elif message.type == Gst.MessageType.WARNING:
                self.said.append("WARNING " + message.parse_warning()[0].message)
            elif message.type == Gst.MessageType.ERROR:
                self.said.append("ERROR " + message.parse_error()[0].message)
            elif message.type == Gst.MessageType.EOS:
                self.said.append("EOS")

    def until_frames(self, more=15):
        had = len(self.frames())
        self.until(f"{more} frames", lambda: len(self.frames()) >= had + more)

    def heard(self, beginning):
        return [text for text in self.said if text.startswith(beginning)]


def one_stream(line):
    """One STREAM_START, one SEGMENT, times that rise."""
    times = [pts for _, pts, _ in line.frames()]
    assert len(line.events("stream-start")) == len(line.events("segment")) == 1, line.sent[:5]
    assert all(a < b for a, b in zip(times, times[1:])), times
    return times


def back_before_the_next_try():
    """The next try is due in an hour; the camera is taken up as soon as its port opens."""
    hour = 3600 * Gst.SECOND
    with Camera() as camera, Line(camera.url, f"protocols=tcp stale-timeout=1000000000 retry-min={hour} retry-max={hour}") as line:
        line.until_frames()
        camera.kill()
        line.until("camera-lost", lambda: line.heard("camera-lost"))
        line.until("GAP events", lambda: len(line.events("gap")) >= 3)  # one a second
        assert line.stat("attempts") == 1
        camera.start()
        began = time.monotonic()
        line.until("camera-back", lambda: line.heard("camera-back"))
        back = time.monotonic() - began
        line.until_frames()
        assert line.stat("attempts") == 2
        # One that is there but sends nothing is left in peace.
        camera.say("silent")
        line.until("camera-lost", lambda: len(line.heard("camera-lost")) == 2)
        gaps = len(line.events("gap"))
        line.until("GAP events", lambda: len(line.events("gap")) >= gaps + 3)
        assert line.stat("attempts") == 2
    one_stream(line)
    return [f"back {back:.1f} s after the camera"]


def killed_and_back(protocol):
    def test():
        with Camera() as camera, Line(camera.url, f"protocols={protocol} stale-timeout=1000000000") as line:
            line.until_frames()
            assert line.stat("connected") and line.stat("reconnects") == 0
            camera.kill()
            line.until("camera-lost", lambda: line.heard("camera-lost"))
            assert not line.stat("connected") and line.stat("lost-reason")
            line.until("GAP events", lambda: len(line.events("gap")) >= 2)
            before = len(line.frames())
            camera.start()
            began = time.monotonic()
            line.until("camera-back", lambda: line.heard("camera-back"))
            back = time.monotonic() - began
            line.until_frames()
        times = one_stream(line)
        discont = [i for i, (_, _, flag) in enumerate(line.frames()) if flag]
        assert discont == [0, before], (discont, before)
        assert len(line.heard("camera-lost")) == len(line.heard("camera-back")) == 1, line.said
        assert line.stat("reconnects") == 1 and line.stat("frames") == len(line.frames())
        hole = (times[before] - times[before - 1]) / Gst.SECOND
        for start, duration in (text for _, text, _ in line.events("gap")):
            assert times[before - 1] < start + duration <= times[before], (start, duration, times[before - 1], times[before])
        assert not line.heard("ERROR"), line.said
        return [f"hole of {hole:.1f} s, back {back:.1f} s after the camera"]
    return test


def silent():
    with Camera() as camera, Line(camera.url, "protocols=tcp stale-timeout=1000000000") as line:
        line.until_frames()
        camera.say("silent")
        line.until("camera-lost", lambda: line.heard("camera-lost"))
        assert "no frame for 1 s" in line.said[-1] or "no frame for 1 s" in line.said[-2], line.said
        camera.say("speak")
        line.until("camera-back", lambda: line.heard("camera-back"))
        line.until_frames()
    one_stream(line)


def late():
    """A camera that is not there at first: the pipeline waits for it."""
    camera = Camera()
    with Line(camera.url, "protocols=tcp") as line:
        line.until("camera-lost", lambda: line.heard("camera-lost"))
        line.until("three attempts", lambda: line.stat("attempts") >= 3)
        assert len(line.heard("camera-lost")) == 1 and not line.sent, (line.said, line.sent)
        with camera:
            line.until_frames()
    one_stream(line)


def another_size():
    with Camera() as camera, Line(camera.url, "protocols=tcp stale-timeout=1000000000") as line:
        line.until_frames()
        camera.kill()
        camera.start(SMALL)
        line.until("160x120", lambda: any("width=(int)160" in text for _, text, _ in line.events("caps")))
        line.until_frames()
        camera.kill()
        camera.start(JPEG)
        line.until("320x240 again", lambda: "width=(int)320" in line.events("caps")[-1][1])
        line.until_frames()
    one_stream(line)
    assert line.stat("reconnects") == 2


def of_kind(launch, properties=""):
    def test():
        with Camera(launch) as camera, Line(camera.url, properties) as line:
            line.until_frames(30)
        one_stream(line)
        assert all(text.startswith("video/x-raw") for _, text, _ in line.events("caps")), line.events("caps")
        assert not line.said, line.said
    return test


def password():
    with Camera(login=("user", "open:se@same")) as camera:
        with Line(camera.url, "user-id=user user-pw=open:se@same") as line:
            line.until_frames()
            assert not line.said, line.said
        with Line(camera.url.replace("//", "//user:wrong-one@")) as line:
            line.until("camera-lost", lambda: line.heard("camera-lost"))
            line.until("three attempts", lambda: line.stat("attempts") >= 3)
        assert "wrong-one" not in "".join(line.said) and "nauthorized" in "".join(line.said), line.said
        return line.said


def end_of_stream():
    with Camera() as camera, Line(camera.url) as line:
        line.until_frames()
        line.pipeline.send_event(Gst.Event.new_eos())
        line.until("EOS", lambda: "EOS" in line.said)
        assert line.sent[-1][0] == "eos", line.sent[-3:]
    with Line(Camera().url) as line:  # of a camera that never came
        line.pipeline.send_event(Gst.Event.new_eos())
        line.until("EOS", lambda: "EOS" in line.said)


def downstream_fails():
    """What goes wrong behind the camera is no fault of the camera's."""
    with Camera() as camera, Line(camera.url, rest="identity error-after=10 ! fakesink sync=false async=false") as line:
        line.until("an error", lambda: line.heard("ERROR"))
        assert not line.heard("camera-lost"), line.said
    with Camera() as camera, Line(camera.url, rest="identity eos-after=10 ! fakesink sync=false async=false") as line:
        line.until("EOS", lambda: "EOS" in line.said)
        assert not line.heard("camera-lost"), line.said


def downstream_waits():
    """A sink that takes its time makes no camera stale."""
    with Camera() as camera, Line(camera.url, "stale-timeout=500000000 protocols=tcp") as line:
        line.until_frames()
        pad = line.pipeline.get_by_name("camera").get_static_pad("src").get_peer()
        waited = []

        def wait(_pad, _info):
            # Long enough for the watch to notice, were it mistaken: it has looked thirty times meanwhile.
            if not waited:
                waited.append(True)
                time.sleep(1.5)
            return Gst.PadProbeReturn.OK
        pad.add_probe(Gst.PadProbeType.BUFFER, wait)
        line.until_frames(30)
        assert waited and not line.said and line.stat("attempts") == 1, line.said


def states():
    """Started and stopped at every moment of a connection."""
    with Camera() as camera:
        for url in (camera.url, Camera().url):
            line = Line(url)
            for i in range(40):
                line.pipeline.set_state(Gst.State.PLAYING)
                line.until("time", lambda began=time.monotonic(), pause=0.01 * i: time.monotonic() - began > pause)
                if i % 5 == 0:
                    line.pipeline.set_state(Gst.State.PAUSED)
                    line.pipeline.set_state(Gst.State.PLAYING)
                line.pipeline.set_state([Gst.State.READY, Gst.State.NULL][i % 2])
                line.until("messages", lambda: not line.pipeline.get_bus().have_pending())
            assert not line.heard("ERROR"), line.said
            line.pipeline.set_state(Gst.State.NULL)
        with Line(camera.url) as line:  # after a pause, frames come again, later ones
            line.until_frames()
            line.pipeline.set_state(Gst.State.PAUSED)
            line.pipeline.get_state(PATIENCE * Gst.SECOND)
            line.pipeline.set_state(Gst.State.PLAYING)
            line.until_frames()
        one_stream(line)


def hanging_connection():
    """A connection that hangs in a state change of its own (a named pipe that nobody writes into) holds up nobody else's."""
    pipe = os.path.join(FOLDER, "pipe")
    os.mkfifo(pipe)
    pipeline = Gst.parse_launch(f"actioncamerasrc name=camera uri=file://{pipe} ! fakesink")
    try:
        for state in (Gst.State.PAUSED, Gst.State.PLAYING, Gst.State.PAUSED, Gst.State.PLAYING):
            changed = threading.Thread(target=pipeline.set_state, args=(state,), daemon=True)
            changed.start()
            changed.join(PATIENCE)
            assert not changed.is_alive(), f"{state.value_nick} waits for the connection"
        assert not pipeline.get_by_name("camera").get_property("stats").get_value("connected")
    finally:
        stopped = threading.Thread(target=pipeline.set_state, args=(Gst.State.NULL,), daemon=True)
        stopped.start()
        began = time.monotonic()
        while stopped.is_alive() and time.monotonic() - began < PATIENCE:
            os.close(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))  # lets go of whoever opens it, and is its end for whoever reads
            stopped.join(0.01)
    assert not stopped.is_alive(), "the pipeline does not stop"


def file_as_camera():
    """A file plays in real time, and begins anew when it is over."""
    video = os.path.join(FOLDER, "short.mp4")
    subprocess.run(["gst-launch-1.0", "-q", *f"videotestsrc num-buffers=30 ! video/x-raw,width=64,height=48,framerate=15/1 ! x264enc ! mp4mux ! "
                    f"filesink location={video}".split()], check=True, timeout=60)
    began = time.monotonic()
    with Line(f"file://{video}") as line:
        line.until("the second time", lambda: len(line.frames()) > 35)
        took = time.monotonic() - began
    times = one_stream(line)
    assert took > (times[30] - times[0]) / Gst.SECOND * 0.9, (took, times)
    assert line.stat("reconnects") == 1 and "ended the stream" in line.said[0] + line.said[1], line.said


def a_gap_in_the_timeline():
    """To the other elements an outage is a hole in one run."""
    model = small_model.write(os.path.join(FOLDER, "model"))
    program = """
import os, sys
sys.path[:0] = sys.argv[1:3]
sys.argv = ["test_camera.py", sys.argv[3]]
os.environ["ONLY_TOOLS"] = "1"
import test_camera as t
out = sys.stdin.readline().strip()
model = sys.stdin.readline().strip()
with t.Camera() as camera, t.Line(camera.url, "protocols=tcp stale-timeout=1000000000", "r3dfeatures hop=4 ! actionclassify strict=false model=" + model +
                                  " ! timelinesmooth sync-mode=immediate location=" + out + " ! fakesink sync=false async=false") as line:
    line.until_frames(60)
    camera.kill()
    line.until("camera-lost", lambda: line.heard("camera-lost"))
    line.until("GAP events", lambda: len(line.events("gap")) >= 3)
    camera.start()
    line.until_frames(60)
    line.pipeline.send_event(t.Gst.Event.new_eos())
    line.until("EOS", lambda: "EOS" in line.said)
    assert not line.heard("ERROR"), line.said
"""
    out = os.path.join(FOLDER, "line.jsonl")
    here = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run([sys.executable, "-c", program, here, os.path.join(here, "../parity"), BUILD], input=f"{out}\n{model}\n".encode(),
                          env=small_model.fake_engine(BUILD), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200)
    assert done.returncode == 0, done.stdout.decode()
    with open(out, encoding="utf-8") as file:
        rows = [json.loads(text) for text in file]
    segments = [row for row in rows if "start" in row]
    states = [row.get("state", "measured") for row in segments]
    assert states.count("gap") == 1 and states[0] != "gap" and states[-1] != "gap", rows
    assert len({row["run"] for row in segments}) == 1, rows
    assert all(abs(a["end"] - b["start"]) < 0.01 for a, b in zip(segments, segments[1:])), rows
    gap = segments[states.index("gap")]
    return [f"{len(segments)} segments, gap of {gap['end'] - gap['start']:.1f} s"]


def asked_for_in_time(camera, name):
    """A request pad: asked for before the camera is called, once, and of RTSP cameras; one that is released may be asked for again."""
    with Line(camera.url) as late:
        late.until_frames()
        assert late.camera.request_pad_simple(name) is None
    only_rtsp = Gst.parse_launch(f"actioncamerasrc uri=file:///x name=c ! fakesink  c.{name} ! fakesink")
    assert only_rtsp.set_state(Gst.State.PAUSED) == Gst.StateChangeReturn.FAILURE
    only_rtsp.set_state(Gst.State.NULL)
    line = Line(Camera().url)
    pad = line.camera.request_pad_simple(name)
    line.camera.release_request_pad(pad)
    assert line.camera.request_pad_simple(name)
    line.pipeline.set_state(Gst.State.NULL)


def encoded():
    """The camera's own stream, beside its frames: the same times, from a keyframe on, also after an outage and with another codec."""
    with Camera() as camera:
        line = Line(camera.url, "protocols=tcp stale-timeout=1000000000", "fakesink sync=false async=false  camera.encoded ! fakesink name=stream sync=false async=false")
        stream = []

        def on(_pad, info):
            if info.type & Gst.PadProbeType.BUFFER:
                buffer = info.get_buffer()
                stream.append((buffer.pts, not buffer.get_flags() & Gst.BufferFlags.DELTA_UNIT, bool(buffer.get_flags() & Gst.BufferFlags.DISCONT)))
            elif info.get_event().type == Gst.EventType.CAPS:
                stream.append(info.get_event().parse_caps().get_structure(0).get_name())
            return Gst.PadProbeReturn.OK
        line.pipeline.get_by_name("stream").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM, on)
        with line:
            line.until_frames(30)
            line.until("encoded pictures", lambda: len(stream) > 30)
            before = len(stream)
            camera.kill()
            line.until("camera-lost", lambda: line.heard("camera-lost"))
            camera.start(H265)
            line.until("H.265", lambda: "video/x-h265" in stream)
            line.until_frames(30)
            line.pipeline.send_event(Gst.Event.new_eos())
            line.until("EOS", lambda: "EOS" in line.said)
        one_stream(line)
        pictures = [entry for entry in stream if isinstance(entry, tuple)]
        assert stream[0] == "video/x-h264" and pictures[0][1:] == (True, True), stream[:3]
        second = stream[stream.index("video/x-h265") + 1]
        assert stream.index("video/x-h265") >= before and second[1:] == (True, True), second
        frames = {pts for _, pts, _ in line.frames()}
        both = sum(1 for pts, _, _ in pictures if pts in frames)
        assert both > 0.8 * min(len(frames), len(pictures)), (sorted(frames)[:5], pictures[:5])
        asked_for_in_time(camera, "encoded")


def sound():
    """The camera's sound, for whoever asks for it: with the times of the video, also after an outage and in another codec; else the camera does not even send it."""
    with Camera(WITH_G711) as camera:
        line = Line(camera.url, "protocols=tcp stale-timeout=1000000000", "fakesink sync=false async=false  camera.sound ! fakesink name=stream sync=false async=false")
        pieces = []

        def on(_pad, info):
            if info.type & Gst.PadProbeType.BUFFER:
                pieces.append((info.get_buffer().pts, info.get_buffer().get_size()))
            elif info.get_event().type in (Gst.EventType.CAPS, Gst.EventType.EOS):
                event = info.get_event()
                pieces.append(event.parse_caps().get_structure(0).get_name() if event.type == Gst.EventType.CAPS else "EOS")
            return Gst.PadProbeReturn.OK
        line.pipeline.get_by_name("stream").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM, on)
        with line:
            line.until_frames(30)
            line.until("sound", lambda: len(pieces) > 30)
            camera.kill()
            line.until("camera-lost", lambda: line.heard("camera-lost"))
            camera.start(WITH_AAC)
            line.until("AAC", lambda: "audio/mpeg" in pieces)
            line.until_frames(60)
            line.pipeline.send_event(Gst.Event.new_eos())
            line.until("EOS", lambda: "EOS" in line.said)
        one_stream(line)
        assert pieces[0] == "audio/x-alaw" and pieces[-1] == "EOS", (pieces[:2], pieces[-2:])
        cut = pieces.index("audio/mpeg")
        frames = [pts for _, pts, _ in line.frames()]
        for part, rate in ((pieces[1:cut], 8000), (pieces[cut + 1:-1], None)):
            times = [pts for pts, _ in part]
            assert all(a < b for a, b in zip(times, times[1:])), times
            if rate:  # a byte a sample
                length = sum(size for _, size in part[:-1]) / rate
                assert abs(length - (times[-1] - times[0]) / Gst.SECOND) < 0.1, (length, times[0], times[-1])
        assert abs(pieces[1][0] - frames[0]) < 0.5 * Gst.SECOND and abs(pieces[-2][0] - frames[-1]) < 0.5 * Gst.SECOND, (pieces[1], frames[0], pieces[-2], frames[-1])
        asked_for_in_time(camera, "sound")


FROZEN = H264.replace("pattern=ball", "pattern=black")


def frozen():
    """A picture in which nothing changes at all, where that is asked for."""
    with Camera(FROZEN) as camera:
        with Line(camera.url, "protocols=tcp frozen-timeout=2000000000") as line:
            line.until("camera-lost", lambda: line.heard("camera-lost"))
            assert "has not changed for 2 s" in line.stat("lost-reason") and line.stat("frozen") == 1, line.said
            # It is called again, sends the same picture again, and is not back.
            attempts = line.stat("attempts")
            line.until("two more tries", lambda: line.stat("attempts") >= attempts + 2)
            assert line.stat("reconnects") == 0 and line.stat("frozen") == 1, line.said
            assert sum("camera-lost" in said for said in line.said) == 1 and not line.heard("camera-back"), line.said
            # Until something moves.
            camera.kill()
            camera.start(H264)
            line.until("the camera", lambda: line.heard("camera-back"))
            assert line.stat("reconnects") == 1
        with Line(camera.url, "protocols=tcp") as line:
            line.until_frames(60)
            assert not line.said, line.said
    with Camera() as camera, Line(camera.url, "protocols=tcp frozen-timeout=1000000000") as line:
        line.until_frames(60)
        assert not line.said, line.said


def refused():
    for uri, words in (("", "set the property 'uri'"), ("nonsense", "not the address of a camera"), ("abc://x", "no installed element reads abc://")):
        line = Line("rtsp://x")
        line.camera.set_property("uri", uri)
        assert line.pipeline.set_state(Gst.State.PAUSED) == Gst.StateChangeReturn.FAILURE
        line.until("the error", lambda: line.heard("ERROR"))
        assert words in line.said[0], line.said
        line.pipeline.set_state(Gst.State.NULL)
    with Line("rtsp://127.0.0.1:1/x", "protocols=pigeon") as line:
        line.until("the error", lambda: line.heard("ERROR"))
        assert "protocols 'pigeon' is not understood" in line.said[0], line.said


Gst.init(None)
if "ONLY_TOOLS" not in os.environ:
    tap.run([
        ("back before the next try", back_before_the_next_try),
        ("killed and back, TCP", killed_and_back("tcp")),
        ("killed and back, UDP", killed_and_back("udp")),
        ("silent", silent),
        ("late", late),
        ("another size, another codec", another_size),
        ("H.265", of_kind(H265)),
        ("motion JPEG", of_kind(JPEG)),
        ("sound first", of_kind(SOUND_FIRST)),
        ("a password", password),
        ("end of stream", end_of_stream),
        ("a downstream that fails, or has enough", downstream_fails),
        ("a downstream that waits", downstream_waits),
        ("states", states),
        ("a connection that hangs", hanging_connection),
    ("a file as a camera", file_as_camera),
        ("a gap in the timeline", a_gap_in_the_timeline),
        ("the camera's own stream", encoded),
        ("the camera's sound", sound),
        ("a picture that is frozen", frozen),
        ("addresses that are refused", refused),
    ])
