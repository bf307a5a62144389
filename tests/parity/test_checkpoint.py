# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The checkpoint reader and writer, and the sampler's rounding, against Python itself."""

import collections
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch

import tap

CORE_PROBE, WEIGHTS_TOOL = sys.argv[1:3]
FOLDER = tempfile.mkdtemp()

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
          torch.uint8, torch.bool)


def path_of(name):
    return os.path.join(FOLDER, name)


def probe(*arguments):
    done = subprocess.run([CORE_PROBE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode >= 0, f"crashed with signal {-done.returncode}"
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def read(path):
    code, out, said = probe("checkpoint", path)
    assert code == 0, said
    return json.loads(out)


def raw(tensor):
    flat = tensor.contiguous()
    if flat.dtype == torch.bfloat16:
        flat = flat.view(torch.int16)
    return flat.numpy().tobytes().hex()


def same(entry, tensor):
    assert entry["dtype"] == str(tensor.dtype).split(".")[1], entry["dtype"]
    assert entry["shape"] == list(tensor.shape), entry["shape"]
    assert entry["bytes"] == raw(tensor), "other bytes"


def everything():
    torch.manual_seed(1)
    base = torch.randn(6, 8)
    tree = {"dtypes": {str(d): (torch.randn(3, 4) * 50).to(d) for d in DTYPES},
            "views": {"base": base, "row": base[2], "column": base[:, 3], "transposed": base.t(), "part": base[1:4, 2:7:2],
                      "expanded": base[0:1].expand(5, 8), "permuted": torch.randn(2, 3, 4, 5).permute(3, 1, 0, 2)},
            "empty": torch.empty(0, 7), "scalar": torch.tensor(2.5), "parameter": torch.nn.Parameter(torch.randn(4)),
            "list": [torch.ones(2), torch.zeros(1)], "tuple": (torch.arange(5), "text"), "int": 7, "big": 2 ** 40,
            "negative": -3, "float": 0.25, "yes": True, "none": None, 5: torch.ones(1, dtype=torch.int32),
            "ordered": collections.OrderedDict(a=torch.ones(2, 2))}
    return tree


def flatten(value, path=""):
    if isinstance(value, torch.Tensor):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from flatten(item, f"{path}/{key}")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from flatten(item, f"{path}/{number}")


def reads(legacy, protocol=2):
    def test():
        path = path_of(f"all-{legacy}-{protocol}.pt")
        tree = everything()
        torch.save(tree, path, _use_new_zipfile_serialization=not legacy, pickle_protocol=protocol)
        got = read(path)
        tensors = dict(flatten(tree))
        for name, tensor in tensors.items():
            same(got[name], tensor.detach())
        assert got["/int"]["value"] == 7 and got["/big"]["value"] == 2 ** 40 and got["/negative"]["value"] == -3
        assert got["/float"]["value"] == 0.25 and got["/yes"]["value"] is True and got["/tuple/1"]["value"] == "text"
        assert got["/none"]["value"] == "None"
        return [f"{len(tensors)} tensors"]
    return test


def inert_objects():
    path = path_of("inert.pt")
    torch.save({"w": torch.ones(2), "loss": np.float64(0.5), "size": torch.Size([1, 2]), "device": torch.device("cpu"),
                "dtype": torch.float16, "set": {1, 2}, "dt": __import__("datetime").timedelta(3)}, path)
    got = read(path)
    same(got["/w"], torch.ones(2))
    assert "numpy" in got["/loss"]["value"], got["/loss"]
    # Used as weights, the object is named with its place.
    code, _, said = probe("checkpoint", path)
    done = subprocess.run([WEIGHTS_TOOL, "verify", path], stderr=subprocess.PIPE)
    assert done.returncode == 1 and b"'loss'" in done.stderr and b"numpy" in done.stderr, done.stderr


def refused(name, make, *words):
    def test():
        path = path_of(name)
        make(path)
        code, _, said = probe("checkpoint", path)
        assert code == 1 and path in said and all(word in said for word in words), said
        return [said.strip()[:200]]
    return test


def quantised(path):
    torch.save({"w": torch.quantize_per_tensor(torch.randn(3), 0.1, 0, torch.qint8)}, path)


def sparse(path):
    torch.save({"w": torch.eye(3).to_sparse()}, path)


def negative(path):
    """As newer PyTorch writes a lazily negated view (1.13 forgets to): a seventh argument {"neg": True}."""
    import zipfile
    torch.save({"w": torch.ones(2)}, path + ".plain")
    with zipfile.ZipFile(path + ".plain") as old, zipfile.ZipFile(path, "w") as new:
        for record in old.namelist():
            data = old.read(record)
            if record.endswith("data.pkl"):
                end = data.rindex(b"tq")  # the tuple of arguments
                data = data[:end] + b"}X\x03\x00\x00\x00neg\x88s" + data[end:]
            new.writestr(record, data)


def script(path):
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)


def cut(path):
    torch.save({"w": torch.ones(1000)}, path)
    os.truncate(path, os.path.getsize(path) // 2)


def deflated(path):
    import zipfile
    torch.save({"w": torch.ones(1000)}, path + ".stored")
    with zipfile.ZipFile(path + ".stored") as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for record in old.namelist():
            new.writestr(record, old.read(record))


def big_endian(path):
    import zipfile
    torch.save({"w": torch.ones(1000)}, path + ".little")
    with zipfile.ZipFile(path + ".little") as old, zipfile.ZipFile(path, "w") as new:
        for record in old.namelist():
            if not record.endswith("byteorder"):
                new.writestr(record, old.read(record))
        new.writestr(old.namelist()[0].split("/")[0] + "/byteorder", "big")


def complex_tensor():
    path = path_of("complex.pt")
    torch.save({"w": torch.ones(2, dtype=torch.complex64), "v": torch.ones(3)}, path)
    got = read(path)
    same(got["/v"], torch.ones(3))
    assert "ComplexFloatStorage" in got["/w"]["value"], got["/w"]


def zip64(path):
    """A zip whose entries carry their sizes in zip64 extra fields, as some writers always do."""
    import zipfile
    torch.save({"w": torch.arange(1000.0)}, path + ".plain")
    with zipfile.ZipFile(path + ".plain") as old, zipfile.ZipFile(path, "w") as new:
        for record in old.namelist():
            with new.open(record, "w", force_zip64=True) as out:
                out.write(old.read(record))


def reads_zip64():
    path = path_of("zip64.pt")
    zip64(path)
    same(read(path)["/w"], torch.arange(1000.0))


def safetensors():
    # Written from the format's description: length, JSON, data.
    tensors = {str(d): (torch.randn(3, 4) * 50).to(d) for d in DTYPES}
    names = dict(zip(map(str, DTYPES), ("F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL")))
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        payload = bytes.fromhex(raw(tensor))
        header[name] = {"dtype": names[name], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(payload)]}
        data += payload
    text = json.dumps(header).encode()
    path = path_of("all.safetensors")
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)
    got = read(path)
    for name, tensor in tensors.items():
        same(got["/" + name], tensor)
    assert got["/@/format"]["value"] == "pt"


def python_reads_ours():
    tree = everything()
    for gone in ("float", 5):
        del tree[gone]
    source, copy = path_of("source.pt"), path_of("copy.pt")
    torch.save(tree, source)
    code, _, said = probe("rewrite", source, copy)
    assert code == 0, said
    back = torch.load(copy, weights_only=True)
    expected, got = dict(flatten(tree)), dict(flatten(back))
    assert expected.keys() == got.keys()
    for name, tensor in expected.items():
        assert tensor.dtype == got[name].dtype and torch.equal(tensor, got[name]), name
    assert back["int"] == 7 and back["big"] == 2 ** 40 and back["negative"] == -3 and back["yes"] is True and back["none"] is None
    assert isinstance(back["ordered"], collections.OrderedDict)
    torch.load(copy)  # the ordinary unpickler too


def floats_are_refused():
    source = path_of("float.pt")
    torch.save({"x": 0.5}, source)
    code, _, said = probe("rewrite", source, path_of("float-copy.pt"))
    assert code == 1 and "float" in said, said
    assert not os.path.exists(path_of("float-copy.pt"))


def mutated(name, make):
    def test():
        path = path_of(name)
        make(path)
        code, out, said = probe("mutate", path, "1", "200")
        assert code == 0, said
        counts = json.loads(out)
        assert counts["read"] + counts["refused"] == 200 and counts["refused"] > 0
        return [f"of 200 mutated files {counts['refused']} refused, {counts['read']} read, none crashed"]
    return test


def small(legacy):
    return lambda path: torch.save({"state_dict": collections.OrderedDict(a=torch.randn(3, 3), b=torch.arange(4)), "epoch": 3},
                                   path, _use_new_zipfile_serialization=not legacy)


def strides():
    ours = json.loads(probe("strides")[1])
    assert len(ours) == 957
    for quarters, stride in ours.items():
        assert stride == max(1, round(int(quarters) / 4 / 8)), (quarters, stride)


def conversions():
    """pth to safetensors and back keeps every byte and the weights' identity."""
    model = __import__("torchvision").models.video.r3d_18()
    first, second, third = path_of("a.pth"), path_of("b.safetensors"), path_of("c.pt")
    torch.save(model.state_dict(), first, _use_new_zipfile_serialization=False)
    identities = []
    for source, target in ((first, second), (second, third)):
        subprocess.run([WEIGHTS_TOOL, "convert", source, target], check=True, stdout=subprocess.DEVNULL)
    for path in (first, second, third):
        said = subprocess.run([WEIGHTS_TOOL, "verify", path], check=True, stdout=subprocess.PIPE).stdout.decode()
        assert "an R3D-18" in said and "with classifier" in said, said
        identities.append([line for line in said.splitlines() if line.startswith("weights:")][0])
    assert len(set(identities)) == 1, identities
    broken = {**model.state_dict(), "stem.1.running_mean": torch.full((45,), float("nan"))}
    torch.save(broken, path_of("nan.pt"))
    said = subprocess.run([WEIGHTS_TOOL, "convert", path_of("nan.pt"), path_of("nan.safetensors")], check=True, capture_output=True, text=True)
    assert "warning: stem.1.running_mean is not finite" in said.stderr, said
    back = torch.load(third, weights_only=True)
    assert all(torch.equal(tensor, back[name]) for name, tensor in model.state_dict().items())
    __import__("torchvision").models.video.r3d_18().load_state_dict(back)
    # The identity, computed once more from its description.
    import hashlib
    hash = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if not name.startswith("fc.") and not name.endswith("num_batches_tracked"):
            hash.update(f"{name}\n{list(tensor.shape)}\n".encode() + tensor.float().numpy().tobytes())
    assert identities[0].split()[1] == hash.hexdigest()


tap.run([
    ("zip, protocol 2", reads(False)),
    ("zip, protocol 4", reads(False, 4)),
    ("legacy, protocol 2", reads(True)),
    ("legacy, protocol 3", reads(True, 3)),
    ("zip64", reads_zip64),
    ("safetensors", safetensors),
    ("inert objects", inert_objects),
    ("complex tensors are inert", complex_tensor),
    ("quantised", refused("quantised.pt", quantised, "quantised")),
    ("sparse", refused("sparse.pt", sparse, "sparse")),
    ("negative view", refused("neg.pt", negative, "resolve_neg")),
    ("TorchScript", refused("script.pt", script, "TorchScript")),
    ("cut off", refused("cut.pt", cut, "cut off")),
    ("compressed", refused("deflated.pt", deflated, "compressed")),
    ("big endian", refused("big.pt", big_endian, "byte order")),
    ("Python reads what is written", python_reads_ours),
    ("floats are refused by the writer", floats_are_refused),
    ("mutated zip", mutated("m.pt", small(False))),
    ("mutated legacy", mutated("l.pt", small(True))),
    ("mutated safetensors", mutated("m.safetensors", lambda path: subprocess.run(
        [WEIGHTS_TOOL, "convert", path_of("m.pt"), path], check=True, stdout=subprocess.DEVNULL))),
    ("strides of 1 to 240 fps in quarters", strides),
    ("conversions", conversions),
])
