# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The best epoch's loss of the coarse classifier, of gst-action-train and of PyTorch's own loop as the Python system has it, over some seeds:
the table of docs/python-system.md. Features are computed into CACHE once.

    losses.py BUILD CLIPS CACHE FIRST_SEED SEEDS STEPS
"""

import json
import math
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import reference_head  # noqa: E402

BUILD, CLIPS, CACHE = (os.path.abspath(argument) for argument in sys.argv[1:4])
FIRST, SEEDS, STEPS = (int(argument) for argument in sys.argv[4:7])
ENVIRONMENT = {"GST_ACTION_WEIGHTS": f"{BUILD}/tests/standin.pth", **os.environ, "GST_PLUGIN_PATH": f"{BUILD}/gst"}
EPOCHS, BATCH = 40, 4


def ours(seed, folder):
    subprocess.run([f"{BUILD}/tools/gst-action-train", CLIPS, "--cache", CACHE, "-o", f"{folder}/{seed}", "--seed", str(seed), "--fixed-t", str(STEPS),
                    "--stage2-epochs", "1", "--cross-validate", "none", "-q"], env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(f"{folder}/{seed}/training.json", encoding="utf-8") as file:
        return json.load(file)["stage1"]["best_loss"]


def clips():
    """Every clip's features and coarse label, by name."""
    found = {}
    for name in os.listdir(CACHE):
        if name.endswith(".json"):
            with open(os.path.join(CACHE, name), encoding="utf-8") as file:
                video = json.load(file)["video"]
            rows = torch.load(os.path.join(CACHE, name.replace(".json", ".pt")))["feats"]
            found[video] = (rows, os.path.basename(video).split("_")[0])
    return [found[video] for video in sorted(found)]


def theirs(seed, x, y, classes):
    torch.manual_seed(seed)
    model = reference_head.Head(classes).train()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=BATCH, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    best = math.inf
    for _ in range(EPOCHS):
        total = 0.0
        for steps, labels in loader:
            logits = model(steps)
            loss = torch.nn.functional.cross_entropy(logits.reshape(-1, classes), labels.view(-1, 1).repeat(1, STEPS).reshape(-1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
        best = min(best, total / len(x))
    return best


def main():
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        a = np.array([ours(seed, folder) for seed in range(FIRST, FIRST + SEEDS)])
    read = clips()
    names = sorted({label for _, label in read})
    x, y = reference_head.padded([rows for rows, _ in read], STEPS), torch.tensor([names.index(label) for _, label in read])
    b = np.array([theirs(seed, x, y, len(names)) for seed in range(FIRST, FIRST + SEEDS)])
    error = math.sqrt(a.var(ddof=1) / SEEDS + b.var(ddof=1) / SEEDS)
    print("| steps a clip | seeds | here | PyTorch | difference / its standard error |\n| --- | --- | --- | --- | --- |")
    print(f"| {STEPS} | {FIRST} to {FIRST + SEEDS - 1} | {a.mean():.3f} +- {a.std(ddof=1):.3f} | {b.mean():.3f} +- {b.std(ddof=1):.3f} | "
          f"{(a.mean() - b.mean()) / error:.1f} |")


main()
