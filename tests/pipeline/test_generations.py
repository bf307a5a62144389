# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The four generations of the Python system (docs/python-system.md): their models, timelines, names, videos, and their one label for a video.
What they write is written here as their sources do.

    test_generations.py BUILD [WORDS OF A TEST'S NAME]
"""

import csv
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import cv2
import gi
import numpy as np
import torch

for folder in ("../parity", "../accuracy"):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), folder))
os.environ["GST_PLUGIN_PATH"] = os.path.join(os.path.abspath(sys.argv[1]), "gst")
import reference_head  # noqa: E402
import replay  # noqa: E402
import small_model  # noqa: E402
import tap  # noqa: E402
from timeline_oracle import majority, smooth  # noqa: E402

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
FOLDER = tempfile.mkdtemp(prefix="gst-action-generations-")
ENVIRONMENT = {**os.environ, "GST_PLUGIN_PATH": f"{BUILD}/gst", "GST_ACTION_WEIGHTS": f"{BUILD}/tests/standin.pth", "OMP_NUM_THREADS": "1"}
FAMILIES = {"connect": ["connect_pipe", "connect_hose"], "mount": ["mount_wheel", "mount_panel"], "walk": ["walk_around"]}
VALUES = {"connect_pipe": "va", "connect_hose": "rnva", "mount_wheel": "va", "mount_panel": "va", "walk_around": "nva"}
CENTRES = np.random.default_rng(3).normal(0, 1, (5, 512)).astype(np.float32)
LABELS = sorted(VALUES)


def path(*names):
    return os.path.join(FOLDER, *names)


def run(name, *arguments, code=0, env=None):
    done = subprocess.run([f"{BUILD}/tools/{name}", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60,
                          env=env or ENVIRONMENT)
    assert done.returncode == code, (name, arguments, done.stdout.decode()[-2000:], done.stderr.decode()[-2000:])
    return done.stdout.decode(), done.stderr.decode()


def head(folder, labels, members, names, last_only=False):
    """A classifier that tells these centres apart, and its files as `names` call the label map."""
    os.makedirs(folder)
    torch.manual_seed(len(labels))
    model = reference_head.Head(len(labels)).train()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    rows = torch.tensor(np.concatenate([CENTRES[m] for m in members]))
    classes = torch.tensor([i for i, m in enumerate(members) for _ in m])
    for _ in range(150):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(rows), classes).backward()
        optimizer.step()
    for name in ("last.pt",) if last_only else ("best.pt", "last.pt"):
        torch.save(model.state_dict(), os.path.join(folder, name))
    with open(os.path.join(folder, names), "w", encoding="utf-8") as file:
        json.dump({label: i for i, label in enumerate(labels)}, file, indent=2)
    return model.eval()


def model_of(generation):
    """A folder as this generation writes it, and its classifiers."""
    folder, heads = path(generation), {}
    label_map = "label_to_id.json" if generation == "NB" else "label_map.json"
    keys = ("best_ckpt", "last_ckpt") if generation == "NB" else ("best_path", "last_path")
    full = {label: label if generation == "DEP" else f"{label}_{VALUES[label]}" for label in LABELS}
    if os.path.exists(folder):
        return folder, {}
    families = sorted(FAMILIES)
    heads["stage1"] = head(f"{folder}/stage1", families, [[LABELS.index(x) for x in FAMILIES[f]] for f in families], label_map)
    registry = {}
    for family in families:
        facts = {"n_clips": 4, "n_classes": len(FAMILIES[family])}
        if len(FAMILIES[family]) == 1:
            registry[family] = {"trained": False, "reason": "single_class", **facts}
            continue
        members = sorted(FAMILIES[family])
        heads[family] = head(f"{folder}/stage2/{family}", [full[x] for x in members], [[LABELS.index(x)] for x in members], label_map,
                             last_only=generation == "NB" and family == "mount")
        registry[family] = {"trained": True, **facts, keys[0]: f"outputs_two_stage\\stage2\\{family}\\best.pt", keys[1]: f"outputs\\{family}\\last.pt"}
        if generation != "NB":
            registry[family]["label_map_path"] = f"outputs/stage2/{family}/label_map.json"
    with open(f"{folder}/stage2/stage2_registry.json", "w", encoding="utf-8") as file:
        json.dump(registry, file, indent=2)
    return folder, heads


def features(name, order, seed=0):
    """Steps of 2 s that lie near the centres of these labels, as the reference's cache stores them."""
    random = np.random.default_rng(seed)
    rows = np.stack([CENTRES[LABELS.index(label)] for label in order]) + random.normal(0, 0.3, (len(order), 512))
    rows = torch.tensor(rows, dtype=torch.float32)
    torch.save({"feats": rows, "ts": 2.0 * torch.arange(len(rows), dtype=torch.float32)}, path(name))
    return path(name), rows


ORDER = ["connect_pipe"] * 6 + ["mount_panel"] * 8 + ["walk_around"] * 7


def models():
    rows, _ = features("order.pt", ORDER)
    notes = []
    for generation in ("NB", "R1", "DEP"):
        folder, _ = model_of(generation)
        out = path(generation + ".json")
        said = run("gst-action-timeline", "make", rows, "--model", folder, "-o", out, "--profile", "reference")[1]
        with open(out, encoding="utf-8") as file:
            found = [(s["fine_action"], s["value_category"], s["num_frames"]) for s in json.load(file)]
        value, suffix = ("UNKNOWN", "") if generation == "DEP" else ("VA", "_va")
        assert found == [("connect_pipe" + suffix, value, 6), ("mount_panel" + suffix, value, 8), ("walk", "UNKNOWN", 7)], (generation, found)
        assert ("does not say what adds value" in said) == (generation == "DEP"), (generation, said)
        assert ("last.pt, the weights of the last epoch, is taken" in said) == (generation == "NB"), (generation, said)
        notes.append(f"{generation}: {said.strip()[:90]}")
    return notes


def values_of_a_deployment_model():
    folder, _ = model_of("DEP")
    clips = path("clips")
    os.makedirs(clips)
    for label in LABELS:
        for number in (1, 2):
            with open(f"{clips}/{label}_{VALUES[label]}_{number:03}.mp4", "wb"):
                pass
    table = path("elements.csv")
    said = run("gst-action-elements", folder, "-o", table)[0]
    assert "5 of them have no value category" in said, said
    with open(table, newline="", encoding="utf-8") as file:
        assert {row["value"] for row in csv.DictReader(file)} == {""}, "left to be filled in"
    said = run("gst-action-elements", folder, "--dataset", clips)[0]
    assert "no value category" not in said, said
    with open(f"{folder}/elements.csv", newline="", encoding="utf-8") as file:
        found = {row["label"]: row["value"] for row in csv.DictReader(file)}
    expected = {label: VALUES[label].upper() for label in LABELS if label != "walk_around"}
    assert found == {**expected, "walk": "NVA"}, found  # of the family with one label, all that the folder knows is its name
    said = run("gst-action-timeline", "make", path("order.pt"), "--model", folder, "-o", path("valued.json"), "--profile", "reference")[1]
    assert "adds value" not in said, said
    with open(path("valued.json"), encoding="utf-8") as file:
        assert [s["value_category"] for s in json.load(file)] == ["VA", "VA", "NVA"]
    os.remove(f"{folder}/elements.csv")


def timelines():
    """NB's table and list, and the scripts' list, say the same to the tools as NB's steps do."""
    segments = [(0.0, 12.0, "connect_pipe_va", 6), (12.0, 14.0, "walk", 1), (14.0, 30.0, "mount_panel_va", 8)]
    with open(path("nb.json"), "w", encoding="utf-8") as file:
        json.dump([{"start_s": s, "end_s": e, "label": l} for s, e, l, _ in segments], file, indent=2)
    with open(path("nb.csv"), "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("start_s", "end_s", "label"), *(segment[:3] for segment in segments)])
    with open(path("r1.json"), "w", encoding="utf-8") as file:
        json.dump([{"start": s, "end": e - 2, "duration": e - 2 - s, "coarse_action": l.split("_")[0], "fine_action": l, "num_frames": n}
                   for s, e, l, n in segments], file, indent=2)
    for name in ("nb.json", "nb.csv", "r1.json"):
        _, said = run("gst-action-convert", path(name), path(name + ".out.csv"))
        assert ("end a segment where its last step begins" in said) == (name == "r1.json"), (name, said)
        with open(path(name + ".out.csv"), newline="", encoding="utf-8") as file:
            found = [(float(r["start"]), float(r["end"]), r["fine_action"], r["value_category"]) for r in csv.DictReader(file)]
        assert found == [(0, 12, "connect_pipe_va", "VA"), (12, 14, "walk", "UNKNOWN"), (14, 30, "mount_panel_va", "VA")], (name, found)
        assert "100" in run("gst-action-timeline", "compare", path(name), path("nb.json"))[0]


def lossy(name, missing):
    """A Matroska file of 25 frames a second that lacks these frames."""
    pipeline = Gst.parse_launch(f"videotestsrc num-buffers=250 pattern=ball ! video/x-raw,width=160,height=120,framerate=25/1 ! "
                                f"identity name=gate ! x264enc speed-preset=ultrafast ! h264parse ! matroskamux ! filesink location={name}")
    number = iter(range(1000))
    drop = lambda *_: Gst.PadProbeReturn.DROP if next(number) in missing else Gst.PadProbeReturn.OK
    pipeline.get_by_name("gate").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, drop)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert message.type == Gst.MessageType.EOS


def written_by_cv2(name, rate):
    writer = cv2.VideoWriter(name, cv2.VideoWriter_fourcc(*"mp4v"), rate, (160, 120))
    for i in range(160):
        picture = np.full((120, 160, 3), 40, np.uint8)
        cv2.circle(picture, (i % 160, 60), 20, (255, 255, 255), -1)
        writer.write(picture)
    writer.release()


def videos():
    """As many samples as the reference takes, of files whose caps do not tell their rate, or that lack a frame."""
    made = {}
    for rate in (29.8333333, 29.9, 24.87, 19.53, 25.0):
        written_by_cv2(path(f"written-{rate}.mp4"), rate)
        made[path(f"written-{rate}.mp4")] = ""
    lossy(path("lost.mkv"), {77})
    made[path("lost.mkv")] = ""
    lossy(path("holes.mkv"), set(range(50, 240, 7)))
    made[path("holes.mkv")] = "by timestamp"
    notes = []
    for name, words in made.items():
        out = tempfile.mkdtemp(dir=FOLDER)
        said = run("gst-action-features", name, "-o", out, env=small_model.fake_engine(BUILD))[1]
        with open(glob.glob(f"{out}/*.json")[0], encoding="utf-8") as file:
            facts = json.load(file)
        capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
        fps = capture.get(cv2.CAP_PROP_FPS)
        count = 0
        while capture.grab():
            count += 1
        expected = len(range(0, count, max(1, round(fps / 8))))
        assert words in said and (words or "by timestamp" not in said), (name, said)
        assert words or facts["samples"] == expected, (name, facts["samples"], expected)
        assert words or abs(facts["src_fps"] - fps) < 0.005 * fps, (name, facts["src_fps"], fps)
        notes.append(f"{os.path.basename(name)}: {fps:.3f} frames a second, {facts['samples']} samples of {expected}")
    return notes


class Steps:
    """Features of 2 s each, for replay.timeline."""
    backbone = ("action-backbone, weights-hash=(string)x, stand-in=(boolean)false, precision=(string)fp32, device=(string)cpu, sample-rate=(fraction)8/1, "
                "hop=(int)16, hop-asked=(int)16, roi=(string)\"0,0,1,1\", frame-roi=(string)\"0,0,1,1\", colorimetry=(string)reference, "
                "mode=(string)windowed, live=(boolean)false")

    def __init__(self, rows):
        self.rows, self.duration = rows, len(rows) * 2 * Gst.SECOND

    @staticmethod
    def sample(number):
        return number * Gst.SECOND // 8

    def chunks(self, hop):
        return [(hop * i, row) for i, row in enumerate(self.rows)]


def one_label():
    """The documented line for one label a video, against the deployment scripts' way: on most videos the same."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/python-system.md"), encoding="utf-8") as page:
        line = re.search(r"(timelinesmooth window=999 .*?) location=", page.read())[1]
    model_of("DEP")  # trained once, read back as everybody does
    folder = path("DEP")
    heads = {}
    for name, place in (("stage1", "stage1"), ("connect", "stage2/connect"), ("mount", "stage2/mount")):
        with open(f"{folder}/{place}/label_map.json", encoding="utf-8") as file:
            labels = sorted(json.load(file))
        heads[name] = reference_head.Head(len(labels)).eval()
        heads[name].load_state_dict(torch.load(f"{folder}/{place}/best.pt"))
        heads[name].labels = labels
    random = np.random.default_rng(11)
    same, labels = 0, set()
    for number in range(11):
        order = [LABELS[i] for i in random.integers(0, 5, 4) for _ in range(int(random.integers(1, 9)))]
        _, rows = features(f"one-{number}.pt", order, number)
        with torch.no_grad():
            steps = heads["stage1"](rows).argmax(1).numpy()
            coarse = heads["stage1"].labels[majority(smooth(list(steps), 9))]
            fine = heads[coarse].labels[majority(heads[coarse](rows).argmax(1).tolist())] if coarse in heads else coarse
        found = replay.timeline(Steps(rows.numpy()), 16, folder, path(f"one-{number}.json"), smooth=line.removeprefix("timelinesmooth "))
        assert len(found) == 1 and found[0]["num_frames"] == len(rows), found
        labels.add(fine)
        same += (found[0]["coarse_action"], found[0]["fine_action"]) == (coarse, fine)
    assert same >= 9 and len(labels) >= 3, (same, labels)
    return [f"the same label in {same} of 11 videos"]


CASES = [
    ("models of each are opened", models),
    ("values for a model of the deployment scripts", values_of_a_deployment_model),
    ("timelines of each are read", timelines),
    ("videos are counted as by the reference", videos),
    ("one label a video", one_label),
]
tap.run([case for case in CASES if all(word in case[0] for word in sys.argv[2:])])
