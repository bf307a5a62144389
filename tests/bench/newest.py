# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The network alone in the newest PyTorch and OpenVINO, which run.sh puts into a folder of their own on PYTHONPATH.

    newest.py WEIGHTS [CHUNKS]      prints a JSON object: name -> milliseconds a chunk (median of three), or why not
"""

import json
import os
import statistics
import sys
import time

import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "helpers"))
from plain_r3d18 import PlainR3d18  # noqa: E402

CHUNKS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
torch.set_num_threads(len(os.sched_getaffinity(0)))
torch.manual_seed(1)
X = torch.randn(1, 3, 16, 112, 112)
RESULTS = {}


def measure(name, make):
    try:
        function = make()
        function()
        function()
        times = []
        for _ in range(3):
            start = time.perf_counter()
            for _ in range(CHUNKS):
                function()
            times.append((time.perf_counter() - start) / CHUNKS * 1e3)
        RESULTS[name] = statistics.median(times)
    except Exception as error:  # whatever a version cannot do is told in the table
        RESULTS[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:100]}"


def network():
    model = PlainR3d18()
    model.load_state_dict(torch.load(sys.argv[1], weights_only=True))
    model.fc = torch.nn.Identity()
    return model.eval()


def eager(kind, memory=torch.contiguous_format):
    def make():
        model, x = network().to(kind).to(memory_format=memory), X.to(kind).contiguous(memory_format=memory)
        return lambda: model(x)
    return make


def compiled(kind):
    def make():
        model, x = network().to(kind), X.to(kind)
        torch._inductor.config.freezing = True
        fast = torch.compile(model)
        return lambda: fast(x)
    return make


def openvino(kind):
    def make():
        import openvino
        core = openvino.Core()
        network_ = core.compile_model(openvino.convert_model(network(), example_input=X), "CPU", {"INFERENCE_PRECISION_HINT": kind, "PERFORMANCE_HINT": "LATENCY"})
        request, x = network_.create_infer_request(), X.numpy()
        return lambda: request.infer([x])
    return make


with torch.no_grad():
    version = "PyTorch " + torch.__version__.split("+")[0]
    measure(f"{version}, eager fp32", eager(torch.float32))
    measure(f"{version}, eager fp32, channels last", eager(torch.float32, torch.channels_last_3d))
    measure(f"{version}, compiled fp32", compiled(torch.float32))
    measure(f"{version}, eager bf16, channels last", eager(torch.bfloat16, torch.channels_last_3d))
    measure(f"{version}, compiled bf16", compiled(torch.bfloat16))
    try:
        import openvino as ov
        version = "OpenVINO " + ov.__version__.split("-")[0]
        measure(f"{version}, fp32", openvino("f32"))
        measure(f"{version}, bf16", openvino("bf16"))
    except ImportError:
        RESULTS["OpenVINO"] = "absent"
print(json.dumps(RESULTS))
