# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the seeds of fuzz-checkpoint: make_seeds.py seeds/checkpoint. Needs Debian's python3-torch."""
import json
import os
import struct
import sys
from collections import OrderedDict

import torch

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19." + b"\x80\x02M\xe9\x03." + b"\x80\x02}."


def legacy(pickle, keys=b"\x80\x02].", storages=b""):
    return MAGIC + pickle + keys + storages


def main(folder):
    os.makedirs(folder, exist_ok=True)
    base = torch.arange(6.0)
    state = OrderedDict(a=base[1:4], b=base.view(2, 3).t(), c=torch.nn.Parameter(base), d=base.half())
    state._metadata = {"": {"version": 1}}
    values = {"state_dict": state, "list": [1, 2.5, None, True, "text", (1, 2)], "int64": torch.tensor([2**40])}
    for name, zipped in (("zip", True), ("legacy", False)):
        torch.save(values, f"{folder}/{name}.pt", _use_new_zipfile_serialization=zipped)

    header = json.dumps({"__metadata__": {"stand-in": "1"},
                         "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    view = (b"((X\7\0\0\0storagectorch\nByteStorage\nX\1\0\0\x000X\3\0\0\0cpuK (X\1\0\0\0vK\x18K\x08ttQ")
    raw = {
        "small.safetensors": struct.pack("<Q", len(header)) + header + bytes(8),
        # A view of bytes taken as float64 by _rebuild_tensor_v3.
        "view_v3": legacy(b"\x80\2ctorch._utils\n_rebuild_tensor_v3\n" + view + b"K\0K\1\x85K\1\x85\x89}ctorch\nfloat64\ntR.",
                          b"\x80\2]X\1\0\0\x000a.", struct.pack("<q", 32) + bytes(32)),
        # Sharing level by level, and the same call over and over.
        "shared": legacy(b"\x80\2](N" + (b"\x85" * 20 + b"q\1h\1") * 4 + b"e."),
        "calls": legacy(b"\x80\2ccollections\nOrderedDict\nq\0](" + b"NN\x86" * 20 + b"e\x85q\1" + b"h\0h\1R0" * 20 + b"N."),
        "opaque": legacy(b"\x80\2cnumpy\ndtype\nq\0)\x81}bh\0)R."),
    }
    for name, content in raw.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


if __name__ == "__main__":
    main(sys.argv[1])
