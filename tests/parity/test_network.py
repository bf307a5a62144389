# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network alone against torchvision: the same 16 RGB frames, through the tool that ships."""

import collections
import functools
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torchvision

import oracle
import tap

NETWORK_PROBE, WEIGHTS = sys.argv[1:3]
FOLDER = tempfile.mkdtemp()


def probe(weights, frames, kind="pixels", precision="fp32", *rest, **env):
    source = os.path.join(FOLDER, "frames.bin")
    frames.tofile(source)
    return subprocess.run([NETWORK_PROBE, weights, source, kind, precision, *rest], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **env})


def features(weights, frames, normalised=False, precision="fp32", **env):
    """frames: [n, 16, 112, 112, 3] uint8."""
    done = probe(weights, frames, "normalised" if normalised else "pixels", precision, **env)
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, np.float32).reshape(-1, 512)


def clip(seed, kind):
    random = np.random.default_rng(seed)
    if kind == "noise":
        return random.integers(0, 256, (16, 112, 112, 3), dtype=np.uint8)
    if kind == "black":
        return np.zeros((16, 112, 112, 3), np.uint8)
    t, y, x = np.mgrid[0:16, 0:112, 0:112]
    moving = 127 + 120 * np.sin(0.1 * x + 0.4 * t) * np.cos(0.07 * y - 0.2 * t)
    return np.stack([moving, np.roll(moving, 5, 2), 255 - moving], -1).astype(np.uint8)


def close(got, expected):
    limit = 1e-4 * max(1.0, float(np.abs(expected).max()))
    worst = float(np.abs(got - expected).max())
    assert worst <= limit, f"largest difference {worst}, allowed {limit}"
    return [f"largest difference {worst:.2g} of {np.abs(expected).max():.3g}"]


BACKBONE = oracle.Backbone(WEIGHTS)


BEFORE, AFTER = 12, 11  # frames that the features of a chunk depend on, besides its own


def chunk_of(start, run_end, number=0):
    before, after = min(BEFORE, start), min(AFTER, run_end - start - 16)
    return f"{start}:{before}:{after}:{number + start - before}"


@functools.lru_cache(maxsize=None)
def expected_of(run_end):
    """A function of a chunk's start, of the run of this length."""
    return functools.lru_cache(maxsize=None)(BACKBONE.shared(oracle.moving_pictures(45, 1)[:run_end]))


def continual(precision="fp32", **env):
    """A run at every hop; then a stream with what may befall it: dropped chunks, a chunk again, a jump, another run, and the first one after a seek."""
    def test():
        notes = []
        frames = oracle.moving_pictures(45, 1)
        kept = precision == "fp32"  # by LibTorch's operators each chunk is computed by itself

        def compare(what, starts, run_ends, numbers):
            chunks = [chunk_of(start, end, number) for start, end, number in zip(starts, run_ends, numbers)]
            done = probe(WEIGHTS, frames, "continual", precision, *chunks, **env)
            assert done.returncode == 0, done.stderr.decode()
            for start, end, row in zip(starts, run_ends, np.frombuffer(done.stdout, np.float32).reshape(-1, 512)):
                right = expected_of(end)(start)
                worst = float(np.abs(row - right).max())
                assert worst <= 1e-4 * float(np.abs(right).max()), (what, start, worst)
                notes.append((worst, what))
        for hop in (4, 5) if kept else ():  # every hop: test_continual.py
            starts = range(0, 30, hop)
            compare(f"hop {hop}", starts, [45] * len(starts), [0] * len(starts))
        if kept:
            compare("16 frames alone, twice", [0, 0], [16, 16], [0, 5000])
            compare("dropped, again, back, far", [0, 4, 12, 12, 20, 8, 29], [45] * 7, [0] * 7)
        compare("a shorter run, the next, the first again", [0, 4, 5, 0, 4, 0, 4, 13], [21, 21, 21, 45, 45, 30, 30, 30], [0] * 3 + [1000] * 2 + [7] * 3)
        difference, what = max(notes)
        return [f"{len(notes)} chunks, largest difference {difference:.2g} ({what})"]
    return test


def context_matters():
    """A continual feature is another one than the windowed. And the oracle's layer 2 is torchvision's."""
    frames = oracle.moving_pictures(45, 1)
    x = torch.from_numpy(np.random.default_rng(1).standard_normal((1, 64, 9, 56, 56), dtype=np.float32))
    with torch.no_grad():
        assert torch.allclose(BACKBONE.layer2(x, 0), BACKBONE.model.layer2(x), atol=1e-5)
    apart = BACKBONE.continual(frames, [12])[0] - BACKBONE(list(frames[12:28]))
    assert np.abs(apart).max() > 1e-2 * np.abs(BACKBONE(list(frames[12:28]))).max(), np.abs(apart).max()
    return [f"differs by {np.abs(apart).max():.2g}"]


def standin(kind):
    def test():
        frames = clip(3, kind)
        return close(features(WEIGHTS, frames)[0], BACKBONE(list(frames)))
    return test


def several_at_once():
    frames = np.stack([clip(seed, kind) for seed, kind in ((1, "noise"), (2, "moving"), (3, "black"))])
    return close(features(WEIGHTS, frames), np.stack([BACKBONE(list(one)) for one in frames]))


def normalised_input():
    frames = clip(5, "moving")
    x = (frames.astype(np.float32) / 255 - oracle.MEAN) / oracle.STD
    return close(features(WEIGHTS, np.ascontiguousarray(x.transpose(3, 0, 1, 2)[None]), True)[0], BACKBONE(list(frames)))


def forms():
    """A state_dict in every form in which people keep it gives the same features: legacy, without fc, DataParallel, wrapped, no
    num_batches_tracked, half precision storage aside."""
    state = torch.load(WEIGHTS, weights_only=True)
    plain = dict(state)
    forms = {
        "legacy": (plain, False),
        "without-fc": ({k: v for k, v in plain.items() if not k.startswith("fc.")}, True),
        "module": ({"module." + k: v for k, v in plain.items()}, True),
        "wrapped": ({"state_dict": plain, "epoch": 3, "optimizer": {"lr": 0.1}}, True),
        "untracked": ({k: v for k, v in plain.items() if not k.endswith("num_batches_tracked")}, True),
        "double": ({k: v.double() if v.is_floating_point() else v for k, v in plain.items()}, True),
    }
    frames = clip(4, "moving")
    expected = features(WEIGHTS, frames)
    for name, (content, as_zip) in forms.items():
        path = os.path.join(FOLDER, name + ".pth")
        torch.save(content, path, _use_new_zipfile_serialization=as_zip)
        assert np.array_equal(features(path, frames), expected), name


def trained_batch_norms():
    """Weights whose batch norms have scales and shifts of their own, as trained ones do."""
    torch.manual_seed(11)
    state = torch.load(WEIGHTS, weights_only=True)
    for name, tensor in state.items():
        if name.endswith((".1.weight", ".1.bias")):
            tensor.copy_(torch.rand_like(tensor) + (0.5 if name.endswith("weight") else -0.5))
    path = os.path.join(FOLDER, "trained.pth")
    torch.save(state, path)
    frames = clip(6, "moving")
    return close(features(path, frames)[0], oracle.Backbone(path)(list(frames)))


def wrong_weights():
    path = os.path.join(FOLDER, "resnet.pth")
    torch.save(torchvision.models.resnet18().state_dict(), path)
    clip(1, "black").tofile(os.path.join(FOLDER, "frames.bin"))
    done = subprocess.run([NETWORK_PROBE, path, os.path.join(FOLDER, "frames.bin"), "pixels", "fp32"], stderr=subprocess.PIPE)
    said = done.stderr.decode()
    assert done.returncode == 1 and path in said and "Missing: stem.0.weight" in said and "Not part of it: bn1." in said, said
    assert said.count(" more.") == 2 and len(said) < 700, "some of a hundred names, and how many more"


def by_torch():
    """LibTorch's operators: channels last and space to depth, which is the code that CUDA runs, and in oneDNN's layout."""
    frames = np.stack([clip(seed, kind) for seed, kind in ((1, "noise"), (2, "moving"))])
    expected = np.stack([BACKBONE(list(one)) for one in frames])
    return max(close(features(WEIGHTS, frames, precision=how), expected) for how in ("channels-last", "space-to-depth", "blocked"))


def no_half_on_cpus():
    said = probe(WEIGHTS, clip(1, "black"), precision="fp16").stderr.decode()
    assert "precision=fp16 was asked for, but CPUs do not compute in it" in said and "precision=fp32" in said, said


def any_number_of_threads():
    """One thread or several, AVX-512 or AVX2: the same bits, since each sum is made in one order."""
    frames = clip(9, "noise")
    expected = features(WEIGHTS, frames)
    for env in ({"OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "3"}, {"ONEDNN_MAX_CPU_ISA": "AVX2"}):
        assert np.array_equal(features(WEIGHTS, frames, **env), expected), env


def steady_state(precision, allowed):
    """What oneDNN does for each chunk more, once the network is at work: no weight is reordered."""
    def count(chunks):
        done = probe(WEIGHTS, np.stack([clip(1, "black")] * chunks), "pixels", precision, "each", ONEDNN_VERBOSE="1", DNNL_VERBOSE="1")
        if done.returncode:
            raise tap.Skip("oneDNN has no bf16 on this processor")
        lines = [line for line in done.stdout.splitlines() if b"nednn_verbose" in line or b"dnnl_verbose" in line]
        if precision == "bf16" and any(b",v1," in line for line in lines):
            raise tap.Skip("LibTorch 2 lays out bf16 weights for another convolution than it then uses, and reorders them in every pass")
        return [line for line in lines if b",reorder," in line and b",exec," in line]

    def shapes(lines):
        return collections.Counter(line.split(b",")[-2].decode() for line in lines)

    def test():
        few, many = count(2), count(5)
        each = (len(many) - len(few)) / 3
        # How many steps the input takes is oneDNN's: with AMX it is copied first.
        at_work = shapes(many) - shapes(few)
        assert set(at_work) == allowed and all(n % 3 == 0 for n in at_work.values()), f"{each} reorders a chunk: {at_work}"
        return [f"{each:.0f} reorders a chunk, {len(few)} with loading"]
    return test


def bf16():
    frames = np.stack([clip(seed, kind) for seed, kind in ((1, "noise"), (2, "moving"), (3, "black"), (7, "moving"))])
    done = probe(WEIGHTS, frames, precision="bf16")
    if done.returncode:
        said = done.stderr.decode()
        assert "precision=bf16 was asked for, but it is not to be had" in said, said
        raise tap.Skip("oneDNN has no bf16 on this processor")
    exact = features(WEIGHTS, frames)
    lowest = min(oracle.cosine(a, b) for a, b in zip(np.frombuffer(done.stdout, np.float32).reshape(-1, 512), exact))
    assert lowest >= 0.999, lowest
    return [f"lowest cosine {lowest:.6f}"]


def smaller_processors():
    """What oneDNN is forbidden stands for a processor that has it not: fp32 is computed all the same, bf16 is refused."""
    frames = clip(8, "moving")
    expected = BACKBONE(list(frames))
    notes = []
    for isa in ("AVX2", "SSE41"):
        notes += close(features(WEIGHTS, frames, ONEDNN_MAX_CPU_ISA=isa, DNNL_MAX_CPU_ISA=isa)[0], expected)
    said = probe(WEIGHTS, frames, precision="bf16", ONEDNN_MAX_CPU_ISA="AVX2", DNNL_MAX_CPU_ISA="AVX2").stderr.decode()
    assert "precision=bf16 was asked for, but it is not to be had" in said and "precision=fp32" in said, said
    return notes


tap.run([(f"stand-in weights, {kind}", standin(kind)) for kind in ("noise", "moving", "black")] + [
    ("three chunks at once", several_at_once),
    ("normalised input", normalised_input),
    ("every form of a state_dict", forms),
    ("trained batch norms", trained_batch_norms),
    ("weights of another network", wrong_weights),
    ("by LibTorch's operators", by_torch),
    ("fp16 on a CPU", no_half_on_cpus),
    ("any number of threads", any_number_of_threads),
    ("continual", continual()),
    ("continual, AVX2", continual(ONEDNN_MAX_CPU_ISA="AVX2", DNNL_MAX_CPU_ISA="AVX2")),
    ("continual, by LibTorch's operators", continual("blocked")),
    ("continual, space to depth", continual("space-to-depth")),
    ("context matters", context_matters),
    ("no reorders at work, fp32", steady_state("fp32", set())),
    ("only input and result are reordered at work, bf16", steady_state("bf16", {"1x3x16x112x112", "1x512x2x7x7"})),
    ("bf16", bf16),
    ("smaller processors", smaller_processors),
])
