# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Heads and model folders against PyTorch: the same losses, the same logits, folders in both directions."""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
from torch import nn

import tap
from reference_head import Head, padded

HEAD_PROBE = sys.argv[1]
FOLDER = tempfile.mkdtemp()


def probe(*arguments):
    done = subprocess.run([HEAD_PROBE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def refused(*arguments):
    done = subprocess.run([HEAD_PROBE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 1, done
    return done.stderr.decode()


def path(name):
    return os.path.join(FOLDER, name)


def make_clips(name, count, classes, seed, steps=(1, 9), apart=1.0):
    """Clips around one centre a class, `apart` from each other. Returns file, {name: tensor}, {name: class}."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(0, apart, (classes, 512))
    clips, labels = {}, {}
    for i in range(count):
        clip = f"c{i:03d}"
        labels[clip] = i % classes
        rows = centres[i % classes] + random.normal(0, 1.0, (random.integers(*steps), 512))
        clips[clip] = torch.tensor(rows, dtype=torch.float32)
    torch.save(clips, path(name))
    return path(name), clips, labels


def request(name, **fields):
    with open(path(name), "w") as file:
        json.dump(fields, file)
    return path(name)


def same_losses():
    """Ten steps of AdamW from the same weights in the same order without drop-out; then the epochs go on to the end."""
    file, clips, labels = make_clips("same.pt", 22, 3, 1, steps=(1, 90), apart=0.1)
    torch.manual_seed(5)
    model = Head(3, dropout=0)
    torch.save(model.state_dict(), path("initial.pt"))
    order = np.random.default_rng(7)
    orders = [order.permutation(22).tolist() for _ in range(4)]
    x, y = padded(clips.values()), torch.tensor(list(labels.values()))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    losses, epochs, best = [], [], None
    for epoch_order in orders:
        total = 0
        for start in range(0, 22, 4):
            batch = epoch_order[start:start + 4]
            logits = model(x[batch])
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), y[batch].repeat_interleave(64))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
            total += loss.item() * len(batch)
        epochs.append(total / 22)
        if epochs[-1] == min(epochs):
            best = {k: v.clone() for k, v in model.state_dict().items()}
    got = probe("train", request("same.json", clips=file, labels=labels, classes=3, epochs=4, dropout=0, orders=orders,
                                 initial=path("initial.pt"), best=path("best.pt"), last=path("last.pt")))
    assert len(got["batch_losses"]) == len(losses) == 24
    differences = [abs(a - b) / abs(b) for a, b in zip(got["batch_losses"], losses)]
    worst = max(differences[:10])
    assert worst <= 1e-5, f"largest relative difference of ten steps: {worst}"
    # Between two LibTorches the last bits differ, and AdamW divides by gradients near zero.
    assert max(differences) <= 1e-3, differences
    assert all(abs(a["loss"] - b) <= 1e-3 * abs(b) for a, b in zip(got["epochs"], epochs))
    for name, expected in (("last.pt", model.state_dict()), ("best.pt", best)):
        state = torch.load(path(name), weights_only=True)
        assert list(state) == list(expected)
        for key, value in expected.items():
            assert torch.allclose(state[key], value, atol=1e-3), (name, key)
    return [f"24 losses from {losses[0]:.4f} to {losses[-1]:.4f}, largest relative difference of ten {worst:.1e}, of all {max(differences):.1e}"]


def class_weights():
    file, clips, labels = make_clips("weights.pt", 8, 2, 2)
    torch.manual_seed(6)
    model = Head(2, dropout=0)
    torch.save(model.state_dict(), path("initial2.pt"))
    x, y = padded(clips.values()), torch.tensor(list(labels.values()))
    weight = torch.tensor([0.25, 4.0])
    expected = nn.functional.cross_entropy(model(x[:4]).flatten(0, 1), y[:4].repeat_interleave(64), weight=weight).item()
    got = probe("train", request("weights.json", clips=file, labels=labels, classes=2, epochs=1, dropout=0,
                                 orders=[list(range(8))], initial=path("initial2.pt"), class_weights=[0.25, 4.0]))
    assert abs(got["batch_losses"][0] - expected) <= 1e-5 * expected


def learns_and_repeats():
    file, clips, labels = make_clips("learn.pt", 24, 4, 3)
    runs = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        os.makedirs(path(name))
        runs.append(probe("train", request(f"{name}.json", clips=file, labels=labels, classes=4, epochs=15, seed=seed,
                                           best=path(f"{name}/best.pt"))))
    assert runs[0] == runs[1] and runs[0] != runs[2]
    assert open(path("a/best.pt"), "rb").read() == open(path("b/best.pt"), "rb").read()
    assert runs[0]["epochs"][-1]["accuracy"] == 1 and runs[0]["epochs"][-1]["loss"] < 0.05, runs[0]["epochs"][-1]
    # Drop-out is on: the same weights and order give another loss with it than without.
    without = probe("train", request("d.json", clips=file, labels=labels, classes=4, epochs=1, seed=1, dropout=0))
    assert without["batch_losses"][0] != runs[0]["batch_losses"][0]
    return [f"loss {runs[0]['epochs'][0]['loss']:.3f} to {runs[0]['epochs'][-1]['loss']:.4f}"]


def initial_weights():
    """As torch.nn.Linear draws them: uniform, with the same bound."""
    file, clips, labels = make_clips("init.pt", 4, 2, 4)
    probe("train", request("init.json", clips=file, labels=labels, classes=2, epochs=1, seed=3, last=path("init_out.pt")))
    state = torch.load(path("init_out.pt"), weights_only=True)
    # One small step of AdamW moves every weight by at most the learning rate.
    for key, inputs in (("net.1", 512), ("net.4", 256), ("net.7", 256)):
        bound = inputs ** -0.5
        values = state[key + ".weight"]
        assert values.abs().max() <= bound + 1.1e-3, key
        assert abs(values.std().item() - bound / 3 ** 0.5) < 0.03 * bound, key
        assert state[key + ".bias"].abs().max() <= bound + 1.1e-3


def early_stop_and_validation():
    file, clips, labels = make_clips("train.pt", 16, 4, 5)
    held_out, _, more = make_clips("held.pt", 12, 4, 6)
    got = probe("train", request("stop.json", clips=file, labels={**labels, **more}, classes=4, epochs=60, seed=1, validation=held_out,
                                 early_stop=5))
    accuracies = [e["validation_accuracy"] for e in got["epochs"]]
    assert accuracies[got["best_epoch"] - 1] == max(accuracies)
    assert len(accuracies) == min(60, got["best_epoch"] + 5), (len(accuracies), got["best_epoch"])
    return [f"best in epoch {got['best_epoch']} of {len(accuracies)}, validation accuracy {max(accuracies):.2f}"]


def python_folder(name, spelling, labels_name="label_map.json", slashes="/"):
    """A model folder as the Python system writes it, trained a little."""
    root = path(name)
    torch.manual_seed(11)
    heads = {"stage1": Head(3), "stage2/hand": Head(2)}
    for head in heads.values():
        optimiser = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=1e-4)
        for _ in range(3):
            labels = torch.randint(head.net[7].out_features, (8,))
            loss = nn.functional.cross_entropy(head(torch.randn(8, 512) + labels[:, None]), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    tables = {"stage1": {"fill": 0, "hand": 1, "take": 2}, "stage2/hand": {"hand_tight_va": 0, "hand_turn_nva": 1}}
    for place, head in heads.items():
        os.makedirs(os.path.join(root, place))
        torch.save(head.state_dict(), os.path.join(root, place, "best.pt"))
        torch.save(head.state_dict(), os.path.join(root, place, "last.pt"))
        with open(os.path.join(root, place, labels_name), "w") as file:
            json.dump(tables[place], file)
    there = f"outputs_two_stage{slashes}stage2{slashes}hand{slashes}"
    registry = {"hand": {"trained": True, "n_clips": 6, "n_classes": 2, f"best_{spelling}": there + "best.pt",
                         f"last_{spelling}": there + "last.pt", "label_map_path": there + labels_name},
                "fill": {"trained": False, "reason": "single_class", "n_clips": 3, "n_classes": 1},
                "take": {"trained": False, "reason": "too_few_clips", "n_clips": 1, "n_classes": 2}}
    with open(os.path.join(root, "stage2/stage2_registry.json"), "w") as file:
        json.dump(registry, file)
    return root, heads


def reads_python_folders():
    file, clips, _ = make_clips("some.pt", 5, 2, 8, steps=(1, 20))
    for number, arguments in enumerate((("path",), ("ckpt", "label_to_id.json"), ("path", "label_map.json", "\\"))):
        root, heads = python_folder(f"python{number}", *arguments)
        got = probe("bundle", root, file)
        assert got["notices"] == [] and got["heads"]["stage1"]["labels"] == ["fill", "hand", "take"] and set(got["heads"]) == {"stage1", "hand"}
        assert got["skipped"] == {"fill": ["single_class", "fill"], "take": ["too_few_clips", "take"]}, got["skipped"]
        assert got["fine"] == {"fill": ["fill", "UNKNOWN"], "hand_tight_va": ["hand", "VA"], "hand_turn_nva": ["hand", "NVA"],
                               "take": ["take", "UNKNOWN"]}, got["fine"]
        for name, head in heads.items():
            head.eval()
            for clip, rows in clips.items():
                expected = head(rows).detach().flatten().numpy()
                logits = np.array(got["heads"][name.split("/")[-1]]["logits"][clip])
                assert np.abs(logits - expected).max() <= 1e-5, (name, clip, np.abs(logits - expected).max())


def last_for_best():
    """Without best.pt, the notebook of the Python system takes last.pt; so do we, and say so."""
    file, clips, _ = make_clips("fallback.pt", 2, 2, 12)
    root, heads = python_folder("no_best", "path")
    for place in heads:
        os.remove(os.path.join(root, place, "best.pt"))
        head = Head(heads[place].net[7].out_features)  # another one than best.pt
        torch.save(head.state_dict(), os.path.join(root, place, "last.pt"))
        heads[place] = head.eval()
    got = probe("bundle", root, file)
    assert len(got["notices"]) == 1 and "best.pt, and 1 more best.pt, are missing; last.pt" in got["notices"][0], got["notices"]
    for place, head in heads.items():
        for clip, rows in clips.items():
            logits = np.array(got["heads"][place.split("/")[-1]]["logits"][clip])
            assert np.abs(logits - head(rows).detach().flatten().numpy()).max() <= 1e-5, place


def broken_folders():
    file, _, _ = make_clips("few.pt", 1, 1, 9)

    def broken(name, break_it):
        root, _ = python_folder(name, "path")
        break_it(root)
        return refused("bundle", root, file)

    def write(where, text):
        return lambda root: open(os.path.join(root, where), "w").write(text)

    def remove(where):
        return lambda root: os.remove(os.path.join(root, where))

    said = broken("no_weights", lambda root: [os.remove(os.path.join(root, f"stage1/{n}.pt")) for n in ("best", "last")])
    assert "stage1/best.pt is missing" in said and "Copy the model folder again" in said, said
    said = broken("no_map", remove("stage1/label_map.json"))
    assert "stage1/label_map.json is missing" in said, said
    said = broken("no_registry", remove("stage2/stage2_registry.json"))
    assert "stage2_registry.json is missing" in said, said
    said = broken("no_fine", lambda root: [os.remove(os.path.join(root, f"stage2/hand/{n}.pt")) for n in ("best", "last")])
    assert "stage2/hand/best.pt is missing" in said and "outputs_two_stage/stage2/hand/best.pt" in said, said
    said = broken("map_gap", write("stage1/label_map.json", '{"fill": 0, "hand": 1, "take": 3}'))
    assert "'take' the class id 3" in said and "0 to 2" in said, said
    said = broken("map_short", write("stage1/label_map.json", '{"fill": 0, "hand": 1}'))
    assert "net.7.weight is [3, 256] and should be [2, 256]" in said, said
    said = broken("map_text", write("stage1/label_map.json", "hello"))
    assert "label_map.json cannot be read" in said, said
    said = broken("model_new", write("model.json", '{"format_version": 99}'))
    assert "format version 99" in said and "Update" in said, said
    said = broken("cut", write("stage2/hand/best.pt", "PK\x03\x04"))
    assert "stage2/hand/best.pt" in said, said
    assert "is not a model" in refused("bundle", FOLDER, file)
    assert "does not exist" in refused("bundle", path("nowhere"), file)


def refuses_nonsense():
    file, _, labels = make_clips("bad.pt", 4, 2, 10)
    assert "label is no class" in refused("train", request("bad.json", clips=file, labels=labels, classes=1, epochs=1))
    torch.save({"c000": torch.full((2, 512), float("nan"))}, path("nan.pt"))
    said = refused("train", request("nan.json", clips=path("nan.pt"), labels={"c000": 0}, classes=1, epochs=1))
    assert "no longer a number" in said, said


tap.run([
    ("losses of AdamW equal PyTorch's", same_losses),
    ("class weights", class_weights),
    ("a head learns, and a seed repeats", learns_and_repeats),
    ("initial weights are those of torch.nn.Linear", initial_weights),
    ("best by validation, early stop", early_stop_and_validation),
    ("folders of the Python system open with equal logits", reads_python_folders),
    ("last.pt where best.pt is missing", last_for_best),
    ("half-broken folders name the missing piece", broken_folders),
    ("what cannot be trained is refused", refuses_nonsense),
])
