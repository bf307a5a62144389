# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What actionoverlay draws, compared with pictures that a person has looked at (tests/pipeline/pictures/).

    test_pictures.py              the test (TAP)
    test_pictures.py FOLDER       writes every kind of panel, and what must be looked at by eye, to FOLDER
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

import cv2
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "parity"))
import tap  # noqa: E402

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")
FONT = "DejaVu Sans"

WORK = [
    {"start": 0, "end": 5, "fine_action": "mount_wheel_va", "confidence": 0.93},
    {"start": 5, "end": 9, "fine_action": "check_gauge_rnva", "name": "Check the gauge at station 4", "confidence": 0.71},
    {"start": 9, "end": 12, "fine_action": "wait_idle_nva", "confidence": 0.88},
    {"start": 12, "end": 14, "fine_action": "unknown", "coarse_action": "unknown", "value_category": "UNKNOWN", "state": "unknown"},
]
STAND_IN = [dict(WORK[0], note="stand-in backbone: not a measurement")]

ALL = "coarse+fine+value+confidence+elapsed+strip"


def label(text):
    return [{"start": 0, "end": 9, "fine_action": text, "coarse_action": text.split("_")[0], "value_category": "VA"}]


# name: timeline, second that is shown, properties, caps
KINDS = {
    "value-added": (WORK, 3, "", "I420,width=640,height=360"),
    "required": (WORK, 7, "show=" + ALL, "I420,width=640,height=360"),
    "non-value-added": (WORK, 10, f"show={ALL} position=bottom-right", "NV12,width=640,height=360"),
    "unknown": (WORK, 13, "show=" + ALL, "YUY2,width=640,height=360"),
    "stand-in": (STAND_IN, 1, "position=top-right opacity=1", "RGB,width=640,height=360"),
    "small": (WORK, 7, "show=" + ALL, "I420,width=160,height=120"),
    "portrait": (WORK, 3, "show=" + ALL, "I420,width=360,height=640"),
}
# The fonts of these are not on every machine, or the picture is too large to be kept.
BY_EYE = {
    "long-name": (label("tighten_the_left_hand_nipple_of_the_grease_pipe_until_the_torque_wrench_clicks_twice_va"), 2,
                  "show=" + ALL, "I420,width=640,height=360"),
    "chinese": (label("拧紧螺丝_左侧油管接头"), 2, "show=" + ALL, "I420,width=640,height=360"),
    "japanese": (label("ネジを締める"), 2, "show=" + ALL, "I420,width=640,height=360"),
    "arabic": (label("شد البرغي الأيسر"), 2, "show=" + ALL, "I420,width=640,height=360"),
    "emoji": (label("🔧 screw 🔩"), 2, "show=" + ALL, "I420,width=640,height=360"),
    "4k": (WORK, 7, "show=" + ALL, "I420,width=3840,height=2160"),
    "upright-4k": (WORK, 7, "show=" + ALL, "I420,width=2160,height=3840"),
}


def picture(kind, folder):
    """Draws one kind of panel in a pipeline; gives back the name of the PNG file."""
    timeline, second, properties, caps = kind
    file = os.path.join(folder, "timeline.json")
    with open(file, "w", encoding="utf-8") as out:
        json.dump(timeline, out)
    frames = os.path.join(folder, "frame-%d.png")
    # Ground of one colour, as videotestsrc gives it in every format.
    line = (f"videotestsrc pattern=solid-color foreground-color=0xff5a6e82 num-buffers={second + 1} "
            f"! video/x-raw,format={caps},framerate=1/1 ! timelinelabel location={file} ! actionoverlay font=\"{FONT}\" {properties} "
            f"! videoconvert ! video/x-raw,format=RGB ! pngenc ! multifilesink location={frames}")
    done = subprocess.run(f"gst-launch-1.0 -q {line}", shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    if done.returncode != 0:
        raise AssertionError(done.stdout.decode(errors="replace"))
    return frames % second


# Letters may differ by what another FreeType makes of their edges; places, sizes and colours may not.
SOME, MOST_PIXELS = 12, 0.003  # levels of 255; share of the picture


def share_that_differs(name, kind):
    with tempfile.TemporaryDirectory() as folder:
        got = cv2.imread(picture(kind, folder)).astype(int)
    kept = cv2.imread(os.path.join(GOLDEN, name + ".png")).astype(int)
    assert got.shape == kept.shape, (got.shape, kept.shape)
    return (np.abs(got - kept).max(axis=2) > SOME).mean()


def same_as(name):
    def test():
        if FONT not in subprocess.run(["fc-match", FONT], stdout=subprocess.PIPE, check=True).stdout.decode():
            raise tap.Skip(f"the font {FONT} is not installed (fonts-dejavu-core)")
        share = share_that_differs(name, KINDS[name])
        assert share < MOST_PIXELS, f"{100 * share:.2f} % of the pixels are not those of pictures/{name}.png"
        return [f"{100 * share:.3f} % of the pixels differ"]
    return test


def notices_a_change():
    """The comparison sees a panel of another opacity, colour or place: it can fail."""
    timeline, second, _, caps = KINDS["value-added"]
    for properties in ("opacity=0.4", "color-va=0xff00c000", "position=top-right", "show=coarse+value"):
        share = share_that_differs("value-added", (timeline, second, properties, caps))
        assert share >= MOST_PIXELS, f"{properties}: only {100 * share:.2f} % of the pixels differ"


def write_all(folder):
    os.makedirs(folder, exist_ok=True)
    for name, kind in {**KINDS, **BY_EYE}.items():
        with tempfile.TemporaryDirectory() as work:
            shutil.copyfile(picture(kind, work), os.path.join(folder, name + ".png"))
        print(os.path.join(folder, name + ".png"))


if len(sys.argv) > 1:
    write_all(sys.argv[1])
else:
    tap.run([(name, same_as(name)) for name in KINDS] + [("a change is noticed", notices_a_change)])
