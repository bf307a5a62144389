# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Python system at work, timed: what gst-action is compared with. cv2 decodes, torchvision computes in eager fp32.

    python_system.py features VIDEO WEIGHTS            prints {"seconds", "cpu", "chunks"}, without imports and loading
    python_system.py job VIDEO WEIGHTS MODEL OUT.mp4   features, labels, timeline, and a second pass that draws and encodes
"""

import json
import os
import resource
import sys
import time

import cv2
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "parity"))
import oracle  # noqa: E402
import timeline_oracle  # noqa: E402

COLOURS = {"VA": (0, 255, 0), "RNVA": (0, 140, 255), "NVA": (0, 0, 255), "UNKNOWN": (128, 128, 128)}  # BGR


def features(video, backbone):
    rows, times, pending = [], [], []
    fps = oracle.source_fps(video)
    step, count = oracle.stride(fps), 0
    for frame in oracle.decode(video):
        if count % step == 0:
            if not pending:
                times.append(count / fps)
            pending.append(oracle.shrink(frame))
            if len(pending) == 16:
                rows.append(backbone(pending))
                pending = []
        count += 1
    if pending:
        rows.append(backbone(pending + [pending[-1]] * (16 - len(pending))))
    return rows, times, count / fps


def draw(video, segments, out):
    capture = oracle.open_video(video)
    fps = capture.get(cv2.CAP_PROP_FPS)
    size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    writer = cv2.VideoWriter(out, cv2.VideoWriter_fourcc(*"mp4v"), fps, size)
    index, at = 0, 0
    while True:
        ok, frame = capture.read()
        if not ok:
            break
        while at + 1 < len(segments) and index / fps >= segments[at]["end"]:
            at += 1
        segment = segments[at]
        panel = frame[10:130, 10:510]
        panel[:] = (panel * 0.4).astype(panel.dtype)
        for row, text in enumerate((segment["coarse_action"], segment["fine_action"], segment["value_category"])):
            cv2.putText(frame, text, (20, 40 + 35 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, COLOURS[segment["value_category"]], 2)
        writer.write(frame)
        index += 1
    writer.release()


def main():
    kind, video, weights = sys.argv[1:4]
    backbone = oracle.Backbone(weights)
    model = timeline_oracle.Model(sys.argv[4]) if kind == "job" else None
    backbone([np.zeros((112, 112, 3), np.uint8)] * 16)  # the first pass is slower
    cpu, start = sum(resource.getrusage(resource.RUSAGE_SELF)[:2]), time.perf_counter()
    rows, times, duration = features(video, backbone)
    if kind == "job":
        segments = timeline_oracle.timeline(model, rows, times, duration)
        with open(sys.argv[5] + ".json", "w") as file:
            json.dump(segments, file)
        draw(video, segments, sys.argv[5])
    print(json.dumps({"seconds": time.perf_counter() - start, "cpu": sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - cpu,
                      "chunks": len(rows)}))


main()
