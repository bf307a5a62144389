# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two cyclic videos of the yardstick, with their ground truth; the same for everyone.

demo(...)      so many cycles of eight elements of 3 to 20 s, drawn by gst-action-demo; with two annotated videos of the same work,
               other takes, to train with
handwash(...)  so many cycles of the clips of two persons, cut to pieces of 3 to 8 s and encoded anew; with the folder of clips
               of all other persons, to train with
"""

import glob
import json
import os
import random
import re
import subprocess

import cv2

HELD_OUT = ("002", "009")
FPS = 30


def demo_cycles(tools, folder, seed, cycles):
    """The video; its ground truth lies beside it. tools: the folder of gst-action-demo."""
    video = os.path.join(folder, f"test/cycles_{seed}_{cycles}.mp4")
    if not os.path.exists(video.replace(".mp4", ".json")):
        subprocess.run([os.path.join(tools, "gst-action-demo"), folder, "--seed", str(seed), "--cycles", str(cycles), "--quiet"], check=True)
    return video


def demo(tools, folder, cycles):
    """Returns (folder of two annotated videos of the same work to train with, video)."""
    training = os.path.join(folder, "training")
    for seed in (2, 3):
        demo_cycles(tools, training, seed, 6)
    return os.path.join(training, "test"), demo_cycles(tools, folder, 1, cycles)


def frames_of(clip):
    capture = cv2.VideoCapture(clip, cv2.CAP_FFMPEG)
    frames = []
    while True:
        ok, frame = capture.read()
        if not ok:
            return frames
        frames.append(frame)


def handwash(videos, folder, cycles):
    """Returns (training clips, video). Clips that are the same file as one of a held-out person are not trained with."""
    training = os.path.join(folder, "training")
    video = os.path.join(folder, f"cycles_{cycles}.mp4")
    clips = sorted(glob.glob(os.path.join(videos, "handwash", "*.mp4")))
    named = {clip: re.fullmatch(r"(.*)_(\d+)\.mp4", os.path.basename(clip)).groups() for clip in clips}
    held_out = {clip for clip in clips if named[clip][1] in HELD_OUT}
    contents = {open(clip, "rb").read() for clip in held_out}
    os.makedirs(training, exist_ok=True)
    for clip in clips:
        link = os.path.join(training, os.path.basename(clip))
        if clip not in held_out and open(clip, "rb").read() not in contents and not os.path.lexists(link):
            os.symlink(os.path.abspath(clip), link)
    if os.path.exists(video.replace(".mp4", ".json")):
        return training, video

    actions = sorted({named[clip][0] for clip in held_out})
    chance = random.Random(7)
    chance.shuffle(actions)
    decoded = {clip: frames_of(clip) for clip in sorted(held_out)}
    height, width = next(iter(decoded.values()))[0].shape[:2]
    encoder = subprocess.Popen(
        f"gst-launch-1.0 -q fdsrc fd=0 ! rawvideoparse format=bgr width={width} height={height} framerate={FPS}/1 ! videoconvert "
        f"! video/x-raw,format=I420 ! x264enc threads=1 speed-preset=veryfast ! h264parse ! mp4mux ! filesink location={video}".split(),
        stdin=subprocess.PIPE)
    truth, at = [], 0
    for cycle in range(cycles):
        for action in actions:
            persons = {named[clip][1]: clip for clip in held_out if named[clip][0] == action}
            person = HELD_OUT[cycle % 2]
            frames = decoded[persons.get(person, sorted(persons.values())[0])]
            length = min(chance.randint(3 * FPS, 8 * FPS), len(frames))
            first = chance.randint(0, len(frames) - length)
            for frame in frames[first:first + length]:
                encoder.stdin.write(cv2.resize(frame, (width, height)).tobytes() if frame.shape[:2] != (height, width) else frame.tobytes())
            suffix = action.rsplit("_", 1)[1].upper()
            truth.append({"start": round(at / FPS, 4), "end": round((at + length) / FPS, 4), "coarse_action": action.split("_")[0],
                          "fine_action": action, "value_category": suffix})
            at += length
    encoder.stdin.close()
    assert encoder.wait() == 0
    with open(video.replace(".mp4", ".json"), "w") as file:
        json.dump(truth, file, indent=1)
    return training, video


def named(name, build, videos, folder, cycles):
    """Returns (what gst-action-train is given, video) of the set demo or handwash."""
    if name == "demo":
        annotated, video = demo(os.path.join(build, "tools"), folder, cycles)
        return ["--annotations", annotated], video
    clips, video = handwash(videos, folder, cycles)
    return [clips, "--fixed-t", "16", "--stage1-epochs", "80", "--stage2-epochs", "100", "--group-by", r"_(\d+)\.mp4$"], video
