# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The yardstick's sets with features=windowed and features=continual, five training seeds each: the table of docs/accuracy.md.

    continual.py BUILD VIDEOS FOLDER [SEEDS]      FOLDER keeps what takes long
"""

import json
import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import figures  # noqa: E402
import replay  # noqa: E402
import sets  # noqa: E402

BUILD, VIDEOS, FOLDER = sys.argv[1:4]
SEEDS = int(sys.argv[4]) if len(sys.argv) > 4 else 5
CYCLES = 12
HOPS = (4, 2)
MODES = ("windowed", "continual")
COLUMNS = (("lost", "lost", 1), ("invented", "invented", 1), ("F1@50", "f1_50", 100), ("duration error, s", "duration_error", 1), ("boundary error, s", "boundary_error", 1),
           ("frames right, %", "fine", 100))


def path(*parts):
    return os.path.join(FOLDER, *parts)


def tool(name, *arguments):
    return subprocess.run([os.path.join(BUILD, "tools", name), *arguments], check=True, stdout=subprocess.PIPE).stdout.decode()


def model_of(name, mode, seed, data):
    model = path(name, f"model-{mode}-{seed}")
    if not os.path.exists(model):
        tool("gst-action-train", *data, "-o", model, "--cache", path(name, "cache"), "-q", "--precision", "fp32", "--features", mode, "--seed", str(seed))
    return model


def results_of(name, mode, hop, data, video):
    features_file = path(name, f"features-{mode}.npz")
    replay.record(video, features_file, min(HOPS), f"precision=fp32 features={mode}")
    features = replay.Features(features_file)
    truth = video.replace(".mp4", ".json")
    results = []
    for seed in range(1, SEEDS + 1):
        timeline = path("timeline.json")
        replay.timeline(features, hop, model_of(name, mode, seed, data), timeline, smooth="profile=study")
        results.append(figures.of(json.loads(tool("gst-action-evaluate", "--json", timeline, truth)), timeline, truth))
    return results


def cell(results, key, scale):
    values = [scale * r[key] for r in results if r[key] is not None]
    if not values:
        return "–"
    spread = statistics.stdev(values) if len(values) > 1 else 0
    return f"{statistics.mean(values):.2f} ± {spread:.2f} ({min(values):.2f} to {max(values):.2f})"


def main():
    os.makedirs(FOLDER, exist_ok=True)
    print("| set | hop | features | " + " | ".join(column[0] for column in COLUMNS) + " |")
    print("| --- " * (3 + len(COLUMNS)) + "|", flush=True)
    for name in ("demo", "handwash"):
        if name == "handwash" and not os.path.isdir(os.path.join(VIDEOS, "handwash")):
            print("skipped: no ../shared/videos")
            continue
        os.makedirs(path(name), exist_ok=True)
        data, video = sets.named(name, BUILD, VIDEOS, path(name), CYCLES)
        for hop in HOPS:
            for mode in MODES:
                results = results_of(name, mode, hop, data, video)
                print(f"| {name} | {hop} | {mode} | " + " | ".join(cell(results, key, scale) for _, key, scale in COLUMNS) + " |", flush=True)


main()
