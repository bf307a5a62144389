# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing of GStreamer's is alive when a pipeline has ended, well or badly: its leaks tracer says what is.

  test_leaks.py BUILD
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import tap  # noqa: E402
import small_model  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
FOLDER = tempfile.mkdtemp(prefix="gst-action-leaks-")
MODEL = small_model.write(os.path.join(FOLDER, "model"))
TIMELINE = os.path.join(FOLDER, "t.json")
with open(TIMELINE, "w", encoding="utf-8") as timeline_file:
    json.dump([{"start": 0, "end": 3, "fine_action": "turn_screw_va"}], timeline_file)

VIDEO = "videotestsrc num-buffers=100 ! video/x-raw,width=160,height=120,framerate=25/1"
LABELS = f"r3dfeatures hop=4 ! actionclassify model={MODEL} strict=false"
ENDS_BADLY, ENDS_WELL = True, False
LINES = {
    "all elements": (f"{VIDEO} ! {LABELS} ! timelinesmooth location={FOLDER}/out.json ! actionoverlay show=coarse+fine+value+strip ! fakesink", ENDS_WELL),
    "study, lines of JSON": (f"{VIDEO} ! {LABELS} ! timelinesmooth profile=study location={FOLDER}/out.jsonl ! fakesink", ENDS_WELL),
    "labels at once": (f"{VIDEO} ! {LABELS} ! timelinesmooth sync-mode=immediate ! actionoverlay ! fakesink", ENDS_WELL),
    "a timeline file, encoded": (f"{VIDEO} ! timelinelabel location={TIMELINE} ! actionoverlay ! videoconvert ! x264enc ! mp4mux ! filesink location={FOLDER}/o.mp4", ENDS_WELL),
    "the overlay without a timeline": (f"{VIDEO} ! {LABELS} ! actionoverlay ! fakesink", ENDS_WELL),
    "behind a tee": (f"{VIDEO} ! tee name=t t. ! queue ! {LABELS} ! timelinesmooth sync-mode=immediate ! fakesink t. ! queue ! fakesink", ENDS_WELL),
    "no such model": (f"{VIDEO} ! r3dfeatures ! actionclassify model={FOLDER}/none ! fakesink", ENDS_BADLY),
    "no such folder": (f"{VIDEO} ! {LABELS} ! timelinesmooth location={FOLDER}/none/x.json ! fakesink", ENDS_BADLY),
    "no labels": (f"{VIDEO} ! timelinesmooth location={FOLDER}/none.json ! fakesink", ENDS_BADLY),
    "no timeline": (f"{VIDEO} ! timelinelabel location={FOLDER}/none.json ! fakesink", ENDS_BADLY),
    "an error behind the elements": (f"{VIDEO} ! {LABELS} ! timelinesmooth ! identity error-after=30 ! fakesink", ENDS_BADLY),
}

# Not gst-launch: it misses an error that comes before its main loop runs, and waits for ever then.
RUN = """
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
pipeline = Gst.parse_launch(sys.argv[1])
pipeline.set_state(Gst.State.PLAYING)
message = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.ERROR | Gst.MessageType.EOS)
badly = message.type == Gst.MessageType.ERROR
print(message.parse_error() if badly else "end of stream")
pipeline.set_state(Gst.State.NULL)
del message, pipeline
Gst.deinit()
sys.exit(badly)
"""


def environment(log):
    return {**small_model.fake_engine(BUILD), "GST_TRACERS": "leaks", "GST_DEBUG": "GST_TRACER:7", "GST_DEBUG_NO_COLOR": "1", "GST_DEBUG_FILE": log}


def alive(log):
    """The types of the objects that were alive at the end."""
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    assert "object-alive" in text, "the tracer did not run"
    return re.findall(r"object-alive, type-name=\(string\)([A-Za-z]\w*)", text)


def line(name):
    launched, ends_badly = LINES[name]
    log = os.path.join(FOLDER, "log")
    done = subprocess.run([sys.executable, "-c", RUN, launched], env=environment(log), timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.stdout.decode(errors="replace")
    assert (done.returncode != 0) == ends_badly, (done.returncode, said)
    assert not alive(log), alive(log)


def interrupted():
    """Ctrl-C while frames are held."""
    log = os.path.join(FOLDER, "log")
    command = f"exec gst-launch-1.0 -e -m videotestsrc is-live=true ! {LABELS} ! timelinesmooth sync-mode=aligned ! actionoverlay ! fakesink"
    with subprocess.Popen(["sh", "-c", command], env=environment(log), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for said in process.stdout:
            if b"action-features," in said:
                process.send_signal(signal.SIGINT)
                break
        process.stdout.read()
        assert process.wait(60) == 0
    assert not alive(log), alive(log)


def a_leak_is_seen():
    log = os.path.join(FOLDER, "log")
    leak = ("import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst; Gst.init(None); "
            "kept = Gst.ElementFactory.make('timelinesmooth'); Gst.deinit()")
    subprocess.run([sys.executable, "-c", leak], env=environment(log), timeout=60, check=True)
    assert "GstTimelineSmooth" in alive(log), alive(log)


tap.run([*((name, lambda name=name: line(name)) for name in LINES), ("interrupted", interrupted), ("a leak is seen", a_leak_is_seen)])
