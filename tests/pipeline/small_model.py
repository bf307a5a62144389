# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What runs the elements without their network: the fake engine of tests/fake, which answers at once, and a model folder as the Python
system writes it, with random heads: families a and c of one label, b of two."""

import json
import os


def fake_engine(build):
    """The environment of a program whose libactiontorch is the fake one. build: absolute."""
    return {**os.environ, "LD_LIBRARY_PATH": f"{build}/tests:{build}/lib/action", "GST_PLUGIN_PATH": f"{build}/gst",
            "GST_ACTION_WEIGHTS": f"{build}/tests/standin.pth", "G_DEBUG": "fatal-criticals", "OMP_NUM_THREADS": "1"}


def head(folder, labels):
    import torch
    os.makedirs(folder)
    torch.manual_seed(len(labels))
    shapes = {"0.weight": (512,), "0.bias": (512,), "1.weight": (256, 512), "1.bias": (256,), "4.weight": (256, 256), "4.bias": (256,),
              "7.weight": (len(labels), 256), "7.bias": (len(labels),)}
    torch.save({"net." + name: 0.1 * torch.randn(*shape) for name, shape in shapes.items()}, os.path.join(folder, "best.pt"))
    with open(os.path.join(folder, "label_map.json"), "w", encoding="utf-8") as file:
        json.dump({label: i for i, label in enumerate(labels)}, file)


def write(root):
    head(os.path.join(root, "stage1"), ["a", "b", "c"])
    head(os.path.join(root, "stage2/b"), ["b_one_rnva", "b_two_nva"])
    single = {"trained": False, "reason": "single_class", "n_clips": 3, "n_classes": 1}
    with open(os.path.join(root, "stage2/stage2_registry.json"), "w", encoding="utf-8") as file:
        json.dump({"a": single, "b": {"trained": True, "n_clips": 4, "n_classes": 2}, "c": single}, file)
    return root
