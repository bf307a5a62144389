# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-action-demo from outside: its videos read with OpenCV, its ground truth held against the pictures."""

import glob
import json
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

import numpy

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", folder) for folder in ("parity", "accuracy")]
import tap  # noqa: E402
from sets import frames_of  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
FOLDER = tempfile.mkdtemp()
FPS = 25
SMALL = ("--height", "120")


def path(*parts):
    return os.path.join(FOLDER, *parts)


def draw(*arguments, code=0):
    done = subprocess.run([TOOL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=FOLDER)
    said = done.stdout.decode(errors="replace")
    assert done.returncode == code, (arguments, done.returncode, said)
    return said


def read_json(file):
    with open(file) as text:
        return json.load(text)


def same_pictures(a, b):
    a, b = frames_of(a), frames_of(b)
    return len(a) == len(b) and all(numpy.array_equal(x, y) for x, y in zip(a, b))


def moved(a, b):
    return float(numpy.abs(a.astype(int) - b.astype(int)).mean())


def dataset():
    """27 clips of 3 to 8 s named after what they show; a second run leaves them as they are."""
    said = draw("set", *SMALL)
    clips = sorted(os.path.basename(clip) for clip in glob.glob(path("set/clips/*")))
    assert len(clips) == 27, clips
    assert all(f"Drawing {tenth} %" in said for tenth in range(10, 101, 10)), said
    labels = {clip.rsplit("_", 1)[0] for clip in clips}
    assert len(labels) == 12 and len({label.split("_")[0] for label in labels}) == 7, labels
    assert all(label.endswith(("_va", "_rnva", "_nva")) for label in labels), labels
    assert "27 clips in set/clips/" in said and "set/test/line_1.json" in said, said
    for clip in clips:
        frames = frames_of(path("set/clips", clip))
        assert frames[0].shape == (120, 160, 3), frames[0].shape
        assert len(frames) % FPS == 0 and 3 <= len(frames) / FPS <= 8, (clip, len(frames))
        # Something moves in every one of them.
        assert max(moved(frames[0], frame) for frame in frames) > 0.05, clip
    before = {file: os.stat(file).st_mtime_ns for file in glob.glob(path("set/*/*"))}
    assert "28 videos were there already" in draw("set", *SMALL)
    assert before == {file: os.stat(file).st_mtime_ns for file in glob.glob(path("set/*/*"))}


def truth():
    """The ground truth has no holes, and the picture changes where it says that the action does."""
    rows, frames = read_json(path("set/test/line_1.json")), frames_of(path("set/test/line_1.mp4"))
    assert rows[0]["start"] == 0 and rows[-1]["end"] == len(frames) / FPS, (rows[-1], len(frames))
    for row, following in zip(rows, rows[1:]):
        assert row["end"] == following["start"], (row, following)
    for row in rows:
        assert abs(row["end"] - row["start"] - row["duration"]) < 1e-9 and 4 <= row["duration"] <= 8, row
        assert row["fine_action"].split("_")[0] == row["coarse_action"], row
        assert row["fine_action"].rsplit("_", 1)[1].upper() == row["value_category"], row
    names = [row["fine_action"] for row in rows]
    assert len(names) == 22 and all(names.count(name) == 2 for name in names), names
    usual = statistics.median(moved(a, b) for a, b in zip(frames, frames[1:]))
    for row, following in zip(rows, rows[1:]):
        if row["fine_action"] != following["fine_action"]:
            at = round(row["end"] * FPS)
            change = moved(frames[at - 1], frames[at])
            assert change > 3 * usual and change > moved(frames[at - 2], frames[at - 1]), (row, change, usual)


def repeatable():
    """The same arguments give the same pictures, also when the first run was killed; another seed gives others."""
    arguments = (*SMALL, "--cycles", "1", "--quiet")
    draw("once", *arguments)
    process = subprocess.Popen([TOOL, path("twice"), *arguments])
    part = path("twice/test/cycles_1_1.mp4.part")
    while not (os.path.exists(part) and os.path.getsize(part) > 10000):
        assert process.poll() is None, "done before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not glob.glob(path("twice/test/*.mp4")) and not glob.glob(path("twice/test/*.json"))
    draw("twice", *arguments)
    assert sorted(os.listdir(path("twice/test"))) == ["cycles_1_1.json", "cycles_1_1.mp4"]
    draw("other", *arguments, "--seed", "2")
    assert same_pictures(path("once/test/cycles_1_1.mp4"), path("twice/test/cycles_1_1.mp4"))
    assert read_json(path("once/test/cycles_1_1.json")) == read_json(path("twice/test/cycles_1_1.json"))
    assert not same_pictures(path("once/test/cycles_1_1.mp4"), path("other/test/cycles_2_1.mp4"))
    assert read_json(path("once/test/cycles_1_1.json")) != read_json(path("other/test/cycles_2_1.json"))
    # Whatever memory the encoder finds.
    with_other_memory = dict(os.environ, MALLOC_PERTURB_="37")
    subprocess.run([TOOL, path("memory"), *SMALL, "--quiet"], env=with_other_memory, check=True)
    for clip in glob.glob(path("set/clips/*")):
        assert same_pictures(clip, path("memory/clips", os.path.basename(clip))), clip


def decimal_comma():
    """Where people write 0,5 the ground truth is the same: JSON has points."""
    locales = path("locales")
    os.makedirs(locales)
    made = shutil.which("localedef") and subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", os.path.join(locales, "de_DE.UTF-8")],
                                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
    german = {**os.environ, "LOCPATH": locales, "LC_ALL": "de_DE.UTF-8"}
    shown = subprocess.run([sys.executable, "-c", "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.format_string('%.1f', 0.5))"],
                           env=german, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    if not made or shown != b"0,5\n":
        raise tap.Skip("no locale with a decimal comma can be made here (localedef, Debian's package locales)")
    subprocess.run([TOOL, path("comma"), *SMALL, "--cycles", "1", "--quiet"], env=german, check=True)
    with open(path("comma/test/cycles_1_1.json"), "rb") as comma, open(path("once/test/cycles_1_1.json"), "rb") as point:
        assert comma.read() == point.read()


def cycles():
    """What happens in the cycles: one skipped, two swapped, one slow."""
    draw("ten", *SMALL, "--cycles", "10", "--quiet")
    work = ["fetch_part_rnva", "mount_wheel_va", "turn_screw_va", "check_gauge_rnva", "mount_panel_va", "turn_valve_va", "check_seam_rnva", "clean_tool_nva"]
    cycle, found = [], []
    for row in read_json(path("ten/test/cycles_1_10.json")):
        assert row["duration"] >= 3, row
        if row["fine_action"] == work[0]:
            found.append([])
        found[-1].append((row["fine_action"], row["duration"]))
    assert len(found) == 10
    for number, cycle in enumerate(found, 1):
        names = [name for name, _ in cycle]
        expected = list(work)
        if number == 4:
            expected.remove("check_gauge_rnva")
        if number == 7:
            expected[4:6] = reversed(expected[4:6])
        if number == 1 or number % 3 == 0:
            expected.append("wait_idle_nva")
        assert names == expected, (number, names)
    wheels = [dict(cycle)["mount_wheel_va"] for cycle in found]
    assert wheels[9] > 2 * max(wheels[:9]), wheels


def complaints():
    assert "usage: gst-action-demo OUT" in draw(code=2)
    assert "--seed is from 0 to 1000000, not -1" in draw("out", "--seed", "-1", code=2)
    assert "--cycles is from 1 to 10000, not -2" in draw("out", "--cycles=-2", code=2)
    assert "multiple of 6, not 121" in draw("out", "--height", "121", code=2)
    assert not os.path.exists(path("out"))
    with open(path("file"), "w") as file:
        file.write("somebody's")
    assert "file/clips/" in draw("file", code=1)
    # The folder is there, and nothing can be written into it.
    os.makedirs(path("full/test/cycles_1_1.mp4.part/in the way"))
    said = draw("full", *SMALL, "--cycles", "1", code=1)
    assert "full/test/cycles_1_1.mp4" in said, said
    # The disk is full half-way.
    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

    done = subprocess.run([TOOL, "limit", *SMALL, "--cycles", "1"], cwd=FOLDER, preexec_fn=small_files, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    said = done.stdout.decode()
    assert done.returncode == 1 and "limit/test/cycles_1_1.mp4" in said, said
    assert os.listdir(path("limit/test")) == [], os.listdir(path("limit/test"))


tap.run([
    ("dataset", dataset),
    ("ground truth", truth),
    ("the same files again", repeatable),
    ("decimal comma", decimal_comma),
    ("cycles", cycles),
    ("complaints", complaints),
])
