# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tables of docs/accuracy.md say of a timeline: figures of gst-action-evaluate, and two that it does not have."""

import json


def elements(file):
    """(label, start, end) of stretches of one label in which work was measured."""
    with open(file, encoding="utf-8") as text:
        rows = json.load(text)
    found = []
    for row in rows:
        if row.get("state", "measured") != "measured" or row["fine_action"] in ("background", "absent"):
            continue
        if found and found[-1][0] == row["fine_action"] and abs(found[-1][2] - row["start"]) < 1e-3:
            found[-1] = (row["fine_action"], found[-1][1], row["end"])
        else:
            found.append((row["fine_action"], row["start"], row["end"]))
    return found


def iou(a, b):
    return 0 if a[0] != b[0] else max(0, min(a[2], b[2]) - max(a[1], b[1])) / (max(a[2], b[2]) - min(a[1], b[1]))


def boundary_error(said, truth):
    """Mean distance of a true boundary to the nearest one of the timeline, s; None where there is none."""
    ours, right = ([e[1] for e in elements(file)[1:]] for file in (said, truth))
    return sum(min(abs(b - o) for o in ours) for b in right) / len(right) if ours and right else None


def within_tenth(said, truth):
    """How many elements are found with a duration that is within 10 % of the true one."""
    ours, count = elements(said), 0
    for t in elements(truth):
        best = max(ours, key=lambda s: iou(s, t), default=None)
        if best and iou(best, t) >= 0.5 and abs((best[2] - best[1]) - (t[2] - t[1])) <= 0.1 * (t[2] - t[1]):
            count += 1
    return count


def of(evaluation, said, truth):
    """evaluation: gst-action-evaluate --json."""
    fine = evaluation["fine"]
    duration = fine["duration"]
    return {"elements": fine["elements"], "lost": fine["elements"] - fine["found"], "invented": fine["invented"], "duration_bias": duration["bias"],
            "duration_error": duration["mean_error"], "within_half_second": duration["within_half_second"], "within_tenth": within_tenth(said, truth),
            "f1_10": fine["f1"]["0.10"], "f1_25": fine["f1"]["0.25"], "f1_50": fine["f1"]["0.50"], "edit": fine["edit"],
            "boundary_error": boundary_error(said, truth), "coarse": evaluation["coarse"]["accuracy"], "fine": fine["accuracy"], "value": evaluation["value"]["accuracy"]}
