"""The network on a GPU: right, and how fast beside eager PyTorch on the same card. Run by tests/cuda-check.sh.

    cuda_check.py LIBRARY [--device cuda|cpu] [--weights FILE] [--seconds S]
"""

import argparse
import ctypes
import importlib.util
import os
import statistics
import sys
import tempfile
import time

import torch

from plain_r3d18 import PlainR3d18

MEAN = torch.tensor((0.43216, 0.394666, 0.37645)).view(3, 1, 1, 1)
STD = torch.tensor((0.22803, 0.22145, 0.216989)).view(3, 1, 1, 1)
GFLOP = 81.4  # a chunk
BATCHES = (1, 4, 16, 32)


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
    def __init__(self, library, weights, device, precision):
        self.library = library
        self.handle = library.check_open(weights.encode(), device.encode(), precision.encode())
        if not self.handle:
            raise SystemExit("FAILED: " + library.check_error().decode())
        self.description = library.check_description(self.handle).decode()

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


def rate(function, chunks, seconds, synchronise):
    """Chunks a second: the median of three stretches."""
    for _ in range(3):
        function()
    rates = []
    for _ in range(3):
        synchronise()
        start, runs = time.perf_counter(), 0
        while time.perf_counter() - start < seconds / 3:
            function()
            runs += 1
        synchronise()
        rates.append(runs * chunks / (time.perf_counter() - start))
    return statistics.median(rates)


def matrix_rate(device, kind, seconds, synchronise):
    """TFLOP/s of a large matrix product, what the card reaches in this precision."""
    n = 8192 if device == "cuda" else 1024
    a, b = torch.randn(n, n, device=device).to(kind), torch.randn(n, n, device=device).to(kind)
    return rate(lambda: a @ b, 2 * n**3 / 1e12, seconds, synchronise)


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
    print(f"{card}, PyTorch {torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}")
    name, model, weights = make_reference(options.weights)
    library = open_library(options.library)
    failures = []

    pixels = clips(5)
    with torch.no_grad():
        expected = model(normalised(pixels))
    full = Network(library, weights, options.device, "fp32")
    got = full(pixels)
    worst = float((got - expected).abs().max())
    limit = 1e-4 * max(1.0, float(expected.abs().max()))
    print(f"fp32 against {name} on the CPU: largest difference {worst:.2g}, allowed {limit:.2g}")
    if not worst <= limit:
        failures.append("fp32 differs")
    full.close()

    if cuda:
        torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    network = Network(library, weights, options.device, precision)
    print(f"{network.description}; ready after {time.perf_counter() - start:.1f} s")
    for n in (1, 2, 3, 5):
        cosine = float(torch.nn.functional.cosine_similarity(network(pixels[:n]), got[:n]).min())
        print(f"{precision} against fp32, {n} at once: lowest cosine {cosine:.7f}")
        if not cosine >= 0.999:
            failures.append(f"{precision} differs in a batch of {n}")

    if cuda:
        network(clips(1).expand(max(BATCHES), -1, -1, -1, -1).contiguous())
        print(f"peak memory of it, loading included: {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB")
    eager = model.to(options.device, half).to(memory_format=torch.channels_last_3d)
    torch.backends.cudnn.benchmark = True
    peak = matrix_rate(options.device, half, options.seconds, synchronise)
    print(f"\n{precision} matrix product: {peak:.0f} TFLOP/s\n")
    print("| batch | chunks/s | share of the matrix rate | eager PyTorch, channels last | ratio |\n| --- | --- | --- | --- | --- |")
    for n in BATCHES:
        batch = clips(1).expand(n, -1, -1, -1, -1).contiguous()
        ours = rate(lambda: network(batch), n, options.seconds, synchronise)

        def reference():
            x = normalised(batch.to(options.device)).to(half).contiguous(memory_format=torch.channels_last_3d)
            return eager(x).float().cpu()

        with torch.no_grad():
            theirs = rate(reference, n, options.seconds, synchronise)
        print(f"| {n} | {ours:.1f} | {ours * GFLOP / 1e3 / peak:.0%} | {theirs:.1f} | {ours / theirs:.2f} |", flush=True)

    activity = torch.profiler.ProfilerActivity
    with torch.profiler.profile(activities=[activity.CPU] + ([activity.CUDA] if cuda else [])) as profile:
        network(pixels)
    names = {event.key for event in profile.key_averages()}
    slow = [one for one in names if "vol2col" in one or "slow_conv" in one]
    kernels = [event for event in profile.key_averages() if "conv" in event.key.lower() or "gemm" in event.key.lower()]
    print("convolution kernels:", ", ".join(sorted(event.key[:80] for event in kernels)) or "none seen by the profiler")
    if slow:
        failures.append("slow convolutions: " + ", ".join(slow))
    network.close()
    for failure in failures:
        print("FAILED:", failure)
    sys.exit(1 if failures else 0)


main()
