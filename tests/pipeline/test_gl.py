# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames in a GPU's memory: OpenGL's, which Mesa has without a GPU, too.

    test_gl.py BUILD
"""

import json
import os
import shutil
import sys
import tempfile

import gi

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import tap

# A display without a screen.
os.environ.setdefault("GST_GL_PLATFORM", "egl")
os.environ.setdefault("GST_GL_WINDOW", "egl-device")
gi.require_version("Gst", "1.0")
from device_run import run
from gi.repository import Gst

FOLDER = tempfile.mkdtemp(prefix="gst-action-gl-")
WIDTH, HEIGHT = 640, 360
SOURCE = f"videotestsrc pattern=smpte num-buffers={{frames}} ! video/x-raw,format=RGBA,width={WIDTH},height={HEIGHT},framerate=30/1"
Gst.init(None)


def needs_gl():
    if Gst.ElementFactory.find("glupload") is None:
        raise tap.Skip("gstreamer1.0-gl is not installed")
    error, _, _ = run("gltestsrc num-buffers=1 ! gldownload ! fakesink")
    if error:
        raise tap.Skip(f"OpenGL does not work here: {error}")


def features_of_frames_on_the_gpu():
    needs_gl()
    source = SOURCE.format(frames=150)
    error, plain, _ = run(f"{source} ! r3dfeatures post-features=true ! fakesink")
    assert error is None and len(plain) == 3, (error, len(plain))
    error, on_gpu, seen = run(f"{source} ! glupload ! r3dfeatures post-features=true ! fakesink name=sink")
    assert error is None and on_gpu == plain, error
    assert len(seen) == 150 and all("memory:GLMemory" in caps for caps, _ in seen), "the frames stay on the GPU"


def overlay_of_frames_on_the_gpu():
    """Drawn into them, to the bit as in main memory; or handed on, and composed by OpenGL."""
    needs_gl()
    timeline = os.path.join(FOLDER, "timeline.json")
    with open(timeline, "w") as file:
        json.dump([{"start": 0, "end": 20, "fine_action": "turn_screw_va", "coarse_action": "turn"}], file)
    source = f"{SOURCE.format(frames=4)} ! timelinelabel location={timeline}"
    pictures = {}
    for name, elements in (("without", ""), ("plain", "actionoverlay !"), ("drawn", "glupload ! actionoverlay ! gldownload !"),
                           ("composed", "glupload ! actionoverlay ! gloverlaycompositor ! gldownload !")):
        error, _, seen = run(f"{source} ! {elements} video/x-raw,format=RGBA ! fakesink name=sink")
        assert error is None and len(seen) == 4, (name, error)
        pictures[name] = [frame for _, frame in seen]
    assert pictures["plain"] != pictures["without"]
    assert pictures["drawn"] == pictures["plain"]
    for one, other in zip(pictures["composed"], pictures["plain"]):
        assert len(one) == len(other) and max(abs(a - b) for a, b in zip(one, other)) <= 2


if __name__ == "__main__":
    try:
        tap.run([("features of frames on the GPU", features_of_frames_on_the_gpu), ("overlay of frames on the GPU", overlay_of_frames_on_the_gpu)])
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
