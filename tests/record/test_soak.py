# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-action-record with four cameras for an hour, a fault a minute: memory, threads and file descriptors end where they were. Prints the figures
for docs/reliability.md.

    test_soak.py BUILD SOURCE [MINUTES [PACE]]

PACE: so many times faster than a fault every half minute, for a quick look.
"""

import os
import platform
import random
import shutil
import statistics
import sys
import time

MINUTES = float(sys.argv[3]) if len(sys.argv) > 3 else 60
PACE = float(sys.argv[4]) if len(sys.argv) > 4 else 1
sys.argv[3:] = ["1"]
# Its import makes the folders of the two modules after it known.
from test_recording import FOLDER, SMALL, Recorder, wait_for
import tap
from rtsp_camera import COUNTED, WITH_AAC, WITH_G711, Camera

INTERVAL = 5  # s, from sample to sample
FAULTS = ("killed", "silent", "another size")


def sample(recorder):
    pid = recorder.process.pid
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        facts = dict(line.split(":", 1) for line in file)
    return {"memory": int(facts["VmRSS"].split()[0]) / 1024, "threads": int(facts["Threads"]), "files": len(os.listdir(f"/proc/{pid}/fd"))}


def healthy(recorder):
    return recorder.get("/healthz")[0] == 200


def soak():
    chance = random.Random(11)
    lines = [WITH_AAC, COUNTED, WITH_G711, COUNTED]
    cameras = [Camera(line).start() for line in lines]
    site = 'output = "OUTPUT"\nmodel = "MODEL"\nsegment = "1m"\nstale = "2s"\nmax-size = "50M"\nprotocols = "tcp"\n' + "".join(
        f'[[station]]\nname = "{i}"\ncamera = "{camera.url}"\nrecord = "{"both" if i < 2 else "overlay"}"\nsound = {"false" if lines[i] == COUNTED else "true"}\n' for i, camera in enumerate(cameras))
    samples, faults = [], []
    try:
        with Recorder(site=site) as recorder:
            began = time.monotonic()
            while time.monotonic() - began < 60 * MINUTES:
                wait_for("all cameras", lambda: healthy(recorder), 120)
                for _ in range(4):  # of a quiet moment, at the same distance from the fault
                    time.sleep(INTERVAL / PACE)
                    samples.append(sample(recorder))
                camera, fault = chance.choice(cameras), chance.choice(FAULTS)
                faults.append(fault)
                if fault == "silent":
                    camera.say("silent")
                else:
                    camera.kill()
                wait_for("the loss", lambda: not healthy(recorder), 120)
                time.sleep(chance.uniform(0, 20) / PACE)
                if fault == "silent":
                    camera.say("speak")
                else:
                    camera.start(SMALL if fault == "another size" else lines[cameras.index(camera)])
            wait_for("all cameras", lambda: healthy(recorder), 120)
            reconnects = recorder.get("/metrics")[1].decode().count("reconnects_total{")
            code = recorder.stop()
            text = recorder.text()
    finally:
        for camera in cameras:
            camera.kill()
    assert code == 0, text
    assert reconnects == 4
    # The first third fills caches; of the rest, the end is compared with the beginning.
    rest = samples[len(samples) // 3:]
    quarter = max(1, len(rest) // 4)
    notes = [f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs, {MINUTES:g} minutes, {len(faults)} faults "
             f"({', '.join(f'{fault} {faults.count(fault)}' for fault in FAULTS)})"]
    for what, allowed in (("memory", 0.05), ("threads", 0.05), ("files", 0.05)):
        first = statistics.median(s[what] for s in rest[:quarter])
        last = statistics.median(s[what] for s in rest[-quarter:])
        values = [s[what] for s in rest]
        notes.append(f"{what}: {first:.0f} at first, {last:.0f} at last ({min(values):.0f} to {max(values):.0f})")
        assert last <= first * (1 + allowed) + 2, notes
    return notes


try:
    tap.run([("an hour", soak)])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
