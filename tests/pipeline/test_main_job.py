# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main job from outside: the quickstart and what it leaves, the lines of the README, live sources, the snippets of the docs."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading

import cv2
import numpy as np

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "parity"))
import releases  # noqa: E402
import rtsp_camera  # noqa: E402
import tap  # noqa: E402
import timeline_oracle  # noqa: E402

Gst.init(None)

BUILD, SOURCE, DEMO = sys.argv[1:4]
FOLDER = tempfile.mkdtemp()
VIDEO, MODEL = os.path.join(DEMO, "test/line_1.mp4"), os.path.join(DEMO, "model")
COLOURS = {"VA": (0, 255, 0), "RNVA": (255, 140, 0), "NVA": (255, 0, 0), "UNKNOWN": (128, 128, 128)}


def path(*parts):
    return os.path.join(FOLDER, *parts)


def read_json(file):
    with open(file) as text:
        return json.load(text)


def run(command, timeout=900, cwd=None, env=None):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, cwd=cwd, env=env)
    return done.returncode, done.stdout.decode(errors="replace")


class Run:
    """A pipeline run to its end in this process; what its messages and the frames at `probe` said."""

    def __init__(self, line, probe=None, seconds=None, watch=None):
        self.labels, self.segments, self.steps, self.warnings = [], [], [], []
        pipeline = Gst.parse_launch(line)
        if probe:
            pipeline.get_by_name(probe).get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, self._frame)
        if watch:
            watch(pipeline)
        bus = pipeline.get_bus()
        # The network is loaded first: of a live source, what passes meanwhile would not be looked at.
        pipeline.set_state(Gst.State.READY)
        if "r3dfeatures" in line:
            message = None
            while not (message and message.has_name("action-network")):
                message = bus.timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.ELEMENT | Gst.MessageType.ERROR)
                assert message.type != Gst.MessageType.ERROR, f"{message.parse_error()} in {line}"
        pipeline.set_state(Gst.State.PLAYING)
        if seconds:
            GLib.timeout_add(int(seconds * 1000), lambda: pipeline.send_event(Gst.Event.new_eos()) and False)
        context = GLib.MainContext.default()
        while True:
            message = bus.timed_pop_filtered(50 * Gst.MSECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.WARNING | Gst.MessageType.ELEMENT)
            context.iteration(False)
            if message is None:
                continue
            if message.type == Gst.MessageType.ERROR:
                pipeline.set_state(Gst.State.NULL)
                raise AssertionError(f"{message.parse_error()} in {line}")
            if message.type == Gst.MessageType.EOS:
                break
            if message.type == Gst.MessageType.WARNING:
                self.warnings.append(message.parse_warning()[0].message)
                continue
            fields = message.get_structure()
            if fields.get_name() == "action-segment":
                self.segments.append({n: fields.get_value(n) for n in ("start", "end", "fine-action", "state")})
            elif fields.get_name() == "action-step":
                self.steps.append({n: fields.get_value(n) for n in ("coarse", "step-stream-time", "step-duration")})
        self.sink = pipeline.get_by_name(probe) if probe else None
        self.dropped = self.sink.get_property("stats").get_value("dropped") if self.sink and self.sink.find_property("stats") else 0
        pipeline.set_state(Gst.State.NULL)
        self.warnings = [w for w in self.warnings if "stand-in" not in w]

    def _frame(self, pad, info):
        buffer = info.get_buffer()
        meta = buffer.get_custom_meta("GstActionLabelMeta")
        fields = meta.get_structure() if meta else None
        names = ("coarse-action", "fine-action", "value-category", "provisional", "segment-start", "state")
        self.first = getattr(self, "first", buffer.pts)  # files may begin at another PTS than 0
        self.labels.append((buffer.pts - self.first, {n: fields.get_value(n) for n in names} if fields else None))
        return Gst.PadProbeReturn.OK


def decode(file):
    capture = cv2.VideoCapture(file, cv2.CAP_FFMPEG)
    while True:
        ok, frame = capture.read()
        if not ok:
            return
        yield frame[:, :, ::-1]


def bar_colour(frame):
    """Of the bar along the panel's left edge: 320x240, so 5 pixels from the left edge on, 5 wide."""
    return frame[14:40, 7:9].reshape(-1, 3).astype(int).mean(0)


def category_of(frame):
    colour = bar_colour(frame)
    return min(COLOURS, key=lambda name: np.abs(colour - COLOURS[name]).sum())


# ---- The quickstart

def quickstart():
    env = {**os.environ, "BUILD_DIR": BUILD, "HOME": FOLDER, "XDG_DATA_HOME": path("data")}
    for name in ("GST_ACTION_WEIGHTS", "G_DEBUG"):
        env.pop(name, None)
    code, said = run([os.path.join(SOURCE, "examples/quickstart.sh"), DEMO], env=env)
    assert code == 0, said
    for words in ("a stand-in, never trained", "gst-launch-1.0 filesrc location=", "hop=4", "profile=study", "right label, all of the time", "invented: there is none", "duration: bias",
                  "stand-in backbone: not a measurement", "s in all"):
        assert words in said, (words, said)
    agreement = float(re.search(r"right label, all of the time, % +([\d.]+)", said).group(1))
    assert agreement >= 90, said
    with open(os.path.join(DEMO, "contact-sheet.png"), "rb") as png:
        assert png.read(8) == b"\x89PNG\r\n\x1a\n"
    sheet = cv2.imread(os.path.join(DEMO, "contact-sheet.png"))
    assert sheet.shape[:2] == (3 * 244 - 4, 4 * 324 - 4) and sheet.std() > 20, sheet.shape
    with open(os.path.join(DEMO, "study.html"), encoding="utf-8") as page:
        study = page.read()
    assert "not a measurement" in study and "Yamazumi" in study, study[:500]
    import time
    began = time.monotonic()
    code, again = run([os.path.join(SOURCE, "examples/quickstart.sh"), DEMO], env=env)
    assert code == 0 and "was there already" in again, again
    return [f"coarse action right {agreement} % of the time; the second run took {time.monotonic() - began:.1f} s"]


def quickstart_video():
    """overlay.mp4 has the frames of its input, and the colours of its timeline."""
    frames = list(decode(os.path.join(DEMO, "overlay.mp4")))
    assert len(frames) == sum(1 for _ in decode(VIDEO)), len(frames)
    timeline = read_json(os.path.join(DEMO, "timeline.json"))
    assert all(row["note"] == "stand-in backbone: not a measurement" for row in timeline)
    assert timeline[0]["start"] == 0 and abs(timeline[-1]["end"] - len(frames) / 25) <= 0.001, timeline[-1]
    assert all(abs(a["end"] - b["start"]) < 1e-9 for a, b in zip(timeline, timeline[1:]))
    right = 0
    for number, frame in enumerate(frames):
        row = next(r for r in timeline if number / 25 + 5e-4 < r["end"])
        right += category_of(frame) == row["value_category"]
    # The fine action, and with it the colour, is provisional while a segment is open; most are right from the start.
    assert right >= 0.9 * len(frames), (right, len(frames))
    return [f"{right} of {len(frames)} frames have the final colour"]


def panel_of_each_frame():
    """The panel in the encoded video has the colour of that very frame's label meta."""
    video = path("panel.mp4")
    done = Run(f"filesrc location={VIDEO} ! decodebin ! r3dfeatures ! actionclassify model={MODEL} ! timelinesmooth window=3 "
               f"! actionoverlay ! videoconvert ! video/x-raw,format=I420 ! x264enc name=encoder ! mp4mux ! filesink location={video}", probe="encoder")
    frames = list(decode(video))
    assert len(frames) == len(done.labels)
    wrong = [i for i, (frame, (_, label)) in enumerate(zip(frames, done.labels)) if category_of(frame) != label["value-category"]]
    assert not wrong, wrong[:10]
    assert len({label["value-category"] for _, label in done.labels}) == 3
    return [f"{len(frames)} frames"]


# ---- Aligned, and exact in a second pass

def aligned():
    """Every frame has the smoothed coarse label of its step, and the fine label with most votes so far."""
    done = Run(f"filesrc location={VIDEO} ! decodebin ! r3dfeatures ! actionclassify model={MODEL} ! timelinesmooth window=3 "
               f"location={path('aligned.json')} ! fakesink name=out", probe="out")
    assert not done.warnings, done.warnings
    coarse_labels = sorted(read_json(os.path.join(MODEL, "stage1/label_map.json")))
    smooth = timeline_oracle.smooth([step["coarse"] for step in done.steps], 3)
    starts = [step["step-stream-time"] for step in done.steps]
    step = 0
    for pts, label in done.labels:
        while step + 1 < len(starts) and starts[step + 1] <= pts:
            step += 1
        assert label and label["coarse-action"] == coarse_labels[smooth[step]], (pts, step, label)
        assert label["provisional"]
    # Second pass: every frame carries the exported timeline's final labels.
    timeline = read_json(path("aligned.json"))
    second = Run(f"filesrc location={VIDEO} ! decodebin ! timelinelabel location={path('aligned.json')} ! actionoverlay ! fakesink name=out", probe="out")
    assert len(second.labels) == len(done.labels)
    for pts, label in second.labels:
        row = next(r for r in timeline if pts / 1e9 + 5e-4 < r["end"])
        assert label["fine-action"] == row["fine_action"] and not label["provisional"], (pts, label, row)
    assert [(round(s["start"] / 1e9, 3), s["fine-action"]) for s in done.segments] == [(r["start"], r["fine_action"]) for r in timeline]
    return [f"{len(done.labels)} frames, {len(timeline)} segments"]


def aligned_full_hd():
    """1080p30 held for the reference's window: no frame is committed early."""
    done = Run(f"videotestsrc pattern=smpte75 num-buffers=540 ! video/x-raw,format=I420,width=1920,height=1080,framerate=30/1 ! r3dfeatures "
               f"! actionclassify model={MODEL} strict=false ! timelinesmooth ! fakesink name=out", probe="out")
    assert len(done.labels) == 540 and all(label and label["state"] == "measured" for _, label in done.labels)
    assert not done.warnings, done.warnings


# ---- Pipelines that have hung elsewhere

def chain(more=""):
    return f"r3dfeatures ! actionclassify model={MODEL} ! timelinesmooth window=3 {more} ! actionoverlay"


UNLIMITED = "queue max-size-buffers=0 max-size-bytes=0 max-size-time=0"


def tee_with_room():
    done = Run(f"videotestsrc num-buffers=400 ! video/x-raw,width=320,height=240,framerate=25/1 ! tee name=t t. ! {UNLIMITED} ! fakesink "
               f"t. ! queue ! {chain()} ! fakesink name=out", probe="out")
    assert len(done.labels) == 400 and all(label for _, label in done.labels) and not done.warnings, (len(done.labels), done.warnings)


def tee_without_room():
    """A plain queue in the other branch fills up before the first label is there: a warning, and on without waiting."""
    done = Run(f"videotestsrc num-buffers=400 ! video/x-raw,width=320,height=240,framerate=25/1 ! tee name=t t. ! queue ! fakesink "
               f"t. ! queue ! {chain('stall-timeout=1000000000')} ! fakesink name=out", probe="out")
    assert len(done.labels) == 400 and any("going on without waiting" in w for w in done.warnings), (len(done.labels), done.warnings)


def audio_and_video():
    file = path("av.mp4")
    Run(f"mp4mux name=m ! filesink location={file} videotestsrc num-buffers=400 ! video/x-raw,width=320,height=240,framerate=25/1 ! {chain()} "
        f"! videoconvert ! x264enc ! m. audiotestsrc num-buffers=750 ! audioconvert ! avenc_aac ! {UNLIMITED} ! m.")
    assert sum(1 for _ in decode(file)) == 400


def player_with_sound():
    """playbin: frames wait for labels of ten seconds while its queues hold as much sound, before it has begun to play."""
    file = path("sound.mkv")
    Run(f"matroskamux name=m ! filesink location={file} videotestsrc num-buffers=400 ! video/x-raw,width=320,height=240,framerate=25/1 ! x264enc ! "
        f"{UNLIMITED} ! m. audiotestsrc num-buffers=750 ! audio/x-raw,rate=48000,channels=2 ! {UNLIMITED} ! m.")
    played = {}

    def watch(player):
        out = Gst.parse_bin_from_description("fakesink name=out sync=false", True)
        out.get_by_name("out").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, lambda pad, info: count(info.get_buffer()))
        player.set_property("video-filter", Gst.parse_bin_from_description(chain("window=9") + " ! videoconvert", True))
        player.set_property("video-sink", out)
        player.set_property("audio-sink", Gst.ElementFactory.make("fakesink"))

    def count(buffer):
        meta = buffer.get_custom_meta("GstActionLabelMeta")
        played[buffer.pts] = meta is not None and meta.get_structure().has_field("coarse-action")
        return Gst.PadProbeReturn.OK

    done = Run(f"playbin uri=file://{file}", watch=watch)
    assert not done.warnings, done.warnings
    assert len(played) == 400 and all(played.values()), (len(played), sum(played.values()))


def synchronised_player():
    done = Run(f"videotestsrc num-buffers=150 ! video/x-raw,width=320,height=240,framerate=25/1 ! {chain()} ! fakesink name=out sync=true", probe="out")
    assert len(done.labels) == 150 and all(label for _, label in done.labels)


def source_with_few_buffers():
    """A source that owns eight buffers and needs them back, as a camera does."""
    pool = Gst.BufferPool.new()
    config = pool.get_config()
    caps = Gst.Caps.from_string("video/x-raw,format=I420,width=320,height=240,framerate=25/1")
    Gst.BufferPool.config_set_params(config, caps, 320 * 240 * 3 // 2, 8, 8)
    pool.set_config(config)
    pool.set_active(True)
    pipeline = Gst.parse_launch(f"appsrc name=in format=time block=true ! {chain()} ! fakesink")
    source = pipeline.get_by_name("in")
    source.set_property("caps", caps)

    def feed():
        for number in range(200):
            result, buffer = pool.acquire_buffer(None)
            buffer.pts, buffer.duration = number * Gst.SECOND // 25, Gst.SECOND // 25
            if result != Gst.FlowReturn.OK or source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                break
            del buffer
        source.emit("end-of-stream")

    thread = threading.Thread(target=feed)
    thread.start()
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(120 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    pool.set_active(False)
    thread.join()
    assert message is not None and message.type == Gst.MessageType.EOS, "starved" if message is None else message.parse_error()


def seeks():
    """A player that seeks to and fro in a file, between frames too: no warning, and one connected timeline."""
    clip = os.path.join(DEMO, "clips/mount_wheel_va_001.mp4")
    pipeline = Gst.parse_launch(f"filesrc location={clip} ! decodebin ! r3dfeatures hop=4 ! actionclassify model={MODEL} "
                                f"! timelinesmooth name=smooth location={path('seeks.json')} ! fakesink sync=false")
    bus = pipeline.get_bus()
    warnings = []

    def wait_for(kind):
        while True:
            message = bus.timed_pop_filtered(60 * Gst.SECOND, kind | Gst.MessageType.ERROR | Gst.MessageType.WARNING)
            assert message is not None, f"no {kind}"
            assert message.type != Gst.MessageType.ERROR, message.parse_error()
            if message.type != Gst.MessageType.WARNING:
                return
            warnings.append(message.parse_warning()[0].message)

    pipeline.set_state(Gst.State.PAUSED)
    wait_for(Gst.MessageType.ASYNC_DONE)
    for place in (2.03, 0.517, 3.3333, 1.0, 2.99):
        assert pipeline.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE, int(place * Gst.SECOND))
        wait_for(Gst.MessageType.ASYNC_DONE)
    pipeline.set_state(Gst.State.PLAYING)
    wait_for(Gst.MessageType.EOS)
    pipeline.set_state(Gst.State.NULL)
    assert not [w for w in warnings if "stand-in" not in w], warnings
    rows = read_json(path("seeks.json"))
    assert all(abs(a["end"] - b["start"]) < 1e-9 for a, b in zip(rows, rows[1:])), rows
    # What was played to the end is measured without a hole.
    played = [row for row in rows if row["end"] > 2.99]
    assert played[0]["start"] <= 2.991 and all(row["state"] == "measured" for row in played[-1:]), rows
    return [f"{len(rows)} segments"]


# ---- Live

def live():
    """No frame waits for the network; and the first frame that follows a step has its label: a chunk and its inference after what it shows."""
    steps, pending = {}, []

    def watch(pipeline):
        def seen(pad, info):
            if info.type & Gst.PadProbeType.BUFFER:
                if pending:
                    steps[info.get_buffer().pts] = pending.pop()
                pending.clear()
            else:
                fields = info.get_event().get_structure()
                if fields and fields.get_name() == "action-step":
                    pending.append(fields.get_value("coarse-action"))
            return Gst.PadProbeReturn.OK

        pipeline.get_by_name("smooth").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM, seen)

    done = Run(f"videotestsrc is-live=true num-buffers=180 ! video/x-raw,width=320,height=240,framerate=15/1 ! r3dfeatures hop=8 ! actionclassify model={MODEL} "
               f"strict=false ! timelinesmooth name=smooth window=1 location={path('live.jsonl')} ! actionoverlay ! fakesink name=out sync=true qos=true max-lateness=800000000",
               probe="out", watch=watch)
    assert done.dropped == 0, f"{done.dropped} frames were more than 800 ms late; the next label is 1 s away"
    assert len(done.labels) == 180
    first = next(i for i, (_, label) in enumerate(done.labels) if label)
    assert first >= 2 * 15 - 2, first  # not before a chunk is complete
    labels = {pts + done.first: label for pts, label in done.labels}
    assert len(steps) >= 8, steps
    assert all(labels[pts] and labels[pts]["coarse-action"] == coarse for pts, coarse in steps.items()), (steps, labels)
    with open(path("live.jsonl")) as file:
        rows = [json.loads(line) for line in file]
    assert rows and rows[0]["wall_clock_source"] == "pipeline-clock" and rows[0]["wall_clock_start"].endswith("Z"), rows
    return [f"first label on frame {first}"]


def camera_of(encoder):
    """A camera whose pictures x264enc, with these properties, encodes in the main profile."""
    return rtsp_camera.Camera(f"{rtsp_camera.VIDEO} ! {encoder} speed-preset=ultrafast key-int-max=15 ! video/x-h264,profile=main ! rtph264pay name=pay0 pt=96")


def rtsp():
    """The camera's own clock gets into the timeline."""
    with camera_of("x264enc tune=zerolatency") as camera:
        done = Run(f"rtspsrc location={camera.url} add-reference-timestamp-meta=true latency=100 ! decodebin ! r3dfeatures hop=8 ! actionclassify "
                   f"model={MODEL} strict=false ! timelinesmooth window=3 location={path('rtsp.json')} ! actionoverlay ! fakesink name=out", probe="out", seconds=12)
    assert any(label for _, label in done.labels)
    rows = read_json(path("rtsp.json"))
    assert rows and all("wall_clock_source" in row for row in rows), rows
    return [f"{len(done.labels)} frames, {len(rows)} segments, clock: {rows[-1]['wall_clock_source']}"]


def camera_with_b_frames():
    """The README's line for the untouched video: as long as its frames are, and each frame later than the one before."""
    line = next(line for _, line in documented_lines() if "raw-" in line)
    command = re.sub(r"location=raw-\$\(.*?\)\S+", f"location={path('b-frames-%05d.mp4')}", line.split(" t. ! queue ! avdec_h264")[0])
    with camera_of("x264enc bframes=2 b-adapt=false") as camera:
        command = command.replace("rtsp://CAMERA/stream", camera.url).replace("tee name=t t. ! queue", "identity eos-after=76")
        code, said = run(["sh", "-c", command], timeout=60)
    assert code == 0, said
    times = [float(row) for row in subprocess.run(
        [sys.executable, "-c", TIMES_OF_FRAMES, path("b-frames-00000.mp4")], stdout=subprocess.PIPE, check=True).stdout.split()]
    assert len(times) >= 70 and all(a < b for a, b in zip(times, times[1:])), times
    mean = (times[-1] - times[0]) / (len(times) - 1)  # of 15 a second; twice that where a frame waits for those after it
    assert abs(mean * 15 - 1) < 0.2, (mean, times)
    return [f"{len(times)} frames in {times[-1] - times[0]:.2f} s"]


# Prints the time of each frame that GStreamer decodes of a file.
TIMES_OF_FRAMES = """
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
pipeline = Gst.parse_launch(f"filesrc location={sys.argv[1]} ! decodebin ! fakesink name=out")
pipeline.get_by_name("out").get_static_pad("sink").add_probe(
    Gst.PadProbeType.BUFFER, lambda pad, info: print(info.get_buffer().pts / Gst.SECOND) or Gst.PadProbeReturn.OK)
pipeline.set_state(Gst.State.PLAYING)
pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
"""


# ---- What the documents say

def text_of(name):
    with open(os.path.join(SOURCE, name)) as file:
        return file.read()


def blocks(name, language):
    return re.findall(rf"```{language}\n(.*?)```", text_of(name), re.S)


def documented_lines():
    """Every gst-launch-1.0 line of README and docs, in the order in which they stand there."""
    lines = []
    for name in ["README.md"] + sorted("docs/" + n for n in os.listdir(os.path.join(SOURCE, "docs")) if n.endswith(".md")):
        for block in blocks(name, "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("gst-launch-1.0"):
                    lines.append((name, " ".join(line.split())))
    return lines


def until_labelled(command, folder):
    """Runs a live line until its last element that says so has given labels (or features), then Ctrl-C."""
    evidence = "action-step," if "actionclassify" in command else "action-features,"
    said = []
    with subprocess.Popen(["sh", "-c", "exec " + command.replace("gst-launch-1.0", "gst-launch-1.0 -m", 1)], cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        watchdog = threading.Timer(180, process.kill)
        watchdog.start()
        for line in process.stdout:
            said.append(line.decode(errors="replace"))
            if evidence in said[-1]:
                process.send_signal(signal.SIGINT)
                break
        said += [line.decode(errors="replace") for line in process.stdout]
        code = process.wait()
        watchdog.cancel()
    said = "".join(said)
    assert evidence in said and code == 0, (command, code, said[-1500:])
    return said


def documented(line, camera):
    """The line as it stands, but for what this machine has not: a camera, a screen, hours of video, a GPU (of which test_cuda.py has a fake one)."""
    assert "rtsp://CAMERA/stream" in line or "rtsp" not in line
    line = line.replace("rtsp://CAMERA/stream", camera)
    line = line.replace("nvh264dec ! 'video/x-raw(memory:CUDAMemory)'", "avdec_h264").replace("nvh264enc", "x264enc")
    line = line.replace("v4l2src", "videotestsrc is-live=true").replace("autovideosink", "fakesink sync=true")
    folder = tempfile.mkdtemp(dir=FOLDER)
    for name in ("shift.mp4", "clip.mp4", "cut-off.mp4"):
        os.symlink(path("short.mp4"), os.path.join(folder, name))
    with open(os.path.join(folder, "shift.json"), "w") as file:  # for those lines that read one
        json.dump([{"start": 0, "end": 9, "fine_action": "turn_screw_va"}], file)
    os.symlink(MODEL, os.path.join(folder, "model"))
    live = camera in line or "is-live" in line
    command = line.split("  #")[0]
    if live:
        said = until_labelled(command, folder)
    else:
        code, said = run(["sh", "-c", command], timeout=300, cwd=folder)
        assert code == 0, (line, code, said[-1500:])
    assert "ERROR" not in said, (line, said[-1500:])
    if "location=line.jsonl" in line:
        rows = [json.loads(row) for row in open(os.path.join(folder, "line.jsonl"))]
        assert rows and all("run" in row for row in rows) and any("wall_clock_start" in row for row in rows), (line, rows, said[-1500:])
    for name in os.listdir(folder):
        if name.startswith(("overlay-", "raw-")):
            assert sum(1 for _ in decode(os.path.join(folder, name))) > 0, (line, name)
    made = [n for n in os.listdir(folder) if n not in ("shift.mp4", "clip.mp4", "cut-off.mp4", "model")]
    for place in re.findall(r"location=(\S+)", line):
        if "%" not in place and "$" not in place and not place.startswith("rtsp") and not live:
            assert os.path.getsize(os.path.join(folder, place)) > 0, (line, place, made)
        if "%" in place:
            assert any(n.startswith(place.split("%")[0].split("$")[0]) for n in made), (line, made)


# Runs a recording in a process of its own, which says the stream time of each frame that enters splitmuxsink.
RECORDER = """
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
pipeline = Gst.parse_launch(sys.argv[1])
def frame(pad, info):
    print(info.get_buffer().pts - first.setdefault("pts", info.get_buffer().pts), flush=True)
    return Gst.PadProbeReturn.OK
first = {}
pipeline.get_by_name("parse").get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, frame)
pipeline.set_state(Gst.State.PLAYING)
pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.ERROR)
"""


def recordings():
    """Of the README's recording lines: a restart overwrites nothing, kill -9 costs two seconds of stream, and the file can be mended."""
    lines = [line for _, line in documented_lines() if "splitmuxsink" in line]
    assert len(lines) == 2, lines
    notes = []
    for line in lines:
        sink = re.search(r"splitmuxsink .*?(?=$| t\. )", line).group(0)
        assert "$(date +%Y%m%d-%H%M%S)" in sink, sink
        folder = tempfile.mkdtemp(dir=FOLDER)
        # As the shell hands it to gst-launch-1.0, but for the time, which is another in each run.
        for number in (1, 2):
            place = os.path.join(folder, f"run{number}-%05d.mp4")
            recorder = re.sub(r"location=\S+\$\(.*?\)\S+", f"location={place}", sink).replace('"', "")
            recorder = re.sub(r"((?:muxer|sink)-properties)=(\S+)", r'\1="\2"', recorder)
            source = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1 ! x264enc tune=zerolatency key-int-max=25 ! h264parse name=parse"
            with subprocess.Popen([sys.executable, "-c", RECORDER, f"{source} ! {recorder}"], stdout=subprocess.PIPE) as process:
                watchdog = threading.Timer(120, process.kill)
                watchdog.start()
                for said in process.stdout:
                    if int(said) >= 6 * Gst.SECOND:
                        break
                process.kill()
                watchdog.cancel()
            kept = os.path.join(folder, f"run{number}-00000.mp4")
            whole = os.path.join(folder, f"whole{number}.mp4")
            mend = next(l for _, l in documented_lines() if "cut-off.mp4" in l).replace("cut-off.mp4", kept).replace("whole.mp4", whole)
            code, text = run(["sh", "-c", mend])
            assert code == 0, text
            seconds = sum(1 for _ in decode(whole)) / 25
            assert seconds >= 3, (seconds, line)  # a fragment of a second, what the threads between hold, and the last frame
            notes.append(f"killed at 6 s of stream: {seconds:.1f} s are kept")
    return notes


def newer_than_this(line):
    """The elements of a line that GStreamer got later than the one that is here."""
    return [word for word in line.split() if releases.comes_later(word, Gst.version()[:2])]


def lines_of_the_documents():
    lines = [(name, line) for name, line in documented_lines() if not newer_than_this(line)]
    assert len(lines) >= 8, lines
    os.symlink(os.path.join(DEMO, "clips/mount_wheel_va_001.mp4"), path("short.mp4"))
    with camera_of("x264enc tune=zerolatency") as camera:
        for name, line in lines:
            documented(line, camera.url)
    return [f"{name}: {line}" for name, line in lines]


def snippets_of_the_documents():
    """docs/labels.md: both print a label for every frame and the segments, the same."""
    video = os.path.join(DEMO, "clips/turn_screw_va_001.mp4")
    with open(path("labels.py"), "w") as file:
        file.write(blocks("docs/labels.md", "python")[0])
    with open(path("labels.c"), "w") as file:
        file.write(blocks("docs/labels.md", "c")[0])
    code, flags = run(["pkg-config", "--cflags", "--libs", "gstreamer-1.0"])
    code, said = run(["cc", "-Wall", "-Werror", path("labels.c"), "-o", path("labels"), *flags.split()])
    assert code == 0, said
    outputs = []
    for command in ([sys.executable, path("labels.py")], [path("labels")]):
        code, said = run([*command, video, MODEL])
        assert code == 0, said
        frames, segments = re.findall(r"^\d+ \w+ (?:VA|RNVA|NVA)$", said, re.M), re.findall(r"^[\d.]+ to [\d.]+ s: [a-z_]+$", said, re.M)
        assert len(frames) + len(segments) == len(said.splitlines()), said
        outputs.append((frames, segments))
    assert outputs[0] == outputs[1], outputs
    frames, segments = outputs[0]
    assert len(frames) == sum(1 for _ in decode(video)) and segments[0].startswith("0.00 to "), (len(frames), segments)


def second_classifier():
    """Two models on the same features: each timeline is what its model alone gives."""
    clips = ["mount_wheel_va_001", "turn_screw_va_002", "clean_bench_nva_001"]
    base = f"concat name=c ! r3dfeatures hop=8"
    sources = " ".join(f"filesrc location={DEMO}/clips/{clip}.mp4 ! qtdemux ! h264parse ! avdec_h264 ! c." for clip in clips)
    alone = path("alone.json")
    Run(f"{base} ! actionclassify model={MODEL} ! timelinesmooth window=3 location={alone} ! fakesink {sources}")
    Run(f"{base} ! actionclassify model={MODEL} unknown-threshold=0.99 forward-features=true ! timelinesmooth window=3 location={path('first.json')} "
        f"! actionclassify model={MODEL} ! timelinesmooth window=3 location={path('second.json')} ! fakesink {sources}")
    rows = read_json(alone)
    assert rows[0]["start"] == 0 and all(a["end"] == b["start"] and b["state"] == "measured" for a, b in zip(rows, rows[1:])), "one clip follows on the other"
    assert {row["coarse_action"] for row in rows} >= {"mount", "turn", "clean"}, rows
    assert read_json(alone) == read_json(path("second.json"))
    assert read_json(alone) != read_json(path("first.json"))


def other_features_are_refused():
    pipeline = Gst.parse_launch(f"videotestsrc num-buffers=40 ! r3dfeatures roi=0,0,0.5,1 ! actionclassify model={MODEL} ! fakesink")
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.ERROR | Gst.MessageType.EOS)
    pipeline.set_state(Gst.State.NULL)
    assert message.type == Gst.MessageType.ERROR
    text = message.parse_error()[0].message
    assert "roi: trained with 0,0,1,1, here 0,0,0.5,1" in text, text
    return [text]


def more_of_the_timeline_tool(tool):
    rows = [{"start": 0, "end": 4, "fine_action": "a_va", "confidence": 0.31, "run": "one", "complete": True},
            {"start": 0, "end": 6, "fine_action": "b_nva", "confidence": 0.9, "run": "two"},
            {"start": 6, "end": 9, "fine_action": "a_va", "value_category": "NVA", "run": "two", "complete": False}]
    with open(path("runs.jsonl"), "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    code, said = run([tool, "show", path("runs.jsonl")])
    assert code == 0 and "interrupted at 9.0 s: the stream had not ended; 9.0 s measured until then" in said, said
    assert "% of them measured" not in said and "holds 1 other run, not shown" in said and "90 %" in said, said
    assert "line 3, has the value category NVA, but its label is a_va" in said, said
    code, said = run([tool, "show", "--all", path("runs.jsonl"), path("truth.json")])
    assert code == 0 and said.count("start ") == 3 and "run one" in said and "31 % low" in said and "1 segment is less than 50 % sure" in said, said
    for which in ("one", "1"):
        code, said = run([tool, "show", "--run", which, path("runs.jsonl")])
        assert code == 0 and "100.0 % of them measured" in said, said
    code, said = run([tool, "show", "--run", "3", path("runs.jsonl")])
    assert code == 1 and "has no run '3'" in said and "two" in said, said
    code, said = run([tool, "show", "--json", "--all", path("runs.jsonl")])
    shown = json.loads(said[said.index("["):])
    assert [(r["run"], r["complete"], r["stand_in"], r["coverage"]) for r in shown] == [("one", True, False, 1), ("two", False, False, 1)], shown
    assert shown[0]["values"] == {"VA": {"seconds": 4, "share": 1}} and shown[0]["segments"][0]["fine_action"] == "a_va", shown
    done = subprocess.run([tool, "show", "-"], input=open(path("truth.json"), "rb").read(), stdout=subprocess.PIPE, check=True)
    assert b"2 segments, 10.0 s" in done.stdout, done.stdout
    # Nothing found: no duration error of 0; another length is told.
    with open(path("other.json"), "w") as file:
        json.dump([{"start": 0, "end": 3, "fine_action": "c_va"}], file)
    code, said = run([tool, "compare", path("other.json"), path("truth.json")])
    assert code == 0 and re.search(r"duration: mean error, s +- +- ", said) and "the timeline is 3.0 s long, the truth 10.0 s" in said, said
    code, said = run([tool, "compare", "--json", path("other.json"), path("truth.json")])
    figures = json.loads(said[said.index("{"):])
    assert code == 0 and figures["fine"]["duration"]["mean_error"] is None and figures["stand_in"] is False and figures["fine"]["found"] == 0, figures
    for arguments in (["frobnicate"], ["show"], ["compare", "a"], ["--no-such"], ["show", "--run", "1", "--all", "x"]):
        code, said = run([tool, *arguments])
        assert code == 2 and "gst-action-timeline --help" in said, (arguments, code, said)
    with open("/dev/full", "w") as full:
        done = subprocess.run([tool, "show", path("truth.json")], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1 and b"cannot write to the standard output" in done.stderr, done
    code, said = run([tool, "show", "-dash.json"], cwd=FOLDER)
    assert code == 2 and "behind --" not in said, said
    os.rename(path("other.json"), path("-dash.json"))
    code, said = run([tool, "show", "-dash.json"], cwd=FOLDER)
    assert code == 2 and "Is the file -dash.json meant? Put it behind --" in said, said
    code, said = run([tool, "show", "--", "-dash.json"], cwd=FOLDER)
    assert code == 0, said


def tools_agree():
    """All tools: --version, --help, and 2 for a command line that is not understood."""
    names = [n for n in os.listdir(os.path.join(BUILD, "tools")) if re.fullmatch("gst-action-[a-z]+", n)]
    assert len(names) >= 5, names
    for name in names:
        tool = os.path.join(BUILD, "tools", name)
        code, said = run([tool, "--version"])
        assert code == 0 and re.match(rf"{name} \(gst-action\) \d+\.\d+\.\d+\n", said), (name, said)
        code, said = run([tool, "--help"])
        assert code == 0 and "Usage:" in said and name in said, (name, said)
        code, said = run([tool, "--no-such-option"])
        assert code == 2 and f"(see {name} --help)" in said, (name, code, said)
        code, said = run([tool])
        assert code == 2 or name == "gst-action-doctor", (name, code, said)
        manual = os.path.join(BUILD, "tools", name + ".1")
        if os.path.exists(manual):  # help2man is not on every machine
            text = open(manual).read()
            assert ".SH NAME" in text and "Exit status" in text and "\\-\\-version" in text, (name, text[:500])


def doctor():
    tool = os.path.join(BUILD, "tools/gst-action-doctor")
    code, said = run([tool, MODEL])
    assert code == 0 and "PROBLEM" not in said, said
    for words in ("ok       plugin         gst-action ", "ok       elements", "ok       LibTorch", "ok       BLAS", "ok       device         cpu, fp32", "ok       model",
                  "stand-in backbone: not a measurement", "-> gst-action-elements ", "Everything that is needed is there."):
        assert words in said, (words, said)
    env = {**os.environ, "GST_PLUGIN_PATH": "/nonexistent", "GST_REGISTRY": path("other-registry.bin"), "GST_ACTION_WEIGHTS": "/nonexistent.pth"}
    code, said = run([tool, FOLDER], env=env)
    assert code == 1 and said.count("PROBLEM ") >= 3, said
    for words in ("set GST_PLUGIN_PATH to the folder of libgstaction.so", "gst-action-weights fetch", "is not a model", "does not work yet"):
        assert words in said, (words, said)
    # A plugin that breaks when GStreamer looks at it.
    broken = path("broken-plugins")
    os.makedirs(broken)
    with open(os.path.join(broken, "libgstaction.so"), "wb") as file:
        file.write(b"\x7fELF, but no more")
    code, said = run([tool], env={**os.environ, "GST_PLUGIN_PATH": broken, "GST_REGISTRY": path("broken-registry.bin")})
    assert code == 1 and "is blacklisted" in said, said


def stock_elements():
    """objectdetectionoverlay, which knows nothing of ours, draws the label's box: around the region that was looked at."""
    if newer_than_this("objectdetectionoverlay"):
        raise tap.Skip("GStreamer before 1.24: no GstAnalytics")
    video = os.path.join(DEMO, "clips/mount_panel_va_001.mp4")
    frames = {}
    for name, overlay in (("plain", ""), ("boxes", "! objectdetectionoverlay draw-labels=false object-detection-outline-color=0xffff0000 ")):
        code, said = run(["sh", "-c", f"gst-launch-1.0 -q filesrc location={video} ! decodebin ! r3dfeatures roi=0.25,0.25,0.5,0.5 hop=4 "
                          f"! actionclassify model={MODEL} strict=false ! timelinesmooth profile=study ! videoconvert ! video/x-raw,format=BGRA {overlay}"
                          f"! filesink location={path(name)}.bgra"])
        assert code == 0, said
        frames[name] = np.fromfile(path(name) + ".bgra", np.uint8).reshape(-1, 240, 320, 4)
    assert len(frames["plain"]) == len(frames["boxes"]) > 50
    changed = (frames["plain"] != frames["boxes"]).any(axis=3).sum(axis=0)
    rows, columns = np.where(changed > len(frames["plain"]) // 2)
    # The outline of the box from (80, 60) to (240, 180), a few pixels wide, and nothing inside or outside of it.
    assert abs(rows.min() - 60) <= 3 and abs(rows.max() - 180) <= 3 and abs(columns.min() - 80) <= 3 and abs(columns.max() - 240) <= 3, \
        (rows.min(), rows.max(), columns.min(), columns.max())
    assert not changed[66:174, 86:234].any()


def timeline_tool():
    tool = os.path.join(BUILD, "tools/gst-action-timeline")
    with open(path("truth.json"), "w") as file:
        json.dump([{"start": 0, "end": 4, "fine_action": "a_va"}, {"start": 4, "end": 10, "fine_action": "b_nva"}], file)
    with open(path("said.json"), "w") as file:
        json.dump([{"start": 0, "end": 5, "fine_action": "a_va"}, {"start": 5, "end": 9, "fine_action": "b_x_nva"},
                   {"start": 9, "end": 10, "fine_action": "gap", "state": "gap"}], file)
    code, said = run([tool, "compare", path("said.json"), path("truth.json")])
    assert code == 0 and re.search(r"right label, all of the time, % +80.0 +40.0 +80.0", said), said
    other, same = run([os.path.join(BUILD, "tools/gst-action-evaluate"), path("said.json"), path("truth.json")])
    assert other == 0 and same == said, (said, same)
    code, said = run([tool, "show", path("said.json")])
    assert code == 0 and "90.0 % of them measured" in said and re.search(r"VA +5.0 s +55.6 %", said), said
    code, said = run([tool, "show", path("missing.json")])
    assert code == 1 and "missing.json" in said
    code, said = run([tool, "compare", "-", "-"])
    assert code == 2 and "only one of the two" in said, said
    for name, words in (("empty.jsonl", "is empty: no segment was ever final"), ("empty.json", "it is empty")):
        open(path(name), "w").close()
        code, said = run([tool, "show", path(name)])
        assert words in said, (name, said)
    # What gst-launch-1.0 prints of the notice that another run's timeline is kept.
    for _ in range(2):
        code, said = run(["sh", "-c", f"gst-launch-1.0 filesrc location={DEMO}/clips/wait_idle_nva_001.mp4 ! decodebin ! r3dfeatures ! actionclassify model={MODEL} "
                          f"! timelinesmooth location={path('kept.json')} ! fakesink"])
        assert code == 0, said
    assert "kept.json of another run is there; when this run ends, it is kept as " + path("kept.json~") in said, said
    more_of_the_timeline_tool(tool)


TESTS = [
    ("the quickstart", quickstart),
    ("the quickstart's video", quickstart_video),
    ("the panel of each frame", panel_of_each_frame),
    ("aligned, and exact in a second pass", aligned),
    ("aligned at 1080p30", aligned_full_hd),
    ("tee with room", tee_with_room),
    ("tee without room", tee_without_room),
    ("audio and video in one file", audio_and_video),
    ("a player with sound", player_with_sound),
    ("a synchronised player", synchronised_player),
    ("a source with eight buffers", source_with_few_buffers),
    ("seeks", seeks),
    ("live", live),
    ("an RTSP camera", rtsp),
    ("a camera with B frames", camera_with_b_frames),
    ("a second classifier", second_classifier),
    ("features of other settings are refused", other_features_are_refused),
    ("stock elements", stock_elements),
    ("gst-action-timeline", timeline_tool),
    ("what all tools have in common", tools_agree),
    ("gst-action-doctor", doctor),
    ("recordings survive", recordings),
    ("the lines of the documents", lines_of_the_documents),
    ("the snippets of the documents", snippets_of_the_documents),
]
if len(sys.argv) > 4:
    TESTS = [t for t in TESTS if any(part in t[0] for part in sys.argv[4:])]
signal.alarm(1500)  # a hang is a failure, not a night
tap.run(TESTS)
