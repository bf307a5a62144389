# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pipelines that are started, stopped and sought without mercy, around a network that answers at once (tests/fake).

  test_states.py BUILD [CYCLES [SEEKS]]      defaults: 200 start/stop cycles of each line, 60 random seeks and state changes

An error on the bus is a failure, and so is a GStreamer critical (G_DEBUG=fatal-criticals), a hang, a frame that is lost.
"""
import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import tap  # noqa: E402
import small_model  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
CYCLES = int(sys.argv[2]) if len(sys.argv) > 2 else 200
SEEKS = int(sys.argv[3]) if len(sys.argv) > 3 else 60
FOLDER = tempfile.mkdtemp(prefix="gst-action-states-")
MODEL = os.path.join(FOLDER, "model")
FRAMES = 400  # of the video that is sought in, at 25 a second
CHAIN = f"r3dfeatures ! actionclassify model={MODEL} strict=false ! timelinesmooth window=3"
LINES = {
    "r3dfeatures": "r3dfeatures",
    "actionclassify": f"actionclassify model={MODEL} strict=false",
    "timelinesmooth": CHAIN,
    "timelinelabel": f"timelinelabel location={FOLDER}/t.json",
    "actionoverlay": f"timelinelabel location={FOLDER}/t.json ! actionoverlay",
    "actionmask": "actionmask regions=0,0,0.5,0.5",
    "all": CHAIN + " ! actionoverlay",
}


def child(kind, what):
    """Runs this file as a program of its own: a crash or a critical is its exit status."""
    done = subprocess.run([sys.executable, os.path.abspath(__file__), BUILD, str(CYCLES), str(SEEKS), kind, what, FOLDER],
                          env=small_model.fake_engine(BUILD), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120 + CYCLES / 5 + SEEKS)
    text = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"exit status {done.returncode}: {text[-3000:]}"
    return [text.strip().splitlines()[-1]] if text.strip() else []


def errors_on(bus, gst):
    found = []
    while True:
        message = bus.pop_filtered(gst.MessageType.ERROR)
        if message is None:
            return found
        found.append(message.parse_error()[1] or message.parse_error()[0].message)


def start_and_stop(gst, line):
    # No capsfilter: it has the very fault that is looked for here (GStreamer 1.22), one time in a thousand.
    pipeline = gst.parse_launch(f"videotestsrc ! {line} ! fakesink")
    bus = pipeline.get_bus()
    chance = random.Random(1)
    errors = []
    for _ in range(CYCLES):
        pipeline.set_state(gst.State.PLAYING)
        time.sleep(chance.random() * 0.004)  # not to wait for something: to stop wherever the threads are just now
        pipeline.set_state(gst.State.READY)
        errors += errors_on(bus, gst)
    pipeline.set_state(gst.State.NULL)
    assert not errors, f"{len(errors)} of {CYCLES} cycles: {errors[0]}"
    print(f"{CYCLES} cycles")


def seek_about(gst, line):
    pipeline = gst.parse_launch(f"videotestsrc num-buffers={FRAMES} ! video/x-raw,format=I420,width=160,height=120,framerate=25/1 ! {line} "
                                "! fakesink name=sink sync=false")
    bus = pipeline.get_bus()
    chance = random.Random(2)
    length = FRAMES * gst.SECOND // 25

    def check():
        errors = errors_on(bus, gst)
        assert not errors, errors[0]

    def settle():
        """Waits until the state is reached or the stream has ended."""
        result = pipeline.get_state(20 * gst.SECOND)
        check()
        assert result[0] != gst.StateChangeReturn.FAILURE and result[1] == result[2] or result[2] == gst.State.VOID_PENDING, result

    pipeline.set_state(gst.State.PAUSED)
    settle()
    plays = False
    for step in range(SEEKS):
        what = chance.random()
        if what < 0.25:
            plays = not plays
            pipeline.set_state(gst.State.PLAYING if plays else gst.State.PAUSED)
        elif what < 0.3:
            pipeline.set_state(chance.choice([gst.State.READY, gst.State.NULL]))
            pipeline.set_state(gst.State.PAUSED)
            plays = False
            settle()
        else:
            # Without a flush it waits for the streaming thread, which waits in the sink while the pipeline is paused.
            result, state, _ = pipeline.get_state(0)
            really_plays = result == gst.StateChangeReturn.SUCCESS and state == gst.State.PLAYING
            flags = gst.SeekFlags.NONE if really_plays and chance.random() < 0.5 else gst.SeekFlags.FLUSH
            if chance.random() < 0.2:
                flags |= gst.SeekFlags.SEGMENT
            rate = chance.choice([1, 1, 1, 2, 0.5, -1])
            a, b = sorted(chance.randrange(length) for _ in range(2))
            pipeline.seek(rate, gst.Format.TIME, flags, gst.SeekType.SET, a, gst.SeekType.SET, max(b, a + gst.SECOND))
        time.sleep(chance.random() * 0.01)  # as above
        check()
    # And after all that a clean run gives every frame.
    pipeline.set_state(gst.State.NULL)
    count = []
    pad = pipeline.get_by_name("sink").get_static_pad("sink")
    pad.add_probe(gst.PadProbeType.BUFFER, lambda *_: count.append(1) or gst.PadProbeReturn.OK)
    pipeline.set_state(gst.State.PLAYING)
    message = bus.timed_pop_filtered(60 * gst.SECOND, gst.MessageType.EOS | gst.MessageType.ERROR)
    assert message is not None and message.type == gst.MessageType.EOS, message
    pipeline.set_state(gst.State.NULL)
    assert len(count) == FRAMES, len(count)
    print(f"{SEEKS} seeks and state changes")


def main():
    if len(sys.argv) > 4:
        kind, what, folder = sys.argv[4:7]
        import gi
        gi.require_version("Gst", "1.0")
        from gi.repository import Gst
        Gst.init(None)
        line = LINES[what].replace(FOLDER, folder)
        os.rmdir(FOLDER)
        {"cycles": start_and_stop, "seeks": seek_about}[kind](Gst, line)
        return
    small_model.write(MODEL)
    with open(os.path.join(FOLDER, "t.json"), "w", encoding="utf-8") as file:
        file.write('[{"start":0,"end":60,"fine_action":"a_va"}]')
    tests = [(f"start and stop: {name}", lambda name=name: child("cycles", name)) for name in LINES]
    tests += [(f"seeks and states: {name}", lambda name=name: child("seeks", name)) for name in ("r3dfeatures", "actionoverlay", "all")]
    tap.run(tests)


main()
