# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The reference's timeline of a long video, written down once more in Python from its description.

Nothing here uses gst-action. Plain lists, floats in seconds, nothing streamed.
"""

import json
import os
from collections import Counter

import numpy as np
import torch

from reference_head import Head


def majority(ids):
    """The most frequent; of equals the smallest."""
    votes = Counter(ids)
    return min(votes, key=lambda i: (-votes[i], i))


def smooth(ids, window):
    half = (window + 1 if window % 2 == 0 else window) // 2
    return [majority(ids[max(0, i - half):i + half + 1]) for i in range(len(ids))]


def value_category(label):
    for suffix, category in (("_va", "VA"), ("_rnva", "RNVA"), ("_nva", "NVA")):
        if label.endswith(suffix):
            return category
    return "UNKNOWN"


class Stage:
    """A head with its labels, from a folder with best.pt and label_map.json."""

    def __init__(self, folder):
        with open(os.path.join(folder, "label_map.json")) as file:
            ids = json.load(file)
        self.labels = sorted(ids, key=ids.get)
        state = torch.load(os.path.join(folder, "best.pt"), weights_only=True)
        self.head = Head(len(self.labels))
        self.head.load_state_dict(state)
        self.head.eval()

    def __call__(self, features):
        with torch.no_grad():
            return self.head(torch.from_numpy(np.asarray(features, np.float32))).argmax(1).tolist()


class Model:
    def __init__(self, folder):
        self.stage1 = Stage(os.path.join(folder, "stage1"))
        with open(os.path.join(folder, "stage2/stage2_registry.json")) as file:
            registry = json.load(file)
        self.stage2 = {name: Stage(os.path.join(folder, "stage2", name)) for name, entry in registry.items() if entry["trained"]}
        self.only = {}
        if os.path.exists(os.path.join(folder, "model.json")):
            with open(os.path.join(folder, "model.json")) as file:
                rows = json.load(file)["labels"]
            for family in self.stage1.labels:
                labels = [row["label"] for row in rows if row["coarse"] == family]
                if family not in self.stage2 and len(labels) == 1:
                    self.only[family] = labels[0]


def merge_short(segments, shortest):
    """segments: lists [start, end, coarse]. The first short one goes to its longer neighbour, the one before on a tie."""
    segments = [list(s) for s in segments]
    length = lambda i: segments[i][1] - segments[i][0]
    while len(segments) > 1:
        short = next((i for i in range(len(segments)) if length(i) < shortest - 5e-4), None)
        if short is None:
            break
        first, last = short == 0, short == len(segments) - 1
        if first or not last and length(short + 1) - length(short - 1) > 5e-4:
            segments[short + 1][0] = segments[short][0]
        else:
            segments[short - 1][1] = segments[short][1]
        del segments[short]
    return segments


def joined(segments, key):
    result = []
    for segment in segments:
        if result and key(result[-1]) == key(segment):
            result[-1] = {**result[-1], "end": segment["end"], "num_frames": result[-1]["num_frames"] + segment["num_frames"]}
        else:
            result.append(segment)
    return result


def timeline(model, features, ts, duration, window=9, refine_window=5, min_duration=1.0):
    """features [T, 512], ts [T] and duration in seconds. Returns the reference's list of segments."""
    coarse = smooth(model.stage1(features), window)
    starts = [i for i in range(len(coarse)) if i == 0 or coarse[i] != coarse[i - 1]]
    segments = [[ts[i], duration, coarse[i]] for i in starts]
    for segment, following in zip(segments, segments[1:]):
        segment[1] = following[0]
    segments = [{"start": s, "end": e, "coarse": c, "num_frames": 0} for s, e, c in merge_short(segments, min_duration)]
    segments = joined(segments, lambda s: s["coarse"])
    for segment in segments:
        steps = [i for i, t in enumerate(ts) if segment["start"] <= t < segment["end"]]
        family = model.stage1.labels[segment["coarse"]]
        if family in model.stage2:
            stage = model.stage2[family]
            fine = stage.labels[majority(smooth(stage([features[i] for i in steps]), refine_window))]
        else:
            fine = model.only.get(family, family)
        segment.update(num_frames=len(steps), coarse_action=family, fine_action=fine)
    segments = joined(segments, lambda s: s["fine_action"])
    return [{"start": s["start"], "end": s["end"], "duration": s["end"] - s["start"], "coarse_action": s["coarse_action"],
             "fine_action": s["fine_action"], "value_category": value_category(s["fine_action"]), "num_frames": s["num_frames"]}
            for s in segments]
