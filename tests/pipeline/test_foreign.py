# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Features that another program has made of another network: trained with, and made a timeline of. No video is decoded.

    test_foreign.py BUILD SOURCE [WORDS OF A TEST'S NAME]
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import tap  # noqa: E402

BUILD, SOURCE = (os.path.abspath(argument) for argument in sys.argv[1:3])
# The function of docs/backbone.md, as it stands there.
with open(f"{SOURCE}/docs/backbone.md", encoding="utf-8") as page:
    exec(re.search(r"```python\n(.*?)```", page.read(), re.S)[1])  # pylint: disable=exec-used
FOLDER = tempfile.mkdtemp(prefix="gst-action-foreign-")
COLUMNS = 96  # fewer than 512
LABELS = ["mount_panel_va", "mount_wheel_va", "wait_idle_nva", "wait_tool_nva"]
CENTRES = np.random.default_rng(1).normal(0, 1, (len(LABELS), COLUMNS))
SHORT = ["--stage1-epochs", "10", "--stage2-epochs", "10"]
ENVIRONMENT = {**os.environ, "GST_PLUGIN_PATH": f"{BUILD}/gst", "GST_ACTION_WEIGHTS": os.path.join(FOLDER, "none.pth"), "XDG_DATA_HOME": FOLDER,
               "HOME": FOLDER, "OPENBLAS_NUM_THREADS": "1"}


def path(*names):
    return os.path.join(FOLDER, *names)


def run(name, *arguments, code=0, env=None):
    done = subprocess.run([f"{BUILD}/tools/{name}", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=120,
                          env=env or ENVIRONMENT)
    assert done.returncode == code, (arguments, done.stderr.decode()[-3000:])
    return done.stdout.decode(), done.stderr.decode()


def entry(folder, video, ending):
    """The reference's name of a video's features."""
    return os.path.join(folder, f"vid_{hashlib.md5(f'{video}|fps=8|len=16'.encode()).hexdigest()}__fps8__len16{ending}")


def write(folder, video, rows, backbone="tiny-net", weights_hash="0123abcd", **twin):
    write_features(folder, video, rows, backbone, weights_hash)
    with open(entry(folder, video, ".json"), encoding="utf-8") as file:
        facts = {**json.load(file), **twin}
    with open(entry(folder, video, ".json"), "w", encoding="utf-8") as file:
        json.dump(facts, file)


def rows_of(random, label, count=5):
    return CENTRES[label] + random.normal(0, 1.0, (count, COLUMNS))


def dataset():
    """Six clips of each label, whose files hold no video."""
    random = np.random.default_rng(2)
    clips = path("clips")
    if os.path.isdir(clips):
        return clips
    os.makedirs(clips)
    for number in range(6):
        for label, name in enumerate(LABELS):
            video = os.path.join(clips, f"{name}_{number:03d}.mp4")
            with open(video, "w", encoding="utf-8") as file:
                file.write(video)
            rows = rows_of(random, label)
            write(path("cache"), video, rows)
            write(path("wide"), video, np.pad(rows, ((0, 0), (0, 512 - COLUMNS))))
    return clips


def train(model, *arguments, cache="cache", code=0):
    return run("gst-action-train", dataset(), "-o", path(model), "--cache", path(cache), "--backbone", "tiny-net", *SHORT, *arguments, code=code)


def trained():
    out, said = train("model")
    with open(path("model/model.json"), encoding="utf-8") as file:
        facts = json.load(file)
    assert facts["features"]["backbone"] == "tiny-net" and facts["features"]["weights_hash"] == "0123abcd" and not facts["features"]["stand_in"], facts
    measured = facts["cross_validation"]["two_stage"]
    assert measured["of"] == 24 and measured["right"] >= 22, measured
    assert "tiny-net" in open(path("model/report.html"), encoding="utf-8").read()
    # What is missing in a row is 0.
    train("padded", cache="wide")
    for head in ("stage1", "stage2/mount", "stage2/wait"):
        assert open(path("model", head, "best.pt"), "rb").read() == open(path("padded", head, "best.pt"), "rb").read(), head
    return [f"held out: {measured['right']} of {measured['of']}"]


def what_is_wrong():
    shutil.copytree(path("cache"), path("broken"))
    clips = [os.path.join(dataset(), f"{LABELS[0]}_{number:03d}.mp4") for number in range(4)]
    os.remove(entry(path("broken"), clips[0], ".json"))
    write(path("broken"), clips[1], np.full((3, COLUMNS), np.nan))
    write(path("broken"), clips[2], np.zeros((3, 513)))
    write(path("broken"), clips[3], np.zeros((3, COLUMNS)), video_bytes=1)
    out, said = train("broken_model", cache="broken")
    assert f"not used: {clips[0]}: there are no features of it: expected {entry(path('broken'), clips[0], '.pt')}" in said, said
    assert f"not used: {clips[1]}: {entry(path('broken'), clips[1], '.pt')} holds features that are not numbers" in said, said
    assert f"{entry(path('broken'), clips[2], '.pt')} is no feature file" in said and "'feats' is [3, 513]" in said, said
    assert f"not used: {clips[3]}: {entry(path('broken'), clips[3], '.json')} is of another file" in said, said
    # A twin that is a pipe or a jungle, and numbers that no sum can hold.
    os.mkfifo(entry(path("broken"), clips[0], ".json"))
    with open(entry(path("broken"), clips[1], ".json"), "w", encoding="utf-8") as file:
        file.write("[" * 100_000)
    write(path("broken"), clips[2], np.full((3, COLUMNS), 1e30))
    said = train("broken_model", "--force", cache="broken")[1]
    for clip, words in ((clips[0], "not a regular file"), (clips[1], "nested"), (clips[2], "as large as")):
        assert any(f"not used: {clip}: " in line and words in line for line in said.splitlines()), (words, said)
    os.remove(entry(path("broken"), clips[0], ".json"))
    write(path("broken"), clips[0], np.zeros((3, COLUMNS)), weights_hash="other")
    assert "are of the weights" in train("broken_model", "--force", cache="broken", code=1)[1]
    write(path("broken"), clips[0], np.zeros((3, COLUMNS - 1)))
    said = train("broken_model", "--force", cache="broken", code=1)[1]
    assert f"have {COLUMNS - 1} numbers" in said, said
    assert "--backbone needs --cache" in run("gst-action-train", dataset(), "-o", path("x"), "--backbone", "tiny-net", code=2)[1]
    for option in ("--train-hop=4", "--roi=0,0,.5,1", "--precision=fp32", "--weights=x", "--features-only"):
        assert option.split("=")[0] in train("x", option, code=2)[1]
    said = run("gst-action-train", dataset(), "-o", path("x"), "--cache", path("cache"), "--backbone", "other-net", code=1)[1]
    assert 'holds features of "tiny-net": expected' in said and "no clip of the dataset can be used" in said, said
    assert "there is no folder" in train("x", cache="nope", code=1)[1] and not os.path.exists(path("nope"))


def models_keep_theirs():
    """Programs write such features in place: a model has copies, and --force deletes nothing that is not a model's."""
    shutil.copytree(path("cache"), path("copied"))
    train("copied_model", cache="copied")
    clip = os.path.join(dataset(), f"{LABELS[0]}_000.mp4")
    (name,) = (name for name in os.listdir(path("copied_model/feat_cache")) if name == os.path.basename(entry("", clip, ".pt")))
    before = open(path("copied_model/feat_cache", name), "rb").read()
    with open(entry(path("copied"), clip, ".pt"), "r+b") as file:
        file.write(b"something else")
    assert open(path("copied_model/feat_cache", name), "rb").read() == before
    with open(path("copied_model/feat_cache/vid_mine.pt"), "w", encoding="utf-8") as file:
        file.write("mine")
    said = train("copied_model", "--force", code=1)[1]
    assert "vid_mine.pt" in said and "does not belong to a model" in said and os.path.exists(path("copied_model/feat_cache/vid_mine.pt")), said


def not_overwritten():
    """Who computes features into the same folder is told that others' lie there."""
    video = path("video.avi")
    subprocess.run(["gst-launch-1.0", "-q", "videotestsrc", "num-buffers=32", "!", "video/x-raw,framerate=8/1,width=112,height=112", "!", "jpegenc", "!", "avimux",
                    "!", "filesink", f"location={video}"], check=True)
    write(path("cache"), video, np.zeros((2, COLUMNS)))
    before = open(entry(path("cache"), video, ".pt"), "rb").read()
    said = run("gst-action-features", video, "-o", path("cache"), "--weights", f"{BUILD}/tests/standin.pth", code=1)[1]
    assert 'are features of "tiny-net", which were made elsewhere, and are not overwritten' in said, said
    assert open(entry(path("cache"), video, ".pt"), "rb").read() == before
    # Before anything is computed: what cannot be played is not even looked at.
    with open(path("no-video.avi"), "w", encoding="utf-8") as file:
        file.write("no video")
    write(path("cache"), path("no-video.avi"), np.zeros((2, COLUMNS)))
    said = run("gst-action-features", path("no-video.avi"), "-o", path("cache"), "--weights", f"{BUILD}/tests/standin.pth", code=1)[1]
    assert "are not overwritten" in said, said


def made_to_a_timeline():
    """Each action for 20 s: the timeline has them in order, with their times, but for a step at each border."""
    random = np.random.default_rng(3)
    order = [0, 2, 1, 3, 0]
    rows = np.concatenate([rows_of(random, label, 10) for label in order])
    video = path("line.mp4")
    write(path("cache"), video, rows)
    features = entry(path("cache"), video, ".pt")
    run("gst-action-timeline", "make", features, "--model", path("model"), "-o", path("line.json"))
    with open(path("line.json"), encoding="utf-8") as file:
        segments = json.load(file)
    assert [segment["fine_action"] for segment in segments] == [LABELS[label] for label in order], segments
    for number, segment in enumerate(segments):
        assert abs(segment["start"] - 20 * number) <= 2 and abs(segment["end"] - 20 * (number + 1)) <= 2, segment
    assert segments[0]["start"] == 0 and segments[-1]["end"] == 100, segments
    # The ending decides the format; nothing is overwritten.
    run("gst-action-timeline", "make", features, "--model", path("model"), "-o", path("line.vtt"), "--profile", "reference")
    assert open(path("line.vtt"), encoding="utf-8").read().startswith("WEBVTT")
    assert "--force" in run("gst-action-timeline", "make", features, "--model", path("model"), "-o", path("line.json"), code=1)[1]
    with open(path("line.json"), encoding="utf-8") as file:
        assert file.read().startswith("["), "the ending is the output's"
    run("gst-action-timeline", "make", features, "--model", path("model"), "-o", path("x" * 240 + ".json"))
    said = run("gst-action-timeline", "make", features, "--model", path("model"), "-o", path("line.foo"), code=1)[1]
    assert path("line.foo") in said and ".json" in said, said
    # Killed, it leaves nothing where the output is to be.
    os.makedirs(path("killed"))
    with subprocess.Popen([f"{BUILD}/tools/gst-action-timeline", "make", features, "--model", path("model"), "-o", path("killed/x.jsonl")],
                          env={**ENVIRONMENT, "TMPDIR": FOLDER}) as process:
        until = time.monotonic() + 60
        while not any(name.startswith("gst-action-") and os.listdir(path(name)) for name in os.listdir(FOLDER) if os.path.isdir(path(name))):
            assert process.poll() is None and time.monotonic() < until, "it was not seen to write"
        process.kill()
    assert os.listdir(path("killed")) == []
    # Another network's features are not this model's.
    write(path("cache"), video, rows, backbone="other-net")
    said = run("gst-action-timeline", "make", features, "--model", path("model"), "-o", path("no.json"), code=1)[1]
    assert "trained with tiny-net, here other-net" in said, said
    assert not os.path.exists(path("no.json"))
    write(path("cache"), video, np.zeros((0, COLUMNS)))
    assert "holds no features" in run("gst-action-timeline", "make", features, "--model", path("model"), "-o", path("no.json"), code=1)[1]
    torch.save({"feats": torch.zeros(2, COLUMNS), "ts": torch.tensor([2.0, 0.0])}, features)
    assert "do not rise" in run("gst-action-timeline", "make", features, "--model", path("model"), "-o", path("no.json"), code=1)[1]
    for arguments in (["make", features], ["make", features, "--model", path("model")], ["make"], ["show", features, "--model", "x"]):
        run("gst-action-timeline", *arguments, code=2)


TESTS = [
    ("a model of another network's features", trained),
    ("what is wrong with them is said", what_is_wrong),
    ("models keep theirs", models_keep_theirs),
    ("they are not overwritten", not_overwritten),
    ("a timeline of features alone", made_to_a_timeline),
]

try:
    tap.run([(name, test) for name, test in TESTS if all(word in name for word in sys.argv[3:])])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
