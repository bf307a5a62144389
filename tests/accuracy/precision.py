# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What reduced precision does to timelines: every long video's, in bf16 and fp16, against the timeline in fp32.

    precision.py BUILD SOURCE VIDEOS FOLDER     prints the table of docs/performance.md; FOLDER keeps models and features

bf16 is what the build computes (left out where the processor has none). fp16, which CPUs do not compute in, is emulated: torchvision's
network with its batch norms folded, everything that a GPU would keep in half precision (weights, biases, activations) rounded to it,
and sums in fp32, as cuDNN makes them.
"""

import glob
import os
import subprocess
import sys

import numpy as np
import torch

BUILD, SOURCE, VIDEOS, FOLDER = sys.argv[1:5]
sys.path.insert(0, os.path.join(SOURCE, "tests/parity"))
import oracle  # noqa: E402
import timeline_oracle  # noqa: E402

WEIGHTS = os.path.join(BUILD, "tests/standin.pth")


def rounded(x):
    return x.half().float()


class Shift(torch.nn.Module):
    """What a folded batch norm leaves: a bias."""

    def __init__(self, bias):
        super().__init__()
        self.bias = rounded(bias.detach())[:, None, None, None]

    def forward(self, x):
        return rounded(x + self.bias)


class Half(oracle.Backbone):
    def __init__(self, weights):
        super().__init__(weights)
        for module in list(self.model.modules()):
            if not isinstance(module, torch.nn.Sequential):
                continue
            for i in range(len(module) - 1):
                if isinstance(module[i], torch.nn.Conv3d) and isinstance(module[i + 1], torch.nn.BatchNorm3d):
                    norm = module[i + 1]
                    weight, bias = torch.nn.utils.fusion.fuse_conv_bn_weights(
                        module[i].weight, None, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias)
                    module[i].weight = torch.nn.Parameter(rounded(weight.detach()))
                    module[i].register_forward_pre_hook(lambda _, x: (rounded(x[0]),))  # the input, and sums with a shortcut
                    module[i].register_forward_hook(lambda _, __, x: rounded(x))
                    module[i + 1] = Shift(bias)
        self.model.avgpool.register_forward_pre_hook(lambda _, x: (rounded(x[0]),))


def by_build(chunks, precision):
    """[n, 512], or nothing where the build cannot."""
    pixels = os.path.join(FOLDER, "chunks.bin")
    np.stack([np.stack(chunk) for chunk in chunks]).tofile(pixels)
    done = subprocess.run([os.path.join(BUILD, "tests/network_probe"), WEIGHTS, pixels, "pixels", precision], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.remove(pixels)
    return np.frombuffer(done.stdout, np.float32).reshape(-1, 512) if done.returncode == 0 else None


def features_of(video):
    """{precision: [n, 512]}, the chunks' times and the video's duration; computed once."""
    stem = os.path.join(FOLDER, os.path.basename(video) + ".npz")
    if not os.path.exists(stem):
        fps, step = oracle.source_fps(video), oracle.stride(oracle.source_fps(video))
        samples, count = [], 0
        for frame in oracle.decode(video):
            if count % step == 0:
                samples.append(oracle.shrink(frame))
            count += 1
        groups = oracle.chunks(len(samples))
        chunks = [[samples[i] for i in group] for group in groups]
        found = {"fp32": by_build(chunks, "fp32"), "bf16": by_build(chunks, "bf16")}
        half = Half(WEIGHTS)
        found["fp16"] = np.stack([half(chunk) for chunk in chunks])
        np.savez(stem, times=[group[0] * step / fps for group in groups], duration=count / fps,
                 **{precision: value for precision, value in found.items() if value is not None})
    read = np.load(stem)
    return {name: read[name] for name in ("fp32", "bf16", "fp16") if name in read}, list(read["times"]), float(read["duration"])


def model(name):
    path = os.path.join(FOLDER, name)
    if not os.path.exists(path):
        subprocess.run([os.path.join(BUILD, "tools/gst-action-train"), os.path.join(VIDEOS, name), "-o", path, "--precision", "fp32", "--cross-validate", "none",
                        "--stage1-epochs", "80", "--fixed-t", "16", "-q"], check=True, stdout=sys.stderr,
                       env={**os.environ, "GST_ACTION_WEIGHTS": WEIGHTS, "GST_PLUGIN_PATH": os.path.abspath(os.path.join(BUILD, "gst"))})
    return path


def seconds_that_differ(a, b):
    label = lambda rows, t: next((row["fine_action"] for row in rows if row["start"] <= t < row["end"]), None)
    edges = sorted({edge for row in a + b for edge in (row["start"], row["end"])})
    return sum(end - start for start, end in zip(edges, edges[1:]) if label(a, start) != label(b, start))


def main():
    if not os.path.isdir(VIDEOS):
        print("skipped: no ../shared/videos")
        sys.exit(77)
    os.makedirs(FOLDER, exist_ok=True)
    print("| video | model | segments | bf16: 1 - cosine, at most | other s | fp16: the same | other s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for video in sorted(glob.glob(os.path.join(VIDEOS, "long/*.mp4"))):
        features, times, duration = features_of(video)
        for name in ("handwash", "signs"):
            timeline = lambda precision: timeline_oracle.timeline(timeline_oracle.Model(model(name)), list(features[precision]), times, duration)
            exact = timeline("fp32")
            cells = []
            for precision in ("bf16", "fp16"):
                if precision not in features:
                    cells += ["-", "-"]
                    continue
                cells.append(f"{max(1 - oracle.cosine(a.astype(np.float64), b.astype(np.float64)) for a, b in zip(features[precision], features['fp32'])):.0e}")
                cells.append(f"{seconds_that_differ(timeline(precision), exact):.1f}")
            print(f"| {os.path.basename(video)}, {duration:.0f} s | {name} | {len(exact)} | {' | '.join(cells)} |", flush=True)


main()
