# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main job on real videos: the JSON of the pipeline against the reference's timeline in Python (timeline_oracle.py).

Two models, one trained on handwash and one on signs, at work in one pipeline. The oracle decodes with cv2 and computes with
torchvision; for the longer videos only with ACTION_PARITY=full, otherwise it takes the features that test_clips.py has
compared with torchvision's, and those of gst-action-features, which it compares too, for a video that is made here.
"""

import glob
import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile

import cv2
import numpy as np
import torch

import oracle
import tap
import timeline_oracle

BUILD, WEIGHTS, VIDEOS, CACHE = sys.argv[1:5]
FULL = os.environ.get("ACTION_PARITY") == "full"
FOLDER = tempfile.mkdtemp()
TRAIN = os.path.join(BUILD, "tools/gst-action-train")
KEYS = ["start", "end", "duration", "coarse_action", "fine_action", "value_category", "num_frames"]
LONG = {"handwash_006.mp4": False, "person_at_table.mp4": False, "bottles.mp4": True, "kitchen_cuts.mp4": False}


def path(*parts):
    return os.path.join(FOLDER, *parts)


def shared(name):
    file = os.path.join(VIDEOS, name)
    if not os.path.exists(file):
        raise tap.Skip("no ../shared/videos")
    return file


def model(name):
    """Trained once; the features of its clips are those that test_clips.py has left, if it has."""
    if not os.path.exists(path(name)):
        command = [TRAIN, shared(name), "-o", path(name), "--cache", CACHE, "--precision", "fp32", "--cross-validate", "none", "--stage1-epochs", "80", "--fixed-t", "16", "-q"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout.decode()
    return path(name)


def run_pipeline(video, settings, *models, source=None):
    """The timelines that the pipeline writes, one for each model; they share the features."""
    elements, files = [], []
    for number, folder in enumerate(models):
        files.append(path(f"{hashlib.md5((video + settings).encode()).hexdigest()}-{number}.json"))
        last = number == len(models) - 1
        elements.append(f"actionclassify model={folder} forward-features={'false' if last else 'true'} ! timelinesmooth {settings} location={files[-1]}")
    source = source or f'filesrc location="{video}" ! decodebin'
    line = f"{source} ! r3dfeatures orientation=auto precision=fp32 ! {' ! '.join(elements)} ! fakesink"
    done = subprocess.run(["gst-launch-1.0", "-q", *line.replace('"', "").split()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800)
    assert done.returncode == 0, done.stdout.decode()
    result = []
    for file in files:
        with open(file) as text:
            result.append(json.load(text))
    return result


def frames_of(video):
    return list(oracle.shrink(frame) for frame in oracle.decode(video))


def torchvision_features(frames, fps):
    backbone = oracle.Backbone(WEIGHTS)
    samples = list(range(0, len(frames), oracle.stride(fps)))
    groups = oracle.chunks(len(samples))
    features = [backbone([frames[samples[i]] for i in group]) for group in groups]
    return features, [samples[group[0]] / fps for group in groups]


def cached_features(video, folder=CACHE):
    stem = os.path.join(folder, "vid_%s__fps8__len16" % hashlib.md5((video + "|fps=8|len=16").encode()).hexdigest())
    if not os.path.exists(stem + ".pt"):
        return None
    read = torch.load(stem + ".pt", weights_only=True)
    return read["feats"].numpy(), [float(t) for t in read["ts"]]


def compare(got, expected):
    show = lambda rows: "\n".join(f"  {r['start']:.3f}-{r['end']:.3f} {r['coarse_action']} {r['fine_action']} {r['num_frames']}" for r in rows)
    told = f"\ngot\n{show(got)}\nexpected\n{show(expected)}"
    assert len(got) == len(expected), told
    for ours, theirs in zip(got, expected):
        assert [k for k in ours if k in KEYS] == KEYS, ours
        assert [ours[k] for k in KEYS[3:]] == [theirs[k] for k in KEYS[3:]], told
        assert all(abs(ours[k] - theirs[k]) <= 0.001 for k in KEYS[:3]), told
        assert ours["state"] == "measured" and ours["note"] == "stand-in backbone: not a measurement", ours


def check(video, independent, features=None):
    models = [model("handwash"), model("signs")]
    fps = oracle.source_fps(video)
    if not independent and not FULL:
        features = features or cached_features(video)
    if features is None:
        frames = frames_of(video)
        count = len(frames)
        features = torchvision_features(frames, fps)
    else:
        count = sum(1 for _ in oracle.decode(video))
    got = run_pipeline(video, "", *models)
    notes = []
    for folder, ours in zip(models, got):
        expected = timeline_oracle.timeline(timeline_oracle.Model(folder), *features, count / fps)
        compare(ours, expected)
        notes.append(f"{len(ours)} segments with the model of {os.path.basename(folder)}")
    # Other settings, on the steps of the first model.
    if independent:
        for window, refine, shortest in ((1, 1, 0), (3, 3, 3.0), (4, 2, 10.0)):
            settings = f"window={window} refine-window={refine} min-duration={int(shortest * 1e9)}"
            ours = run_pipeline(video, settings, models[0])[0]
            compare(ours, timeline_oracle.timeline(timeline_oracle.Model(models[0]), *features, count / fps, window, refine, shortest))
            notes.append(f"{len(ours)} segments at window {window}, refine-window {refine}, min-duration {shortest}")
    return notes


def concatenation():
    """Three minutes of signs clips, one after the other."""
    folder = shared("signs")
    video = path("signs.mp4")
    clips = sorted(glob.glob(os.path.join(folder, "*.mkv")))
    writer, frames = None, 0
    while frames < 3 * 60 * 30:
        for clip in clips:
            for frame in oracle.decode(clip):
                if writer is None:
                    writer = cv2.VideoWriter(video, cv2.VideoWriter_fourcc(*"mp4v"), 30, (320, 240))
                writer.write(cv2.cvtColor(cv2.resize(frame, (320, 240)), cv2.COLOR_RGB2BGR))
                frames += 1
    writer.release()
    features = None
    if not FULL:
        tool = [os.path.join(BUILD, "tools/gst-action-features"), video, "-o", path("made"), "--weights", WEIGHTS, "--precision", "fp32", "-q"]
        done = subprocess.run(tool, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout.decode()
        features = cached_features(video, path("made"))
        samples = math.ceil(frames / oracle.stride(30))
        assert len(features[0]) == len(features[1]) == math.ceil(samples / 16), (len(features[0]), frames)
    return check(video, False, features)


def same_bytes():
    """Fast or throttled, with queues between: the same bytes."""
    video, folder = shared("long/bottles.mp4"), model("signs")
    between = " ! queue max-size-buffers=3 max-size-time=0 max-size-bytes=0 ! "
    whole = f"filesrc location={video} ! decodebin"
    lines = {
        "plain": f"{whole} ! r3dfeatures ! actionclassify model={folder} ! timelinesmooth window=3 location=%s ! fakesink",
        "queues": between.join([whole, "r3dfeatures", f"actionclassify model={folder}", "timelinesmooth window=3 location=%s", "fakesink"]),
        "throttled": f"{whole} ! identity sleep-time=8000 ! r3dfeatures max-pending=1 ! actionclassify model={folder} ! queue ! timelinesmooth window=3 location=%s ! identity sleep-time=3000 ! fakesink",
    }
    written = {}
    for name, line in lines.items():
        file = path(f"same-{name}.json")
        done = subprocess.run(["gst-launch-1.0", "-q", *(line % file).split()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout.decode()
        with open(file, "rb") as data:
            written[name] = data.read()
    assert len(json.loads(written["plain"])) > 1
    assert written["plain"] == written["queues"] == written["throttled"], written


tests = [(name, lambda name=name, independent=independent: check(shared("long/" + name), independent)) for name, independent in LONG.items()]
tests += [("three minutes of signs", concatenation), ("the same bytes every time", same_bytes)]
if len(sys.argv) > 5:
    tests = [t for t in tests if any(part in t[0] for part in sys.argv[5:])]
tap.run(tests)
