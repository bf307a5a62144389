# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-action-record as a user runs it, against RTSP cameras on loopback whose frames carry their number: what lies in the files is looked at frame
by frame. The network is the fake one, which answers at once.

    test_recording.py BUILD SOURCE [KILLS [part of a test's name]]
"""

import glob
import http.client
import json
import os
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import gi
import numpy

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gio, GLib, Gst, GstApp  # noqa: F401

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../parity"), os.path.join(HERE, "../pipeline")]
import small_model
import tap
from rtsp_camera import BEEP_EVERY, COUNTED, H264, VIDEO, WITH_AAC, WITH_G711, Camera, free_port, number_of

BUILD, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 4
FOLDER = tempfile.mkdtemp(prefix="gst-action-record-")
PROGRAM = os.path.join(BUILD, "tools/gst-action-record")
PATIENCE = 60  # s
Gst.init(None)
MODEL = small_model.write(os.path.join(FOLDER, "model"))
SMALL = H264.replace("320", "160").replace("240", "120")


def wait_for(what, condition, seconds=PATIENCE):
    ends = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < ends, f"not within {seconds} s: {what}"
        time.sleep(0.05)  # between two looks; the condition decides


class Recorder:
    """The program, with what it says to systemd, to the terminal and over HTTP."""

    count = 0

    def __init__(self, *arguments, output=None, site=None, environment=None, page=True):
        Recorder.count += 1
        self.folder = os.path.join(FOLDER, str(Recorder.count))
        os.makedirs(self.folder)
        self.output = output or os.path.join(self.folder, "out")
        self.port = free_port()
        self.words = [PROGRAM]
        if site is not None:
            self.site = os.path.join(self.folder, "site.toml")
            self.write_site(site)
            self.words.append(self.site)
        else:
            self.words += ["--output", self.output, "--model", MODEL]
            if "--segment" not in arguments:
                self.words += ["--segment", "1d"]  # no file more when a test runs over a full hour
        self.words += ["--listen", f"127.0.0.1:{self.port}" if page else "none", *arguments]
        self.environment = {**small_model.fake_engine(BUILD), **(environment or {})}
        self.said, self.process = "", None

    def write_site(self, text):
        if "segment =" not in text:
            text = 'segment = "1d"\n' + text
        with open(self.site, "w", encoding="utf-8") as file:
            file.write(text.replace("OUTPUT", self.output).replace("MODEL", MODEL))

    def start(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = os.path.join(self.folder, "notify")
        if os.path.exists(path):
            os.unlink(path)
        self.socket.bind(path)
        self.socket.setblocking(False)
        self.notes = []
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen(self.words, env={**self.environment, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000000"}, stdout=self.log, stderr=self.log)
        wait_for("READY=1", lambda: "READY=1" in self.heard() or self.process.poll() is not None)
        assert self.process.poll() is None, self.text()
        return self

    def heard(self):
        while True:
            try:
                self.notes.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return self.notes

    def text(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as file:
            return file.read()

    def get(self, path, headers=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body, answer

    def station(self, number=0):
        return json.loads(self.get("/status")[1])["stations"][number]

    def metric(self, name, labels=""):
        found = re.search(rf"^gst_action_{name}(\{{[^}}]*{labels}[^}}]*\}})? (\S+)$", self.get("/metrics")[1].decode(), re.M)
        return float(found.group(2)) if found else None

    def recorded(self, frames, kind="overlay", number=0):
        """Waits until so many more frames have been recorded."""
        had = self.metric("recorded_frames_total", f'kind="{kind}"')
        wait_for(f"{frames} frames; {self.text()}", lambda: self.metric("recorded_frames_total", f'kind="{kind}"') >= had + frames)

    def threads(self):
        """Of a process that hangs: what its threads wait for."""
        if shutil.which("gdb"):
            done = subprocess.run(["gdb", "-p", str(self.process.pid), "-batch", "-ex", "thread apply all bt 20"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  timeout=PATIENCE, check=False)
            return done.stdout.decode(errors="replace")
        tasks = f"/proc/{self.process.pid}/task"
        return [open(f"{tasks}/{task}/comm").read().strip() for task in os.listdir(tasks)]

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return None
        self.process.send_signal(how)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end: {self.threads()}\n{self.text()}") from None
        self.process = None
        self.heard()
        self.socket.close()
        self.log.close()
        assert not re.search(r"-(WARNING|CRITICAL) \*\*", self.text()), self.text()
        return code

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop(signal.SIGKILL)

    def files(self, kind="overlay", station="*"):
        return sorted(glob.glob(os.path.join(glob.escape(self.output), station, "*", kind + "-*.mp4")))

    def lines(self, name="timeline.jsonl", station="*"):
        rows = []
        for path in sorted(glob.glob(os.path.join(glob.escape(self.output), station, "*", name))):
            with open(path, encoding="utf-8") as file:
                rows += [json.loads(line) for line in file]
        return rows


class Video:
    """What a player finds in a file: times of frames, their numbers, and the cues of the subtitle track."""

    def __init__(self, path, seek=None):
        self.times, self.numbers, self.cues, self.size = [], [], [], None
        pipeline = Gst.parse_launch(
            "filesrc name=file ! qtdemux name=d  d.video_0 ! queue max-size-buffers=0 max-size-bytes=0 max-size-time=0 ! decodebin ! videoconvert ! "
            "video/x-raw,format=GRAY8 ! appsink name=video sync=false max-buffers=0")
        pipeline.get_by_name("file").set_property("location", path)
        pads = []
        pipeline.get_by_name("d").connect("pad-added", lambda _, pad: pads.append(pad.get_current_caps().to_string()) or
                                          pad.add_probe(Gst.PadProbeType.BUFFER, self._on_cue) if "text" in pad.get_current_caps().to_string() else None)
        sink = pipeline.get_by_name("video")
        pipeline.set_state(Gst.State.PAUSED)
        if pipeline.get_state(PATIENCE * Gst.SECOND)[0] != Gst.StateChangeReturn.SUCCESS:
            error = self._error(pipeline)
            pipeline.set_state(Gst.State.NULL)
            raise AssertionError(f"{path} does not play: {error}")
        if seek is not None:
            assert pipeline.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE, int(seek * Gst.SECOND)), path
        pipeline.set_state(Gst.State.PLAYING)
        while sample := sink.try_pull_sample(PATIENCE * Gst.SECOND):
            caps = sample.get_caps().get_structure(0)
            width, height = caps.get_value("width"), caps.get_value("height")
            self.size = (width, height)
            buffer = sample.get_buffer()
            self.times.append(buffer.pts / Gst.SECOND)
            stride = (width + 3) // 4 * 4
            luma = numpy.frombuffer(buffer.extract_dup(0, buffer.get_size()), numpy.uint8).reshape(height, stride)
            self.numbers.append(number_of(luma) if self.size == (320, 240) else None)
        error = self._error(pipeline)
        pipeline.set_state(Gst.State.NULL)
        assert not error, f"{path}: {error}"

    def _on_cue(self, _pad, info):
        buffer = info.get_buffer()
        text = buffer.extract_dup(0, buffer.get_size()).decode()
        if text.strip("\0 "):
            self.cues.append((buffer.pts / Gst.SECOND, buffer.duration / Gst.SECOND, text))
        return Gst.PadProbeReturn.OK

    @staticmethod
    def _error(pipeline):
        message = pipeline.get_bus().timed_pop_filtered(0, Gst.MessageType.ERROR)
        return message.parse_error()[0].message if message else None


class Sound:
    """What a player hears: samples (float, -1 to 1, one channel), the first at `begin` seconds."""

    def __init__(self, path):
        pipeline = Gst.parse_launch("filesrc name=file ! qtdemux name=d  d.audio_0 ! queue max-size-buffers=0 max-size-bytes=0 max-size-time=0 ! decodebin ! audioconvert ! "
                                    "audioresample ! audio/x-raw,format=F32LE,rate=48000,channels=1 ! appsink name=sound sync=false max-buffers=0")
        pipeline.get_by_name("file").set_property("location", path)
        sink = pipeline.get_by_name("sound")
        pipeline.set_state(Gst.State.PLAYING)
        pieces, self.begin, end = [], None, 0
        while sample := sink.try_pull_sample(PATIENCE * Gst.SECOND):
            buffer = sample.get_buffer()
            start = buffer.pts / Gst.SECOND
            if self.begin is None:
                self.begin = end = start
            assert abs(start - end) < 0.002, f"{path}: a hole in the sound, from {end} to {start} s"
            end = start + buffer.get_size() / 4 / 48000
            pieces.append(numpy.frombuffer(buffer.extract_dup(0, buffer.get_size()), numpy.float32))
        pipeline.set_state(Gst.State.NULL)
        assert pieces, f"{path} has no sound"
        self.samples = numpy.concatenate(pieces)
        self.end = end

    def beeps(self):
        """When they begin."""
        step = 240  # 5 ms
        loud = numpy.abs(self.samples[:len(self.samples) // step * step]).reshape(-1, step).max(axis=1) > 0.1
        starts = [i for i in range(len(loud)) if loud[i] and not loud[max(i - 12, 0):i].any()]
        return [self.begin + i * step / 48000 for i in starts]


def boxes(path):
    """The kinds of boxes that an MP4 file is made of."""
    kinds, at = [], 0
    with open(path, "rb") as file:
        data = file.read()
    while at + 8 <= len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        size = int.from_bytes(data[at + 8:at + 16], "big") if size == 1 else size
        kinds.append(data[at + 4:at + 8].decode())
        at += max(size, 8)
    return kinds


def consecutive(numbers, what):
    jumps = [(a, b) for a, b in zip(numbers, numbers[1:]) if b != a + 1]
    assert numbers and not jumps, f"{what}: {jumps[:5]} of {len(numbers)}"


# ---- Sound


def together(videos, sounds, what, shorter=0.3, longer=0.5):
    """Each beep lies at its frame. Returns how far they are apart, in seconds. shorter, longer: s that the sound may be shorter or longer than the video,
    whose last picture is shown until the next one comes."""
    apart = []
    for video, sound in zip(videos, sounds):
        assert -shorter < sound.end - video.times[-1] < longer and sound.begin < 0.1, (what, sound.begin, sound.end, video.times[-1])
        beeps = sound.beeps()
        for time_, number in zip(video.times[4:-4], video.numbers[4:-4]):  # near a cut a part of it is in the next file
            if number % BEEP_EVERY == 0 and time_ < sound.end - 0.3:
                nearest = min(beeps, key=lambda beep: abs(beep - time_), default=1e9)
                apart.append(nearest - time_)
    assert apart and max(abs(one) for one in apart) < 0.12, (what, apart)
    return apart


def with_sound():
    """The sound of the camera is in both kinds of file, at the right time and without a hole, over cuts and an outage."""
    notes = []
    for name, line in (("AAC", WITH_AAC), ("G.711", WITH_G711)):
        with Camera(line) as camera, Recorder("--sound", "--record", "both", "--stale", "1s", "--segment", "5s", "--protocols", "tcp", camera.url) as recorder:
            recorder.recorded(15 * 11)
            if name == "AAC":
                camera.kill()
                wait_for("camera lost", lambda: not recorder.station()["up"])
                recorder.recorded(4)
                camera.start()
                wait_for("camera back", lambda: recorder.station()["up"])
                recorder.recorded(15 * 6)
            assert recorder.stop() == 0, recorder.text()
        for kind in ("overlay", "raw"):
            paths = recorder.files(kind)
            videos, sounds = [Video(path) for path in paths], [Sound(path) for path in paths]
            if name == "G.711":
                consecutive(sum((video.numbers for video in videos), []), f"with sound, {name}, {kind}")
            apart = together(videos, sounds, f"{name}, {kind}", longer=10 if name == "AAC" else 1)  # the outage; pictures that were under way at the end
            notes.append(f"{name}, {kind}: {len(paths)} files, {len(apart)} beeps, {1000 * min(apart):.0f} to {1000 * max(apart):.0f} ms from their frames")
        texts = {text for path in recorder.files() for _, _, text in Video(path).cues}
        assert texts, "no subtitles beside the sound"
    return notes


def with_sound_killed():
    """A file that a crash has cut off has its sound, before and after it is mended."""
    with Camera(WITH_AAC) as camera:
        with Recorder("--sound", "--protocols", "tcp", camera.url) as recorder:
            recorder.recorded(15 * 6)
            recorder.stop(signal.SIGKILL)
        path, = recorder.files()
        together([Video(path)], [Sound(path)], "cut off", 2)
        had = len(Video(path).numbers)
        with Recorder("--sound", "--protocols", "tcp", camera.url, output=recorder.output) as again:
            wait_for("the recovery", lambda: "was cut off: closed" in again.text())
            assert again.stop() == 0, again.text()
        assert len(Video(path).numbers) == had and "moof" not in boxes(path), boxes(path)
        together([Video(path)], [Sound(path)], "mended", 2)


def without_sound():
    """A camera without sound, one with sound that nobody can read, and recordings that are to have none."""
    with Camera(COUNTED) as camera, Recorder("--sound", "--protocols", "tcp", camera.url) as recorder:
        recorder.recorded(60)
        wait_for("the word", lambda: "sends no sound" in recorder.text())
        assert recorder.stop() == 0, recorder.text()
    path, = recorder.files()
    sound, video = Sound(path), Video(path)
    consecutive(video.numbers, "without sound")
    assert not sound.samples.any() and abs(sound.end - video.times[-1]) < 0.3, (sound.end, video.times[-1])
    for missing, words in (("rtppcmadepay", "sends no sound"), ("alawdec", "its sound cannot be decoded")):
        with Camera(WITH_G711) as camera, Recorder("--sound", "--protocols", "tcp", camera.url, environment={"GST_PLUGIN_FEATURE_RANK": missing + ":NONE"}) as recorder:
            recorder.recorded(60)
            wait_for("the word", lambda: words in recorder.text())
            assert recorder.stop() == 0, recorder.text()
        path, = recorder.files()
        consecutive(Video(path).numbers, "with sound that nobody can read")
        assert not Sound(path).samples.any()
    with Camera(WITH_AAC) as camera, Recorder("--protocols", "tcp", "--record", "both", camera.url) as recorder:
        recorder.recorded(30)
        assert recorder.stop() == 0, recorder.text()
    for path in recorder.files() + recorder.files("raw"):
        with open(path, "rb") as file:
            assert b"soun" not in file.read(), f"{path} has sound that nobody has asked for"


# ---- Recording


def an_ordinary_day():
    """Two stations at one camera: every frame is in the files, once, whatever the cuts."""
    with Camera(COUNTED) as camera:
        site = f"""
output = "OUTPUT"
model = "MODEL"
segment = "5s"
[[station]]
name = "Press 1"
camera = "{camera.url}"
protocols = "tcp"
record = "both"
[[station]]
name = "Press 2"
camera = "{camera.url}"
protocols = "tcp"
privacy-mask = "0,0.75,1,0.25"
"""
        with Recorder(site=site) as recorder:
            recorder.recorded(15 * 16)  # four files at least
            assert recorder.metric("frames_total", "Press 1") > 0
            code = recorder.stop()
    assert code == 0, recorder.text()
    notes = []
    for station, kind in (("Press 1", "overlay"), ("Press 1", "raw"), ("Press 2", "overlay")):
        paths = recorder.files(kind, station)
        videos = [Video(path) for path in paths]
        assert len(videos) >= 4, paths
        numbers = sum((video.numbers for video in videos), [])
        consecutive(numbers, f"{station}, {kind}")
        notes.append(f"{station}, {kind}: {len(paths)} files, {len(numbers)} frames, none lost")
        for video, path in zip(videos[1:-1], paths[1:-1]):
            seconds = os.path.basename(path)[-6:-4]
            limit = 0.2 if kind == "overlay" else 1.2  # raw: at a keyframe, of which there is one a second
            assert int(seconds) % 5 <= limit, path
            assert abs(len(video.times) / 15 - 5) <= limit + 0.2, (path, len(video.times))
            assert (video.times[0] < 0.1 and all(a < b for a, b in zip(video.times, video.times[1:]))), video.times[:5]
        if kind == "overlay":
            texts = {text for video in videos for _, _, text in video.cues}
            assert texts and all(re.fullmatch(r"\w+( \[\w+\])?", text) for text in texts), texts
            for video, path in zip(videos[2:-1], paths[2:-1]):  # the first label comes after two seconds and more
                assert video.cues[0][0] < 0.5 and video.cues[-1][0] + video.cues[-1][1] > video.times[-1] - 0.5, (path, video.cues, video.times[-1])
    for row in recorder.lines("recordings.jsonl"):
        assert row["begin"], row
    closed = {row["file"] for row in recorder.lines("recordings.jsonl") if "end" in row}
    assert closed == {os.path.basename(path) for kind in ("overlay", "raw") for path in recorder.files(kind)}, closed
    for station in ("Press 1", "Press 2"):
        rows = recorder.lines(station=station)
        assert rows and len({row["run"] for row in rows}) == 1
        names = {os.path.basename(path) for path in recorder.files(station=station)}
        for row in rows:
            assert row["station"] == station and re.fullmatch("[0-9a-f]{64}", row["model"]) and row["weights"], row
            assert row["video"] in names and 0 <= row["video_offset"] <= 6, row
            assert row["wall_clock_start"] < row["wall_clock_end"], row
    return notes


def an_outage():
    """The camera goes and comes back: one gap, the picture says since when, no frame of either side is lost."""
    with Camera(COUNTED) as camera, Recorder("--stale", "1s", "--record", "both", "--protocols", "tcp", camera.url) as recorder:
        recorder.recorded(60)
        camera.kill()
        wait_for("camera lost", lambda: not recorder.station()["up"])
        assert recorder.get("/healthz")[0] == 503 and b"no video" in recorder.get("/healthz")[1]
        recorder.recorded(6)  # the last frames, and pictures that stand still
        assert recorder.metric("current_action") is None and recorder.metric("lag_seconds") is None
        wait_for("the gap on the page", lambda: recorder.station()["segments"] and recorder.station()["segments"][-1]["state"] == "gap")
        camera.start()
        wait_for("camera back", lambda: recorder.station()["up"])
        recorder.recorded(60)
        wait_for("healthy", lambda: recorder.get("/healthz")[0] == 200)
        wait_for("the label that is drawn, on the page", lambda: recorder.station()["segments"][-1]["state"] == "open")
        shown = recorder.station()["segments"]
        assert all(a["end"] <= b["start"] + 0.05 for a, b in zip(shown, shown[1:])), shown
        assert recorder.metric("reconnects_total") == 1
        assert recorder.stop() == 0, recorder.text()
    rows = recorder.lines()
    gaps = [row for row in rows if row["state"] == "gap"]
    assert len(gaps) == 1 and gaps[0]["duration"] > 1, rows
    video = Video(recorder.files()[0])
    assert len(recorder.files()) == 1
    before = video.numbers.index(1, 20) if 1 in video.numbers[20:] else None  # the camera counts anew
    assert before, video.numbers
    slow = [i for i in range(1, before) if video.times[i] - video.times[i - 1] > 0.5]  # pictures that stand still come once a second
    assert len(slow) >= 3, video.times
    if shutil.which("ffmpeg"):  # which is stricter than GStreamer with the subtitles of an outage
        done = subprocess.run(["ffmpeg", "-v", "error", "-i", recorder.files()[0], "-map", "0:s", "-f", "srt", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 0 and not done.stderr and b"a</font>" in done.stdout, done
    consecutive(video.numbers[:slow[0] - 1], "before the outage")
    consecutive(video.numbers[before:], "after the outage")
    assert len(recorder.files("raw")) == 1
    raw = Video(recorder.files("raw")[0])
    assert raw.numbers and raw.numbers.count(1) <= 2, raw.numbers
    text = recorder.text()
    for words in ("sends video", "is lost", "is back after", "Ctrl-C closes", "all files are closed"):
        assert text.count(words) == 1, (words, text)
    return [f"{len(slow)} pictures that stand still, gap of {gaps[0]['duration']} s"]


def another_size():
    with Camera(COUNTED) as camera, Recorder("--stale", "1s", "--record", "both", "--protocols", "tcp", camera.url) as recorder:
        recorder.recorded(30)
        camera.kill()
        camera.start(SMALL)
        wait_for("another file", lambda: len(recorder.files()) > 1 and len(recorder.files("raw")) > 1)
        recorder.recorded(30)
        recorder.recorded(30, "raw")
        assert recorder.stop() == 0, recorder.text()
    for kind in ("overlay", "raw"):
        assert [Video(path).size for path in recorder.files(kind)] == [(320, 240), (160, 120)], kind


def another_codec():
    """H.264, then H.265, then motion JPEG: a file each, in both recordings, which players and this test read."""
    h265 = H264.replace("x264enc tune=zerolatency speed-preset=ultrafast", "x265enc tune=zerolatency speed-preset=ultrafast log-level=none").replace("rtph264pay", "rtph265pay")
    jpeg = f"{VIDEO} ! jpegenc ! valve name=valve ! rtpjpegpay name=pay0 pt=26"
    lines = [COUNTED, h265, jpeg] if Gst.ElementFactory.find("x265enc") else [COUNTED, jpeg]
    with Camera(COUNTED) as camera, Recorder("--stale", "1s", "--record", "both", "--protocols", "tcp", camera.url) as recorder:
        recorder.recorded(30)
        for number, line in enumerate(lines[1:], 2):
            camera.kill()
            camera.start(line)
            wait_for(f"file {number}", lambda: len(recorder.files("raw")) >= number)
            recorder.recorded(30, "raw")
            recorder.recorded(30)
        # A crash leaves the last ones open: they are closed by the muxer that knows them.
        recorder.stop(signal.SIGKILL)
        recorder.start()
        wait_for("closed files", lambda: recorder.text().count("was cut off") == 2)
        assert recorder.stop() == 0, recorder.text()
    codecs = []
    for path in recorder.files("raw"):
        with open(path, "rb") as file:
            data = file.read()
        codecs += [name for name in (b"avc1", b"hvc1", b"hev1", b"jpeg") if name in data]
    assert codecs[:len(lines)] == ([b"avc1", b"hvc1", b"jpeg"] if len(lines) == 3 else [b"avc1", b"jpeg"]), codecs
    assert not glob.glob(os.path.join(recorder.output, "*", "*", "*.unreadable"))
    for path in recorder.files("raw")[:len(lines)] + recorder.files()[:len(lines)]:
        assert len(Video(path).times) >= 15, path
    assert all(row["state"] for row in recorder.lines())
    return [b", ".join(codecs).decode()]


def foreign_codec():
    """VP8, which is not recorded as it is sent: it is decoded, labelled and recorded with labels all the same, and the raw recording says that nothing comes."""
    if not Gst.ElementFactory.find("vp8enc"):
        raise tap.Skip("there is no vp8enc")
    line = COUNTED.split("! x264enc", maxsplit=1)[0] + "! vp8enc deadline=1 keyframe-max-dist=15 ! valve name=valve ! rtpvp8pay name=pay0 pt=96"
    with Camera(line) as camera, Recorder("--record", "both", "--protocols", "tcp", camera.url) as recorder:
        recorder.recorded(30)
        wait_for("labels", lambda: recorder.station()["action"])
        wait_for("the problem", lambda: b"nothing comes to be recorded" in recorder.get("/healthz")[1])
        assert recorder.stop() == 0, recorder.text()
    assert len(Video(recorder.files()[0]).times) >= 30 and not recorder.files("raw")


def a_bad_network():
    """UDP with lost, late and doubled packets: what comes is recorded in order, nothing is called lost that is there."""
    bad = COUNTED.replace("rtph264pay name=pay0 pt=96", "rtph264pay pt=96 ! netsim name=pay0 min-delay=0 max-delay=30 delay-probability=0.2 drop-probability=0.02 duplicate-probability=0.02")
    with Camera(bad) as camera, Recorder("--stale", "3s", "--record", "both", "--protocols", "udp", camera.url) as recorder:
        recorder.recorded(150)
        assert recorder.metric("reconnects_total") == 0, recorder.text()
        assert recorder.stop() == 0, recorder.text()
    videos = [Video(path) for path in recorder.files()]
    times = sum((video.times for video in videos), [])
    # A damaged picture's number may be anything; most are whole.
    numbers = sum((video.numbers for video in videos), [])
    good = sum(b == a + 1 for a, b in zip(numbers, numbers[1:]))
    assert len(numbers) > 100 and good > len(numbers) / 2, (len(numbers), good)
    assert all(len(Video(path).times) > 0 for path in recorder.files("raw"))
    assert times == sorted(times)
    return [f"{good} of {len(numbers)} pictures follow on the one before"]


def packets(path):
    """Frames of a file as ffprobe counts them; nothing where there is no ffprobe."""
    if not shutil.which("ffprobe"):
        return None
    done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", path],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return int(done.stdout.split(b",")[0] or 0)


def killed():
    """SIGKILL at any moment: every file plays and seeks, every line is whole, and the next start closes what was open."""
    notes = []
    chance = random.Random(5)
    output = os.path.join(FOLDER, "killed")
    left = {}  # by file that a kill left open: what ffprobe finds in it
    with Camera(COUNTED) as camera:
        for i in range(KILLS):
            recorder = Recorder("--segment", "5s", "--record", "both", "--protocols", "tcp", camera.url, output=output)
            with recorder:
                recorder.recorded(chance.randint(1, 150))
                until = {kind: recorder.metric("recorded_frames_total", f'kind="{kind}"') for kind in ("overlay", "raw")}
                begun = {kind: recorder.metric("recorded_files_total", f'kind="{kind}"') for kind in ("overlay", "raw")}
                written = {kind: recorder.metric("recorded_until_seconds", f'kind="{kind}"') for kind in ("overlay", "raw")}
                recorder.stop(signal.SIGKILL)
            for kind in ("overlay", "raw"):
                left[recorder.files(kind)[-1]] = packets(recorder.files(kind)[-1])
            for row in recorder.lines():
                assert "start" in row
            # The timeline lacks the step in flight: a window of 2 s, and half a second for its label.
            if until["overlay"] > 60:  # and what waits for a machine that does other things too
                shown = json.loads(subprocess.run([os.path.join(BUILD, "tools/gst-action-timeline"), "show", "--json", "--all", output],
                                                  stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout)
                known = shown[-1]["segments"][-1]["end"] - shown[-1]["segments"][0]["start"]
                assert until["overlay"] / 15 - known < 5, (until, shown[-1])
            for kind in ("overlay", "raw"):
                new = recorder.files(kind)[-int(begun[kind]):]
                frames, allowed = 0, 20
                for path in new:
                    # Of a file that had no whole fragment yet, there is nothing to be played.
                    if path == new[-1] and until[kind] - frames < 40:
                        frames += packets(path) or 0
                        allowed += 0 if shutil.which("ffprobe") else 40
                        continue
                    video = Video(path)
                    consecutive(video.numbers, path)
                    # GStreamer's reader (1.22) loses the first fragment of a file with a subtitle track that is empty still.
                    frames += packets(path) or len(video.numbers)
                    if len(video.times) > 30:
                        assert Video(path, seek=video.times[-1] / 2).times, path
                lost = until[kind] - frames
                notes.append(f"kill {i + 1}, {kind}: {lost:.0f} of {until[kind]:.0f} frames lost")
                # What waits for a slow encoder is lost with the process; what the recorder says to be written is there.
                rows = {row["file"]: row for row in recorder.lines("recordings.jsonl")}
                seconds = written[kind] - rows[os.path.basename(new[0])]["begin_ns"] / 1e9
                assert frames >= 15 * seconds - allowed, (notes, frames, seconds)
        with Recorder("--segment", "5s", "--record", "both", "--protocols", "tcp", camera.url, output=output) as recorder:
            def unclosed():
                rows = recorder.lines("recordings.jsonl")
                closed = {row["file"].removesuffix(".unreadable") for row in rows if "end" in row or "unreadable" in row}
                return {row["file"].removesuffix(".unreadable") for row in rows} - closed
            wait_for("files to be closed", lambda: len(unclosed()) <= 2)  # those that are being written
            recorder.recorded(15)
            assert recorder.stop() == 0, recorder.text()
        for kind in ("overlay", "raw"):
            for path in recorder.files(kind):
                assert "moof" not in boxes(path), f"{path} is in fragments still"
                Video(path)
                assert packets(path) is None or packets(path) >= left.get(path, 0), f"{path}: {packets(path)} frames of {left[path]} that lay there"
    # Days are one timeline, what lies between the runs is a gap.
    shown = subprocess.run([os.path.join(BUILD, "tools/gst-action-timeline"), "show", "--json", output], stdout=subprocess.PIPE, check=True, timeout=PATIENCE)
    timeline = json.loads(shown.stdout)
    assert len(timeline) == 1, timeline
    segments = timeline[0]["segments"]
    assert all(abs(a["end"] - b["start"]) < 0.002 for a, b in zip(segments, segments[1:])), segments
    runs = len({row["run"] for row in recorder.lines()})
    assert timeline[0]["run"] == "" or runs == 1, (runs, timeline)
    assert sum(1 for segment in segments if segment["state"] == "gap") >= runs - 1, (runs, segments)
    return notes


def unreadable():
    """What a crash left and nobody can read is moved aside, and told; never deleted."""
    with Camera(COUNTED) as camera:
        output = os.path.join(FOLDER, "unreadable")
        day = os.path.join(output, "127.0.0.1", "2026-01-01")
        os.makedirs(day)
        with open(os.path.join(day, "overlay-120000.mp4"), "wb") as file:
            file.write(b"no video at all" * 1000)
        with open(os.path.join(day, "recordings.jsonl"), "w", encoding="utf-8") as file:
            file.write('{"file":"overlay-120000.mp4","kind":"overlay","begin_ns":1767268800000000000}\n')
        with open(os.path.join(day, "overlay-110000.mp4"), "wb") as file:
            file.write(b"of somebody else")
        with Recorder("--protocols", "tcp", camera.url, output=output) as recorder:
            wait_for("it to be moved", lambda: os.path.exists(os.path.join(day, "overlay-120000.mp4.unreadable")))
            wait_for("the word", lambda: "moved aside" in recorder.text())
        with open(os.path.join(day, "overlay-110000.mp4"), "rb") as file:
            assert file.read() == b"of somebody else"


def full_disk():
    if os.geteuid() != 0:
        raise tap.Skip("mounting a small file system needs root")
    disk = os.path.join(FOLDER, "disk")
    os.makedirs(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", disk], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise tap.Skip("no file system can be mounted here")
    try:
        output = os.path.join(disk, "out")
        with Camera(COUNTED) as camera, Recorder("--min-free", "0", "--protocols", "tcp", camera.url, output=output) as recorder:
            recorder.recorded(45)
            filler = os.path.join(disk, "filler")
            with open(filler, "wb") as file:
                try:
                    while True:
                        file.write(b"x" * 65536)
                        file.flush()
                except OSError:
                    pass
            wait_for("the word", lambda: "Labels and metrics go on" in recorder.text())
            assert recorder.get("/healthz")[0] == 503
            steps = recorder.metric("chunks_total")
            wait_for("labels to go on", lambda: recorder.metric("chunks_total") > steps + 3)
            assert recorder.station()["action"]
            os.unlink(filler)
            wait_for("the recording to go on", lambda: "recording goes on" in recorder.text())
            wait_for("the file that was cut off", lambda: "was cut off: closed after" in recorder.text())
            recorder.recorded(30)
            assert recorder.text().count("Labels and metrics go on") == 1, recorder.text()
            assert recorder.stop() == 0, recorder.text()
        newest = Video(recorder.files()[-1])
        consecutive(newest.numbers, "after the disk was full")
        consecutive([n for n in Video(recorder.files()[0]).numbers if n], "until the disk was full")  # a camera may hand out an old frame 0 first
        assert all("end" in row for row in list({row["file"]: row for row in recorder.lines("recordings.jsonl")}.values()))
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


def room_is_made():
    """The oldest files go when all are too large; the one that is being written never does."""
    with Camera(COUNTED) as camera, Recorder("--segment", "1s", "--max-size", "400K", "--protocols", "tcp", camera.url) as recorder:
        wait_for("deleted files", lambda: recorder.text().count("to make room") >= 3, 120)
        assert recorder.stop() == 0
    left = recorder.files()
    assert len(left) >= 1 and sum(os.path.getsize(path) for path in left) < 4_000_000
    deleted = re.findall(r"deleted (\S+) to make room", recorder.text())
    assert sorted(deleted) == deleted and max(deleted) < min(left), (deleted, left)


# ---- The page


METRIC = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*"(,(?=[^}])|(?=\})))*\})? [0-9.eE+-]+|NaN')


def metrics():
    """Prometheus' text format, line by line as promtool has it; and by promtool itself where it is."""
    with Camera(COUNTED) as camera, Recorder("--protocols", "tcp", "--takt", "3", "--cycle-start", "a", camera.url) as recorder:
        recorder.recorded(60)
        wait_for("labels", lambda: recorder.station()["action"])
        status, body, answer = recorder.get("/metrics")
        assert status == 200 and answer.getheader("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
        text = body.decode()
        assert text.endswith("\n")
        seen, current, kind = set(), None, None
        for line in text.splitlines():
            if line.startswith("# HELP "):
                current = line.split()[2]
                assert current not in seen and line.endswith("."), line
                seen.add(current)
            elif line.startswith("# TYPE "):
                name, kind = line.split()[2:]
                assert name == current and kind in ("gauge", "counter"), line
                assert (kind == "counter") == name.endswith("_total"), line
            else:
                assert METRIC.fullmatch(line) and re.split(r"[{ ]", line)[0] == current, line
                assert kind != "counter" or float(line.rsplit(" ", 1)[1]) >= 0, line
        samples = [line for line in text.splitlines() if not line.startswith("#")]
        assert len(samples) == len({line.rsplit(" ", 1)[0] for line in samples})
        if shutil.which("promtool"):
            done = subprocess.run(["promtool", "check", "metrics"], input=body, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
            assert done.returncode == 0 and not done.stdout, done
        for name in ("camera_up", "chunks_total", "label_latency_p50_seconds", "recorded_until_seconds", "disk_free_bytes", "resident_memory_bytes", "takt_seconds"):
            assert recorder.metric(name) is not None, name
        assert abs(recorder.metric("recorded_until_seconds") - time.time()) < PATIENCE
        assert recorder.get("/healthz")[:2] == (200, b"ok\n")
        page = recorder.get("/")
        assert page[0] == 200 and b"<title>gst-action-record" in page[1] and "default-src 'none'" in page[2].getheader("Content-Security-Policy")
        picture = wait_for("a picture", lambda: (lambda answer: answer[0] == 200 and answer[1])(recorder.get("/station/127.0.0.1.jpg")))
        assert picture[:2] == b"\xff\xd8" and picture[-2:] == b"\xff\xd9"
        for path in ("/station/nobody.jpg", "/../etc/passwd", "/station/..%2f..%2fetc%2fpasswd.jpg", "/x"):
            assert recorder.get(path)[0] in (400, 404), path
        assert recorder.get("/", method="POST")[0] == 405
        for name in ("evil.example", "127.evil.example", "127.0.0.1.evil.example", "localhost.evil.example"):
            assert recorder.get("/status", {"Host": name})[0] == 403, name
        for name in ("localhost", "127.0.0.1:1", "[::1]"):
            assert recorder.get("/status", {"Host": name})[0] == 200, name


def who_may_look():
    """A token, and a password of the camera that nobody gets to see."""
    secret, word = "pass-word-of-the-camera", "token-of-the-page"
    with Camera(COUNTED, login=("viewer", secret)) as camera:
        recorder = Recorder("--protocols", "tcp", "--user", "viewer", "--password-env", "CAMERA_PASSWORD", "--token-env", "PAGE_TOKEN", camera.url,
                            environment={"CAMERA_PASSWORD": secret, "PAGE_TOKEN": word})
        with recorder:
            with_word = {"Authorization": "Bearer " + word}
            wait_for("frames", lambda: b'recorded_frames_total{station="127.0.0.1",kind="overlay"} 0' not in recorder.get("/metrics", with_word)[1])
            for path in ("/", "/metrics", "/healthz", "/status", "/events", "/station/127.0.0.1.jpg"):
                assert recorder.get(path)[0] == 401, path
                assert recorder.get(path, {"Authorization": "Bearer x" + word})[0] == 401, path
            assert recorder.get("/metrics?token=" + word)[0] == 200
            status, _, answer = recorder.get("/?token=" + word)
            assert status == 303 and answer.getheader("Location").endswith("/") and "token" not in answer.getheader("Location")
            cookie = answer.getheader("Set-Cookie")
            assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
            assert recorder.get("/", {"Cookie": "a=b; " + cookie.split(";")[0]})[0] == 200
            shown = b"".join(recorder.get(path, with_word)[1] for path in ("/", "/metrics", "/status", "/healthz"))
            with open(f"/proc/{recorder.process.pid}/cmdline", "rb") as file:
                shown += file.read()
            camera.kill()
            wait_for("camera lost", lambda: "is lost" in recorder.text())
            assert recorder.stop() == 0
        shown += recorder.text().encode()
        for root, _, names in os.walk(recorder.output):
            for name in names:
                with open(os.path.join(root, name), "rb") as file:
                    shown += file.read()
        assert secret.encode() not in shown and word.encode() not in shown


def browser():
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.options import Options
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        raise tap.Skip("python3-selenium is not installed") from None
    driver = shutil.which("chromedriver")
    if not driver:
        raise tap.Skip("chromium-driver is not installed")
    options = Options()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={FOLDER}/chromium"):
        options.add_argument(word)
    options.page_load_strategy = "none"  # the page never ends loading: its pictures are streams
    with Camera(COUNTED) as camera, Recorder("--protocols", "tcp", "--stale", "1s", camera.url) as recorder:
        recorder.recorded(30)
        page = webdriver.Chrome(options=options, service=Service(driver))
        try:
            page.get(f"http://127.0.0.1:{recorder.port}/")
            ask = page.execute_script
            wait_for("a picture in the page", lambda: ask("const i = document.querySelector('img'); return i && i.naturalWidth") == 640)
            wait_for("the action", lambda: ask("return document.querySelector('.action').textContent").strip())
            for width in (1280, 400):
                page.set_window_size(width, 800)
                assert wait_for("layout", lambda: ask("return document.documentElement.scrollWidth <= window.innerWidth")), width
                page.save_screenshot(os.path.join(FOLDER, f"page-{width}.png"))
            camera.kill()
            wait_for("no video since", lambda: "no video since" in ask("return document.querySelector('.lost').textContent"))
            wait_for("the problem", lambda: "no video" in ask("return document.querySelector('#problems').textContent"))
            assert not [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE" and "favicon" not in entry["message"]], page.get_log("browser")
        finally:
            page.quit()


# ---- How it is run


def read_again():
    """SIGHUP: stations that did not change go on in the same file; a mistake changes nothing."""
    with Camera(COUNTED) as first, Camera(COUNTED) as second:
        def site(*stations):
            return 'output = "OUTPUT"\nmodel = "MODEL"\n' + "".join(
                f'[[station]]\nname = "{name}"\ncamera = "{camera.url}"\nprotocols = "tcp"\n{more}\n' for name, camera, more in stations)
        with Recorder(site=site(("a", first, ""), ("b", second, ""))) as recorder:
            recorder.recorded(30)
            wait_for("both", lambda: recorder.files(station="a") and recorder.files(station="b"))
            recorder.write_site(site(("a", first, ""), ("b", second, "hop = 8"), ("c", first, "")))
            recorder.process.send_signal(signal.SIGHUP)
            wait_for("three stations", lambda: "3 stations" in recorder.text())
            wait_for("c", lambda: recorder.files(station="c") and len(recorder.files(station="b")) == 2)
            # The station that changed has labels, too: what it was has let go of the timeline.
            names = [station["name"] for station in json.loads(recorder.get("/status")[1])["stations"]]
            wait_for("labels", lambda: recorder.station(names.index("b"))["action"])
            assert "another pipeline" not in recorder.text(), recorder.text()
            # What is counted, and what another station at the same camera records, interrupts nobody.
            recorder.write_site(site(("a", first, 'takt = 5\ncycle-start = "a"'), ("b", second, "hop = 8"), ("c", first, 'record = "both"')))
            recorder.process.send_signal(signal.SIGHUP)
            wait_for("the camera's stream", lambda: recorder.files("raw", "c"))
            wait_for("the takt time", lambda: recorder.metric("takt_seconds", 'station="a"') == 5)
            recorder.write_site(site(("a", first, 'color = "red"')))
            recorder.process.send_signal(signal.SIGHUP)
            wait_for("the mistake", lambda: "no key 'color'" in recorder.text() and "goes on as it was" in recorder.text())
            recorder.write_site(site(("a", first, "")))
            recorder.process.send_signal(signal.SIGHUP)
            wait_for("one station", lambda: "read again: 1 station" in recorder.text())
            recorder.recorded(30)
            assert recorder.stop() == 0, recorder.text()
        assert len(recorder.files(station="a")) == 1, recorder.files()
        consecutive(Video(recorder.files(station="a")[0]).numbers, "the station that did not change")
        assert len({row["run"] for row in recorder.lines(station="a")}) == 1
        for path in recorder.files():
            Video(path)


def begun_in_an_outage():
    """A station that begins while its camera is away, for another has called it: its first frames are those of after the outage."""
    with Camera(COUNTED) as camera:
        def site(more):
            return 'output = "OUTPUT"\nmodel = "MODEL"\nstale = "1s"\nprotocols = "tcp"\n' + "".join(
                f'[[station]]\nname = "{name}"\ncamera = "{camera.url}"\n{lines}' for name, lines in (("a", ""), ("b", more)))
        with Recorder(site=site("")) as recorder:
            recorder.recorded(30)
            camera.kill()
            wait_for("no camera", lambda: not recorder.station()["up"])
            recorder.write_site(site("hop = 8\n"))
            recorder.process.send_signal(signal.SIGHUP)
            wait_for("the station", lambda: "read again: 2 stations" in recorder.text())
            recorder.recorded(3)  # pictures that stand still, of the other
            camera.start()
            wait_for("labels", lambda: recorder.station(1)["action"])
            assert recorder.stop() == 0, recorder.text()
    assert len(recorder.files(station="a")) == 1 and len(recorder.files(station="b")) == 2
    consecutive(Video(recorder.files(station="b")[1]).numbers, "after the outage")


def service_manager():
    """systemd hears when it is ready, how it is, and that it lives."""
    with Camera(COUNTED) as camera, Recorder("--stale", "1s", "--protocols", "tcp", camera.url) as recorder:
        recorder.recorded(15)
        wait_for("WATCHDOG=1", lambda: recorder.heard().count("WATCHDOG=1") >= 2)
        wait_for("STATUS", lambda: any(note == "STATUS=1 station recorded and labelled" for note in recorder.heard()))
        camera.kill()
        wait_for("the problem", lambda: any(note.startswith("STATUS=") and "no video" in note for note in recorder.heard()))
        assert recorder.stop(signal.SIGINT) == 0
    assert any(note.startswith("STOPPING=1") for note in recorder.notes), recorder.notes
    assert all("end" in row for row in list({row["file"]: row for row in recorder.lines("recordings.jsonl")}.values()))


def run(*arguments):
    done = subprocess.run([PROGRAM, *arguments], env=small_model.fake_engine(BUILD), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def mistakes():
    output = os.path.join(FOLDER, "mistakes")
    model = ["--output", output, "--model", MODEL]
    for arguments, code, words in (
            ([], 2, "name a camera"),
            (["--no-such", "rtsp://x/y"], 2, "no-such"),
            (["a", "b"], 2, "not the address of a camera"),
            ([*model, "rtsp://user:secret@host/x"], 2, "--password-file"),
            ([*model, "--segment", "7h", "rtsp://host/x"], 2, "'7h'"),
            ([*model, "--rehearse", "no-such-file"], 2, "no-such-file"),
            (["--output", output, "rtsp://host/x"], 1, "model"),
            (["--output", output, "--model", "/nowhere", "rtsp://host/x"], 1, "/nowhere"),
            (["--output", output, "--model", FOLDER, "rtsp://host/x"], 1, "is not a model"),
            (["--model", MODEL, "rtsp://host/x"], 1, "output"),
            ([*model, "--encoder", "fastest", "rtsp://host/x"], 1, "x264enc"),
            ([*model, "--takt", "30", "rtsp://host/x"], 1, "cycle-start"),
            ([*model, "--cycle-start", "b_three", "rtsp://host/x"], 1, "b_one_rnva"),
            ([*model, "--listen", "0.0.0.0:1", "rtsp://host/x"], 1, "token-file"),
            (["/nowhere.toml"], 1, "/nowhere.toml")):
        done = run(*arguments)
        assert done[0] == code and words in done[2] and "secret" not in done[2], (arguments, done)
        assert len(done[2].splitlines()) == 1, done
    assert not os.path.exists(output) or not os.listdir(os.path.join(output)) or os.listdir(output) == [".lock"], os.listdir(output)
    with Camera(COUNTED) as camera, Recorder("--protocols", "tcp", camera.url) as recorder:
        done = run("--output", recorder.output, "--model", MODEL, "--listen", "none", camera.url)
        assert done[0] == 1 and "another gst-action-record" in done[2], done
        done = run("--output", output, "--model", MODEL, "--listen", f"127.0.0.1:{recorder.port}", camera.url)
        assert done[0] == 1 and "cannot listen" in done[2], done
    with Recorder(f"rtsp://127.0.0.1:{free_port()}/stream") as recorder:
        wait_for("a word on the camera", lambda: "is lost (it cannot be reached: " in recorder.text())


def too_many_watch():
    """Who opens connections and never closes them does not take the recorder's file descriptors."""
    with Camera(COUNTED) as camera, Recorder("--protocols", "tcp", camera.url) as recorder:
        recorder.recorded(3)
        held = [socket.create_connection(("127.0.0.1", recorder.port), PATIENCE) for _ in range(300)]
        # Those that are too many are closed at once.
        wait_for("closed ones", lambda: sum(not select.select([s], [], [], 0)[0] for s in held) == 128)
        assert len(os.listdir(f"/proc/{recorder.process.pid}/fd")) < 128 + 100
        for s in held:
            s.close()

        def answers():
            try:
                return recorder.get("/healthz")[0] == 200
            except (ConnectionError, http.client.HTTPException):
                return False
        freed = time.monotonic()
        wait_for("an answer", answers)
        freed = time.monotonic() - freed
        assert recorder.stop() == 0, recorder.text()
    return [f"answers {freed:.1f} s after they are gone"]


def key_ring():
    """The camera's password from a real key ring."""
    if not all(map(shutil.which, ("dbus-daemon", "gnome-keyring-daemon", "secret-tool"))):
        raise tap.Skip("needs dbus-daemon, gnome-keyring-daemon and secret-tool")
    secret, name = "pass-word-of-the-ring", "press 1"
    folder = os.path.join(FOLDER, "ring")
    os.makedirs(folder)
    home = {**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_RUNTIME_DIR": folder}
    bus = subprocess.Popen(["dbus-daemon", "--session", "--print-address=1", "--nofork"], env=home, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    ring = None
    try:
        home["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        ring = subprocess.Popen(["gnome-keyring-daemon", "--unlock", "--foreground", "--components=secrets"], env=home, stdin=subprocess.PIPE,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ring.stdin.write(b"word of the ring")
        ring.stdin.close()

        # Else the bus would start another one.
        connection = Gio.DBusConnection.new_for_address_sync(
            home["DBUS_SESSION_BUS_ADDRESS"], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        wait_for("a key ring", lambda: connection.call_sync(
            "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner", GLib.Variant("(s)", ("org.freedesktop.secrets",)), None,
            Gio.DBusCallFlags.NONE, -1, None).unpack()[0])
        subprocess.run(["secret-tool", "store", "--label=camera", "service", "gst-action", "camera", name], env=home, input=secret.encode(),
                       timeout=PATIENCE, check=True)
        with Camera(COUNTED, login=("viewer", secret)) as camera:
            with Recorder("--protocols", "tcp", "--user", "viewer", "--password-keyring", name, camera.url,
                          environment={"DBUS_SESSION_BUS_ADDRESS": home["DBUS_SESSION_BUS_ADDRESS"]}) as recorder:
                recorder.recorded(3)
                assert recorder.stop() == 0
        for address, words in ((home["DBUS_SESSION_BUS_ADDRESS"], "secret-tool store"), ("unix:path=/nowhere", "use password-file")):
            done = subprocess.run([PROGRAM, "--output", os.path.join(folder, "out"), "--model", MODEL, "--user", "viewer", "--password-keyring", "other",
                                   "--dry-run", "rtsp://host/x"], env={**small_model.fake_engine(BUILD), "DBUS_SESSION_BUS_ADDRESS": address},
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, check=False, text=True)
            assert done.returncode == 1 and "'other'" in done.stderr and words in done.stderr, done
    finally:
        for process in (ring, bus):
            if process:
                process.kill()
                process.wait()


def dry_run():
    """What it prints, typed into a shell twice, records twice: two stations at one camera."""
    with Camera(COUNTED) as camera:
        folder = os.path.join(FOLDER, "dry run")
        os.makedirs(folder)
        site, password = os.path.join(folder, "site.toml"), os.path.join(folder, "the password")
        with open(password, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write("word\n")
        with open(site, "w", encoding="utf-8") as file:
            file.write(f'output = "out"\nmodel = "{MODEL}"\nsegment = "5s"\nprotocols = "tcp"\nuser = "viewer"\npassword-file = "the password"\n'
                       f'[[station]]\nname = "Press 1"\ncamera = "{camera.url}"\nrecord = "both"\n'
                       f'[[station]]\nname = "Press 2"\ncamera = "{camera.url}"\nroi = "0,0,0.5,1"\n')
        code, said, wrong = run("--dry-run", site)
        output = os.path.join(folder, "out")
        assert code == 0 and not wrong and not os.path.exists(output), (code, said, wrong)
        assert "# Press 1: labelled video and the camera's own stream, to " in said and "# Press 2: labelled video, to " in said, said
        lines = [line for line in said.splitlines() if not line.startswith("#")]
        assert len(lines) == 1 and " && gst-launch-1.0 -e actioncamerasrc" in lines[0] and "viewer" in lines[0] and "word\n" not in said, said
        first = set()
        for _ in range(2):
            process = subprocess.Popen(["sh", "-c", lines[0].replace(" && gst", " && exec gst")], env=small_model.fake_engine(BUILD), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)

            def recorded(number):
                return sorted(set(glob.glob(os.path.join(output, f"*/*-{number:05}.mp4"))) - first)

            try:
                wait_for("second files", lambda: len(recorded(1)) == 3)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(PATIENCE)
            for file in recorded(0):
                consecutive(Video(file).numbers, "of the line that --dry-run prints: " + file)
            first.update(recorded(0) + recorded(1))
        assert len(glob.glob(os.path.join(output, "*/*-00000.mp4"))) == 6, first


def rehearsal():
    video = os.path.join(FOLDER, "shift.mp4")
    subprocess.run(["gst-launch-1.0", "-q", *f"videotestsrc num-buffers=60 ! video/x-raw,width=320,height=240,framerate=15/1 ! x264enc ! mp4mux ! filesink location={video}".split()],
                   check=True, timeout=PATIENCE)
    with Recorder("--rehearse", video) as recorder:
        recorder.recorded(45)
        assert recorder.station()["name"] == "shift"
        assert recorder.stop() == 0, recorder.text()
    assert Video(recorder.files()[0]).times


def damaged_model():
    """The analysis fails: the video is recorded without labels; both come back."""
    model = small_model.write(os.path.join(FOLDER, "damaged"))
    with Camera(COUNTED) as camera:
        site = f'output = "OUTPUT"\nmodel = "{model}"\n[[station]]\nname = "a"\ncamera = "{camera.url}"\nprotocols = "tcp"\n'
        with Recorder(site=site) as recorder:
            recorder.recorded(30)
            weights = os.path.join(model, "stage1/best.pt")
            os.rename(weights, weights + ".away")
            recorder.write_site(site + "hop = 8\n")  # the station begins anew
            # A model that cannot be read is refused, and all goes on.
            recorder.process.send_signal(signal.SIGHUP)
            wait_for("the refusal", lambda: "goes on as it was" in recorder.text())
            recorder.recorded(30)
            assert recorder.get("/healthz")[0] == 200
            assert recorder.stop() == 0, recorder.text()
    consecutive(sum((Video(path).numbers for path in recorder.files()), []), "with a damaged model")


def analysis_fails():
    """The analysis fails while it plays: the video goes on without labels; when the cause is gone, labels come back, and no frame is lost on the way."""
    model = small_model.write(os.path.join(FOLDER, "another"))
    facts = {"format": "gst-action model", "format_version": 1, "created": "2026-01-01T00:00:00Z", "program": "test",
             "features": {"weights_hash": "fake", "stand_in": False, "precision": "fp32", "sample_rate": "8/1", "sampling": "auto", "hop": 16,
                          "roi": "0,0,0.5,1", "colorimetry": "reference"},
             "labels": [{"label": name, "coarse": name.split("_")[0], "value_category": "UNKNOWN", "clips": 1} for name in ("a", "b_one_rnva", "b_two_nva", "c")]}

    def write(roi):
        facts["features"]["roi"] = roi
        with open(os.path.join(model, "model.json"), "w", encoding="utf-8") as file:
            json.dump(facts, file)
    write("0,0,0.5,1")
    with Camera(COUNTED) as camera:
        site = f'output = "OUTPUT"\nmodel = "{model}"\n[[station]]\nname = "a"\ncamera = "{camera.url}"\nprotocols = "tcp"\n'
        with Recorder(site=site) as recorder:
            wait_for("the failure", lambda: "was not trained with such features" in recorder.text())
            recorder.recorded(45)
            assert recorder.get("/healthz")[0] == 503 and b"no labels" in recorder.get("/healthz")[1]
            write("0,0,1,1")
            wait_for("labels", lambda: recorder.station()["action"])
            wait_for("the word", lambda: "labels are back" in recorder.text())
            recorder.recorded(30)
            assert recorder.get("/healthz")[0] == 200
            assert recorder.stop() == 0, recorder.text()
        assert recorder.text().count("recorded without labels") == 1, recorder.text()
    numbers = sum((Video(path).numbers for path in recorder.files()), [])
    jumps = [(a, b) for a, b in zip(numbers, numbers[1:]) if b != a + 1]
    # What the analysis had taken in when it failed is lost with it; when it comes back, nothing is.
    assert len(jumps) <= 1 and all(b - a < 45 for a, b in jumps), jumps


def network_is_loaded():
    """The real network, which takes seconds to load: there is video before there are labels, and nothing is lost between."""
    environment = {"LD_LIBRARY_PATH": f"{BUILD}/lib/actiontorch:{BUILD}/lib/action", "OMP_NUM_THREADS": "2"}
    with Camera(COUNTED) as camera, Recorder("--protocols", "tcp", camera.url, environment=environment) as recorder:
        first = wait_for("a frame", lambda: recorder.metric("recorded_frames_total") or 0)
        waits = recorder.station()["analysis_failure"]
        wait_for("labels", lambda: recorder.station()["action"], 120)
        recorder.recorded(30)
        assert recorder.stop() == 0, recorder.text()
    consecutive(sum((Video(path).numbers for path in recorder.files()), []), "while the network was loaded")
    return [f"{first:.0f} frames recorded while '{waits}'"]


def damaged_network():
    """Weights that cannot be read: the video is recorded; when they are mended, labels come, and nothing is lost between."""
    weights = os.path.join(FOLDER, "damaged.pth")
    with open(weights, "wb") as file:
        file.write(b"PK\3\4 no weights")
    environment = {"LD_LIBRARY_PATH": f"{BUILD}/lib/actiontorch:{BUILD}/lib/action", "OMP_NUM_THREADS": "2", "GST_ACTION_WEIGHTS": weights}
    with Camera(COUNTED) as camera, Recorder("--protocols", "tcp", camera.url, environment=environment) as recorder:
        wait_for("the reason", lambda: weights in recorder.station()["analysis_failure"])
        recorder.recorded(30)
        assert recorder.get("/healthz")[0] == 503 and weights.encode() in recorder.get("/healthz")[1]
        shutil.copy(os.path.join(BUILD, "tests/standin.pth"), weights + "~")
        os.rename(weights + "~", weights)
        wait_for("labels", lambda: recorder.station()["action"], 180)
        wait_for("health", lambda: recorder.get("/healthz")[0] == 200)
        assert recorder.text().count("tried again") == 1, recorder.text()
        assert recorder.stop() == 0, recorder.text()
    consecutive(sum((Video(path).numbers for path in recorder.files()), []), "while the network was damaged")


TESTS = [
    ("an ordinary day", an_ordinary_day),
    ("an outage", an_outage),
    ("sound", with_sound),
    ("sound that is cut off", with_sound_killed),
    ("no sound", without_sound),
    ("another size", another_size),
    ("another codec", another_codec),
    ("a codec that MP4 does not have", foreign_codec),
    ("a bad network", a_bad_network),
    ("killed", killed),
    ("what nobody can read", unreadable),
    ("a full disk", full_disk),
    ("room is made", room_is_made),
    ("metrics", metrics),
    ("who may look", who_may_look),
    ("in a browser", browser),
    ("site.toml is read again", read_again),
    ("a station begins in an outage", begun_in_an_outage),
    ("systemd", service_manager),
    ("too many watch", too_many_watch),
    ("key ring", key_ring),
    ("mistakes", mistakes),
    ("dry run", dry_run),
    ("rehearsal", rehearsal),
    ("a damaged model", damaged_model),
    ("the analysis fails", analysis_fails),
    ("the network is loaded", network_is_loaded),
    ("a damaged network", damaged_network),
]

if __name__ == "__main__":
    parts = sys.argv[4:]
    try:
        tap.run([test for test in TESTS if not parts or any(part in test[0] for part in parts)])
    finally:
        if "KEEP" not in os.environ:
            shutil.rmtree(FOLDER, ignore_errors=True)
