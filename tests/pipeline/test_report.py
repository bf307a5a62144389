# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-action-report: its figures once more, from the segments of random cyclic work; its page, its tables, its mistakes.

    test_report.py BUILD
"""

import csv
import json
import math
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as ElementTree
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import tap  # noqa: E402

TOOL = os.path.join(os.path.abspath(sys.argv[1]), "tools/gst-action-report")
FOLDER = tempfile.mkdtemp(prefix="gst-action-report-")
WORK = ["take_frame_rnva", "turn_screw_va", "press_seal_va", "look_nva"]


def run(*arguments, code=0):
    done = subprocess.run([TOOL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == code, (arguments, done)
    return done.stdout.decode(), done.stderr.decode()


def path(*names):
    return os.path.join(FOLDER, *names)


def write(name, rows):
    with open(path(name), "w", encoding="utf-8") as file:
        json.dump(rows, file)
    return path(name)


def work(chance):
    """Cycles of WORK with a long one, a phone call, some time that was not measured, and waiting."""
    rows, at = [], 0.0

    def add(label, seconds, state="measured"):
        nonlocal at
        rows.append({"start": round(at, 2), "end": round(at + seconds, 2), "fine_action": label, "state": state})
        at = round(at + seconds, 2)

    if chance.random() < 0.5:
        add("waiting", 3)
    count = chance.randint(2, 14)
    for i in range(count):
        for label in WORK:
            seconds = round(chance.gauss(4, 0.4), 2)
            if label == "turn_screw_va" and i == 3:
                seconds = 40
            if chance.random() < 0.1:
                add("phone_nva", round(chance.uniform(1, 3), 2))
            if chance.random() < 0.08:
                add("gap", round(chance.choice([0.3, 2.5]), 2), "gap")
            if label == "look_nva" and chance.random() < 0.2:
                continue
            add(label, seconds)
    return rows


def elements_of(rows):
    found = []
    for row in rows:
        if row["state"] != "measured":
            found.append(None)
        elif found and found[-1] and found[-1][0] == row["fine_action"]:
            found[-1] = (row["fine_action"], found[-1][1], row["end"])
        else:
            found.append((row["fine_action"], row["start"], row["end"]))
    return [element for element in found if element]


def needed(values):
    if len(values) < 2:
        return None
    return max(1, math.ceil((1.96 * statistics.stdev(values) / (0.05 * statistics.mean(values))) ** 2 - 1e-9))


def slow(rows, foreign, by_hand, takt, rating, allowance):
    """The figures from the rows, by the definitions."""
    elements = elements_of(rows)
    starts = [start for label, start, _ in elements if label == WORK[0]]
    bounds = list(zip(starts, [*starts[1:], rows[-1]["end"]]))
    cycles = []
    for number, (start, end) in enumerate(bounds, 1):
        out = sum(e - s for label, s, e in elements if label in foreign and start <= s < end)
        lost = sum(min(r["end"], end) - max(r["start"], start) for r in rows if r["state"] != "measured" and min(r["end"], end) > max(r["start"], start))
        why = by_hand.get(number) or ("may not be whole" if number == len(bounds) else "not measured" if lost > 0.5 + 1e-9 else "")
        cycles.append([number, start, end, end - start - out, why])
    times = [c[3] for c in cycles if not c[4]]
    if len(times) >= 5:
        middle = statistics.median(times)
        spread = max(1.4826 * statistics.median(abs(t - middle) for t in times), 0.02 * middle)
        for c in cycles:
            if not c[4] and abs(c[3] - middle) > 4 * spread:
                c[4] = "abnormally"
        times = [c[3] for c in cycles if not c[4]]
    figures = {"cycles": cycles, "times": times, "needed": needed(times), "overruns": sum(t > takt for t in times), "elements": {}}
    figures["normal"] = statistics.mean(times) * rating if times else 0
    figures["standard"] = figures["normal"] * (1 + allowance)
    ordered = sorted(times)
    figures["repeatable"] = next((a for a, b in zip(ordered, ordered[1:]) if b <= a * 1.05), None)
    bad = [(c[1], c[2]) for c in cycles if c[4]]
    total = 0
    for label in dict.fromkeys(label for label, _, _ in elements):
        kept = [(s, e) for other, s, e in elements if other == label and not any(a <= s < b for a, b in bad)]
        values = [e - s for s, e in kept]
        within = [e - s for s, e in kept if s >= starts[0]]
        figures["elements"][label] = (values, sum(within) / len(times) if times and label not in foreign else 0)
        if label not in foreign:
            total += sum(values)
    figures["total"] = total
    return figures


def near(a, b):
    return (a is None) == (b is None) and (a is None or abs(a - b) < 1e-4)


def same_figures():
    chance = random.Random(7)
    counted = 0
    for number in range(60):
        rows = work(chance)
        by_hand = {2: "the foreman came by"} if number % 3 == 0 else {}
        arguments = ["--exclude", "2=the foreman came by"] if by_hand else []
        foreign = {"phone_nva"} if number % 2 else set()
        arguments += ["--foreign", "phone_nva"] if foreign else []
        found = json.loads(run(write("w.json", rows), "--json", "--cycle-start", WORK[0], "--takt", "17", "--rating", "1.1", "--allowance", "12", *arguments)[0])[0]
        wanted = slow(rows, foreign, by_hand, 17, 1.1, 0.12)
        assert len(found["cycles"]) == len(wanted["cycles"]), (found, wanted)
        for got, (place, start, end, seconds, why) in zip(found["cycles"], wanted["cycles"]):
            assert got["number"] == place and near(got["start"], start) and near(got["end"], end) and near(got["seconds"], seconds), (got, start, end, seconds)
            assert (why in got["excluded"]) if why else not got["excluded"], (got, why)
        times = wanted["times"]
        counted += len(times)
        assert found["cycle"]["count"] == len(times) and found["overruns"] == wanted["overruns"] and found["cycles_needed"] == wanted["needed"], (found["cycle"], wanted)
        assert near(found["lowest_repeatable"], wanted["repeatable"]) and near(found["normal"], wanted["normal"]) and near(found["standard"], wanted["standard"])
        if times:
            assert near(found["cycle"]["mean"], statistics.mean(times)) and near(found["cycle"]["median"], statistics.median(times))
            assert near(found["cycle"]["min"], min(times)) and near(found["cycle"]["max"], max(times))
            assert near(found["cycle"]["deviation"], statistics.stdev(times) if len(times) > 1 else 0)
        assert [e["label"] for e in found["elements"]] == list(wanted["elements"])
        for element in found["elements"]:
            values, per_cycle = wanted["elements"][element["label"]]
            assert element["statistics"]["count"] == len(values) and near(element["statistics"]["sum"], sum(values)), (element, values)
            assert near(element["per_cycle"], per_cycle) and near(element["standard"], per_cycle * 1.1 * 1.12), (element, per_cycle)
            assert element["needed"] == needed(values) and element["foreign"] == (element["label"] in foreign)
            share = sum(values) / wanted["total"] if element["label"] not in foreign and wanted["total"] else 0
            assert near(element["share"], share), (element, share)
        states = {}
        for row in rows:
            states[row["state"]] = states.get(row["state"], 0) + row["end"] - row["start"]
        assert found["coverage"].keys() == states.keys() and all(near(found["coverage"][s], states[s]) for s in states), (found["coverage"], states)
    return [f"60 timelines, {counted} cycles that count"]


def start_is_found():
    """Without a word the repeating order is found; elements.csv wins over it."""
    rows = [row for row in work(random.Random(1)) if row["fine_action"] not in ("gap", "phone_nva", "waiting")]
    for a, b in zip(rows, rows[1:]):
        b["start"] = a["end"]
        b["end"] = round(b["start"] + 4, 2)
    found = json.loads(run(write("f.json", rows), "--json")[0])[0]
    assert found["cycle_start"] == WORK[0], found["cycle_start"]
    with open(path("elements.csv"), "w", encoding="utf-8") as file:
        file.write("label,name,order\nturn_screw_va,Drive the screw,1\ntake_frame_rnva,Take it,2\n")
    found = json.loads(run(path("f.json"), "--json", "--elements", path("elements.csv"))[0])[0]
    assert found["cycle_start"] == "turn_screw_va"
    assert {e["label"]: e["name"] for e in found["elements"]}["turn_screw_va"] == "Drive the screw"


def order_of_work():
    """What a cycle lacks, and has more than once, by elements.csv: two ways of one step are one step."""
    with open(path("order.csv"), "w", encoding="utf-8") as file:
        file.write("label,name,order,optional\ntake_va,Take,1,\nturn_va,Screw,2,\nglue_va,Screw,2,\nlook_nva,Look,3,yes\npack_va,Pack,4,\n")
    cycles = [["take_va", "turn_va", "look_nva", "pack_va"], ["take_va", "glue_va", "pack_va", "turn_va"], ["take_va", "look_nva", "pack_va"], ["take_va", "turn_va"]]
    rows, at = [], 0
    for cycle in cycles:
        for label in cycle:
            rows.append({"start": at, "end": at + 3, "fine_action": label})
            at += 3
    found = json.loads(run(write("o.json", rows), "--elements", path("order.csv"), "--json", "-o", path("order.html"))[0])[0]["cycles"]
    assert [(c["missing"], c["extra"]) for c in found] == [([], []), ([], ["Screw"]), (["Screw"], []), ([], [])], found
    with open(path("order.html"), encoding="utf-8") as file:
        assert "Deviations from the order of work" in file.read()


def page_and_tables():
    """The page is well-formed, needs nothing from elsewhere, and draws what the figures say; tables have the same numbers."""
    rows = work(random.Random(3))
    rows[-1]["fine_action"] = "<b>&_nva"
    one, two = write("one & only.json", rows), write("two.json", work(random.Random(4)))
    said, _ = run(one, two, "-o", path("study.html"), "-o", path("study.csv"), "--takt", "17", "--cycle-start", WORK[0])
    figures = json.loads(run(one, two, "--json", "--takt", "17", "--cycle-start", WORK[0])[0])
    assert said.count("wrote ") == 5, said
    with open(path("study.html"), encoding="utf-8") as file:
        text = file.read()
    tree = ElementTree.fromstring(text.split("<body>")[1].split("</body>")[0].join(("<body>", "</body>")))
    assert "http" not in text and "src=" not in text and "href=" not in text
    assert "one & only" in "".join(tree.itertext()) and "<b>&_nva" in "".join(tree.itertext())
    charts = {svg.get("aria-label"): svg for svg in tree.iter("svg")}
    columns = list(charts["Yamazumi: seconds of each element in a cycle"].iter("rect"))
    drawn = [element for study in figures for element in study["elements"] if element["per_cycle"] > 0]
    assert len(columns) == len(drawn), (len(columns), len(drawn))
    heights, seconds = [float(r.get("height")) + 1 for r in columns], [e["per_cycle"] for e in drawn]
    assert all(abs(h / heights[0] - s / seconds[0]) < 0.05 for h, s in zip(heights, seconds)), (heights, seconds)
    gantts = [svg for svg in tree.iter("svg") if svg.get("aria-label") == "Gantt chart of the timeline"]
    assert len(list(gantts[0].iter("rect"))) == len(elements_of(rows))
    with open(path("study-elements.csv"), encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [(r["timeline"], r["label"], round(float(r["sum s"]), 3)) for r in table] == [
        (study["name"], e["label"], round(e["statistics"]["sum"], 3)) for study in figures for e in study["elements"]], table
    with open(path("study-cycles.csv"), encoding="utf-8", newline="") as file:
        assert sum(r["counts"] == "yes" for r in csv.DictReader(file)) == sum(study["cycle"]["count"] for study in figures)
    with open(path("study-segments.csv"), encoding="utf-8", newline="") as file:
        assert [float(r["start s"]) for r in csv.DictReader(file) if r["timeline"] == "two"] == [e[1] for e in elements_of(json.load(open(two, encoding="utf-8")))]
    assert "is there already" in run(one, "-o", path("study.html"), code=1)[1]
    run(one, "-o", path("study.html"), "--force")


def by_hand():
    """Bland and Altman's figures of the same work timed by hand."""
    chance = random.Random(9)
    rows = [row for row in work(chance) if row["fine_action"] not in ("gap", "phone_nva", "waiting")]
    at = 0.0
    for row in rows:
        length = row["end"] - row["start"] if row["end"] - row["start"] < 20 else 4
        row["start"], row["end"] = round(at, 2), round(at + length, 2)
        at = row["end"]
    hand = [dict(row) for row in rows]
    for a, b in zip(hand, hand[1:]):
        a["end"] = b["start"] = round(a["end"] + chance.gauss(0.1, 0.2), 2)
    lost = hand.pop(next(i for i, row in enumerate(hand) if i > 5 and row["fine_action"] == "turn_screw_va"))
    said, _ = run(write("study.json", rows), "--compare", write("hand.json", hand), "--cycle-start", WORK[0], "-o", path("compared.html"), "--abnormal", "0")
    found = json.loads(run(path("study.json"), "--compare", path("hand.json"), "--cycle-start", WORK[0], "--json", "--abnormal", "0")[0])[0]["agreement"]
    assert "limits of agreement" in said
    with open(path("compared.html"), encoding="utf-8") as file:
        assert "Bland-Altman plot of cycles" in file.read()
    for label in (None, *WORK):
        if label is None:
            times = []
            for side in (rows, hand):
                starts = [row["start"] for row in side if row["fine_action"] == WORK[0]]
                times.append([b - a for a, b in zip(starts, starts[1:])])
            # The cycle with a hole in it does not count by hand.
            place = sum(row["start"] <= lost["start"] for row in rows if row["fine_action"] == WORK[0]) - 1
            pairs = [(a, b) for i, (a, b) in enumerate(zip(*times)) if i != place]
        else:
            lengths = {id(side): [row["end"] - row["start"] for row in side if row["fine_action"] == label] for side in (rows, hand)}
            study, manual = lengths[id(rows)], lengths[id(hand)]
            if label == "turn_screw_va":
                gone = [i for i, row in enumerate([r for r in rows if r["fine_action"] == label]) if row["start"] == lost["start"] or abs(row["start"] - lost["start"]) < 1.5][0]
                study = study[:gone] + study[gone + 1:]
            pairs = list(zip(study, manual))
        differences = [a - b for a, b in pairs]
        got = next(one for one in found if one["label"] == label)
        assert got["pairs"] == len(pairs), (label, got, len(pairs))
        bias, spread = statistics.mean(differences), statistics.stdev(differences)
        assert near(got["bias"], bias) and near(got["lower"], bias - 1.96 * spread) and near(got["upper"], bias + 1.96 * spread), (label, got, bias, spread)
    assert next(one for one in found if one["label"] == "turn_screw_va")["only_study"] == 1


def spreadsheet():
    """The same tables as a spreadsheet program reads them: numbers are numbers."""
    one = write("s.json", work(random.Random(5)))
    done = subprocess.run([TOOL, one, "-o", path("s.xlsx"), "-o", path("s.csv")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if b"built without" in done.stderr:
        raise tap.Skip("built without libxlsxwriter")
    assert done.returncode == 0, done
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(path("s.xlsx")) as book:
        names = [sheet.get("name") for sheet in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{{{space['x']}}}sheet")]
        texts = ["".join(t.itertext()) for t in ElementTree.fromstring(book.read("xl/sharedStrings.xml")).findall("x:si", space)]
        sheets = [ElementTree.fromstring(book.read(f"xl/worksheets/sheet{i + 1}.xml")) for i in range(len(names))]
    assert names == ["elements", "cycles", "segments", "settings"], names
    for name, sheet in zip(names, sheets):
        with open(path(f"s-{name}.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        cells = {cell.get("r"): cell for cell in sheet.iter(f"{{{space['x']}}}c")}
        for y, row in enumerate(rows, 1):
            for x, text in enumerate(row):
                cell = cells.get(f"{chr(65 + x)}{y}")
                if cell is None or cell.find("x:v", space) is None:
                    assert text == "", (name, y, x, text)
                elif cell.get("t") == "s":
                    assert texts[int(cell.findtext("x:v", namespaces=space))] == text, (name, y, x)
                else:
                    assert abs(float(cell.findtext("x:v", namespaces=space)) - float(text)) <= 1e-5 * abs(float(text)) + 1e-9, (name, y, x, text)
    assert not os.path.exists(path(".s.xlsx.part"))


def mistakes():
    one = write("m.json", [{"start": 0, "end": 2, "fine_action": "a"}, {"start": 2, "end": 5, "fine_action": "b_nva", "state": "measured"}])
    empty = write("e.json", [])
    for arguments, code, words in (((), 2, "usage"), ((one, "-o", "x.pdf"), 2, ".html"), ((one, "--exclude", "x"), 2, "3=REASON"), ((one, "--rating", "0"), 2, "rating"), ((one, one, "--compare", one), 2, "one timeline"),
                                   ((one, "--compare", "/nowhere.csv"), 1, "/nowhere.csv"),
                                   ((one, "--cycle-start", "c"), 1, "no 'c'"), (("/nowhere.json",), 1, "/nowhere.json"), ((one, "--elements", "/nowhere.csv"), 1, "/nowhere.csv"),
                                   ((one, "-o", "/nowhere/x.html"), 1, "/nowhere"), ((one, "-o", "/nowhere/x.xlsx"), 1, "/nowhere")):
        assert words in run(*arguments, code=code)[1], (arguments, run(*arguments, code=code))
    assert "no cycles" in run(one)[0]
    assert "0.0 s" in run(empty, "-o", path("empty.html"))[0]


def several_videos():
    """Rows of several videos would lie on top of each other."""
    with open(path("several.csv"), "w", encoding="utf-8") as file:
        file.write("video,start,end,label\na.mp4,0,3,x_va\nb.mp4,0,4,y_va\n")
    assert "rows of several videos, a.mp4 and b.mp4" in run(path("several.csv"), code=1)[1]


def clips():
    """Bars open the video where it lies; in the zip, each opens its clip, whose frames are those of the video."""
    import cv2
    folder = path("with videos, and spaces")
    os.makedirs(folder)
    subprocess.run(["gst-launch-1.0", "-q", *(f"videotestsrc num-buffers=300 pattern=gradient horizontal-speed=3 ! video/x-raw,format=I420,width=160,height=120,framerate=15/1 ! "
                                              "x264enc speed-preset=ultrafast key-int-max=100 ! mp4mux ! filesink").split(), f"location={folder}/line 1.mp4"], check=True)
    rows = [{"start": i * 2.5, "end": i * 2.5 + 2.5, "fine_action": WORK[i % 2] if i != 3 else "\u53d6\u308b_va"} for i in range(8)]
    with open(os.path.join(folder, "line 1.json"), "w", encoding="utf-8") as file:
        json.dump(rows, file)
    os.makedirs(path("pages"), exist_ok=True)
    run(os.path.join(folder, "line 1.json"), "-o", path("pages/study.html"), "--with-clips", "--cycle-start", WORK[0])
    with open(path("pages/study.html"), encoding="utf-8") as file:
        links = [link.replace("&amp;", "&") for link in re.findall('href="([^"]*)"', file.read())]
    targets = {urllib.parse.unquote(link.split("#")[0]) for link in links}
    assert targets == {"../with videos, and spaces/line 1.mp4"} and os.path.exists(path("pages", targets.pop())), links
    spans = {link.split("#t=")[1] for link in links}
    assert {f"{r['start']:.2f},{r['end']:.2f}" for r in rows} <= spans, spans
    with zipfile.ZipFile(path("pages/study.zip")) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert all(re.fullmatch(r"study/(study\.html|clips/[a-z0-9_-]+\.mp4)", name) for name in names) and len(names) == 9, names
        archive.extractall(path("unpacked"))
    with open(path("unpacked/study/study.html"), encoding="utf-8") as file:
        inside = set(re.findall('href="([^"]*)"', file.read()))
    assert {"study/" + link for link in inside} == set(names) - {"study/study.html"}, inside
    source, pictures = cv2.VideoCapture(os.path.join(folder, "line 1.mp4")), []
    while (read := source.read())[0]:
        pictures.append(read[1])
    for row, name in zip(rows, sorted(name for name in names if name.endswith("mp4"))):
        clip, count = cv2.VideoCapture(path("unpacked", name)), 0
        first = int(row["start"] * 15 + 1e-6)  # the frame that is shown at the beginning
        while (read := clip.read())[0]:
            best = max(range(max(first + count - 2, 0), min(first + count + 3, 300)), key=lambda k: cv2.PSNR(pictures[k], read[1]))
            assert best == first + count or cv2.PSNR(pictures[best], read[1]) - cv2.PSNR(pictures[first + count], read[1]) < 0.5, (name, count, best)
            count += 1
        assert abs(count - 37.5) <= 1, (name, count)
    lonely = write("lonely.json", rows)
    for arguments, code, words in (((lonely, "-o", path("l.html"), "--with-clips"), 1, "no video lies beside"), ((lonely, "--with-clips"), 2, "is for a page"),
                                   ((lonely, "--video", "/nowhere.mp4", "-o", path("l.html")), 1, "/nowhere.mp4"), ((lonely, lonely, "--video", lonely), 2, "one timeline")):
        assert words in run(*arguments, code=code)[1], (arguments, words)
    assert not os.path.exists(path("l.zip"))
    run(lonely, "-o", path("without.html"))
    with open(path("without.html"), encoding="utf-8") as file:
        assert "href" not in file.read()


try:
    tap.run([("figures", same_figures), ("the beginning of cycles is found", start_is_found), ("order of work", order_of_work), ("page and tables", page_and_tables), ("spreadsheet", spreadsheet), ("against times by hand", by_hand), ("rows of several videos", several_videos), ("clips", clips), ("mistakes", mistakes)])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
