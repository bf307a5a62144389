# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network on a GPU: right, and how fast beside eager PyTorch on the same card. Run by tests/cuda-check.sh.

    cuda_check.py LIBRARY [--device cuda|cpu] [--weights FILE] [--seconds S]
"""

import argparse
import ctypes
import gc
import importlib.util
import os
import statistics
import sys
import tempfile
import threading
import time

import torch

from plain_r3d18 import PlainR3d18

MEAN = torch.tensor((0.43216, 0.394666, 0.37645)).view(3, 1, 1, 1)
STD = torch.tensor((0.22803, 0.22145, 0.216989)).view(3, 1, 1, 1)
GFLOP = 81.4  # a chunk
BATCHES = (1, 4, 16, 32)
CALLERS = 2  # as the feature service has on a GPU


def make_reference(weights):
    """(name, model, path of its weights): those given, or seeded ones whose batch norms have seen a clip."""
    found = importlib.util.find_spec("torchvision")
    beside = found and os.path.dirname(os.path.dirname(found.origin)) == os.path.dirname(os.path.dirname(torch.__file__))
    if beside:  # one that came with another PyTorch would load that one too
        import torchvision
        name, model = "torchvision " + torchvision.__version__, torchvision.models.video.r3d_18()
    else:
        name, model = "a plain R3D-18", PlainR3d18()
    if weights:
        model.load_state_dict(torch.load(weights, weights_only=True))
    else:
        torch.manual_seed(1)
        for module in model.modules():
            if isinstance(module, torch.nn.Conv3d):
                torch.nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        model.train()
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm3d):
                module.momentum = 1.0
        with torch.no_grad():
            model(normalised(torch.randint(0, 256, (2, 16, 112, 112, 3), dtype=torch.uint8)))
        weights = os.path.join(tempfile.mkdtemp(), "r3d18.pth")
        torch.save(model.state_dict(), weights)
    model.fc = torch.nn.Identity()
    return name, model.eval(), weights


def normalised(pixels):
    x = pixels.permute(0, 4, 1, 2, 3).float() / 255
    return (x - MEAN.to(x.device)) / STD.to(x.device)


def clips(n, seed=0):
    random = torch.Generator().manual_seed(seed)
    t, y, x = torch.meshgrid(torch.arange(16.0), torch.arange(112.0), torch.arange(112.0), indexing="ij")
    moving = []
    for i in range(n):
        a, b, c = torch.rand(3, generator=random)
        picture = 127 + 120 * torch.sin((0.05 + 0.1 * a) * x + b * t) * torch.cos((0.05 + 0.1 * c) * y - 0.2 * t)
        noise = torch.randint(-7, 8, (16, 112, 112, 3), generator=random)
        moving.append((picture[..., None] + torch.tensor([0.0, 10.0, -10.0]) + noise).clamp(0, 255).to(torch.uint8))
    return torch.stack(moving)


class Network:
    """The network behind network_library.cc. What it refuses ends the check (SystemExit)."""

    def __init__(self, library, weights, device, precision):
        self.library = library
        self.handle = library.check_open(weights.encode(), device.encode(), precision.encode())
        if not self.handle:
            raise SystemExit("FAILED: " + library.check_error().decode())

    @property
    def description(self):
        return self.library.check_description(self.handle).decode()

    def __call__(self, pixels):
        out = torch.empty(len(pixels), 512)
        pixels = pixels.contiguous()
        if not self.library.check_forward(self.handle, ctypes.c_void_p(pixels.data_ptr()), len(pixels), ctypes.c_void_p(out.data_ptr())):
            raise SystemExit("FAILED: " + self.library.check_error().decode())
        return out

    def close(self):
        self.library.check_close(self.handle)


def open_library(path):
    library = ctypes.CDLL(os.path.abspath(path))
    library.check_open.restype = ctypes.c_void_p
    library.check_error.restype = library.check_description.restype = ctypes.c_char_p
    library.check_forward.restype = ctypes.c_bool
    library.check_forward.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
    library.check_close.argtypes = library.check_description.argtypes = [ctypes.c_void_p]
    return library


def rate(function, chunks, seconds, synchronise, callers=1):
    """Chunks a second: the median of three stretches."""
    for _ in range(3):
        function()
    rates = []
    for _ in range(3):
        synchronise()
        start, runs = time.perf_counter(), [0] * callers

        def call(caller):
            while time.perf_counter() - start < seconds / 3:
                function()
                runs[caller] += 1

        threads = [threading.Thread(target=call, args=(i,)) for i in range(1, callers)]
        for thread in threads:
            thread.start()
        call(0)
        for thread in threads:
            thread.join()
        synchronise()
        rates.append(sum(runs) * chunks / (time.perf_counter() - start))
    return statistics.median(rates)


def cudnn_settings():
    return torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32


def matrix_rate(device, kind, seconds, synchronise):
    """TFLOP/s of a large matrix product, what the card reaches in this precision."""
    n = 8192 if device == "cuda" else 1024
    a, b = torch.randn(n, n, device=device).to(kind), torch.randn(n, n, device=device).to(kind)
    return rate(lambda: a @ b, 2 * n**3 / 1e12, seconds, synchronise)


def lowest_cosine(got, expected):
    return float(torch.nn.functional.cosine_similarity(got, expected).min())


def check_memory(open_network, need, pixels, expected):
    """What becomes of it when LibTorch may have less memory than the `need` bytes of all batches: passes without graphs,
    fewer batches, then a clear error. Never a wrong result. Returns what failed."""
    failures, without_graph, refused, fewer = [], 0, 0, 0

    def note_refusal(when, error):
        print(f"{when}: refused: {str(error).removeprefix('FAILED: ')}")
        if "too little memory" not in str(error):
            failures.append(f"an unclear error with less memory ({when.strip()}): {error}")

    total = torch.cuda.get_device_properties(0).total_memory

    def allow(size):
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction(min(1.0, (torch.cuda.memory_reserved() + size) / total))

    print("\nwith less memory:")
    held = []
    for share in (0.8, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08, 0.03):
        allow(share * need)
        held.append(torch.cuda.memory_reserved())
        try:
            network = open_network()
        except SystemExit as e:
            note_refusal(f"{share:.0%}", e)
            refused += 1
            continue
        print(f"{share:.0%}: {network.description}")
        fewer += f" {BATCHES[-1]}" not in network.description.split("batches of")[1]
        cosine = lowest_cosine(network(pixels), expected)
        if not cosine >= 0.999:
            failures.append(f"wrong with {share:.0%} of the memory: cosine {cosine}")
        if "no graph" in network.description:
            without_graph += 1
            # What it computed in goes to other programs: it must do with less, or say that it cannot.
            allow(0.1 * need)
            try:
                cosine = lowest_cosine(network(pixels), expected)
                print(f"  and then with 10%: {network.description}, cosine {cosine:.7f}")
                if not cosine >= 0.999:
                    failures.append(f"wrong after memory was taken away: cosine {cosine}")
            except SystemExit as e:
                note_refusal("  and then with 10%", e)
        network.close()
    allow(0)
    ballast = []
    try:
        while True:
            ballast.append(torch.empty(1 << 21, dtype=torch.uint8, device="cuda"))
    except torch.cuda.OutOfMemoryError:
        pass
    try:
        print(f"none: {open_network().description}")
        failures.append("it could be had without memory")
    except SystemExit as e:
        note_refusal("none", e)
        refused += 1
    del ballast
    allow(total)
    print(f"held before each: {', '.join(str(size >> 20) for size in held)} MiB")
    if max(held) - held[0] > 0.05 * need:
        failures.append("what could not be prepared keeps its memory")
    for what, seen in (("a refusal", refused), ("fewer batches", fewer), ("passes without graphs", without_graph)):
        if not seen:
            failures.append(f"no amount of memory led to {what}: the check has not seen it")
    return failures


def check_beside_others(open_network, pixels, expected):
    """Graphs are captured and right while another thread of the process uses the GPU. Returns what failed."""
    failures, stop, trouble, passes = [], threading.Event(), [], [0]

    def others():
        try:
            stream = torch.cuda.Stream()
            with torch.cuda.stream(stream):
                while not stop.is_set():
                    x = torch.ones(1 << 20).cuda()  # memory, a copy, a kernel, and a wait for the stream
                    (x * 2).cpu()
                    passes[0] += 1
        except RuntimeError as e:
            trouble.append(str(e))

    thread = threading.Thread(target=others)
    thread.start()
    try:
        network = open_network()
        cosine = lowest_cosine(network(pixels), expected)
    finally:
        stop.set()
        thread.join()
    print(f"beside another thread ({passes[0]} passes of it): {network.description}, cosine {cosine:.7f}")
    if trouble:
        failures.append("another thread's use of the GPU failed: " + trouble[0])
    if "no graph" in network.description or not cosine >= 0.999:
        failures.append("another thread's use of the GPU disturbs it")
    network.close()
    return failures


def largest_difference(got, expected):
    """Of the largest feature."""
    return float((got - expected).abs().max() / expected.abs().max())


def check_callers(network, chunks, alone):
    """Several threads with batches of their own get their own features. Returns what failed."""
    differences = []

    def call(first, count):
        for _ in range(20):
            differences.append(largest_difference(network(chunks[first:first + count]), alone[first:first + count]))

    threads = [threading.Thread(target=call, args=ends) for ends in ((0, 1), (1, 3), (4, 5), (9, 16))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(threads)} callers at once: largest difference {max(differences):.1e} of the largest feature")
    return [] if max(differences) <= 5e-3 and len(differences) == 80 else ["callers get what is not theirs"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--weights")
    parser.add_argument("--seconds", type=float, default=6)
    options = parser.parse_args()
    cuda = options.device.startswith("cuda")
    synchronise = torch.cuda.synchronize if cuda else lambda: None
    half = torch.float16 if cuda else torch.bfloat16
    precision = "fp16" if cuda else "bf16"
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False

    card = torch.cuda.get_device_name() if cuda else "CPU"
    if cuda:
        torch.zeros(1, device=options.device)
    print(f"{card}, PyTorch {torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}")
    name, model, weights = make_reference(options.weights)
    library = open_library(options.library)
    failures = []

    pixels = clips(5)
    with torch.no_grad():
        expected = model(normalised(pixels))
    settings = cudnn_settings()
    full = Network(library, weights, options.device, "fp32")
    got = full(pixels)
    worst = float((got - expected).abs().max())
    limit = 1e-4 * max(1.0, float(expected.abs().max()))
    print(f"fp32 against {name} on the CPU: largest difference {worst:.2g}, allowed {limit:.2g}")
    if not worst <= limit:
        failures.append("fp32 differs")
    if cuda:
        batch = clips(1).expand(16, -1, -1, -1, -1).contiguous()
        print(f"fp32, 16 at once: {rate(lambda: full(batch), 16, options.seconds / 2, synchronise, CALLERS):.1f} chunks/s")
    full.close()

    if cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    network = Network(library, weights, options.device, precision)
    print(f"{network.description}; ready after {time.perf_counter() - start:.1f} s")
    for n in (1, 2, 3, 5):
        cosine = lowest_cosine(network(pixels[:n]), got[:n])
        print(f"{precision} against fp32, {n} at once: lowest cosine {cosine:.7f}")
        if not cosine >= 0.999:
            failures.append(f"{precision} differs in a batch of {n}")

    if cudnn_settings() != settings:
        failures.append(f"cuDNN's settings are {cudnn_settings()} and were {settings}")
    many = clips(max(BATCHES) + 3)
    alone = torch.cat([network(one[None]) for one in many])
    largest = largest_difference(network(many), alone)
    print(f"{len(many)} at once against one at a time: largest difference {largest:.1e} of the largest feature")
    if not largest <= 5e-3:
        failures.append("a batch is not what its chunks are one by one")
    if cuda:
        failures += check_callers(network, many, alone)
        memory = torch.cuda.max_memory_reserved()
        print(f"memory: {torch.cuda.memory_reserved() / 2**20:.0f} MiB, and {memory / 2**20:.0f} MiB at most, when it was made")
    eager = model.to(options.device, half).to(memory_format=torch.channels_last_3d)
    mean, std = MEAN.to(options.device), STD.to(options.device)
    torch.backends.cudnn.benchmark = True
    peak = matrix_rate(options.device, half, options.seconds, synchronise)
    print(f"\n{precision} matrix product: {peak:.0f} TFLOP/s\n")
    print(f"| batch | chunks/s, one caller | {CALLERS} callers, as the elements have | share of the matrix rate | "
          f"eager PyTorch, channels last, one caller | one caller / eager | {CALLERS} callers / eager |\n" + "| --- " * 7 + "|")
    for n in BATCHES:
        batch = clips(1).expand(n, -1, -1, -1, -1).contiguous()
        one = rate(lambda: network(batch), n, options.seconds, synchronise)
        ours = rate(lambda: network(batch), n, options.seconds, synchronise, CALLERS) if cuda else one

        def reference():
            x = (batch.to(options.device).permute(0, 4, 1, 2, 3).float() / 255 - mean) / std
            return eager(x.to(half).contiguous(memory_format=torch.channels_last_3d)).float().cpu()

        with torch.no_grad():
            theirs = rate(reference, n, options.seconds, synchronise)
        print(f"| {n} | {one:.1f} | {ours:.1f} | {ours * GFLOP / 1e3 / peak:.0%} | {theirs:.1f} | {one / theirs:.2f} | {ours / theirs:.2f} |", flush=True)

    activity = torch.profiler.ProfilerActivity
    with torch.profiler.profile(activities=[activity.CPU] + ([activity.CUDA] if cuda else [])) as profile:
        network(pixels)
    names = {event.key for event in profile.key_averages()}
    slow = [one for one in names if "vol2col" in one or "slow_conv" in one]
    kernels = [event for event in profile.key_averages() if "conv" in event.key.lower() or "gemm" in event.key.lower()]
    print("\nconvolution kernels:", ", ".join(sorted(event.key[:78] for event in kernels)) or "none seen by the profiler")
    if slow:
        failures.append("slow convolutions: " + ", ".join(slow))
    network.close()
    if cuda:
        del eager, batch

        def open_network():
            return Network(library, weights, options.device, precision)

        failures += check_beside_others(open_network, pixels, got)
        failures += check_memory(open_network, memory, pixels, got)
    for failure in failures:
        print("FAILED:", failure)
    sys.exit(1 if failures else 0)


main()
