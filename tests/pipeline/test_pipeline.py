# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real plugin with the real network, from outside: error texts, sharing a process with others, leaving, tools, examples."""

import contextlib
import ctypes
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "parity"))
import tap  # noqa: E402

BUILD, SOURCE, WEIGHTS, TORCH_CPU = sys.argv[1:5]
FOLDER = tempfile.mkdtemp()
WEIGHTS_TOOL = os.path.join(BUILD, "tools/gst-action-weights")
FEATURES_TOOL = os.path.join(BUILD, "tools/gst-action-features")


def run(command, env=None, timeout=120):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def launch(line, env=None):
    code, out, said = run(["gst-launch-1.0", *line.split()], env)
    return code, out + said


def clip(name, seconds=4, fps=15):
    path = os.path.join(FOLDER, name)
    if not os.path.exists(path):
        code, said = launch(f"videotestsrc pattern=ball num-buffers={seconds * fps} ! video/x-raw,width=320,height=240,framerate={fps}/1 "
                            f"! x264enc ! h264parse ! matroskamux ! filesink location={path}")
        assert code == 0, said
    return path


def refused(properties, *words, env=None):
    """An element error when the pipeline goes to READY, with these words in it."""
    def test():
        code, said = launch(f"videotestsrc num-buffers=20 ! r3dfeatures {properties} ! fakesink", {"GST_ACTION_WEIGHTS": WEIGHTS, **(env or {})})
        errors = [line for line in said.splitlines() if line.startswith("ERROR: from element")]
        assert code != 0 and errors, said
        missing = [word for word in words if word not in said]
        assert not missing, f"'{missing}' not in: {said}"
        assert "Segmentation" not in said
        return [errors[0]]
    return test


def bad_file(name, content):
    path = os.path.join(FOLDER, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def two_elements_one_network():
    """Two elements in one process: the weights are in memory once."""
    def peak(elements):
        line = f"videotestsrc num-buffers=20 ! tee name=t {'t. ! queue ! r3dfeatures ! fakesink ' * elements}"
        code, said = launch(f"-q {line}")
        assert code == 0, said
        usage = subprocess.run(["/usr/bin/env", "python3", "-c",
                                "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, "
                                "stderr=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)",
                                "gst-launch-1.0", "-q", *line.split()], stdout=subprocess.PIPE)
        return int(usage.stdout) / 1024
    one, four = peak(1), peak(4)
    # Four copies of the weights alone would be 400 MB more. While an element checks whether its weights are the known ones it reads
    # the file, one after the other.
    assert four - one < 200, f"{one:.0f} MB with one element, {four:.0f} MB with four"
    return [f"{one:.0f} MB with one element, {four:.0f} MB with four"]


# Runs a pipeline and prints a line for every chunk: its times and the hash of its 512 numbers.
PRINT_CHUNKS = """
import hashlib, sys
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
pipeline = Gst.parse_launch(sys.argv[1])
bus = pipeline.get_bus()
pipeline.set_state(Gst.State.PLAYING)
while True:
    message = bus.timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.ELEMENT)
    if message.type == Gst.MessageType.ERROR:
        sys.exit(message.parse_error()[0].message)
    if message.type == Gst.MessageType.EOS:
        break
    fields = message.get_structure()
    if fields.get_name() == "action-features":
        numbers = fields.get_value("features").get_data()
        assert len(numbers) == 2048
        print(*[fields.get_value(n) for n in ("index", "timestamp", "end", "frames")], hashlib.sha256(numbers).hexdigest())
pipeline.set_state(Gst.State.NULL)
"""


def chunks_of(line):
    code, out, said = run([sys.executable, "-c", PRINT_CHUNKS, line])
    assert code == 0, said
    return out.splitlines()


def qos_changes_nothing():
    """A slow element and a sink that asks for QoS: the decoder must not drop what would have been sampled."""
    source = f"filesrc location={clip('qos.mkv')} ! decodebin ! r3dfeatures post-features=true"
    quick = chunks_of(f"{source} ! fakesink")
    slow = chunks_of(f"{source} ! identity sleep-time=90000 ! fakesink sync=true qos=true")
    assert len(quick) == 2 and quick == slow, (quick, slow)
    other = chunks_of(source.replace("r3dfeatures", "videoconvert ! videobalance contrast=0.9 ! r3dfeatures") + " ! fakesink")
    assert other != quick, "the hash sees the pictures"
    return quick


def network_threads(pid):
    """How many threads the network has beside the one that leads it."""
    names = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8") as file:
            names.append(file.read().strip())
    return names.count("action-network")


@contextlib.contextmanager
def network_of(properties, **env):
    """gst-launch with a network that never ends, and how to say on which processors it may run."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2 or shutil.which("taskset") is None:
        raise tap.Skip("two processors and taskset are needed")
    environment = {**{name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}, "GST_ACTION_WEIGHTS": WEIGHTS, **env}
    process = subprocess.Popen(["gst-launch-1.0", "-q", *f"videotestsrc ! video/x-raw,width=112,height=112,framerate=8/1 ! r3dfeatures device=cpu {properties} ! fakesink".split()],
                               env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process, lambda count: subprocess.run(["taskset", "-acp", ",".join(map(str, allowed[:count])), str(process.pid)], check=True, stdout=subprocess.DEVNULL)
    finally:
        process.kill()
        process.wait()


def until(process, there, what):
    give_up = time.monotonic() + 60
    while not there():
        assert process.poll() is None and time.monotonic() < give_up, (what, process.poll())
        time.sleep(0.05)


def processors_are_taken_away():
    """A container's processors may be changed while it runs: the network has a thread for each that there is."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        if " avx2 " not in file.read():
            raise tap.Skip("a processor with AVX2 is needed; on others LibTorch computes")
    processors = len(os.sched_getaffinity(0))
    with network_of("precision=fp32") as (process, allow):
        until(process, lambda: network_threads(process.pid) == processors - 1, "all")
        allow(1)
        until(process, lambda: network_threads(process.pid) == 0, "one")
        allow(processors)
        until(process, lambda: network_threads(process.pid) == processors - 1, "all again")


def processors_are_taken_away_from_libtorch():
    """Its threads stay, and those that are too many do nothing."""
    def busy(process):
        """How many threads compute, while the busiest takes 0.3 s of a processor's time."""
        def times():
            found = {}
            for task in os.listdir(f"/proc/{process.pid}/task"):
                with contextlib.suppress(OSError), open(f"/proc/{process.pid}/task/{task}/stat", encoding="utf-8") as file:
                    name, rest = file.read().rsplit(")", 1)
                    if "action-service" in name:
                        found[task] = sum(map(int, rest.split()[11:13]))
            return found

        def used():
            return {task: after - before.get(task, 0) for task, after in times().items()}
        before = times()
        until(process, lambda: max(used().values(), default=0) >= 0.3 * os.sysconf("SC_CLK_TCK"), "nothing is computed")
        return sum(ticks > 0.03 * os.sysconf("SC_CLK_TCK") for ticks in used().values())

    with network_of("precision=fp32", ONEDNN_MAX_CPU_ISA="SSE41") as (process, allow):
        until(process, lambda: busy(process) > 1, "all")
        allow(1)
        until(process, lambda: busy(process) == 1, "one")
        allow(len(os.sched_getaffinity(0)))
        until(process, lambda: busy(process) > 1, "all again")


def any_number_of_threads():
    """One core or 64: the same features, bit for bit."""
    def features(threads, affinity=None):
        out = tempfile.mkdtemp(dir=FOLDER)
        environment = {**{name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}, "GST_ACTION_WEIGHTS": WEIGHTS}
        if threads:
            environment["OMP_NUM_THREADS"] = str(threads)
        command = [*(["taskset", "-c", str(affinity)] if affinity is not None else []), FEATURES_TOOL, "--precision", "fp32",
                   clip("threads.mkv"), "-o", out]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        (name,) = (name for name in os.listdir(out) if name.endswith(".json"))
        with open(os.path.join(out, name), encoding="utf-8") as file:
            return json.load(file)["features_sha256"]

    found = {threads: features(threads) for threads in (0, 1, 3, 64)}
    if shutil.which("taskset"):
        found["taskset"] = features(0, min(os.sched_getaffinity(0)))
    assert len(set(found.values())) == 1, found


def foreign_libtorch():
    """Another copy of libtorch_cpu is in the process already: an element error that names both, not a crash."""
    other = os.path.join(FOLDER, "other")
    os.makedirs(other, exist_ok=True)
    copy = os.path.join(other, os.path.basename(os.path.realpath(TORCH_CPU)))
    shutil.copy(os.path.realpath(TORCH_CPU), copy)
    script = f"""
import ctypes, sys
ctypes.CDLL({copy!r})
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
pipeline = Gst.parse_launch("videotestsrc num-buffers=20 ! r3dfeatures ! fakesink")
pipeline.set_state(Gst.State.PLAYING)
print(pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.ERROR).parse_error()[0].message)
pipeline.set_state(Gst.State.NULL)
"""
    code, out, said = run([sys.executable, "-c", script], {"GST_ACTION_WEIGHTS": WEIGHTS})
    os.remove(copy)
    assert code == 0, (code, out, said)
    assert copy in out and os.path.realpath(TORCH_CPU) in out and "another LibTorch" in out, out
    return [out.strip()]


def leaving_main(*when):
    def one(number):
        code, out, said = run([os.path.join(BUILD, "tests/exit_probe"), *when], {"GST_ACTION_WEIGHTS": WEIGHTS})
        assert code == 0 and "leaving" in out, f"run {number}: status {code}: {said}"
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(20)))
    return ["20 of 20 clean"]


def leaving_main_early():
    return leaving_main("early")


def inspect_is_quick():
    """gst-inspect loads no LibTorch."""
    code, out, said = run(["strace", "-f", "-e", "trace=openat", "gst-inspect-1.0", "r3dfeatures"]) if shutil.which("strace") else (None, "", "")
    if code is None:
        code, out, said = run(["gst-inspect-1.0", "r3dfeatures"], {"LD_DEBUG": "files"})
    assert code == 0 and "libgstaction" in said, said[-2000:]
    assert "libtorch" not in said and "libopencv" not in said


def properties_teach():
    """Every property of our own has a blurb of some length."""
    code, out, said = run(["gst-inspect-1.0", "r3dfeatures"])
    assert code == 0
    for name in ("weights", "device", "precision", "sample-rate", "sampling", "hop", "roi", "colorimetry", "max-pending", "gap-threshold",
                 "post-messages", "post-features"):
        blurb = re.search(rf"^  {name} *: (.*)$", out, re.M)
        assert blurb and len(blurb.group(1)) > 50, name


def shares_of_source(path, *patterns):
    found = []
    for folder, _, names in os.walk(os.path.join(SOURCE, path)):
        for name in names:
            with open(os.path.join(folder, name), errors="replace") as file:
                for number, line in enumerate(file, 1):
                    if line.startswith("#include") and any(p in line for p in patterns):
                        found.append(f"{folder}/{name}:{number}: {line.strip()}")
    return found


def layers():
    found = shares_of_source("lib", "<gst/", "common/", "r3dfeatures.h")
    found += shares_of_source("lib/action", "ATen", "torch/", "c10/", "opencv", "actiontorch/", "libsw", "libav")
    found += shares_of_source("gst", "ATen", "torch/", "c10/", "opencv", "actiontorch/", "libsw", "libav")
    vector = ["convolution_kernels.cc", "convolution_kernels.h", "cpu_convolution.cc", "cpu_convolution.h", "folded_r3d18.cc", "folded_r3d18.h",
              "r3d18_vector.cc", "thread_team.cc", "thread_team.h"]
    torch = ["r3d18.h", "r3d18_cuda.cc", "r3d18_torch.cc", "stand_in.cc", "stand_in.h", "torch_device.cc", "torch_network.cc", "torch_network.h"]
    for names, unwanted in ((vector, ("opencv", "glib", "ATen", "torch/", "c10/")), (torch, ("opencv", "glib"))):
        for name in names:
            with open(os.path.join(SOURCE, "lib/actiontorch", name)) as file:
                included = [line for line in file if line.startswith("#include") and '"actiontorch/' not in line]
            found += [f"{name}: {line}" for line in included if any(word in line for word in unwanted)]
    # What is compiled for one instruction set must not hand its version of an inline function to the others.
    with open(os.path.join(SOURCE, "lib/actiontorch/convolution_kernels.cc")) as file:
        found += [f"convolution_kernels.cc: {line}" for line in file if line.startswith("#include <")]
    assert not found, found


def gst_inspect_says_that_it_exists():
    env = {**os.environ, "GST_PLUGIN_PATH": os.path.join(BUILD, "gst")}
    for element in ("actioncamerasrc", "r3dfeatures", "actionclassify", "timelinesmooth", "timelinelabel", "actionmask", "actionoverlay"):
        assert subprocess.run(["gst-inspect-1.0", "--exists", element], env=env).returncode == 0, element


def needed_libraries():
    code, out, said = run(["readelf", "-d", os.path.join(BUILD, "gst/libgstaction.so")])
    needed = re.findall(r"NEEDED.*\[(.*)\]", out)
    assert code == 0 and any(name.startswith("libaction.so") for name in needed), needed
    assert not [name for name in needed if re.search("torch|c10|opencv|swscale", name)], needed
    return [", ".join(needed)]


@contextlib.contextmanager
def server(folder, log, ranges="all"):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            log.append((self.path, self.headers.get("Range")))
            path = os.path.join(folder, os.path.basename(self.path))
            if not os.path.exists(path):
                self.send_error(404)
                return
            if ranges == "none" and "Range" in self.headers:
                self.send_error(416)
                return
            data = open(path, "rb").read()
            start = int(re.match(r"bytes=(\d+)-", self.headers["Range"]).group(1)) if "Range" in self.headers else 0
            if start > len(data):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            self.wfile.write(data[start:])

        def log_message(self, *_):
            pass

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{web.server_address[1]}"
    web.shutdown()


def fetch():
    import hashlib
    data = os.urandom(300_000)
    name = f"r3d_18-{hashlib.sha256(data).hexdigest()[:8]}.pth"
    web = os.path.join(FOLDER, "web")
    os.makedirs(web, exist_ok=True)
    open(os.path.join(web, name), "wb").write(data)
    open(os.path.join(web, "r3d_18-00000000.pth"), "wb").write(data)
    log = []
    no_proxy = {"no_proxy": "*"}
    with server(web, log) as url:
        into = os.path.join(FOLDER, "fetched")
        code, out, said = run([WEIGHTS_TOOL, "fetch", "--url", f"{url}/{name}", "-o", into], no_proxy)
        target = os.path.join(into, name)
        assert code == 0 and out.strip() == target and open(target, "rb").read() == data, said
        assert os.listdir(into) == [name], "nothing else is left behind"
        # There already: no request.
        count = len(log)
        assert run([WEIGHTS_TOOL, "fetch", "--url", f"{url}/{name}", "-o", into], no_proxy)[0] == 0 and len(log) == count
        # Interrupted: goes on.
        os.remove(target)
        open(target + ".part", "wb").write(data[:100_000])
        assert run([WEIGHTS_TOOL, "fetch", "--url", f"{url}/{name}", "-o", into], no_proxy)[0] == 0
        assert open(target, "rb").read() == data and log[-1][1] == "bytes=100000-", log
        # Complete, but not renamed yet.
        os.rename(target, target + ".part")
        count = len(log)
        assert run([WEIGHTS_TOOL, "fetch", "--url", f"{url}/{name}", "-o", into], no_proxy)[0] == 0 and len(log) == count
        # Damaged on the way, or another file.
        code, out, said = run([WEIGHTS_TOOL, "fetch", "--url", f"{url}/r3d_18-00000000.pth", "-o", into], no_proxy)
        assert code == 1 and "should start with 00000000" in said, said
        assert os.listdir(into) == [name]
        # A damaged file in place is not passed off as good.
        open(target, "ab").write(b"x")
        code, out, said = run([WEIGHTS_TOOL, "fetch", "--url", f"{url}/{name}", "-o", into], no_proxy)
        assert code == 1 and "damaged" in said, said
        code, out, said = run([WEIGHTS_TOOL, "fetch", "--url", f"{url}/weights.pth", "-o", into], no_proxy)
        assert code == 1 and "carries no hash" in said, said
        # The whole hash, where it is known.
        open(target, "wb").write(data)
        whole = hashlib.sha256(data).hexdigest()
        assert run([WEIGHTS_TOOL, "fetch", "--url", f"{url}/{name}", "-o", into, "--sha256", whole.upper()], no_proxy)[0] == 0
        other = whole[:8] + "0" * 56
        code, out, said = run([WEIGHTS_TOOL, "fetch", "--url", f"{url}/{name}", "-o", into, "--sha256", other], no_proxy)
        assert code == 1 and f"does not start with {other}" in said and open(target, "rb").read() == data, said
        assert "64 digits" in run([WEIGHTS_TOOL, "fetch", "--url", f"{url}/{name}", "-o", into, "--sha256", "b3b3357e"], no_proxy)[2]
    code, out, said = run([WEIGHTS_TOOL, "fetch", "--url", f"{url}/{name}", "-o", os.path.join(FOLDER, "nothing")], no_proxy)
    assert code == 1 and "Check the network" in said, said

    # A server that cannot go on in the middle, and a part that is longer than the file: it starts again.
    for begun in (data[:100_000], data + b"more", b"another file"):
        for ranges in ("none", "all"):
            with server(web, log, ranges) as url:
                os.remove(target)
                open(target + ".part", "wb").write(begun)
                code, out, said = run([WEIGHTS_TOOL, "fetch", "--url", f"{url}/{name}", "-o", into], no_proxy)
                assert code == 0 and open(target, "rb").read() == data, (begun[:10], ranges, said)
                assert os.listdir(into) == [name]


def stand_in_repeats():
    again = os.path.join(FOLDER, "again.pth")
    code, out, said = run([WEIGHTS_TOOL, "make-standin", again, "--seed", "1"])
    assert code == 0 and "not a measurement" in out, said
    identity = [re.search("weights: (.*)", run([WEIGHTS_TOOL, "verify", path])[1]).group(1) for path in (again, WEIGHTS)]
    assert identity[0] == identity[1]
    assert "stand-in backbone" in run([WEIGHTS_TOOL, "verify", again])[1]
    # Somebody's file is not overwritten.
    for command in (["make-standin", again, "--seed", "2"], ["convert", WEIGHTS, again]):
        code, out, said = run([WEIGHTS_TOOL, *command])
        assert code == 1 and "is there already; --force replaces it" in said, (command, code, said)
    assert run([WEIGHTS_TOOL, "make-standin", again, "--force"])[0] == 0
    other = os.path.join(FOLDER, "other.safetensors")
    assert run([WEIGHTS_TOOL, "make-standin", other, "--seed", "2"])[0] == 0
    code, out, said = run([WEIGHTS_TOOL, "verify", other])
    assert "seed 2" in out and identity[0] not in out


def audio_only():
    path = os.path.join(FOLDER, "audio.wav")
    code, said = launch(f"audiotestsrc num-buffers=10 ! wavenc ! filesink location={path}")
    assert code == 0, said
    return path


def tool_usage():
    for command, code, words in (
            ([WEIGHTS_TOOL], 2, "Usage:"), ([WEIGHTS_TOOL, "frobnicate"], 2, "no command 'frobnicate'"), ([WEIGHTS_TOOL, "--help"], 0, "make-standin"),
            ([WEIGHTS_TOOL, "verify"], 2, "usage: gst-action-weights verify FILE"), ([WEIGHTS_TOOL, "inspect", "/nonexistent"], 1, "/nonexistent"),
            ([WEIGHTS_TOOL, "verify", "--bad"], 2, "--bad"), ([WEIGHTS_TOOL, "convert", WEIGHTS, "x.bin"], 1, ".safetensors"),
            ([WEIGHTS_TOOL, "inspect", "--help"], 0, "gst-action-weights inspect"),
            ([FEATURES_TOOL], 2, "no video given"), ([FEATURES_TOOL, "a.mp4"], 2, "-o DIR"), ([FEATURES_TOOL, "--hop", "17", "-o", FOLDER, "a.mp4"], 2, "1 to 16"),
            ([FEATURES_TOOL, "--sample-rate", "fast", "-o", FOLDER, "a.mp4"], 2, "fast"), ([FEATURES_TOOL, "--roi", "2,0,1,1", "-o", FOLDER, "a.mp4"], 2, "2,0,1,1"),
            ([FEATURES_TOOL, "--weights", WEIGHTS, "-o", "/dev/null/x", "a.mp4"], 1, "/dev/null/x"),
            ([FEATURES_TOOL, "-o", FOLDER, "--weights", "/nonexistent.pth", "a.mp4"], 1, "--weights"),
            ([WEIGHTS_TOOL, "make-standin", "x.bin"], 1, ".safetensors"),
            ([FEATURES_TOOL, "-o", FOLDER, "--weights", WEIGHTS, "/nonexistent.mp4"], 1, "/nonexistent.mp4"),
            ([FEATURES_TOOL, "-o", FOLDER, "--sampling", "never", clip("usage.mkv", 1)], 2, "auto, stride, timestamp"),
            ([FEATURES_TOOL, "-o", FOLDER, "--weights", WEIGHTS, audio_only()], 1, "no video in it, only sound"),
            ([FEATURES_TOOL, "-o", FOLDER, "--device", "tpu", clip("usage.mkv", 1)], 2, "tpu")):
        got, out, said = run(command)
        assert got == code and words in out + said, (command, got, out, said)


def feature_files():
    import torch
    path = clip("files.mkv")
    folder = os.path.join(FOLDER, "features")
    code, out, said = run([FEATURES_TOOL, path, "-o", folder, "--weights", WEIGHTS])
    assert code == 0 and "2 chunks" in out, (out, said)
    import hashlib
    stem = os.path.join(folder, f"vid_{hashlib.md5((path + '|fps=8|len=16').encode()).hexdigest()}__fps8__len16")
    data = torch.load(stem + ".pt", weights_only=True)
    assert data["feats"].shape == (2, 512) and data["ts"][0].item() == 0
    assert abs(data["ts"][1].item() - 2.133) < 0.002, data["ts"]
    facts = json.load(open(stem + ".json"))
    assert facts["src_fps"] == 15.0 and facts["video"] == path and facts["video_bytes"] == os.path.getsize(path), facts
    assert facts["precision"] == "fp32" and facts["hop"] == 16 and facts["roi"] == "0,0,1,1" and len(facts["weights_hash"]) == 64, facts
    names = [os.path.basename(stem) + e for e in (".pt", ".json")]
    assert sorted(os.listdir(folder)) == sorted(names)

    # Other settings are other files; the stand-in is named once, however many videos there are.
    code, out, said = run([FEATURES_TOOL, path, clip("usage.mkv", 1), "-o", folder, "--weights", WEIGHTS, "--hop", "4", "--roi", "0,0,0.5,1"])
    assert code == 0 and said.count("stand-in backbone") == 1, said
    more = sorted(set(os.listdir(folder)) - set(names))
    assert len(more) == 4 and all("__hop4__roi0,0,0.5,1" in name for name in more), more

    # A variable rate has a mean rate.
    variable = os.path.join(FOLDER, "variable.mkv")
    code, said = launch(f"videotestsrc num-buffers=40 ! video/x-raw,format=I420,width=160,height=120,framerate=10/1 ! identity drop-probability=0.3 ! "
                        f"capssetter caps=video/x-raw,framerate=0/1 ! jpegenc ! matroskamux ! filesink location={variable}")
    assert code == 0, said
    code, out, said = run([FEATURES_TOOL, variable, "-o", os.path.join(FOLDER, "vfr"), "--weights", WEIGHTS])
    twin = [name for name in os.listdir(os.path.join(FOLDER, "vfr")) if name.endswith(".json")]
    assert code == 0 and 4 < json.load(open(os.path.join(FOLDER, "vfr", twin[0])))["src_fps"] < 10.5, said


def examples_agree():
    """Features at an appsink, in C and in Python, equal the tool's."""
    import hashlib
    import torch
    path = clip("files.mkv")
    folder = os.path.join(FOLDER, "examples")
    assert run([FEATURES_TOOL, path, "-o", folder, "--weights", WEIGHTS, "-q"])[0] == 0
    data = torch.load(os.path.join(folder, f"vid_{hashlib.md5((path + '|fps=8|len=16').encode()).hexdigest()}__fps8__len16.pt"))
    expected = [[t, *row[:3]] for t, row in zip(data["ts"].tolist(), data["feats"].tolist())]
    env = {"GST_ACTION_WEIGHTS": WEIGHTS}
    for command in ([os.path.join(BUILD, "examples/appsink-features"), path], [sys.executable, os.path.join(SOURCE, "examples/appsink_features.py"), path]):
        code, out, said = run(command, env)
        assert code == 0, said
        rows = [[float(word) for word in line.split()] for line in out.splitlines()]
        assert len(rows) == len(expected), out
        for row, wanted in zip(rows, expected):
            assert abs(row[0] - wanted[0]) < 0.002 and all(abs(a - b) < 1e-5 for a, b in zip(row[2:], wanted[1:])), (row, wanted)


def examples_end_on_errors():
    for video, weights in (("/nonexistent.mp4", WEIGHTS), (audio_only(), WEIGHTS), (__file__, WEIGHTS), (clip("files.mkv"), "/nonexistent.pth")):
        for command in ([os.path.join(BUILD, "examples/appsink-features"), video],
                        [sys.executable, os.path.join(SOURCE, "examples/appsink_features.py"), video]):
            code, out, said = run(command, {"GST_ACTION_WEIGHTS": weights}, timeout=240)
            assert code == 1 and said.strip() and not out, (command, code, out, said)


def stand_in_is_named_by_everyone():
    """Weights of the same content share a network; each element warns for its own file. What a copy without the mark is told depends on which of the two
    is loaded first, beside the state change."""
    import torch
    copy = os.path.join(FOLDER, "unmarked.pth")
    state = dict(torch.load(WEIGHTS, weights_only=True))
    torch.save(state, copy)
    for first, second, expected in ((copy, copy, 0), (WEIGHTS, copy, 1), (WEIGHTS, WEIGHTS, 2)):
        code, said = launch("-m videotestsrc num-buffers=4 ! tee name=t "
                            f"t. ! queue ! r3dfeatures weights={second} ! fakesink t. ! queue ! r3dfeatures weights={first} ! fakesink")
        assert code == 0, said
        warnings = len(re.findall("WARNING: from element.*stand-in backbone", said))
        assert warnings >= expected and (expected or not warnings), (first, second, warnings, said)


def one_odd_name_among_others():
    odd = os.path.join(os.fsencode(FOLDER), b"bad\xff.mkv")
    shutil.copy(clip("usage.mkv", 1), odd)
    code, out, said = run([FEATURES_TOOL, odd, clip("files.mkv"), "-o", os.path.join(FOLDER, "utf8"), "--weights", WEIGHTS])
    assert code == 0 and len(os.listdir(os.path.join(FOLDER, "utf8"))) == 4, (out, said)


def broken_output():
    with open("/dev/full", "w") as full:
        done = subprocess.run([WEIGHTS_TOOL, "inspect", WEIGHTS], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1 and b"standard output" in done.stderr, done


def configure(*arguments, env=None):
    code, out, said = run(["meson", "setup", tempfile.mkdtemp(dir=FOLDER), SOURCE, "-Dtests=disabled", *arguments], env, timeout=300)
    return code, out + said


def build_names_what_is_wrong_with_libtorch():
    """A wheel with the old C++ ABI, a folder that is none, and the reference BLAS."""
    torch_dir = os.path.join(FOLDER, "old/torch")
    os.makedirs(os.path.join(torch_dir, "lib"))
    os.makedirs(os.path.join(torch_dir, "include/torch"))
    with open(os.path.join(torch_dir, "include/torch/version.h"), "w") as header:
        header.write('#define TORCH_VERSION "2.1.0"\n')
    for name in ("torch", "torch_cpu", "c10"):
        library = os.path.join(torch_dir, f"lib/lib{name}.so")
        assert run(["cc", "-shared", "-x", "c", "/dev/null", "-o", library])[0] == 0
    code, said = configure(f"-Dtorch-dir={torch_dir}")
    assert code != 0 and "2.1.0" in said and "old C++ ABI" in said and "2.6" in said, said
    code, said = configure(f"-Dtorch-dir={FOLDER}")
    assert code != 0 and "has no lib/ and include/" in said, said
    os.makedirs(os.path.join(FOLDER, "bin"))
    with open(os.path.join(FOLDER, "bin/readlink"), "w") as fake:
        fake.write("#!/bin/sh\necho /usr/lib/blas/libblas.so.3.11.0\n")
    os.chmod(fake.name, 0o755)
    code, said = configure(env={"PATH": os.path.dirname(fake.name) + ":" + os.environ["PATH"]})
    assert code == 0 and "reference BLAS" in said and "libopenblas0-pthread" in said, said


NOWHERE = {"GST_ACTION_WEIGHTS": "", "XDG_DATA_HOME": FOLDER + "/none", "XDG_CACHE_HOME": FOLDER + "/none", "TORCH_HOME": ""}

tap.run([
    ("error: no weights", refused("", "gst-action/r3d_18-b3b3357e.pth", "hub/checkpoints", "gst-action-weights fetch", "make-standin", env=NOWHERE)),
    ("error: weights that do not exist", refused("weights=/nonexistent.pth", "/nonexistent.pth")),
    ("error: weights that are text", refused("weights=" + bad_file("text.pth", b"hello world"), "text.pth", "hello world")),
    ("error: weights that are empty", refused("weights=" + bad_file("empty.pth", b""), "empty.pth", "empty")),
    ("error: weights cut off", refused("weights=" + bad_file("cut.pth", open(WEIGHTS, "rb").read(1_000_000)), "cut.pth", "cut off")),
    ("error: unknown device", refused("device=gpu", "'gpu'", "cuda:N")),
    ("error: no CUDA", refused("device=cuda", "device=cuda", "device=cpu")),
    ("error: fp16 on a CPU", refused("precision=fp16", "precision=fp16", "fp32")),
    ("error: region outside the picture", refused("roi=0.5,0,0.6,1", "0.5,0,0.6,1", "fractions")),
    ("two elements, one network", two_elements_one_network),
    ("QoS changes no feature", qos_changes_nothing),
    ("processors are taken away and given back", processors_are_taken_away),
    ("processors are taken away from LibTorch", processors_are_taken_away_from_libtorch),
    ("one core or 64 threads", any_number_of_threads),
    ("another LibTorch in the process", foreign_libtorch),
    ("leaving main while chunks are computed", leaving_main),
    ("leaving main while the network is loaded", leaving_main_early),
    ("gst-inspect loads no LibTorch", inspect_is_quick),
    ("properties have texts that teach", properties_teach),
    ("layers point one way", layers),
    ("libraries that the plugin needs", needed_libraries),
    ("gst-inspect-1.0 --exists", gst_inspect_says_that_it_exists),
    ("fetch", fetch),
    ("stand-in weights repeat", stand_in_repeats),
    ("usage and wrong arguments of the tools", tool_usage),
    ("feature files", feature_files),
    ("examples agree with the tool", examples_agree),
    ("examples end on errors", examples_end_on_errors),
    ("a stand-in is named by every element", stand_in_is_named_by_everyone),
    ("a name that is not UTF-8", one_odd_name_among_others),
    ("an output that is full", broken_output),
    ("the build names what is wrong with LibTorch", build_names_what_is_wrong_with_libtorch),
])
