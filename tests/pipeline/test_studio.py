# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-action-studio: who may in, what it writes and never loses, what its frames are, a model from labels to study; and the page itself, with a
real browser, mouse and keyboard, where there is one (chromium-driver, python3-selenium).

    test_studio.py BUILD [WORDS...]      words: of the names of tests, to run only those
"""

import csv
import http.client
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse

import cv2
import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import tap

BUILD = os.path.abspath(sys.argv[1])
PROGRAM = os.path.join(BUILD, "tools/gst-action-studio")
ROOT = tempfile.mkdtemp(prefix="gst-action-studio-")
PATIENCE = 60  # s
ENVIRONMENT = {**os.environ, "GST_PLUGIN_PATH": f"{BUILD}/gst", "GST_ACTION_WEIGHTS": f"{BUILD}/tests/standin.pth", "XDG_STATE_HOME": os.path.join(ROOT, "state"),
               "OMP_NUM_THREADS": "2", "LD_LIBRARY_PATH": f"{BUILD}/lib/actiontorch:{BUILD}/lib/action"}
RATE = 15  # frames a second of the drawn videos


def until(what, condition, seconds=PATIENCE):
    ends = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < ends, f"after {seconds} s: no {what}"
        time.sleep(0.05)
    return found


def launch(line):
    done = subprocess.run(["gst-launch-1.0", "-q", *line.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
    assert done.returncode == 0, (line, done.stderr)


def draw(name, parts=("ball", "smpte"), times=4, seconds=3):
    """A video in which two kinds of pictures take turns."""
    if not os.path.exists(name):
        turns = " ".join(f"videotestsrc num-buffers={seconds * RATE} pattern={part} ! video/x-raw,format=I420,width=160,height=120,framerate={RATE}/1 ! queue ! c."
                         for _ in range(times) for part in parts)
        launch(f"concat name=c ! x264enc speed-preset=ultrafast key-int-max=30 ! h264parse ! mp4mux ! filesink location={name} {turns}")
    return name


def folder(name, *videos):
    path = os.path.join(ROOT, name)
    os.makedirs(path, exist_ok=True)
    for video in videos:
        shutil.copyfile(draw(os.path.join(ROOT, "drawn.mp4")), os.path.join(path, video))
    return path


class Studio:
    """A studio at work, and a client that knows its word."""

    def __init__(self, path, *arguments):
        self.path = path
        self.process = subprocess.Popen([PROGRAM, path, "--no-browser", *arguments], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = ""
        while "http://" not in said:
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            said += line
        self.address = re.search(r"http://\S+", said).group(0)
        parts = urllib.parse.urlsplit(self.address)
        self.port, self.token = parts.port, urllib.parse.parse_qs(parts.query)["token"][0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(PATIENCE) == 0
        self.process.stdout.close()
        said = self.process.stderr.read()
        self.process.stderr.close()
        assert "CRITICAL" not in said and "-WARNING" not in said, said

    def kill(self):
        self.process.kill()
        self.process.wait()

    def raw(self, method, path, body=None, headers=None, known=True):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        own = {"Cookie": f"studio-{self.port}={self.token}", "X-Studio": "1"} if known else {}
        connection.request(method, path, body, {**own, **(headers or {})})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer, data

    def ask(self, method, path, body=None, status=200):
        answer, data = self.raw(method, "/api/" + path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        assert answer.status == status, (method, path, answer.status, data)
        return json.loads(data)

    def labels(self, video="a.mp4"):
        return self.ask("GET", "labels?video=" + urllib.parse.quote(video))

    def put(self, segments, video="a.mp4", revision=None, status=200):
        return self.ask("PUT", "labels?video=" + urllib.parse.quote(video), {"revision": revision or self.labels(video)["revision"], "segments": segments}, status)

    def state(self):
        return self.ask("GET", "state")

    def ready(self, video="a.mp4"):
        def facts():
            found = next(v for v in self.state()["videos"] if v["name"] == video)
            assert found["state"] != "failed", found
            return found if found["state"] == "ready" else None
        return until("ready video", facts)

    def finished(self, number=1, seconds=240):
        def job():
            found = self.state()["job"]
            return found if found["number"] == number and found["state"] != "running" else None
        return until("end of the work", job, seconds)


def segment(start, end, label, **more):
    return {"start": start, "end": end, "label": label, "origin": "labelled", **more}


def turns(first=0, last=8):
    return [segment(3 * i, 3 * i + 3, "show_ball_va" if i % 2 == 0 else "check_bars_nva") for i in range(first, last)]


def read(*names):
    with open(os.path.join(*names), encoding="utf-8") as file:
        return file.read()


# ---- who may in

def strangers():
    path = folder("strangers", "a.mp4")
    with Studio(path) as studio:
        for headers in ({}, {"Cookie": f"studio-{studio.port}=wrong"}, {"Cookie": f"studio-{studio.port}="}):
            for where in ("/", "/main.js", "/api/state", "/video/a.mp4", "/study", "/?token=wrong"):
                assert studio.raw("GET", where, headers=headers, known=False)[0].status == 401, where
        # A page of elsewhere whose name leads to this machine.
        assert studio.raw("GET", "/api/state", headers={"Host": "evil.example"})[0].status == 401
        # A page of elsewhere can send forms, but no headers of its own.
        cookie = {"Cookie": f"studio-{studio.port}={studio.token}"}
        assert studio.raw("POST", "/api/train", headers=cookie, known=False)[0].status == 403
        for where in ("/video/..%2f..%2fetc%2fpasswd", "/video/%2fetc%2fpasswd", "/report/..%2f..", "/nothing", "/video/annotations.csv"):
            assert studio.raw("GET", where)[0].status in (400, 404), where
        answer, _ = studio.raw("GET", "/?token=" + studio.token, known=False)
        assert answer.status == 303 and "HttpOnly" in answer.headers["Set-Cookie"] and "SameSite=Strict" in answer.headers["Set-Cookie"]
        policy = studio.raw("GET", "/")[0].headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy, policy
        listening = subprocess.run(["ss", "-ltnH"], stdout=subprocess.PIPE, text=True, check=False).stdout if shutil.which("ss") else ""
        assert f"0.0.0.0:{studio.port}" not in listening and f"*:{studio.port}" not in listening, listening
        state = os.listdir(os.path.join(ROOT, "state/gst-action"))
        assert all(os.stat(os.path.join(ROOT, "state/gst-action", name)).st_mode & 0o777 == 0o600 for name in state), state


def one_at_a_time():
    path = folder("twice", "a.mp4")
    with Studio(path) as studio:
        second = subprocess.run([PROGRAM, path, "--no-browser"], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
        assert second.returncode == 1 and studio.address in second.stderr, second
        first = studio.address
        studio.kill()
    with Studio(path) as studio:
        assert studio.address == first  # a page that was open goes on


def mistakes():
    for arguments, words in (([], "name the folder"), (["/nowhere"], "is not a folder"), ([ROOT, ROOT], "name the folder")):
        done = subprocess.run([PROGRAM, *arguments, "--no-browser"], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
        assert done.returncode in (1, 2) and words in done.stderr, done
    for name, text, words in (("annotations.csv", "video,start,end,label\na.mp4,3,2,x_va\n", "annotations.csv line 2"), ("studio.json", "{", "studio.json"),
                              ("elements.csv", "label,colour\nx,red\n", "unknown column")):
        path = folder("mistake-" + name, "a.mp4")
        with open(os.path.join(path, name), "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([PROGRAM, path, "--no-browser"], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 1 and words in done.stderr and read(path, name) == text, done


# ---- videos

def parts_of_files():
    path = folder("parts", "a.mp4")
    with open(os.path.join(path, "a.mp4"), "rb") as file:
        whole = file.read()
    with Studio(path) as studio:
        answer, data = studio.raw("GET", "/video/a.mp4")
        assert answer.status == 200 and data == whole and answer.headers["Accept-Ranges"] == "bytes"
        chance = random.Random(1)
        for _ in range(20):
            begin = chance.randrange(len(whole))
            end = chance.randrange(begin, len(whole))
            answer, data = studio.raw("GET", "/video/a.mp4", headers={"Range": f"bytes={begin}-{end}"})
            assert answer.status == 206 and data == whole[begin:end + 1] and answer.headers["Content-Range"] == f"bytes {begin}-{end}/{len(whole)}"
        answer, data = studio.raw("GET", "/video/a.mp4", headers={"Range": "bytes=-100"})
        assert answer.status == 206 and data == whole[-100:]
        answer, data = studio.raw("HEAD", "/video/a.mp4")
        assert data == b"" and int(answer.headers["Content-Length"]) == len(whole)


def frames():
    path = folder("frames", "a.mp4")
    with Studio(path) as studio:
        facts = studio.ready()
        data = studio.raw("GET", "/api/frames?video=a.mp4")[1]
    count = len(data) // 12
    times, motion = struct.unpack(f"<{count}d", data[:8 * count]), struct.unpack(f"<{count}f", data[8 * count:])
    capture, expected, before = cv2.VideoCapture(os.path.join(path, "a.mp4")), [], None
    while True:
        there, picture = capture.read()
        if not there:
            break
        grey = cv2.cvtColor(cv2.resize(picture, (64, 36), interpolation=cv2.INTER_NEAREST), cv2.COLOR_BGR2GRAY).astype(float)
        expected.append(0 if before is None else numpy.abs(grey - before).mean())
        before = grey
    assert count == len(expected) == facts["frames"] == 24 * RATE and abs(facts["duration"] - 24) < 1e-3, (count, facts)
    assert numpy.allclose(times, numpy.arange(count) / RATE, atol=1e-4) and not facts["converted"]
    likeness = numpy.corrcoef(motion[1:], expected[1:])[0, 1]
    assert likeness > 0.9, likeness
    return [f"movement and cv2's: correlation {likeness:.3f}"]


def copies_for_browsers():
    path = folder("copies")
    # Of no constant rate, in a format that no browser plays: every third frame is left out of the second half.
    plain = os.path.join(ROOT, "counted.avi")
    launch(f"videotestsrc num-buffers=90 pattern=gradient horizontal-speed=7 ! video/x-raw,width=160,height=120,framerate=15/1 ! jpegenc ! avimux ! filesink location={plain}")
    shutil.copyfile(plain, os.path.join(path, "plain.avi"))
    import gi
    gi.require_version("Gst", "1.0")
    from gi.repository import Gst
    Gst.init(None)
    pipeline = Gst.parse_launch(f"filesrc location={draw(os.path.join(ROOT, 'drawn.mp4'))} ! qtdemux ! h264parse ! avdec_h264 name=d ! videoconvert ! video/x-raw,format=I420 ! x264enc bframes=0 key-int-max=15 ! "
                                f"h264parse ! mp4mux ! filesink location={path}/uneven.mp4")
    seen = [0]

    def thin(_pad, info):
        seen[0] += 1
        return Gst.PadProbeReturn.DROP if seen[0] > 180 and seen[0] % 3 == 0 else Gst.PadProbeReturn.OK
    pipeline.get_by_name("d").get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, thin)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(PATIENCE * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert message and message.type == Gst.MessageType.EOS
    with Studio(path) as studio:
        for video, why in (("plain.avi", "MP4"), ("uneven.mp4", "equal distances")):
            facts = studio.ready(video)
            assert facts["converted"] and why in facts["why"] and facts["first"] == 0, facts
            data = studio.raw("GET", "/api/frames?video=" + video)[1]
            times = struct.unpack(f"<{len(data) // 12}d", data[:8 * (len(data) // 12)])
            copy = os.path.join(ROOT, video + ".copy.mp4")
            with open(copy, "wb") as file:
                file.write(studio.raw("GET", "/video/" + video)[1])
            source, shown = cv2.VideoCapture(os.path.join(path, video)), cv2.VideoCapture(copy)
            pictures, stamps = [], []
            while True:
                there, picture = shown.read()
                if not there:
                    break
                pictures.append(picture)
                stamps.append(shown.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            # At a frame's time, the copy shows this frame.
            worst = 99
            for at in times:
                there, picture = source.read()
                assert there
                i = numpy.searchsorted(stamps, at + 0.004, side="right") - 1
                worst = min(worst, cv2.PSNR(picture, pictures[max(i, 0)]))
            assert worst > 25, (video, worst)
            assert not source.read()[0]


# ---- labels

def trainer_reads():
    path = folder("labels", "a.mp4")
    with Studio(path) as studio:
        studio.ready()
        studio.put([*turns(0, 3), segment(12, 15, "show_ball_va", test=True), segment(15.5, 18, "background", origin="corrected")])
        rows = list(csv.reader(read(path, "annotations.csv").splitlines()))
        assert rows[0] == ["video", "start", "end", "label", "state", "origin", "set"]
        covered = [(float(row[1]), float(row[2])) for row in rows[1:]]
        assert covered[0][0] == 0 and covered[-1][1] == 24 and all(a[1] == b[0] for a, b in zip(covered, covered[1:])), covered
        assert [row[4] for row in rows[1:]] == ["", "", "", "unknown", "", "unknown", "", "unknown"] and rows[5][6] == "test", rows
        again = studio.labels()["segments"]
        assert [s["label"] for s in again] == ["show_ball_va", "check_bars_nva", "show_ball_va", "show_ball_va", "background"] and again[3]["test"] and again[4]["origin"] == "corrected"
    # Time without a label is no background, and the test set is not trained on.
    said = subprocess.run([os.path.join(BUILD, "tools/gst-action-train"), "--annotations", os.path.join(path, "annotations.csv"), "--dry-run"], env=ENVIRONMENT,
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    assert "4 clips" in said and re.search(r"show_ball_va +VA +2 clips", said) and re.search(r"background +UNKNOWN +1 clip", said), said


def two_people():
    path = folder("two", "a.mp4", "b.mp4")
    with Studio(path) as studio:
        old = studio.labels()["revision"]
        studio.put(turns(0, 2))
        before = read(path, "annotations.csv")
        now = studio.put(turns(2, 4), revision=old, status=409)
        assert read(path, "annotations.csv") == before and [s["start"] for s in now["segments"]] == [0, 3]
        studio.put(turns(2, 4), revision=now["revision"])
        # Of another video: no conflict, and nothing of this one is lost.
        studio.put(turns(0, 1), video="b.mp4")
        assert len(studio.labels()["segments"]) == 2
        # Somebody writes the file with another program.
        known = studio.labels()["revision"]
        with open(os.path.join(path, "annotations.csv"), "a", encoding="utf-8") as file:
            file.write("a.mp4,15,18,check_bars_nva,,,\n")
        studio.put(turns(), revision=known, status=409)
        assert len(studio.labels()["segments"]) == 3 and "a.mp4,15,18,check_bars_nva" in read(path, "annotations.csv")
        # Who has a video open is told of others, until they leave.
        ask = lambda page, video: studio.ask("GET", f"state?page={page}&video={video}")["others"]
        assert (ask("ann", "a.mp4"), ask("ben", "b.mp4"), ask("ben", "a.mp4"), ask("ann", "a.mp4"), ask("", "a.mp4")) == (0, 0, 1, 1, 2)
        studio.ask("POST", "leave?page=ben")
        assert (ask("ann", "a.mp4"), ask("ann", "b.mp4")) == (0, 0)
        # Elements and settings likewise.
        elements = studio.state()["elements"]
        studio.ask("PUT", "elements", {"revision": elements["revision"], "rows": [{"name": "grease ring", "value": "VA"}]})
        assert studio.ask("PUT", "elements", {"revision": elements["revision"], "rows": []}, 409)["rows"][0]["label"] == "grease_ring_va"
        settings = studio.state()["settings"]
        studio.ask("PUT", "settings", {"revision": settings["revision"], "settings": {"roi": "0.1,0.1,0.5,0.5"}})
        assert studio.ask("PUT", "settings", {"revision": settings["revision"], "settings": {}}, 409)["settings"]["roi"] == "0.1,0.1,0.5,0.5"
        for bad, words in (([segment(0, 2, "x"), segment(1, 3, "x")], "before the one before it ends"), ([segment(2, 2, "x")], "no length"), ([segment(0, 1, "")], "no label")):
            assert words in studio.put(bad, status=500)["error"]


def theirs_are_kept():
    path = folder("theirs", "a.mp4")
    text = "video;start;end;label;operator\na.mp4;0:00;0:03;Show Ball VA;Ann\ngone.mp4;1,5;3;check_bars_nva;Ben\n"
    with open(os.path.join(path, "annotations.csv"), "w", encoding="utf-8") as file:
        file.write(text)
    with open(os.path.join(path, "elements.csv"), "w", encoding="utf-8") as file:
        file.write("name,label\nThe ball,show_ball_va\n")
    with Studio(path) as studio:
        found = studio.labels()["segments"]
        assert [(s["start"], s["end"], s["label"]) for s in found] == [(0, 3, "show_ball_va")], found
        assert read(path, "annotations.csv") == text
        studio.put([*found, segment(3, 6, "check_bars_nva")])
        assert read(path, "annotations.csv~") == text and "gone.mp4,1.500,3.000,check_bars_nva" in read(path, "annotations.csv")
        studio.put(turns())
        assert not os.path.exists(os.path.join(path, "annotations.csv~2"))
        state = studio.state()["elements"]
        assert [(row["label"], row["name"]) for row in state["rows"]] == [("show_ball_va", "The ball"), ("check_bars_nva", "")], state
        studio.ask("PUT", "elements", {"revision": state["revision"], "rows": [{**state["rows"][0], "name": "Ball"}, state["rows"][1]]})
        assert "The ball" in read(path, "elements.csv~") and "show_ball_va,Ball,VA" in read(path, "elements.csv")


def videos_that_go():
    """One that is gone, one that cannot be read, one that is another: the rest goes on, and it is said."""
    path = folder("going", "a.mp4", "b.mp4", "c.mp4")
    with open(os.path.join(path, "bad.mp4"), "w", encoding="utf-8") as file:
        file.write("no video")
    with Studio(path) as studio:
        studio.ready("c.mp4")
        for video in ("a.mp4", "b.mp4", "c.mp4", "bad.mp4"):
            studio.put(turns(0, 4), video=video)
        os.remove(os.path.join(path, "b.mp4"))
        draw(os.path.join(ROOT, "other.mp4"), ("snow", "smpte"), 2)
        shutil.copyfile(os.path.join(ROOT, "other.mp4"), os.path.join(path, "c.mp4"))
        state = studio.state()
        facts = {video["name"]: video for video in state["videos"]}
        assert facts["b.mp4"]["missing"] and "not in the folder" in facts["b.mp4"]["error"] and facts["b.mp4"]["labelled"] == 4, facts["b.mp4"]
        assert facts["c.mp4"]["replaced"] and not facts["a.mp4"]["replaced"] and facts["bad.mp4"]["state"] == "failed", facts
        assert state["counts"]["show_ball_va"]["train"] == 6, state["counts"]  # of a, c and bad
        studio.ask("POST", "same?video=c.mp4")
        assert not next(v for v in studio.state()["videos"] if v["name"] == "c.mp4")["replaced"]
        studio.put(turns(4, 6), video="a.mp4")
        assert "b.mp4,0.000,3.000,show_ball_va" in read(path, "annotations.csv")
        studio.ask("POST", "train")
        rows = [row[0] for row in csv.reader(read(path, ".studio/training.csv").splitlines())][1:]
        assert set(rows) == {"../a.mp4", "../c.mp4"}, rows
        studio.ask("POST", "cancel")
        studio.finished()


def names_and_labels():
    path = folder("names", "a.mp4")
    with Studio(path) as studio:
        def put(rows, status=200):
            return studio.ask("PUT", "elements", {"revision": studio.state()["elements"]["revision"], "rows": rows}, status)
        rows = put([{"name": "Grease Ring", "value": "VA"}, {"name": "取る", "value": "NVA"}, {"name": "take part", "value": "RNVA", "order": 0}])["rows"]
        assert rows[0]["label"] == "grease_ring_va" and re.fullmatch(r"x[0-9a-f]{6}_nva", rows[1]["label"]) and rows[2]["order"] == 0, rows
        # Nothing has the label yet: it follows name and value. Then it stays, and elements.csv has the rest.
        rows = put([{**rows[0], "name": "oil ring", "value": "NVA"}, *rows[1:]])["rows"]
        assert rows[0]["label"] == "oil_ring_nva"
        studio.put([segment(0, 3, "oil_ring_nva")])
        rows = put([{**rows[0], "name": "grease ring", "value": "VA"}, *rows[1:]])["rows"]
        assert (rows[0]["label"], rows[0]["name"], rows[0]["value"]) == ("oil_ring_nva", "grease ring", "VA"), rows
        assert "already" in put([*rows, {"name": "Take part", "value": "RNVA"}], 400)["error"]
        assert "needs a name" in put([*rows, {"name": "  ", "value": "VA"}], 400)["error"]


def killed():
    path = folder("killed", "a.mp4")
    chance = random.Random(7)
    for _ in range(5):
        with Studio(path) as studio:
            revision, written = studio.labels()["revision"], None
            for i in range(chance.randrange(3, 40)):
                count = 1 + (i + chance.randrange(8)) % 8
                revision, written = studio.put(turns(0, count), revision=revision)["revision"], count
            studio.kill()
        with Studio(path) as studio:
            assert len(studio.labels()["segments"]) == written
    assert [name for name in os.listdir(path) if name.startswith("annotations")] == ["annotations.csv"]


# ---- from labels to a study

def the_whole_loop():
    path = folder("loop", "a.mp4", "b.mp4")
    with Studio(path) as studio:
        studio.ready("b.mp4")
        studio.ask("PUT", "elements", {"revision": studio.state()["elements"]["revision"],
                                       "rows": [{"name": "show ball", "value": "VA", "order": 0}, {"name": "check bars", "value": "NVA", "order": 1}]})
        labels = turns()
        for s in labels[6:]:
            s["test"] = True
        studio.put(labels)
        assert "no model" in studio.ask("POST", "find?video=b.mp4", status=400)["error"]
        studio.ask("POST", "train")
        assert "at work" in studio.ask("POST", "train", status=409)["error"]
        job = studio.finished()
        assert job["state"] == "done" and job["result"]["verdict"] == "first", job
        test = job["result"]["test"]
        assert abs(test["seconds"] - 6) < 0.01 and test["accuracy"] > 0.5, job["result"]
        until("model in use", lambda: studio.state()["model"]["name"] == "models/001")
        assert os.readlink(os.path.join(path, "model")) == "models/001" and "show_ball_va,show ball,VA" in read(path, "models/001/elements.csv")
        # The test set was not trained on.
        trained = json.loads(read(path, "models/001/training.json"))
        assert "18.000-21.000" not in json.dumps(trained) and "15.000-18.000" in json.dumps(trained), list(trained)

        studio.ask("POST", "find?video=b.mp4")
        assert studio.finished(2)["state"] == "done"
        found = studio.ask("GET", "found?video=b.mp4")
        assert found["stand_in"] and {s["label"] for s in found["segments"]} >= {"show_ball_va", "check_bars_nva"}, found
        assert 0 < found["segments"][0]["confidence"] <= 1

        # A second one is compared; whichever is worse on the test set is not taken.
        studio.ask("POST", "train")
        job = studio.finished(3)
        result = job["result"]
        assert job["state"] == "done" and result["verdict"] == ("not-worse" if result["test"]["accuracy"] >= result["previous"]["accuracy"] else "worse"), job
        until("model in use", lambda: studio.state()["model"]["name"] == ("models/002" if result["verdict"] == "not-worse" else "models/001"))
        assert [m["name"] for m in studio.state()["models"]] == ["models/001", "models/002"]
        studio.ask("POST", "use?model=models/001")
        assert studio.state()["model"]["name"] == "models/001" and os.readlink(os.path.join(path, "model")) == "models/001"
        for bad in ("models/../..", "models/", "/etc", "models/009"):
            studio.ask("POST", "use?model=" + urllib.parse.quote(bad), status=400)
        assert b"held" in studio.raw("GET", "/report/001")[1].lower()

        # Its study: of what was labelled, and of what was found where nothing is.
        settings = studio.state()["settings"]
        studio.ask("PUT", "settings", {"revision": settings["revision"], "settings": {**settings["settings"], "study": {"takt": 5, "allowance": 10, "cycle_start": "show_ball_va"}}})
        page = studio.raw("GET", "/study")[1].decode()
        assert page.count("<svg") >= 3 and "stand-in backbone: not a measurement" in page and "show ball" in page
        one = studio.raw("GET", "/study?video=a.mp4")[1].decode()
        assert "4 cycles" in re.sub("<[^>]*>", "", one) or ">4<" in one, one[:3000]
        answer, sheet = studio.raw("GET", "/study?video=a.mp4&format=xlsx")
        assert answer.status == 500 or (sheet.startswith(b"PK") and "study.xlsx" in answer.headers["Content-Disposition"]), answer.status

        # What is left of an element that was found, beside a label, is no element of its own.
        almost = turns()
        almost[-1]["end"] = 23.8
        studio.put(almost, video="b.mp4")
        text = re.sub("<[^>]*>", "", studio.raw("GET", "/study?video=b.mp4")[1].decode())
        assert "All of it was labelled" in text and "23.8 s measured" in text, text[:2000]
        studio.put([], video="b.mp4")

        # Somebody who wants it to end.
        studio.ask("POST", "train")
        until("training", lambda: studio.state()["job"]["lines"])
        studio.ask("POST", "cancel")
        assert studio.finished(4)["state"] == "cancelled" and not os.path.exists(os.path.join(path, "models/003"))

    # A folder called model that is somebody else's stays.
    other = folder("own-model", "a.mp4")
    shutil.copytree(os.path.join(path, "models/001"), os.path.join(other, "model"))
    with Studio(other) as studio:
        assert studio.state()["model"]["name"] == "model"
        os.makedirs(os.path.join(other, "models"))
        shutil.copytree(os.path.join(path, "models/002"), os.path.join(other, "models/001"))
        studio.ask("POST", "use?model=models/001")
        assert studio.state()["model"]["name"] == "models/001" and not os.path.islink(os.path.join(other, "model"))


# ---- the page

class Page:
    """A browser that has a studio's page open."""

    def __init__(self, address, width=1280, height=900):
        try:
            from selenium import webdriver
            from selenium.webdriver.chrome.options import Options
            from selenium.webdriver.chrome.service import Service
        except ImportError:
            raise tap.Skip("python3-selenium is not installed") from None
        if not os.path.exists("/usr/bin/chromedriver"):
            raise tap.Skip("chromium-driver is not installed")
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.by import By
        from selenium.webdriver.common.keys import Keys
        self.keys, self.by, self.chain = Keys, By, ActionChains
        options = Options()
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={width},{height}"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.get(address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        bad = [entry["message"] for entry in self.driver.get_log("browser")
               if entry["level"] == "SEVERE" and not re.search(r"404|409|ERR_CONNECTION|ERR_EMPTY", entry["message"])]
        self.driver.quit()
        assert not bad, bad

    def __getitem__(self, name):
        return self.driver.find_element(self.by.ID, name)

    def press(self, *keys):
        for key in keys:
            self.chain(self.driver).send_keys(key).perform()

    def control(self, key):
        self.chain(self.driver).key_down(self.keys.CONTROL).send_keys(key).key_up(self.keys.CONTROL).perform()

    def until_text(self, name, text):
        until(f"'{text}' in {name} (there is '{self[name].text}')", lambda: text in self[name].text)

    def rows(self):
        return self.driver.execute_script("return [...document.querySelectorAll('#segments tbody tr')].map(r => [...r.cells].map(c => c.textContent.trim()))")

    def ready(self):
        until("frames", lambda: self.driver.execute_script("return document.getElementById('video').readyState") >= 2 and self["strip"].get_attribute("data-to") != "1")
        until("whole video", lambda: abs(float(self["strip"].get_attribute("data-to")) - 24) < 0.1)

    def clock(self):
        minutes, seconds = self["clock"].text.split(":")
        return 60 * int(minutes) + float(seconds)

    def strip_x(self, seconds):
        """Where a time is, from the middle of the strip, as mouse moves count."""
        box, start, end = self["strip"].rect, float(self["strip"].get_attribute("data-from")), float(self["strip"].get_attribute("data-to"))
        return round((seconds - start) / (end - start) * box["width"] - box["width"] / 2)

    def strip_y(self):
        return round(float(self["strip"].get_attribute("data-labels-y")) - self["strip"].rect["height"] / 2)

    def add_elements(self, *elements):
        for name, value in elements:
            self["new-name"].send_keys(name)
            self.driver.execute_script("document.getElementById('new-value').value = arguments[0]", value)
            self["new-name"].send_keys(self.keys.ENTER)
            until(name, lambda n=name: n in self.driver.execute_script("return [...document.querySelectorAll('#elements input[type=text]')].map(e => e.value)"))
        self.driver.execute_script("document.activeElement.blur()")


def labelled_with_keys_and_mouse():
    path = folder("page", "a.mp4")
    with Studio(path) as studio:
        with Page(studio.address) as page:
            page.ready()
            page.add_elements(("show ball", "VA"), ("check bars", "NVA"))
            # A key while playing ends the segment and begins the next.
            page.press("1", " ")
            until("2 s", lambda: page.clock() >= 2)
            page.press("2")
            until("5 s", lambda: page.clock() >= 5)
            page.press("e", " ")
            page.until_text("saved", "All saved")
            found = studio.labels()["segments"]
            assert [s["label"] for s in found] == ["show_ball_va", "check_bars_nva"] and found[0]["start"] == 0 and found[0]["end"] == found[1]["start"], found
            assert 2 <= found[0]["end"] < 4 and 5 <= found[1]["end"] < 8, found
            assert all(abs(t * RATE - round(t * RATE)) < 0.02 for s in found for t in (s["start"], s["end"])), found

            # The boundary between the two, with the mouse.
            strip, middle = page["strip"], page.strip_y()
            page.chain(page.driver).move_to_element_with_offset(strip, page.strip_x(found[0]["end"]), middle).click_and_hold() \
                .move_to_element_with_offset(strip, page.strip_x(3.2), middle).move_to_element_with_offset(strip, page.strip_x(3), middle).release().perform()
            page.until_text("saved", "All saved")
            dragged = until("dragged", lambda: (lambda s: s if s[0]["end"] != found[0]["end"] else None)(studio.labels()["segments"]))
            assert dragged[0]["end"] == dragged[1]["start"] and abs(dragged[0]["end"] - 3) < 0.1, dragged
            page.control("z")
            until("undone", lambda: studio.labels()["segments"] == found)
            page.control("y")
            until("done again", lambda: studio.labels()["segments"] == dragged)

            # The studio dies, and comes back: the page goes on, and what was done meanwhile arrives.
            studio.kill()
            page.press("s")  # split, where the drag has ended: no; so one frame on
            page.press(page.keys.ARROW_RIGHT, page.keys.ARROW_RIGHT, "s")
            page.until_text("saved", "does not answer")
            with Studio(path) as again:
                assert again.address == studio.address
                page.until_text("saved", "All saved")
                split = until("split", lambda: (lambda s: s if len(s) == 3 else None)(again.labels()["segments"]))
                assert [s["label"] for s in split] == ["show_ball_va", "check_bars_nva", "check_bars_nva"] and abs(split[2]["start"] - split[1]["start"] - 2 / RATE) < 0.02, split
                # Merge, mark, delete, and all of it back.
                page.press(page.keys.ESCAPE, page.keys.ARROW_UP)
                while not (chosen := page.driver.execute_script("return [...document.querySelectorAll('#segments tbody tr')].findIndex(r => r.ariaSelected === 'true')")) == 1:
                    page.press(page.keys.ARROW_DOWN if chosen < 1 else page.keys.ARROW_UP)
                page.press("m")
                until("merged", lambda: len(again.labels()["segments"]) == 2)
                page.press("t")
                until("test", lambda: again.labels()["segments"][1].get("test"))
                page.press(page.keys.DELETE)
                until("deleted", lambda: len(again.labels()["segments"]) == 1)
                for _ in range(3):
                    page.control("z")
                until("all back", lambda: again.labels()["segments"] == split)
                # The table says what the file says.
                page.until_text("saved", "All saved")
                assert [row[3] for row in page.rows()] == ["show ball", "check bars", "check bars"], page.rows()
                shown = [[float(t.split(":")[1]) for t in row[:2]] for row in page.rows()]
                assert all(abs(a - s["start"]) < 0.006 and abs(b - s["end"]) < 0.006 for (a, b), s in zip(shown, split)), (shown, split)


def a_tab_that_dies():
    path = folder("tab", "a.mp4")
    with Studio(path) as studio:
        with Page(studio.address) as page:
            page.ready()
            page.add_elements(("show ball", "VA"))
            page.press("1", " ")
            until("3 s", lambda: page.clock() >= 3)
            at = page.clock()
            page.driver.get("about:blank")  # without a word
            found = studio.labels()["segments"]
            assert len(found) == 1 and found[0]["end"] > at - 1.3, (found, at)


def two_tabs():
    path = folder("tabs", "a.mp4")
    with Studio(path) as studio:
        studio.ready()
        studio.put(turns(0, 2))
        with Page(studio.address) as page:
            page.ready()
            until("two rows", lambda: len(page.rows()) == 2)
            # The other one is quicker: this one is told, and both may have their way.
            page.driver.execute_script("window.realFetch = window.fetch; window.fetch = (...a) => String(a[0]).includes('state') ? new Promise(() => {}) : window.realFetch(...a)")
            time.sleep(1.2)  # a question that is on its way already
            studio.put(turns(0, 4))
            page.press(page.keys.ARROW_DOWN, page.keys.DELETE)
            page.until_text("notices", "Somebody else has changed")
            assert len(studio.labels()["segments"]) == 4
            page.driver.find_element(page.by.XPATH, "//button[contains(., 'Show theirs')]").click()
            until("theirs", lambda: len(page.rows()) == 4)
            page.control("z")
            until("mine", lambda: len(page.rows()) == 1)
            until("saved", lambda: len(studio.labels()["segments"]) == 1)
            # Another conflict; the page is loaded anew before it is answered: the question is still there.
            studio.put(turns(0, 6))
            page.press(page.keys.ARROW_DOWN, page.keys.DELETE)
            page.until_text("notices", "Somebody else has changed")
            page.driver.get(studio.address)
            page.ready()
            page.until_text("notices", "never saved")
            assert len(page.rows()) == len(studio.labels()["segments"]) == 6
            page.driver.find_element(page.by.XPATH, "//button[contains(., 'Forget mine')]").click()
            # Undo takes back what was done here, not what others did since.
            page.press(page.keys.ARROW_DOWN, page.keys.DELETE)
            until("five", lambda: len(studio.labels()["segments"]) == 5)
            studio.put(turns(0, 8))
            until("eight", lambda: len(page.rows()) == 8)
            page.control("z")
            page.press(page.keys.ARROW_RIGHT)
            assert len(page.rows()) == len(studio.labels()["segments"]) == 8 and not page["undo"].is_enabled()
            # A second tab is told, and so is the first; until the other is closed.
            assert "open elsewhere" not in page["notices"].text
            first = page.driver.current_window_handle
            page.driver.switch_to.new_window("tab")
            page.driver.get(studio.address)
            page.until_text("notices", "open elsewhere")
            second = page.driver.current_window_handle
            page.driver.switch_to.window(first)
            page.until_text("notices", "open elsewhere")
            page.driver.switch_to.window(second)
            page.driver.close()
            page.driver.switch_to.window(first)
            until("alone", lambda: "open elsewhere" not in page["notices"].text)


def jumps_and_ends():
    """Who jumps away has left the segment that was running; where no picture is, there is nothing to label."""
    path = folder("jumps", "a.mp4")
    with open(os.path.join(path, "bad.mp4"), "w", encoding="utf-8") as file:
        file.write("no video")
    with Studio(path) as studio:
        with Page(studio.address) as page:
            page.ready()
            page.add_elements(("show ball", "VA"), ("check bars", "NVA"))
            page.press("1", " ")
            until("1 s", lambda: page.clock() >= 1)
            page.press(" ")
            at = page.clock()
            page.chain(page.driver).move_to_element_with_offset(page["strip"], page.strip_x(12), 0).click().perform()
            until("jumped", lambda: page.clock() > 11)
            page.until_text("saved", "All saved")
            found = studio.labels()["segments"]
            assert len(found) == 1 and abs(found[0]["end"] - at) < 0.1, (found, at)
            # One that runs ends where the next one begins, and says so.
            page.press(page.keys.HOME, page.keys.ESCAPE)
            studio.put([segment(3, 6, "check_bars_nva")])
            until("theirs", lambda: [row[3] for row in page.rows()] == ["check bars"])
            page.press("1", " ")
            page.until_text("hint", "where the next segment begins")
            page.press(" ")
            until("filled", lambda: [s["end"] for s in studio.labels()["segments"]] == [3, 6])
            # A gap is not filled unasked.
            studio.put([segment(0, 3, "check_bars_nva"), segment(4, 6, "show_ball_va")])
            until("two", lambda: len(page.rows()) == 2 and page.rows()[1][0] == "0:04.00")
            page.press(page.keys.ARROW_UP, page.keys.ARROW_UP, "m")
            page.until_text("hint", "does not follow")
            assert len(studio.labels()["segments"]) == 2
            page.driver.execute_script("[...document.querySelectorAll('#videos button')].find(b => b.textContent.includes('bad.mp4')).click()")  # the list is made anew every second
            until("bad", lambda: "bad.mp4" in page.driver.execute_script("return document.querySelector('#videos [aria-current=true]')?.textContent ?? ''"))
            page.driver.execute_script("document.activeElement.blur()")
            page.press("1")
            page.until_text("hint", "no picture")
            assert studio.labels("bad.mp4")["segments"] == []


def review_with_keys():
    path, done = folder("review", "a.mp4"), os.path.join(ROOT, "loop")
    if not os.path.exists(os.path.join(done, "models/001")):
        raise tap.Skip("the whole loop made no model")
    shutil.copytree(os.path.join(done, "models"), os.path.join(path, "models"), dirs_exist_ok=True)
    shutil.copyfile(os.path.join(done, "elements.csv"), os.path.join(path, "elements.csv"))
    with Studio(path) as studio:
        studio.ask("POST", "use?model=models/001")
        studio.ask("POST", "find?video=a.mp4")
        studio.finished()
        found = studio.ask("GET", "found?video=a.mp4")["segments"]
        with Page(studio.address) as page:
            page.ready()
            # Nothing but the keyboard.
            page["tab-label"].send_keys(page.keys.ARROW_LEFT, page.keys.ARROW_LEFT)
            assert page["tab-review"].get_attribute("aria-selected") == "true"
            page.driver.execute_script("document.activeElement.blur()")
            least = min(min(a["confidence"], b["confidence"]) for a, b in zip(found, found[1:]))
            page.press("n")
            page.until_text("review-note", f"sure to {round(100 * least)} %")
            page.press("a")
            accepted = until("accepted", lambda: studio.labels()["segments"])
            at = page.clock()
            expected = next(s for s in found if s["start"] - 0.04 <= at < s["end"] - 0.04)
            assert len(accepted) == 1 and accepted[0]["origin"] == "accepted" and accepted[0]["label"] == expected["label"], (accepted, expected)
            assert abs(accepted[0]["start"] - expected["start"]) <= 0.5 / RATE + 1e-3, (accepted, expected)
            page.press(page.keys.ARROW_DOWN, page.keys.ARROW_RIGHT, page.keys.ARROW_RIGHT, "[")
            until("corrected", lambda: studio.labels()["segments"][0]["origin"] == "corrected")
            page["accept-all"].click()
            covered = until("all", lambda: (lambda s: s if len(s) >= len(found) - 1 and len(s) > 1 else None)(studio.labels()["segments"]))
            assert [s["origin"] for s in covered].count("corrected") == 1 and all(a["end"] <= b["start"] + 1e-6 for a, b in zip(covered, covered[1:])), covered
            page["tab-study"].click()
            page.driver.switch_to.frame(page["study-frame"])
            until("study", lambda: page.driver.find_elements(page.by.TAG_NAME, "svg"))


def region_with_the_mouse():
    path = folder("region", "a.mp4")
    with Studio(path) as studio, Page(studio.address) as page:
        page.ready()
        page["region-button"].click()
        box = page["region"].rect
        assert abs(box["width"] / box["height"] - 160 / 120) < 0.02, box
        move = page.chain(page.driver).move_to_element_with_offset
        move(page["region"], round(-box["width"] / 4), round(-box["height"] / 4)).click_and_hold().move_to_element_with_offset(
            page["region"], 20, 10).move_to_element_with_offset(page["region"], round(box["width"] / 4), round(box["height"] / 4)).release().perform()
        region = until("region", lambda: studio.state()["settings"]["settings"].get("roi"))
        assert all(abs(a - b) < 0.02 for a, b in zip(map(float, region.split(",")), (0.25, 0.25, 0.5, 0.5))), region
        form = page["region-form"]
        left = form.find_element(page.by.NAME, "x")
        left.clear()
        left.send_keys("10", page.keys.ENTER)
        until("typed", lambda: studio.state()["settings"]["settings"]["roi"].startswith("0.1,"))
        page["region-whole"].click()
        until("whole", lambda: studio.state()["settings"]["settings"]["roi"] == "")


def readable_by_all():
    """WCAG 2.1: contrast of 4.5 and more, names for everything that can be used, visible focus; nothing wider than the window."""
    path = folder("readable", "a.mp4")
    contrast = """
      const rgb = text => text.match(/[\\d.]+/g).map(Number), light = c => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
      const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
      const back = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0.5) return c; } return [255, 255, 255]; };
      const bad = [];
      for (const e of document.querySelectorAll("body *")) {
        if (!e.offsetParent || e.disabled || ![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
        const [a, b] = [luminance(rgb(getComputedStyle(e).color)), luminance(back(e))], ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) bad.push([e.tagName, e.textContent.trim().slice(0, 30), ratio.toFixed(2)]);
      }
      return bad;"""
    nameless = """
      return [...document.querySelectorAll("button, input, select, a[href]")].filter(e => e.offsetParent && !e.ariaLabel && !e.title && !e.textContent.trim() && !e.labels?.length && !e.placeholder)
        .map(e => e.outerHTML.slice(0, 80));"""
    with Studio(path) as studio:
        studio.put([{**one, "origin": "corrected"} for one in turns(0, 4)])
        for width in (1280, 820):
            with Page(studio.address, width, 1000) as page:
                page.ready()
                for dark in (False, True):
                    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
                    for tab in ("label", "train", "review", "study"):
                        page["tab-" + tab].click()
                        assert not (bad := page.driver.execute_script(contrast)), (width, dark, tab, bad)
                        assert not (bad := page.driver.execute_script(nameless)), (tab, bad)
                        wide = page.driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                        assert wide <= 0, (width, tab, wide)
                page["tab-label"].click()
                heights = page.driver.execute_script("return [...document.querySelectorAll('#segments tbody tr')].map(r => r.offsetHeight)")
                assert heights and max(heights) < 50, f"rows of the segments are {heights} pixels high: their times are broken into lines"
                broad = page.driver.execute_script("const s = document.getElementById('segments-scroll'); return s.scrollWidth - s.clientWidth")
                assert broad <= 0, f"the segments' table is {broad} pixels too broad at {width}"
                page.press(page.keys.TAB)
                assert page.driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle") != "none"


TESTS = [
    ("strangers stay outside", strangers),
    ("one studio a folder, at the same address", one_at_a_time),
    ("mistakes are told, and change nothing", mistakes),
    ("files in parts", parts_of_files),
    ("frames and movement equal cv2's", frames),
    ("copies for browsers show the same frame at the same time", copies_for_browsers),
    ("the trainer reads the labels", trainer_reads),
    ("two people overwrite nothing", two_people),
    ("files of others are kept", theirs_are_kept),
    ("videos that go", videos_that_go),
    ("names and labels of elements", names_and_labels),
    ("killed, nothing that was saved is lost", killed),
    ("the whole loop", the_whole_loop),
    ("page: labelled with keys and mouse", labelled_with_keys_and_mouse),
    ("page: a tab that dies", a_tab_that_dies),
    ("page: two tabs", two_tabs),
    ("page: jumps and ends", jumps_and_ends),
    ("page: review with keys", review_with_keys),
    ("page: region with the mouse", region_with_the_mouse),
    ("page: readable by all", readable_by_all),
]

if __name__ == "__main__":
    WANTED = sys.argv[2:]
    tap.run([(name, test) for name, test in TESTS if not WANTED or any(word in name for word in WANTED)])
