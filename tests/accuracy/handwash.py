# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How right the timeline of a real video is: long/handwash_006.mp4 with a model trained on handwash, at three hops.

    handwash.py BUILD VIDEOS FEATURES     prints the table of docs/accuracy.md

The person in the video is not among those who were trained with.
"""

import json
import os
import subprocess
import sys
import tempfile

import figures

BUILD, VIDEOS, CACHE = sys.argv[1:4]
FOLDER = tempfile.mkdtemp()


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()
    return done.stdout.decode()


def evaluated(said):
    return json.loads(said[said.index("{"):])  # behind warnings


def processor():
    with open("/proc/cpuinfo") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "?")


def main():
    video = os.path.join(VIDEOS, "long/handwash_006.mp4")
    if not os.path.exists(video):
        print("skipped: no ../shared/videos")
        sys.exit(77)
    model = os.path.join(FOLDER, "model")
    run([os.path.join(BUILD, "tools/gst-action-train"), os.path.join(VIDEOS, "handwash"), "-o", model, "--cache", CACHE, "--precision", "fp32", "--fixed-t", "16",
         "--stage1-epochs", "80", "--stage2-epochs", "100", "--cross-validate", "none", "-q"])
    print(f"Stand-in weights, fp32, {processor()}\n")
    print("| hop | window | s a step | coarse right, unsmoothed | coarse right | fine right | value right | mean boundary error | segments (truth: 11) |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for hop in (16, 8, 4):
        files = [os.path.join(FOLDER, f"{hop}-{window}.json") for window in (1, 9)]
        line = (f"filesrc location={video} ! decodebin ! r3dfeatures precision=fp32 hop={hop} ! actionclassify model={model} forward-features=true "
                f"! timelinesmooth window=1 refine-window=1 min-duration=0 sync-mode=immediate location={files[0]} ! actionclassify model={model} "
                f"! timelinesmooth location={files[1]} ! fakesink")
        run(["gst-launch-1.0", "-q", *line.split()])
        tool = os.path.join(BUILD, "tools/gst-action-evaluate")
        truth = video.replace(".mp4", ".json")
        said = [figures.of(evaluated(run([tool, "--json", file, truth])), file, truth) for file in files]
        share = lambda read, kind: f"{100 * read[kind]:.1f} %"
        error = f"{said[1]['boundary_error']:.2f} s"
        with open(files[1]) as file:
            segments = len(json.load(file))
        print(f"| {hop} | 9 | {hop / 7.5:.2f} | {share(said[0], 'coarse')} | {share(said[1], 'coarse')} | {share(said[1], 'fine')} "
              f"| {share(said[1], 'value')} | {error} | {segments} |", flush=True)


main()
