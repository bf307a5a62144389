# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames in the memory of a CUDA GPU: GStreamer's own CUDA elements, and the fake driver of tests/fake_cuda.

    test_cuda.py BUILD     with the fake driver's folder in LD_LIBRARY_PATH
"""

import ctypes
import ctypes.util
import json
import os
import shutil
import subprocess
import sys
import tempfile

import gi

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import tap

gi.require_version("Gst", "1.0")
import device_run
from gi.repository import Gst

FOLDER = tempfile.mkdtemp(prefix="gst-action-cuda-")
SMALL = 112 * 112 * 3  # bytes
UNSUPPORTED_PTX = 222
UPLOAD = "cudaupload ! video/x-raw(memory:CUDAMemory)"  # by itself it would leave frames where they are
Gst.init(None)
driver = ctypes.CDLL("libcuda.so.1")  # a C++ library: after Gst.init (README, limits)
driver.fake_cuda_count.restype = ctypes.c_long


def count(what):
    return driver.fake_cuda_count(what.encode())


def needs_cuda(build):
    if Gst.ElementFactory.find("cudaupload") is None:
        raise tap.Skip("GStreamer's cudaupload is not here")
    with open(os.path.join(build, "meson-info/intro-buildoptions.json")) as file:
        if {option["name"]: option["value"] for option in json.load(file)}["cuda-frames"] == "disabled":
            raise tap.Skip("built with -Dcuda-frames=disabled")
    if not os.path.exists(os.path.join(build, "lib/actioncuda/cuda_kernels_ptx.inc")):
        raise tap.Skip("built without clang++ and nvcc")


def run(line):
    def stopped():
        assert count("modules") == 0, "a stopped element keeps nothing on the GPU"
    return device_run.run(line, stopped)


def source(pixels, frames, size):
    width, height = size.split("x")
    return (f"videotestsrc pattern=ball num-buffers={frames} ! video/x-raw,format={pixels},width={width},height={height},framerate=24/1")


def numbers(features):
    return [list(memoryview(bytes(chunk)).cast("f")) for chunk in features]


def is_close(some, others):
    largest = max(abs(value) for chunk in some for value in chunk)
    return len(some) == len(others) and all(abs(a - b) <= 0.02 * largest for one, other in zip(some, others) for a, b in zip(one, other))


def features_are_made_on_the_gpu(build):
    """Nothing but the 112 x 112 pixels leaves it, and those of the frames that are sampled: every third."""
    needs_cuda(build)
    for pixels, size in (("NV12", "1280x720"), ("I420", "320x240"), ("BGRx", "320x240"), ("P010_10LE", "320x240")):
        error, plain, _ = run(f"{source(pixels, 96, size)} ! r3dfeatures post-features=true ! fakesink")
        assert error is None and len(plain) == 2, (pixels, error, len(plain))
        before, launched = count("bytes to main memory"), count("launches")
        error, on_gpu, seen = run(f"{source(pixels, 96, size)} ! {UPLOAD} ! r3dfeatures post-features=true ! fakesink name=sink")
        assert error is None and len(seen) == 96 and all("CUDAMemory" in where for where, _ in seen), (pixels, error)
        assert is_close(numbers(plain), numbers(on_gpu)), pixels
        assert count("launches") - launched == 32, (pixels, count("launches") - launched)
        assert count("bytes to main memory") - before == 32 * SMALL, pixels
    assert count("modules") == 0 and count("blocks") == 0 and count("faults") == 0


def other_frames_are_copied(build):
    """A format or a size that the kernel does not know, and a driver that cannot translate it."""
    needs_cuda(build)
    for name, pixels, size in (("format", "Y444", "320x240"), ("height", "NV12", "320x242"), ("driver", "NV12", "320x240")):
        line = source(pixels, 48, size) + (" ! videocrop bottom=1" if name == "height" else "")
        error, plain, _ = run(f"{line} ! r3dfeatures post-features=true ! fakesink")
        assert error is None and len(plain) == 1, (name, error)
        if name == "driver":
            driver.fake_cuda_fail(b"cuModuleLoadData", UNSUPPORTED_PTX)
        launched = count("launches")
        error, on_gpu, _ = run(f"{line} ! {UPLOAD} ! r3dfeatures post-features=true ! fakesink")
        driver.fake_cuda_fail(b"cuModuleLoadData", 0)
        assert error is None and on_gpu == plain, (name, error)
        assert count("launches") == launched, name
    # GStreamer 1.22 loses a part of such a frame on its way to main memory: never wrong features.
    line = source("I420", 48, "320x242") + " ! videocrop bottom=1"
    error, plain, _ = run(f"{line} ! r3dfeatures post-features=true ! fakesink")
    assert error is None and len(plain) == 1, error
    error, on_gpu, _ = run(f"{line} ! {UPLOAD} ! r3dfeatures post-features=true ! fakesink")
    assert on_gpu == plain if error is None else "put cudadownload and 'video/x-raw' before r3dfeatures" in error, error
    error, downloaded, _ = run(f"{line} ! {UPLOAD} ! cudadownload ! video/x-raw ! r3dfeatures post-features=true ! fakesink")
    assert error is None and downloaded == plain, error
    assert count("modules") == 0 and count("blocks") == 0 and count("faults") == 0


def timeline():
    path = os.path.join(FOLDER, "timeline.json")
    with open(path, "w") as file:
        json.dump([{"start": 0, "end": 0.1, "fine_action": "turn_screw_va", "coarse_action": "turn"},
                   {"start": 0.1, "end": 20, "fine_action": "fetch_part_rnva", "coarse_action": "fetch"}], file)
    return path


def the_panel_is_drawn_on_the_gpu(build):
    """To the bit as in main memory; what leaves the GPU is what cudadownload takes."""
    needs_cuda(build)
    for pixels, on_the_gpu in (("NV12", True), ("I420", True), ("RGBA", False)):
        line = f"{source(pixels, 6, '640x360')} ! timelinelabel location={timeline()}"
        end = f"video/x-raw,format={pixels} ! fakesink name=sink"
        _, _, without = run(f"{line} ! {end}")
        error, _, plain = run(f"{line} ! actionoverlay ! {end}")
        assert error is None and plain != without
        before, launched = count("bytes to main memory"), count("launches")
        error, _, drawn = run(f"{line} ! {UPLOAD} ! actionoverlay ! cudadownload ! {end}")
        assert error is None, error
        downloaded = count("bytes to main memory") - before
        assert [picture for _, picture in drawn] == [picture for _, picture in plain], pixels
        before = count("bytes to main memory")
        run(f"{line} ! {UPLOAD} ! cudadownload ! {end}")
        bare = count("bytes to main memory") - before
        assert (downloaded == bare) == on_the_gpu, (pixels, downloaded, bare)
        assert (count("launches") > launched) == on_the_gpu, pixels
        error, _, stays = run(f"{line} ! {UPLOAD} ! actionoverlay ! fakesink name=sink")
        assert error is None and all("CUDAMemory" in where for where, _ in stays)
    driver.fake_cuda_fail(b"cuModuleLoadData", UNSUPPORTED_PTX)
    line = f"{source('NV12', 6, '640x360')} ! timelinelabel location={timeline()}"
    end = "video/x-raw,format=NV12 ! fakesink name=sink"
    _, _, plain = run(f"{line} ! actionoverlay ! {end}")
    error, _, drawn = run(f"{line} ! {UPLOAD} ! actionoverlay ! cudadownload ! {end}")
    driver.fake_cuda_fail(b"cuModuleLoadData", 0)
    assert error is None and [picture for _, picture in drawn] == [picture for _, picture in plain]
    assert count("modules") == 0 and count("blocks") == 0 and count("faults") == 0


def the_whole_pipeline_stays_on_the_gpu(build):
    """The same timeline and the same pictures; what leaves the GPU before cudadownload are sampled frames of 112 x 112."""
    needs_cuda(build)
    model = os.path.join(FOLDER, "model")
    # Not in this process, which has another LibTorch.
    subprocess.run([sys.executable, "-c", f"import small_model; small_model.write({model!r})"], check=True,
                   env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.abspath(__file__))})
    results = {}
    for name, upload, download in (("plain", "", ""), ("gpu", f"{UPLOAD} !", "cudadownload !")):
        location = os.path.join(FOLDER, f"{name}.json")
        before = count("bytes to main memory")
        error, _, seen = run(f"{source('NV12', 144, '640x360')} ! {upload} r3dfeatures hop=4 ! actionclassify model={model} ! "
                             f"timelinesmooth location={location} ! actionoverlay ! {download} video/x-raw,format=NV12 ! fakesink name=sink")
        assert error is None and len(seen) == 144, (name, error)
        with open(location) as file:
            results[name] = ([picture for _, picture in seen], json.load(file))
        left = count("bytes to main memory") - before
    assert results["gpu"] == results["plain"]
    before = count("bytes to main memory")
    run(f"{source('NV12', 144, '640x360')} ! {UPLOAD} ! cudadownload ! video/x-raw,format=NV12 ! fakesink name=sink")
    assert left - (count("bytes to main memory") - before) == 48 * SMALL
    assert count("modules") == 0 and count("blocks") == 0 and count("faults") == 0


def doctor_tells(build):
    needs_cuda(build)
    said = subprocess.run([os.path.join(build, "tools/gst-action-doctor")], capture_output=True, text=True)
    assert "ok       GPU frames" in said.stdout, said.stdout + said.stderr
    without = subprocess.run([os.path.join(build, "tools/gst-action-doctor")], capture_output=True, text=True,
                             env={name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"})
    if ctypes.util.find_library("cuda") is None:  # no driver but the fake one
        assert "GPU frames" not in without.stdout, without.stdout


if __name__ == "__main__":
    build = sys.argv[1]
    try:
        tap.run([("features are made on the GPU", lambda: features_are_made_on_the_gpu(build)),
                 ("other frames are copied", lambda: other_frames_are_copied(build)),
                 ("the panel is drawn on the GPU", lambda: the_panel_is_drawn_on_the_gpu(build)),
                 ("gst-action-doctor tells of them", lambda: doctor_tells(build)),
                 ("the whole pipeline stays on the GPU", lambda: the_whole_pipeline_stays_on_the_gpu(build))])
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
