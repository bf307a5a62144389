# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's PyTorch and torchvision, as the Python system runs them: eager fp32, one chunk. Prints a JSON object."""

import json
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "parity"))
import numpy as np  # noqa: E402
import oracle  # noqa: E402
import torch  # noqa: E402

backbone = oracle.Backbone(sys.argv[1])
frames = [np.zeros((112, 112, 3), np.uint8)] * 16
backbone(frames)
times = []
for _ in range(3):
    start = time.perf_counter()
    for _ in range(5):
        backbone(frames)
    times.append((time.perf_counter() - start) / 5 * 1e3)
print(json.dumps({f"torchvision on PyTorch {torch.__version__}, eager fp32": statistics.median(times)}))
