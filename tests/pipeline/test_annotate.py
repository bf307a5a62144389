# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-action-annotate against the two gst-launch lines of the README, with a network that answers at once: what it makes, what it keeps, what
it goes on with, and whose files it leaves alone.

    test_annotate.py BUILD
"""

import csv
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

import cv2

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import small_model
import tap

BUILD = os.path.abspath(sys.argv[1])
TOOL = os.path.join(BUILD, "tools/gst-action-annotate")
FOLDER = tempfile.mkdtemp(prefix="gst-action-annotate-")
MODEL = small_model.write(os.path.join(FOLDER, "model"))
ENVIRONMENT = small_model.fake_engine(BUILD)
PATIENCE = 60  # s


def path(*names):
    return os.path.join(FOLDER, *names)


def launch(line):
    done = subprocess.run(["gst-launch-1.0", "-q", *line.split()], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
    assert done.returncode == 0, (line, done.stderr)


def annotate(*arguments, code=0, model=MODEL):
    done = subprocess.run([TOOL, *arguments, "--model", model], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
    assert done.returncode == code, (arguments, done)
    return done.stdout.decode(), done.stderr.decode()


def video(name, seconds=8, more=""):
    """A moving picture; more: what stands beside it, for the muxer called m."""
    if not os.path.exists(path(name)):
        os.makedirs(os.path.dirname(path(name)), exist_ok=True)
        muxer = "matroskamux" if name.endswith(".mkv") else "mp4mux"
        launch(f"videotestsrc num-buffers={seconds * 15} pattern=ball ! video/x-raw,width=320,height=240,framerate=15/1 ! x264enc speed-preset=ultrafast ! "
               f"h264parse ! {muxer} name=m ! filesink location={path(name)} {more}")
    return path(name)


def pictures(name):
    capture, found = cv2.VideoCapture(name), []
    while True:
        there, picture = capture.read()
        if not there:
            return found
        found.append(picture)


def read(name):
    with open(name, "rb") as file:
        return file.read()


def same_as_two_passes():
    source = video("in/plain.mp4")
    annotate(source, "-o", path("out"))
    launch(f"filesrc location={source} ! decodebin ! r3dfeatures orientation=auto hop=4 ! actionclassify model={MODEL} ! "
           f"timelinesmooth profile=study location={path('by-hand.json')} ! fakesink")
    assert json.loads(read(path("out/plain.json"))) == json.loads(read(path("by-hand.json")))
    launch(f"filesrc location={source} ! decodebin ! videoconvert ! videoflip video-direction=auto ! timelinelabel location={path('by-hand.json')} ! "
           f"actionoverlay show=coarse+fine+value+elapsed+strip ! videoconvert ! x264enc pass=quant quantizer=10 ! mp4mux ! "
           f"filesink location={path('by-hand.mp4')}")
    ours, by_hand, plain = (pictures(name) for name in (path("out/plain.overlay.mp4"), path("by-hand.mp4"), source))
    assert len(ours) == len(by_hand) == len(plain) == 120, (len(ours), len(by_hand), len(plain))
    worst = min(cv2.PSNR(a, b) for a, b in zip(ours, by_hand))
    unlabelled = max(cv2.PSNR(a, b) for a, b in zip(ours, plain))
    assert worst > 30 > unlabelled, (worst, unlabelled)
    return [f"PSNR to the lines by hand {worst:.1f} dB and more, to the video without labels {unlabelled:.1f} dB at most"]


def sound_stays_as_it_is():
    source = video("in/sound.mp4", more="audiotestsrc num-buffers=344 ! audioconvert ! voaacenc ! aacparse ! m.")
    annotate(source, "-o", path("out"))
    for name in (source, path("out/sound.overlay.mp4")):
        launch(f"filesrc location={name} ! qtdemux name=d d.audio_0 ! queue ! filesink location={name}.aac")
    assert read(source + ".aac") == read(path("out/sound.overlay.mp4.aac")) != b""


def other_sound_is_encoded():
    source = video("in/flac.mkv", more="audiotestsrc num-buffers=344 ! audioconvert ! flacenc ! m.")
    annotate(source, "-o", path("out"))
    launch(f"filesrc location={path('out/flac.overlay.mp4')} ! qtdemux name=d d.audio_0 ! queue ! aacparse ! avdec_aac ! filesink location={path('flac.raw')}")
    assert len(read(path("flac.raw"))) > 44100 * 7


def subtitles_say_the_labels():
    name = path("out/plain.overlay.mp4")
    launch(f"filesrc location={name} ! qtdemux name=d d.subtitle_0 ! text/x-raw ! filesink location={path('cues.txt')}")
    said = read(path("cues.txt")).decode().replace("\0", "\n").split("\n")
    said = [text for text in said if text]
    rows = json.loads(read(path("out/plain.json")))
    expected = [row["fine_action"] + (f" ({row['value_category']})" if row["value_category"] != "UNKNOWN" else "") for row in rows if row["state"] != "gap"]
    assert said == expected and expected, (said, expected)


def turned_upright():
    source = video("in/turned.mp4", 2)
    whole = bytearray(read(source))
    matrix = whole.index(b"tkhd") + 4 + 40  # ISO 14496-12, track header box, version 0
    whole[matrix:matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 240 << 16, 0, 1 << 30)
    with open(source, "wb") as file:
        file.write(whole)
    annotate(source, "-o", path("out"))
    first = pictures(path("out/turned.overlay.mp4"))[0]
    assert first.shape[:2] == (320, 240), first.shape


def odd_sizes():
    source = path("in/odd.avi")
    launch(f"videotestsrc num-buffers=60 pattern=ball ! video/x-raw,format=I420,width=161,height=121,framerate=15/1 ! avimux ! filesink location={source}")
    annotate(source, "-o", path("out"))
    assert pictures(path("out/odd.overlay.mp4"))[0].shape[:2] == (120, 160)
    tiny = path("in/tiny.mkv")
    launch(f"videotestsrc num-buffers=60 ! video/x-raw,format=I420,width=8,height=8,framerate=15/1 ! matroskamux ! filesink location={tiny}")
    assert "too small for H.264" in annotate(tiny, "-o", path("out"), code=1)[1]


def goes_on():
    source = video("in/plain.mp4")
    made = [path("out/plain.json"), path("out/plain.overlay.mp4")]
    before = [os.stat(name).st_mtime_ns for name in made]
    said, _ = annotate(source, "-o", path("out"))
    assert "is done already" in said and before == [os.stat(name).st_mtime_ns for name in made]
    os.remove(made[1])
    annotate(source, "-o", path("out"))
    assert os.stat(made[0]).st_mtime_ns == before[0] and len(pictures(made[1])) == 120


def interrupted():
    sources = [video(f"long/{i}.mp4", seconds=60) for i in range(3)]
    process = subprocess.Popen([TOOL, *sources, "-o", path("cut"), "--model", MODEL], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while b"->" not in process.stdout.readline():  # the first is done
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and b"goes on from there" in said, (process.returncode, said)
    left = sorted(os.listdir(path("cut")))
    assert not [name for name in left if name.startswith(".")] and "0.overlay.mp4" in left and "2.overlay.mp4" not in left, left
    annotate(*sources, "-o", path("cut"))
    assert all(len(pictures(path(f"cut/{i}.overlay.mp4"))) == 900 for i in range(3))


def nothing_of_others():
    source = video("in/plain.mp4")
    os.makedirs(path("theirs"), exist_ok=True)
    with open(path("theirs/plain.json"), "w", encoding="utf-8") as file:
        file.write("mine\n")
    _, said = annotate(source, "-o", path("theirs"), code=1)
    assert "plain.json is there already, and gst-action-annotate did not make it; --force" in said, said
    assert read(path("theirs/plain.json")) == b"mine\n" and os.listdir(path("theirs")) == ["plain.json"]
    annotate(source, "-o", path("theirs"), "--force")
    assert json.loads(read(path("theirs/plain.json")))

    other = path("other-model")
    shutil.copytree(MODEL, other, dirs_exist_ok=True)
    shutil.copyfile(path("other-model/stage2/b/best.pt"), path("spare.pt"))
    import torch
    weights = torch.load(path("spare.pt"))
    torch.save({name: value + 1 for name, value in weights.items()}, path("other-model/stage2/b/best.pt"))
    _, said = annotate(source, "-o", path("out"), code=1, model=other)
    assert "it was made with another model" in said, said
    os.utime(source, ns=(1, 1))
    assert "the video has changed since" in annotate(source, "-o", path("out"), code=1)[1]

    # Its own video is never the output.
    shutil.copyfile(source, path("own.overlay.mp4"))
    before = read(path("own.overlay.mp4"))
    os.symlink(path("own.overlay.mp4"), path("own.mp4"))
    assert "would be replaced by its own overlay" in annotate(path("own.mp4"), "-o", FOLDER, "--force", code=1)[1]
    assert read(path("own.overlay.mp4")) == before


def a_bad_one_does_not_stop_the_rest():
    good, also = video("some/a.mp4", 2), video("some/deeper/a.mp4", 2)
    with open(path("some/bad.mp4"), "w", encoding="utf-8") as file:
        file.write("no video")
    for jobs in "1", "3":
        out = path("many" + jobs)
        _, said = annotate(path("some"), "-o", out, "-j", jobs, code=1)
        assert "bad.mp4" in said and "1 of 3 videos failed" in said, said
        assert os.path.exists(os.path.join(out, "a.overlay.mp4")) and os.path.exists(os.path.join(out, "deeper/a.overlay.mp4"))
    assert "would become" in annotate(good, also, "-o", path("none"), code=2)[1] and not os.path.exists(path("none"))


def a_folder_has_a_table_and_a_summary():
    """segments.csv equals the timelines; it can be trained with; rows of other runs stay, and somebody else's table too."""
    os.makedirs(path("many", "day"))
    for name in ("many/a.mp4", "many/day/b.mp4"):
        shutil.copy(video("in/plain.mp4"), path(name))
    said, _ = annotate(path("many"), "-o", path("table"), "--timeline-only")
    with open(path("table/segments.csv"), newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    expected = []
    for name in ("a", "day/b"):
        with open(path("table", name + ".json"), encoding="utf-8") as file:
            expected += [(f"../many/{name}.mp4", s["start"], s["end"], s["fine_action"], s["value_category"], s["state"]) for s in json.load(file)]
    assert [(r["video"], float(r["start"]), float(r["end"]), r["fine_action"], r["value_category"], r["state"]) for r in rows] == expected, rows
    assert all(os.path.exists(path("table", r["video"])) for r in rows)
    total = sum(end - start for _, start, end, *_ in expected)
    assert f"2 videos, 0:00:{round(total):02d}" in said, said
    times = [float(x) for x in re.findall(r"^  (?:VA|RNVA|NVA|UNKNOWN|not measured) .*? ([0-9.]+) %", said, re.M)]
    assert abs(sum(times) - 100) < 0.3, said
    # Another command for the same folder: its rows are added, and those of a video that is done again are not there twice.
    annotate(video("in/plain.mp4"), path("many/a.mp4"), "-o", path("table"), "--timeline-only", "--force")
    with open(path("table/segments.csv"), newline="", encoding="utf-8") as file:
        again = list(csv.DictReader(file))
    assert [r for r in again if r["video"] != "../in/plain.mp4"] == [r for r in rows if "b.mp4" in r["video"]] + [r for r in rows if "a.mp4" in r["video"]]
    assert len(again) == len(rows) + len([r for r in again if r["video"] == "../in/plain.mp4"]) > len(rows)
    done = subprocess.run([f"{BUILD}/tools/gst-action-train", "--annotations", path("table/segments.csv"), "--dry-run"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, env=ENVIRONMENT, timeout=120)
    assert done.returncode == 0, done.stdout.decode()
    # What somebody else has called so is theirs.
    os.makedirs(path("somebody"))
    with open(path("somebody/segments.csv"), "w", encoding="utf-8") as file:
        file.write("a,b\n1,2\n")
    _, errors = annotate(video("in/plain.mp4"), "-o", path("somebody"), "--timeline-only", code=1)
    assert "segments.csv is there already and is not of gst-action-annotate" in errors and os.path.exists(path("somebody/plain.json")), errors
    with open(path("somebody/segments.csv"), encoding="utf-8") as file:
        assert file.read() == "a,b\n1,2\n"


def shards():
    for i in range(5):
        video(f"sharded/{i}.mp4", 1)
    for i in (1, 2):
        annotate(path("sharded"), "-o", path(f"shard{i}"), "--timeline-only", "--shard", f"{i}/2")
    found = [sorted(name for name in os.listdir(path(f"shard{i}")) if not name.endswith("annotate.json")) for i in (1, 2)]
    assert found == [["0.json", "2.json", "4.json", "segments-1-of-2.csv"], ["1.json", "3.json", "segments-2-of-2.csv"]], found
    # Folders of them are compared file by file.
    done = subprocess.run([os.path.join(BUILD, "tools/gst-action-evaluate"), "--json", path("shard1"), path("shard1")], stdout=subprocess.PIPE, check=True)
    assert json.loads(done.stdout)["videos"] == ["0", "2", "4"]
    assert "it is I/N" in annotate(path("sharded"), "-o", path("none"), "--shard", "3/2", code=2)[1]


def told():
    assert "no model given" in subprocess.run([TOOL, "x.mp4", "-o", path("none")], env=ENVIRONMENT, stderr=subprocess.PIPE, check=False).stderr.decode()
    assert "no folder given" in annotate("x.mp4", code=2)[1]
    assert "x.mp4" in annotate("x.mp4", "-o", path("none"), code=1)[1]
    assert "show 'everything' is not understood" in annotate(video("in/plain.mp4"), "-o", path("shown"), "--show", "everything", code=2)[1]
    assert "the encoder 'h266enc' is not known" in annotate(video("in/plain.mp4"), "-o", path("encoded"), "--encoder", "h266enc", code=1)[1]


tap.run([
    ("the same as the two lines of the README", same_as_two_passes),
    ("sound stays as it is, bit for bit", sound_stays_as_it_is),
    ("sound that MP4 cannot hold is encoded", other_sound_is_encoded),
    ("subtitles say the labels", subtitles_say_the_labels),
    ("a turned video is upright", turned_upright),
    ("odd and tiny pictures", odd_sizes),
    ("what is done is not done again", goes_on),
    ("interrupted, it goes on", interrupted),
    ("files of others, and of other models, stay", nothing_of_others),
    ("a bad video does not stop the rest", a_bad_one_does_not_stop_the_rest),
    ("a folder has a table and a summary", a_folder_has_a_table_and_a_summary),
    ("shards", shards),
    ("mistakes are told", told),
])
