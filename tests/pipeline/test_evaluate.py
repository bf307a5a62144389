# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-action-evaluate against the same figures, computed from frames and by the definitions of the papers: accuracy, edit score and F1 as Lea et al. (2017)
and MS-TCN count them, average precision as ActivityNet does.

    test_evaluate.py BUILD
"""

import html.parser
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import tap  # noqa: E402

TOOL = os.path.join(os.path.abspath(sys.argv[1]), "tools/gst-action-evaluate")
CONVERT = os.path.join(os.path.abspath(sys.argv[1]), "tools/gst-action-convert")
FOLDER = tempfile.mkdtemp(prefix="gst-action-evaluate-")
RATE = 20  # frames a second: all times below are frames
BACKGROUND = "(background)"
VALUES = {"va": "VA", "rnva": "RNVA", "nva": "NVA"}


def run(*arguments, code=0, program=TOOL):
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == code, (arguments, done)
    return done.stdout.decode(), done.stderr.decode()


def write(name, rows):
    path = os.path.join(FOLDER, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(rows, file)
    return path


LABELS = ["take_frame_rnva", "take_bolt_va", "turn_screw_va", "waiting", "clean_bench_nva", "absent", "background"]


def timeline(chance, frames, states):
    """Rows of random actions that fill so many frames."""
    rows, at = [], 0
    while at < frames:
        length = min(chance.randint(1, 80), frames - at)
        label = chance.choice(LABELS)
        rows.append({"start": at / RATE, "end": (at + length) / RATE, "fine_action": label, "coarse_action": label.split("_")[0], "state": chance.choice(states),
                     "confidence": round(chance.random(), 3)})
        at += length
    return rows


def disturbed(chance, rows):
    """The same with some boundaries moved, labels changed and actions lost."""
    said = []
    for row in rows:
        row = dict(row, confidence=round(chance.random(), 3))
        if chance.random() < 0.15:
            row["fine_action"] = chance.choice(LABELS)
            row["coarse_action"] = row["fine_action"].split("_")[0]
        said.append(row)
    for a, b in zip(said, said[1:]):
        moved = round(b["start"] * RATE) + chance.randint(-12, 12)
        if a["start"] * RATE < moved < b["end"] * RATE:
            a["end"] = b["start"] = moved / RATE
    return [row for row in said if chance.random() > 0.05]


def label_of(row, kind):
    if row["state"] != "measured" or row["fine_action"] in ("absent", "background"):
        return BACKGROUND
    if kind == "value":
        ending = VALUES.get(row["fine_action"].rsplit("_", 1)[-1], "UNKNOWN")
        return "NVA" if row["fine_action"] == "waiting" else ending
    return row[f"{kind}_action"]


def frames_of(rows, kind, count):
    """A label for each frame, and its confidence."""
    labels, confidence = [BACKGROUND] * count, numpy.zeros(count)
    for row in rows:
        for i in range(round(row["start"] * RATE), min(round(row["end"] * RATE), count)):
            labels[i] = label_of(row, kind)
            confidence[i] = row["confidence"]
    return labels, confidence


def stretches(labels, confidence):
    """Runs of equal labels that are no background: label, first frame, frame behind the last, mean confidence."""
    found, begin = [], 0
    for i in range(1, len(labels) + 1):
        if i == len(labels) or labels[i] != labels[begin]:
            if labels[begin] != BACKGROUND:
                found.append((labels[begin], begin, i, confidence[begin:i].mean()))
            begin = i
    return found


def iou(a, b):
    union = max(a[2], b[2]) - min(a[1], b[1])
    common = min(a[2], b[2]) - max(a[1], b[1])
    return max(common, 0) / union if a[0] == b[0] else 0.0


def levenshtein(a, b):
    table = numpy.zeros((len(a) + 1, len(b) + 1), int)
    table[:, 0], table[0, :] = range(len(a) + 1), range(len(b) + 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1, j + 1] = min(table[i, j + 1] + 1, table[i + 1, j] + 1, table[i, j] + (x != y))
    return table[-1, -1]


def hits(said, truth, overlap):
    right, taken = 0, set()
    for s in said:
        values = [iou(s, t) for t in truth]
        if not values:
            continue
        best = int(numpy.argmax(values))
        if values[best] >= overlap - 1e-9 and values[best] > 0 and best not in taken:
            taken.add(best)
            right += 1
    return right


def average_precision(said, truth, overlap):
    """ActivityNet's: said and truth are (video, stretch) of one label."""
    order = sorted(range(len(said)), key=lambda i: -said[i][1][3])  # stable
    taken, right = set(), []
    for i in order:
        video, stretch = said[i]
        candidates = sorted(((iou(stretch, t), j) for j, (other, t) in enumerate(truth) if other == video), key=lambda pair: -pair[0])
        match = next((j for value, j in candidates if value >= overlap - 1e-9 and value > 0 and j not in taken), None)
        right.append(match is not None)
        if match is not None:
            taken.add(match)
    positives = numpy.cumsum(right)
    recall = numpy.concatenate([[0], positives / len(truth), [1]])
    precision = numpy.concatenate([[0], positives / numpy.arange(1, len(right) + 1), [0]])
    for i in range(len(precision) - 2, -1, -1):
        precision[i] = max(precision[i], precision[i + 1])
    steps = numpy.where(recall[1:] != recall[:-1])[0] + 1
    return float(sum((recall[i] - recall[i - 1]) * precision[i] for i in steps))


def slow(videos, kind):
    """videos: (said, truth, frames)."""
    all_said, all_true, edits, confusion = [], [], [], {}
    for said, truth, count in videos:
        said_labels, said_confidence = frames_of(said, kind, count)
        true_labels, true_confidence = frames_of(truth, kind, count)
        for t, s in zip(true_labels, said_labels):
            confusion[t, s] = confusion.get((t, s), 0) + 1 / RATE
        all_said.append(stretches(said_labels, said_confidence))
        all_true.append(stretches(true_labels, true_confidence))
        longest = max(len(all_said[-1]), len(all_true[-1]))
        edits.append(1 - levenshtein([s[0] for s in all_said[-1]], [t[0] for t in all_true[-1]]) / longest if longest else 1)
    total = sum(confusion.values())
    work = {pair: s for pair, s in confusion.items() if pair[0] != BACKGROUND}
    counts = [sum(map(len, all_said)), sum(map(len, all_true))]
    figures = {"seconds": total, "accuracy": sum(s for (t, p), s in confusion.items() if t == p) / total,
               "work_accuracy": sum(s for (t, p), s in work.items() if t == p) / sum(work.values()) if work else 0, "edit": numpy.mean(edits),
               "elements": counts[1], "f1": {}, "mean_average_precision": {}}
    for overlap in (0.1, 0.25, 0.5):
        right = sum(hits(s, t, overlap) for s, t in zip(all_said, all_true))
        figures["f1"][f"{overlap:.2f}"] = 2 * right / sum(counts) if sum(counts) else 0
    best = [max((iou(s, t) for s in said), default=0) for said, true in zip(all_said, all_true) for t in true]
    figures["mean_tiou"] = numpy.mean(best) if best else 0
    names = sorted({t[0] for true in all_true for t in true})
    labels = {name: {} for name in names}
    for overlap in (0.3, 0.4, 0.5, 0.6, 0.7):
        for name in names:
            said = [(v, s) for v, found in enumerate(all_said) for s in found if s[0] == name]
            truth = [(v, t) for v, found in enumerate(all_true) for t in found if t[0] == name]
            labels[name].setdefault("average_precision", {})[f"{overlap:.2f}"] = average_precision(said, truth, overlap)
        figures["mean_average_precision"][f"{overlap:.2f}"] = numpy.mean([labels[name]["average_precision"][f"{overlap:.2f}"] for name in names]) if names else None
    errors = {"start": [], "end": [], "duration": []}
    for said, true in zip(all_said, all_true):
        for t in true:
            values = [iou(s, t) for s in said]
            if not values or max(values) < 0.5 - 1e-9:
                continue
            s = said[int(numpy.argmax(values))]
            errors["start"].append((s[1] - t[1]) / RATE)
            errors["end"].append((s[2] - t[2]) / RATE)
            errors["duration"].append((s[2] - s[1] - t[2] + t[1]) / RATE)
    figures["found"] = len(errors["start"])
    figures["invented"] = sum(max((iou(s, t) for t in true), default=0) < 0.5 - 1e-9 for said, true in zip(all_said, all_true) for s in said)
    for name, values in errors.items():
        figures[name] = {"count": len(values), "bias": numpy.mean(values) if values else None, "mean_error": numpy.mean(numpy.abs(values)) if values else None,
                         "within_half_second": sum(abs(v) <= 0.5 + 1e-9 for v in values)}
    for name in names:
        true_s = sum(s for (t, _), s in confusion.items() if t == name)
        said_s = sum(s for (_, p), s in confusion.items() if p == name)
        right_s = confusion.get((name, name), 0)
        labels[name].update(truth_seconds=true_s, said_seconds=said_s, recall=right_s / true_s, precision=right_s / said_s if said_s else None,
                            iou=right_s / (true_s + said_s - right_s))
    figures["labels"] = labels
    figures["confusion"] = confusion
    return figures


def same(fast, wanted, where):
    for key, value in wanted.items():
        if key == "confusion":
            got = {(c["truth"], c["said"]): c["seconds"] for c in fast[key]}
            assert got.keys() == value.keys() and all(abs(got[k] - value[k]) < 1e-4 for k in value), (where, got, value)
        elif isinstance(value, dict):
            same(fast[key], value, f"{where}.{key}")
        elif value is None:
            assert fast[key] is None, (where, key, fast[key])
        else:
            assert abs(fast[key] - value) < 2e-6, (where, key, fast[key], value)


def figures():
    chance = random.Random(5)
    for number in range(40):
        videos, said_folder, true_folder = [], f"said-{number}", f"true-{number}"
        for video in range(chance.randint(1, 3)):
            count = chance.randint(20, 1500)
            truth = timeline(chance, count, ["measured"] * 8 + ["unknown", "gap"])
            said = disturbed(chance, truth) if number % 3 else timeline(chance, count, ["measured"])
            write(f"{said_folder}/{video}.json", said)
            write(f"{true_folder}/{video}.json", truth)
            videos.append((said, truth, count))
        found = json.loads(run(os.path.join(FOLDER, said_folder), os.path.join(FOLDER, true_folder), "--json")[0])
        for kind in ("coarse", "fine", "value"):
            same(found[kind], slow(videos, kind), f"{number}.{kind}")
    return ["40 sets of random timelines"]


class Page(html.parser.HTMLParser):
    """What a page holds; an error for tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text, self.links = [], [], [], []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "link", "br", "img", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag == "rect":
            return
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        self.text.append(data)


def page():
    """The page stands by itself, escapes names, and draws each measured segment of both timelines."""
    truth = [{"start": 0, "end": 4, "fine_action": "turn<b>_va"}, {"start": 4, "end": 9, "fine_action": "wait_nva"}]
    said = [{"start": 0, "end": 5, "fine_action": "turn<b>_va", "note": "stand-in backbone: not a measurement"}, {"start": 5, "end": 7, "fine_action": "x", "state": "unknown"}]
    out = os.path.join(FOLDER, "page.html")
    shown, _ = run(write("a & b.json", said), write("truth/a & b.json", truth), "--html", out)
    assert "not a measurement" in shown and "(background) for wait_nva" not in shown and "wait_nva for (background)" in shown, shown
    with open(out, encoding="utf-8") as file:
        read = Page(file.read())
    assert not read.links, read.links
    text = " ".join(read.text)
    assert "turn<b>_va" in text and "a & b" in text and "not a measurement" in text
    segments = [attributes for tag, attributes in read.tags if tag == "rect" and attributes["fill"].startswith("hsl")]
    widths = [float(attributes["width"]) for attributes in segments]
    assert len(segments) == 3 and abs(widths[0] / widths[2] - 4 / 5) < 0.01, widths
    assert segments[0]["fill"] == segments[2]["fill"] != segments[1]["fill"]


def other_formats():
    """Truth from ELAN, the timeline from the standard input."""
    truth = write("elan.json", [{"start": 0, "end": 4, "fine_action": "turn_va"}, {"start": 4, "end": 9, "fine_action": "wait_nva"}])
    run(truth, os.path.join(FOLDER, "elan.eaf"), program=CONVERT)
    with open(truth, encoding="utf-8") as file:
        done = subprocess.run([TOOL, "-", os.path.join(FOLDER, "elan.eaf"), "--json"], stdin=file, stdout=subprocess.PIPE, check=True)
    assert json.loads(done.stdout)["fine"]["accuracy"] == 1


def mistakes():
    one = write("one.json", [{"start": 0, "end": 1, "fine_action": "a"}])
    write("said/a.json", [{"start": 0, "end": 1, "fine_action": "a"}])
    write("said/b.json", [{"start": 0, "end": 1, "fine_action": "a"}])
    write("right/b.json", [{"start": 0, "end": 1, "fine_action": "a"}])
    write("right/c.json", [{"start": 0, "end": 1, "fine_action": "a"}])
    write("nobody/d.json", [])
    said, right = os.path.join(FOLDER, "said"), os.path.join(FOLDER, "right")
    shown, told = run(said, right)
    assert shown.startswith("1 video,") and "c.json" in told and "a.json" in told and "b.json" not in told, (shown, told)
    for arguments, code, words in (((one,), 2, "usage"), ((one, "/nowhere.json"), 1, "/nowhere.json"), ((one, said), 2, "is a folder"), (("-", "-"), 2, "standard input"),
                                   ((said, os.path.join(FOLDER, "nobody")), 1, "has the name"), ((one, write("empty.json", [])), 1, "nothing in the truth"),
                                   ((one, one, "--html", FOLDER), 2, "is a folder"), ((one, one, "--from", "none"), 1, "elan")):
        assert words in run(*arguments, code=code)[1], (arguments, run(*arguments, code=code))


try:
    tap.run([("figures", figures), ("page", page), ("other formats", other_formats), ("mistakes", mistakes)])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
