# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The yardstick of docs/accuracy.md: what both profiles make of two cyclic videos, at hops 16, 8, 4 and 2.

    yardstick.py BUILD VIDEOS FOLDER [grid]      FOLDER keeps what takes long; grid: how the costs were chosen

The network runs once, at hop 2; the elements then run on its features (replay.py). That this is what a pipeline gives is
checked on two cycles, where CPU time is measured too.
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import figures  # noqa: E402
import replay  # noqa: E402
import sets  # noqa: E402

BUILD, VIDEOS, FOLDER = sys.argv[1:4]
CYCLES = 12
HOPS = (16, 8, 4, 2)
with open("/proc/cpuinfo") as cpu:  # half the time; both profiles get the same features
    PRECISION = "bf16" if "avx512_bf16" in cpu.read() else "fp32"
# Windows of equal seconds: the reference's 9 and 5 steps of 16 samples.
PROFILES = {"reference": "window-seconds=18 refine-window-seconds=10", "study": "profile=study"}


def path(*parts):
    return os.path.join(FOLDER, *parts)


def tool(name, *arguments):
    return subprocess.run([os.path.join(BUILD, "tools", name), *arguments], check=True, stdout=subprocess.PIPE).stdout.decode()


def compare(timeline, truth):
    return figures.of(json.loads(tool("gst-action-evaluate", "--json", timeline, truth)), timeline, truth)


def the_set(name, cycles):
    """(model, video): made when it is not there."""
    os.makedirs(path(name), exist_ok=True)
    data, video = sets.named(name, BUILD, VIDEOS, path(name), cycles)
    if not os.path.exists(path(name, "model")):
        tool("gst-action-train", *data, "-o", path(name, "model"), "-q", "--precision", PRECISION)
    return path(name, "model"), video


def features_of(name, cycles, video):
    file = path(name, f"features_{cycles}.npz")
    replay.record(video, file, 2, f"precision={PRECISION}")
    return replay.Features(file)


def row(name, hop, profile, m, cpu):
    found = m["elements"] - m["lost"]
    of_all = 100 / m["elements"]
    error = f"{m['duration_bias']:+.2f} | {m['duration_error']:.2f}" if found else "– | –"
    print(f"| {profile} | {hop} | {m['lost']} | {m['invented']} | {100 * m['f1_10']:.1f} / {100 * m['f1_25']:.1f} / {100 * m['f1_50']:.1f} | {100 * m['edit']:.1f} | {error} "
          f"| {m['within_half_second'] * of_all:.0f} % / {m['within_tenth'] * of_all:.0f} % | {m['boundary_error']:.2f} | {100 * m['fine']:.1f} % "
          f"| {cpu} |", flush=True)


def pipeline(video, hop, model, smooth, location):
    return ["gst-launch-1.0", "-q", *f"filesrc location={video} ! decodebin ! r3dfeatures orientation=auto hop={hop} precision={PRECISION} ! actionclassify "
            f"model={model} ! timelinesmooth {smooth} location={location} ! fakesink".split()]


def costs_of_a_pipeline(name):
    """CPU seconds for an hour of video, by hop; and the proof that a replay is what a pipeline gives."""
    if os.path.exists(path(name, "cpu.json")):
        with open(path(name, "cpu.json")) as file:
            return {(int(key.split()[0]), key.split()[1]): value for key, value in json.load(file).items()}
    model, video = the_set(name, 2)
    features = features_of(name, 2, video)
    seconds = features.duration / 1e9
    cpu = {}
    for hop in HOPS:
        for profile, smooth in PROFILES.items():
            if profile == "reference" and hop < 8:
                cpu[hop, profile] = None  # the network is the same, and nearly all of it
                continue
            real, replayed = path("real.json"), path("replayed.json")
            _, spent = replay.cpu_seconds(pipeline(video, hop, model, smooth, real))
            cpu[hop, profile] = spent * 3600 / seconds
            rows = replay.timeline(features, hop, model, replayed, smooth=smooth)
            with open(real) as file:
                expected = json.load(file)
            # But for the last chunk, which a stream's end pads and a replay of whole chunks has not.
            same = [(r["start"], r["fine_action"]) for r in rows[:-2]] == [(r["start"], r["fine_action"]) for r in expected[:len(rows) - 2]]
            assert same, (name, hop, profile, rows, expected)
    with open(path(name, "cpu.json"), "w") as file:
        json.dump({f"{hop} {profile}": value for (hop, profile), value in cpu.items()}, file)
    return cpu


def table(name):
    model, video = the_set(name, CYCLES)
    features = features_of(name, CYCLES, video)
    cpu = costs_of_a_pipeline(name)
    truth = video.replace(".mp4", ".json")
    with open(truth) as file:
        count = len(json.load(file))
    print(f"\n{name}: {CYCLES} cycles, {features.duration / 1e9:.0f} s, {count} elements\n")
    print("| profile | hop | lost | invented | F1@10 / 25 / 50 | edit | duration bias, s | duration error, s | within 0.5 s / 10 % | boundary error, s "
          "| frames right | CPU s an hour |")
    print("| --- " * 12 + "|")
    results = {}
    for profile, smooth in PROFILES.items():
        for hop in HOPS:
            location = path("timeline.json")
            replay.timeline(features, hop, model, location, smooth=smooth)
            results[profile, hop] = compare(location, truth)
            row(name, hop, profile, results[profile, hop], f"{cpu[hop, profile] or cpu[hop, 'study']:.0f}")
    study, reference = results["study", 4], results["reference", 16]
    assert study["lost"] < reference["lost"], "the study profile loses fewer elements"
    assert reference["lost"] == reference["elements"] or study["duration_error"] < reference["duration_error"], "and is closer"
    if name == "demo":
        assert study["lost"] == 0 and study["duration_error"] <= 0.65, study


def grid(name):
    """How settings were chosen: costs and minimum durations at hop 4."""
    model, video = the_set(name, CYCLES)
    features = features_of(name, CYCLES, video)
    for hop in (16, 4, 2):
        for cost in (0.5, 1, 2, 3, 4, 6, 8):
            for shortest in (1, 2):
                location = path("timeline.json")
                replay.timeline(features, hop, model, location, smooth=f"method=viterbi switch-cost={cost} min-duration-seconds={shortest}")
                m = compare(location, video.replace(".mp4", ".json"))
                print(f"{name} hop {hop:2d} switch-cost {cost:3} min-duration {shortest}: lost {m['lost']:3d} invented {m['invented']:3d} duration error "
                      f"{m['duration_error'] or 0:.2f} F1@50 {100 * m['f1_50']:.1f} edit {100 * m['edit']:.1f} frames right {100 * m['fine']:.1f} %", flush=True)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    names = ["demo", "handwash"]
    if not os.path.isdir(os.path.join(VIDEOS, "handwash")):
        print("skipped: no ../shared/videos")
        names = ["demo"]
    for name in names:
        grid(name) if "grid" in sys.argv[4:] else table(name)


main()
