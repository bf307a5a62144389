# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures gst-action and prints Markdown tables. Every figure that is compared is a ratio of two things of this very run.

    bench.py BUILD SOURCE FOLDER [network|limits|features|job|streams|live|overload|growth|startup|elements|training ...]      default: all but growth

BUILD: a build with -Dbenchmarks=enabled --buildtype=release. FOLDER keeps videos and a model between runs. run.sh calls it.
"""

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import threading
import time

BUILD, SOURCE, FOLDER = (os.path.abspath(path) for path in sys.argv[1:4]) if len(sys.argv) > 3 else ("", "", "")
HERE = os.path.dirname(os.path.abspath(__file__))
SITE = os.path.join(SOURCE, "build-newest", "site")
WEIGHTS = os.path.join(BUILD, "tests", "standin.pth")
CORES = len(os.sched_getaffinity(0))
SECONDS = 40
CONTENT = {SECONDS: "bottles.mp4", 178: "handwash_006.mp4"}  # of ../shared/videos/long
FRAMES = 2400  # long enough that the first touch of held frames does not count
DRAW = "actionclassify model={model} ! timelinesmooth location={out}.json ! actionoverlay"


# ---- Pipelines, each in a process of its own


def environment(**more):
    return {**os.environ, "GST_PLUGIN_PATH": os.path.join(BUILD, "gst"), "GST_REGISTRY": os.path.join(FOLDER, "registry.bin"),
            "GST_ACTION_WEIGHTS": WEIGHTS, "OPENCV_LOG_LEVEL": "ERROR", "PATH": os.path.join(BUILD, "tools") + ":" + os.environ["PATH"], **more}


def worker(*arguments, **env):
    """What play() below says, from another process."""
    done = subprocess.run([sys.executable, os.path.abspath(__file__), "play", *arguments], env=environment(**env), stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.decode().splitlines()[-1])


def rss_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def cpu_seconds():
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


def play(line, seconds=0.0):
    """Runs a pipeline to its end (or for `seconds`) and prints what it took, from READY on: the network is loaded then.

    rss and shares (the chunks of each r3dfeatures so far) are taken once a second.
    """
    import gi
    gi.require_version("Gst", "1.0")
    from gi.repository import Gst
    Gst.init(None)
    pipeline = Gst.parse_launch(line)
    elements, iterator = [], pipeline.iterate_elements()
    while True:
        state, element = iterator.next()
        if state != Gst.IteratorResult.OK:
            break
        if element.get_factory().get_name() == "r3dfeatures":
            elements.append(element)
    loading = time.perf_counter()
    if pipeline.set_state(Gst.State.READY) == Gst.StateChangeReturn.FAILURE:
        raise SystemExit(f"cannot start {line}")
    waiting = len(elements)
    while waiting > 0:  # networks are loaded beside
        message = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.ELEMENT | Gst.MessageType.ERROR)
        if message.type == Gst.MessageType.ERROR:
            raise SystemExit(f"cannot start {line}: {message.parse_error()[0].message}")
        waiting -= message.has_name("action-network")
    loading = time.perf_counter() - loading
    stat = lambda e, name: e.get_property("stats").get_value(name)
    memory, shares, stopping = [], [], threading.Event()

    def watch():
        while not stopping.wait(1.0):
            chunks = [stat(e, "chunks") for e in elements]
            memory.append(rss_mb())
            shares.append(chunks)
    start, cpu = time.perf_counter(), cpu_seconds()
    watcher = threading.Thread(target=watch)
    watcher.start()
    pipeline.set_state(Gst.State.PLAYING)
    bus = pipeline.get_bus()
    end = time.perf_counter() + seconds if seconds else None
    failed = None
    while True:
        message = bus.timed_pop_filtered(200 * Gst.MSECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
        if message is not None:
            failed = str(message.parse_error()) if message.type == Gst.MessageType.ERROR else None
            break
        if end and time.perf_counter() > end:
            break
    took, cpu = time.perf_counter() - start, cpu_seconds() - cpu
    stopping.set()
    watcher.join()
    result = {"seconds": took, "cpu": cpu, "loading": loading, "rss": memory, "shares": shares, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
              "chunks": [stat(e, "chunks") for e in elements], "dropped": [stat(e, "dropped") for e in elements]}
    pipeline.set_state(Gst.State.NULL)
    if failed:
        raise SystemExit(failed)
    print(json.dumps(result))


def median(function, times=3):
    """The run with the median of `seconds`."""
    return sorted((function() for _ in range(times)), key=lambda r: r["seconds"])[times // 2]


# ---- What is measured with


def launch(line):
    subprocess.run(["gst-launch-1.0", "-q", *line.split()], env=environment(), check=True)


def video(width, height, fps, seconds):
    """An H.264 file that costs what a camera's costs: a real one from ../shared/videos made larger, or a test picture."""
    path = os.path.join(FOLDER, f"{width}x{height}_{fps}_{seconds}.mp4")
    if not os.path.exists(path):
        real = os.path.join(SOURCE, "../shared/videos/long", CONTENT[seconds])
        source = f"filesrc location={real} ! decodebin" if os.path.exists(real) else f"videotestsrc num-buffers={seconds * 30} ! video/x-raw,width=640,height=360,framerate=30/1"
        launch(f"{source} ! videorate ! videoconvert ! videoscale ! video/x-raw,format=I420,width={width},height={height},framerate={fps}/1 "
               f"! x264enc speed-preset=veryfast bitrate=6000 ! h264parse ! mp4mux ! filesink location={path}.part")
        os.rename(path + ".part", path)
    return path


def model():
    """Trained on the demo dataset."""
    path = os.path.join(FOLDER, "model")
    if not os.path.exists(path):
        demo = os.path.join(FOLDER, "demo")
        subprocess.run(["gst-action-demo", demo], env=environment(), check=True, stdout=sys.stderr)
        subprocess.run(["gst-action-train", demo + "/clips", "-o", path], env=environment(), check=True, stdout=sys.stderr)
    return path


def table(*rows):
    head, *body = rows
    print("| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    for row in body:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def bench_network(how, chunks=10, hop=None, **env):
    """hop: of continual features."""
    arguments = [WEIGHTS, how, str(chunks)] + ([str(hop)] if hop else [])
    done = subprocess.run([os.path.join(BUILD, "tests/bench/bench-network"), *arguments], env=environment(**env), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr.decode().strip()}


# ---- The benchmarks


def network():
    print("### 1. The network alone, one chunk (81.4 GFLOP as the sum is written)\n")
    ours = {how: bench_network(how) for how in ("fp32", "bf16", "blocked", "eager")}
    names = {"fp32": "**gst-action, fp32**", "bf16": "**gst-action, bf16**", "blocked": "LibTorch of this build, fp32, folded and blocked", "eager": "LibTorch of this build, fp32, folded, channels last"}
    rows = {names[how]: result.get("ms", result.get("error")) for how, result in ours.items()}
    python = subprocess.run(["/usr/bin/python3", os.path.join(HERE, "eager.py"), WEIGHTS], stdout=subprocess.PIPE, check=True)
    rows.update(json.loads(python.stdout))
    if os.path.isdir(SITE):
        newest = subprocess.run(["/usr/bin/python3", os.path.join(HERE, "newest.py"), WEIGHTS], env={**os.environ, "PYTHONPATH": SITE}, stdout=subprocess.PIPE, check=True)
        rows.update(json.loads(newest.stdout.decode().splitlines()[-1]))
    else:
        rows["newest PyTorch and OpenVINO"] = "left out: absent (run.sh --newest gets them)"
    fastest = {kind: min((ms for name, ms in rows.items() if kind in name and isinstance(ms, float)), default=None) for kind in ("fp32", "bf16")}
    out = [("", "ms", "time / fastest of its precision")]
    for name, ms in rows.items():
        kind = "bf16" if "bf16" in name else "fp32"
        out.append((name, f"{ms:.0f}", f"{ms / fastest[kind]:.2f}") if isinstance(ms, float) else (name, ms, ""))
    table(*out)


def multiplications():
    """Of a chunk, in thousand millions, as lib/actiontorch computes the convolutions."""
    tiles = lambda side: -(-side // 4)
    winograd = lambda frames, side, channels: 36 * tiles(side) ** 2 * 6 * tiles(frames) * channels ** 2  # F(4, 3) in height, width and time
    total = 6 * tiles(16) * 56 ** 2 * 7 * 7 * 3 * 64  # the stem: in time alone
    total += 4 * winograd(16, 56, 64)
    for frames, side, channels in ((8, 28, 128), (4, 14, 256), (2, 7, 512)):
        pixels = frames * side ** 2
        total += pixels * channels * channels // 2 * (27 + 1)  # stride 2, and the shortcut's
        total += 3 * (winograd(frames, side, channels) if frames > 2 else 3 * side ** 2 * 9 * channels ** 2)  # layer 4: Karatsuba
    return total * 1e-9


def limits():
    print("### 1b. What the processors could do at best: multiplications in registers alone\n")
    peak = json.loads(subprocess.run([os.path.join(BUILD, "tests/bench/bench-peak")], stdout=subprocess.PIPE, check=True).stdout)
    count = multiplications()
    rows = [("", "peak, thousand million multiplications/s", "a chunk's, thousand millions", "ms at the peak", "ms of gst-action, fp32", "of it")]
    for name, isa, env in (("AVX-512", "avx512", {}), ("AVX2", "avx2", {"ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2"})):
        ours = bench_network("fp32", 20, **env)
        if name in ours.get("how", ""):
            best = 1e3 * count / peak[isa]
            rows.append((name, f"{peak[isa]:.0f}", f"{count:.2f}", f"{best:.0f}", f"{ours['ms']:.0f}", f"{ours['ms'] / best:.2f}"))
    table(*rows)


def hops():
    print("### Chunks that overlap: the network alone, one step, windowed and continual\n")
    rows = [("hop", "windowed, ms", "continual, ms", "windowed, CPU ms", "continual, CPU ms", "continual / windowed", "the same with AVX2 alone")]
    for hop in (1, 2, 3, 4, 8, 16):
        ratios = []
        for isa in ({}, {"ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2"}):
            windowed, continual = bench_network("fp32", 20, **isa), bench_network("fp32", 20, hop, **isa)
            ratios.append(f"{continual['cpu_ms'] / windowed['cpu_ms']:.2f}")
            if not isa:
                rows.append((hop, f"{windowed['ms']:.0f}", f"{continual['ms']:.0f}", f"{windowed['cpu_ms']:.0f}", f"{continual['cpu_ms']:.0f}"))
        rows[-1] += tuple(ratios)
    table(*rows)


def oracle(*arguments, **env):
    done = subprocess.run(["/usr/bin/python3", os.path.join(HERE, "python_system.py"), *arguments], stdout=subprocess.PIPE, check=True, env=environment(**env))
    return json.loads(done.stdout.decode().splitlines()[-1])


def features():
    print(f"### 2. Features of a {SECONDS} s 1080p30 H.264 file, decoding included (network loaded)\n")
    file = video(1920, 1080, 30, SECONDS)
    skipping = "qtdemux ! h264parse ! actionskip ! avdec_h264"
    decode = median(lambda: worker(f"filesrc location={file} ! decodebin ! fakesink sync=false"))
    rows = [("", "s", "CPU s", "Python / this", "wall / bound")]
    rows.append(("decoding alone", f"{decode['seconds']:.2f}", f"{decode['cpu']:.1f}", "", ""))

    def compare(name, *precisions, **env):
        theirs = median(lambda: oracle("features", file, WEIGHTS, **env))
        rows.append((f"Python: cv2 and torchvision, eager fp32{name}", f"{theirs['seconds']:.2f}", f"{theirs['cpu']:.1f}", "1.00", ""))
        for precision in precisions:
            alone = bench_network(precision, **env)
            if "error" in alone:
                rows.append((precision + name, alone["error"], "", "", ""))
                continue
            ours = median(lambda: worker(f"filesrc location={file} ! decodebin ! queue ! r3dfeatures precision={precision} ! fakesink sync=false", **env))
            busy = decode["cpu"] + alone["cpu_ms"] / 1e3 * sum(ours["chunks"])
            bound = max(busy / CORES, decode["seconds"])
            rows.append((f"**r3dfeatures, {precision}**{name}", f"{ours['seconds']:.2f}", f"{ours['cpu']:.1f}", f"{theirs['seconds'] / ours['seconds']:.2f}", f"{ours['seconds'] / bound:.2f}"))
        ours = median(lambda: worker(f"filesrc location={file} ! {skipping} ! queue ! r3dfeatures ! fakesink sync=false", **env))
        rows.append((f"**the same, fp32, behind actionskip**{name}", f"{ours['seconds']:.2f}", f"{ours['cpu']:.1f}", f"{theirs['seconds'] / ours['seconds']:.2f}", ""))
    compare("", "fp32", "bf16")
    if "AVX2" not in bench_network("fp32", 1).get("how", ""):
        # The networks of both; decoding and shrinking stay what they are.
        compare(", as on a processor with AVX2 alone", "fp32", ONEDNN_MAX_CPU_ISA="AVX2", DNNL_MAX_CPU_ISA="AVX2", OPENBLAS_CORETYPE="Haswell", ATEN_CPU_CAPABILITY="avx2")
    table(*rows)
    print("The bound: max((CPU s of decoding alone + of the network alone) / cores, decoding alone).\n")

    # What the study profile costs: four times the chunks.
    rows = [("fp32", "s", "CPU s", "CPU / hop 16's")]
    base = None
    for name, decoder, settings in (("hop 16", "decodebin", ""), ("hop 4", "decodebin", "hop=4"), ("hop 4, continual", "decodebin", "hop=4 features=continual"),
                                    ("hop 16, behind actionskip", skipping, ""), ("hop 4, behind actionskip", skipping, "hop=4"),
                                    ("hop 4, continual, behind actionskip", skipping, "hop=4 features=continual")):
        ours = median(lambda: worker(f"filesrc location={file} ! {decoder} ! queue ! r3dfeatures {settings} ! fakesink sync=false"))
        base = ours["cpu"] if "hop 16" in name else base
        rows.append((name, f"{ours['seconds']:.2f}", f"{ours['cpu']:.1f}", f"{ours['cpu'] / base:.2f}"))
    table(*rows)


def job():
    print("### 3. The main job on 1080p30 H.264 files: features, labels, timeline, overlay, encoding (MPEG-4 part 2, as cv2 writes it)\n")
    rows = [("", "s", "CPU s", "Python / this")]
    out = os.path.join(FOLDER, "job")
    draw = DRAW.format(model=model(), out=out)
    for seconds in CONTENT:
        file = video(1920, 1080, 30, seconds)
        theirs = median(lambda: oracle("job", file, WEIGHTS, model(), out + "-python.mp4"))
        ours = median(lambda: worker(f"filesrc location={file} ! decodebin ! queue max-size-bytes=0 ! r3dfeatures ! {draw} ! videoconvert ! queue max-size-bytes=0 ! avenc_mpeg4 threads=auto bitrate=4000000 ! mp4mux ! filesink location={out}.mp4"))
        rows.append((f"{seconds} s: Python, two passes", f"{theirs['seconds']:.2f}", f"{theirs['cpu']:.1f}", "1.00"))
        rows.append((f"{seconds} s: **gst-action, one pass**", f"{ours['seconds']:.2f}", f"{ours['cpu']:.1f}", f"{theirs['seconds'] / ours['seconds']:.2f}"))
    table(*rows)


def streams():
    print(f"### 4a. Streams from 720p25 files in one process\n")
    file = video(1280, 720, 25, SECONDS)
    rows = [("streams", "chunks/s", "of one stream's", "network alone, chunks/s", "chunks of the slowest and of the fastest stream, half way")]
    alone = 1e3 / bench_network("fp32")["ms"]
    first = None
    for count in (1, 2, 4, 8):
        line = "  ".join(f"filesrc location={file} ! decodebin ! r3dfeatures name=f{i} ! fakesink sync=false" for i in range(count))
        result = worker(line)
        total = sum(result["chunks"]) / result["seconds"]
        first = first or total
        middle = min(result["shares"], key=lambda s: abs(sum(s) - sum(result["chunks"]) / 2))
        rows.append((count, f"{total:.2f}", f"{total / first:.2f}", f"{alone:.2f}", f"{min(middle)} / {max(middle)}"))
    table(*rows)
    frames = SECONDS * 25
    source = f"videotestsrc num-buffers={frames} pattern=black ! video/x-raw,format=I420,width=1280,height=720,framerate=25/1"
    memory = {count: worker("  ".join(f"{source} ! r3dfeatures name=f{i} ! fakesink sync=false" for i in range(count)))["rss"][-1] for count in (1, 8)}
    print(f"Memory without decoders: {memory[1]:.0f} MB with one stream, {(memory[8] - memory[1]) / 7:.1f} MB for each more.\n")


def live_runs(count, hop, mode, seconds=24):
    line = "  ".join(f"videotestsrc is-live=true pattern=black ! video/x-raw,format=I420,width=1280,height=720,framerate=25/1 ! r3dfeatures hop={hop} features={mode} max-pending=1 adaptive-hop=false name=f{i} ! fakesink sync=true" for i in range(count))
    result = worker(line, str(seconds))
    return sum(result["dropped"]) == 0 and min(result["chunks"]) >= int((seconds - 2) * 8 / hop) - 2 - 11 // hop


def live():
    # One chunk may wait: what the network does not keep up with is dropped, and not only put off.
    print("### 4b. Live 720p25 streams without a dropped chunk (max-pending=1)\n")
    rows = [("hop", "features", "most streams", "chunks/s that is", "network alone, chunks/s")]
    for hop, mode in ((16, "windowed"), (4, "windowed"), (4, "continual")):
        alone = 1e3 / bench_network("fp32", hop=hop if mode == "continual" else None)["ms"]
        low, high = 0, None
        count = max(1, int(alone * hop / 8 * 0.8))
        while high is None or high - low > 1:
            if live_runs(count, hop, mode):
                low = count
            else:
                high = count
            count = (low + high) // 2 if high else low + max(1, low // 6)
        rows.append((hop, mode, low, f"{low * 8 / hop:.1f}", f"{alone:.1f}"))
    table(*rows)


def overload():
    """More live streams at hop 4 than the network can do: what of their timelines is measured, with and without a hop that adapts."""
    asks = 2.5
    print(f"### 4c. Overload: live streams at hop 4 that ask {asks:g} times what the network can do\n")
    alone = 1e3 / bench_network("fp32")["ms"]
    count = max(2, round(asks * alone / 2))
    rows = [("adaptive-hop", "streams", "share of the timeline that is gap", "median length of a measured segment, s", "steps lost")]
    for adaptive in ("false", "true"):
        out = [os.path.join(FOLDER, f"overload{i}.json") for i in range(count)]
        line = "  ".join(f"videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=160,height=120,framerate=8/1 ! r3dfeatures hop=4 adaptive-hop={adaptive} name=f{i} ! "
                         f"actionclassify model={model()} ! timelinesmooth profile=study location={out[i]} ! fakesink sync=true" for i in range(count))
        result = worker(line, "90")
        gap, measured = 0.0, []
        for path in out:
            with open(path) as file:
                # The first half minute is left out: there the hop is found.
                for segment in (s for s in json.load(file) if s["end"] > 30):
                    length = segment["end"] - max(30, segment["start"])
                    if segment["state"] == "gap":
                        gap += length
                    else:
                        measured.append(length)
            os.remove(path)
        rows.append((adaptive, count, f"{gap / (gap + sum(measured)):.2f}", f"{statistics.median(measured):.1f}" if measured else "-", sum(result["dropped"])))
    table(*rows)


def growth():
    print("### 5. Long video: all four elements, 320x240 at 8 frames a second, one repetition\n")
    rows = [("minutes", "s", "time / proportional to the one before", "MB after a minute of running, and at the end")]
    before = None
    for minutes in (1, 5, 20, 60):
        draw = DRAW.format(model=model(), out=os.path.join(FOLDER, "growth"))
        result = worker(f"videotestsrc num-buffers={minutes * 480} pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=8/1 ! r3dfeatures ! {draw} ! fakesink sync=false")
        pace = result["seconds"] / minutes
        settled = result["rss"][min(60, len(result["rss"]) - 1)]
        rows.append((minutes, f"{result['seconds']:.1f}", f"{pace / before:.3f}" if before else "", f"{settled:.0f}, {result['rss'][-1]:.0f}"))
        before = pace
    table(*rows)


def startup():
    print("### 6. From gst-launch to the first label\n")
    file = video(1280, 720, 25, SECONDS)
    line = f"gst-launch-1.0 -m filesrc location={file} ! decodebin ! r3dfeatures ! actionclassify model={model()} ! fakesink"

    def run():
        start = time.perf_counter()
        process = subprocess.Popen(line.split(), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        first = next((time.perf_counter() - start for text in process.stdout if "action-step" in text), None)
        process.kill()
        process.wait()
        return first
    rows = [("", "s")]
    run()
    rows.append(("warm", f"{statistics.median(run() for _ in range(3)):.2f}"))
    try:
        def cold():
            subprocess.run(["sync"])
            with open("/proc/sys/vm/drop_caches", "w") as file:
                file.write("3")
            return run()
        rows.append(("cold (page cache dropped)", f"{statistics.median(cold() for _ in range(3)):.2f}"))
    except OSError as error:
        rows.append(("cold", f"left out: {error}"))
    chunk = bench_network("fp32")["ms"] / 1e3
    rows.append(("of which the first chunk itself", f"{chunk:.2f}"))
    table(*rows)


def elements():
    print("### 7. The four elements without the network, 1080p30 I420\n")
    source = f"videotestsrc num-buffers={FRAMES} pattern=black ! video/x-raw,format=I420,width=1920,height=1080,framerate=30/1"
    # The network of the element tests, which answers at once; the preprocess is the real one.
    fake = os.path.join(BUILD, "tests")
    draw = DRAW.format(model=os.path.join(FOLDER, "fake-model"), out=os.path.join(FOLDER, "elements"))
    fake_model(os.path.join(FOLDER, "fake-model"))
    lines = {"source alone": "", "videoconvert to BGRx": "! videoconvert n-threads=1 ! video/x-raw,format=BGRx", "**the four elements**": f"! r3dfeatures weights=fake ! {draw}",
             "of these, r3dfeatures alone": "! r3dfeatures weights=fake"}
    cpu = {}
    for name, middle in lines.items():
        runs = [worker(f"{source} {middle} ! fakesink sync=false", LD_LIBRARY_PATH=fake)["cpu"] for _ in range(3)]
        cpu[name] = statistics.median(runs)
    base, convert = cpu["source alone"], cpu["videoconvert to BGRx"] - cpu["source alone"]
    rows = [("", "CPU ms a frame", "of one videoconvert")]
    for name, value in cpu.items():
        rows.append((name, f"{(value - (base if name != 'source alone' else 0)) / FRAMES * 1e3:.2f}", "" if name == "source alone" else f"{(value - base) / convert:.2f}"))
    table(*rows)


def fake_model(path):
    """Heads of any weights: the fake network's classifier looks at the last bias only."""
    if os.path.exists(path):
        return
    script = """
import json, os, sys, torch
sys.path.insert(0, sys.argv[2])
from reference_head import Head
def stage(folder, labels):
    os.makedirs(folder)
    head = Head(len(labels))
    with torch.no_grad():
        head.net[7].bias.copy_(torch.arange(len(labels)))
    torch.save(head.state_dict(), folder + "/best.pt"); torch.save(head.state_dict(), folder + "/last.pt")
    json.dump({label: i for i, label in enumerate(labels)}, open(folder + "/label_map.json", "w"))
stage(sys.argv[1] + "/stage1", ["get", "put"])
os.makedirs(sys.argv[1] + "/stage2")
stage(sys.argv[1] + "/stage2/get", ["get_bolt_va", "get_nut_nva"])
entry = {"trained": True, "n_clips": 2, "n_classes": 2, "best_path": "stage2/get/best.pt", "last_path": "stage2/get/last.pt", "label_map_path": "stage2/get/label_map.json"}
json.dump({"get": entry, "put": {"trained": False, "reason": "single_class", "n_clips": 1, "n_classes": 1}}, open(sys.argv[1] + "/stage2/stage2_registry.json", "w"))
"""
    subprocess.run(["/usr/bin/python3", "-c", script, path, os.path.join(SOURCE, "tests/parity")], check=True)


CLIPS = """
import os, re, sys
import numpy as np
clips, features, count, page = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
exec(re.search(r"```python\\n(.*?)```", open(page).read(), re.S)[1])
os.makedirs(clips, exist_ok=True)
random = np.random.default_rng(1)
centres = random.normal(0, 1, (20, 512))
for number in range(count):
    label = number % 20
    clip = os.path.join(clips, f"{'abcde'[label % 5]}_{'pqrs'[label // 5]}_va_{number:05d}.mp4")
    open(clip, "w").close()
    write_features(features, clip, centres[label] + random.normal(0, 3, (64, 512)), "made-up", "0")
"""

# The reference's loop: AdamW, batches of 4 clips of 64 steps. Prints CPU ms a minibatch.
LOOP = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
import torch
from reference_head import Head
torch.set_num_threads(1)
model = Head(5)
x, y = torch.randn(400, 64, 512), torch.randint(5, (400,))
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
def epoch():
    for start in range(0, 400, 4):
        logits = model(x[start:start + 4])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), y[start:start + 4].repeat_interleave(64))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        loss.item()
epoch()
began = time.process_time()
for _ in range(5):
    epoch()
print(1000 * (time.process_time() - began) / 500)
"""


def training():
    """Clips of 64 steps, 20 actions in 5 families, default epochs, without held-out folds."""
    rows = [["clips", "minibatches", "s", "CPU s", "CPU ms a minibatch", "PyTorch, the reference's loop", "times", "peak memory, MB", "features, MB", "times"]]
    python = float(subprocess.run([sys.executable, "-c", LOOP, os.path.join(SOURCE, "tests/parity")], env=environment(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1"),
                                  stdout=subprocess.PIPE, check=True).stdout)
    for count in (1_000, 10_000):
        clips, features, model_folder = (os.path.join(FOLDER, f"{what}-{count}") for what in ("clips", "clip-features", "clip-model"))
        if not os.path.exists(clips):
            subprocess.run([sys.executable, "-c", CLIPS, clips, features, str(count), os.path.join(SOURCE, "docs/backbone.md")], check=True)
        began = time.monotonic()
        process = subprocess.Popen(["gst-action-train", clips, "-o", model_folder, "--force", "--cache", features, "--backbone", "made-up", "--cross-validate", "none", "-q"],
                                   env=environment(), stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        assert status == 0, status
        wall, cpu = time.monotonic() - began, used.ru_utime + used.ru_stime
        batches = count // 4 * 40 + count // 4 * 50
        size, peak = count * 64 * 2048 / 2**20, used.ru_maxrss / 1024
        each = 1000 * cpu / batches
        rows.append([f"{count:,}", f"{batches:,}", f"{wall:.0f}", f"{cpu:.0f}", f"{each:.2f}", f"{python:.2f}", f"{python / each:.1f}", f"{peak:.0f}", f"{size:.0f}",
                     f"{peak / size:.2f}"])
    table(*rows)


def machine():
    def read(command):
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, shell=True).stdout.decode().strip()
    flags = read("grep -m1 flags /proc/cpuinfo").split()
    isa = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_fp16") if flag in flags]
    cpu = read("sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1")
    commit = read(f"git -C {SOURCE} rev-parse --short HEAD")
    print(f"{cpu} ({', '.join(isa)}), {CORES} cores; {read('gst-launch-1.0 --version | head -n 1')}; gst-action {commit}\n")


ALL = {one.__name__: one for one in (network, limits, hops, features, job, streams, live, overload, growth, startup, elements, training)}

if len(sys.argv) > 2 and sys.argv[1] == "play":
    play(sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 0.0)
else:
    unknown = [name for name in sys.argv[4:] if name not in ALL]
    if not FOLDER or unknown:
        raise SystemExit(f"{'unknown: ' + ' '.join(unknown) if unknown else ''}\n{__doc__}".lstrip())
    os.makedirs(FOLDER, exist_ok=True)
    machine()
    for wanted in sys.argv[4:] or [name for name in ALL if name != "growth"]:
        ALL[wanted]()
