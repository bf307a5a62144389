# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The small inputs of ../shared/cases, each of which an earlier version handled wrongly.

  test_cases.py BUILD SOURCE STANDIN FEATURES
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import tap  # noqa: E402
import small_model  # noqa: E402

BUILD, SOURCE, STANDIN, FEATURES = (os.path.abspath(path) for path in sys.argv[1:5])
CASES = os.path.join(SOURCE, "../shared/cases")
FOLDER = tempfile.mkdtemp(prefix="gst-action-cases-")
MODEL = small_model.write(os.path.join(FOLDER, "model"))


def case(path):
    if not os.path.isdir(CASES):
        raise tap.Skip("no ../shared/cases")
    return os.path.join(CASES, path)


def script(name, *arguments):
    """What one of elements/ says; it must not crash."""
    done = subprocess.run(["sh", case("elements/run.sh"), BUILD, MODEL, name, *arguments], env={**os.environ, "G_DEBUG": "fatal-criticals"}, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode(errors="replace")
    assert done.returncode == 0, (done.returncode, text)
    return text


def unreadable_caps():
    caps = "video/x-raw(memory:DMABuf),format=DMA_DRM,width=64,height=48,framerate=8/1"
    for element, end in (("actionoverlay", "EOS"), (f"actionclassify model={MODEL} strict=false", "EOS"), ("r3dfeatures", "error"),
                         ("timelinesmooth", "error")):
        text = script("unparsed_caps.py", caps, element)
        assert text.strip().endswith(f"{element} {end}"), text
        if element == "r3dfeatures":
            assert "cannot read video in this memory" in text, text
        if element == "timelinesmooth":
            assert "No labels arrive" in text, text


def gaps():
    text = script("gaps.py")
    assert "frames out 40 of 40; gap events out 40 of 40" in text and "WARNING" not in text and text.strip().endswith("EOS"), text


def stream_group_done():
    text = script("stream_group_done.py")
    assert "frames out 40 of 40; group-done through: True" in text and "WARNING" not in text, text


def concat_labels():
    text = script("concat_labels.py")
    assert re.search(r"^40 0\.0 None$", text, re.M) and re.search(r"^41 0\.125 None$", text, re.M), text


def bytes_segments():
    for element in ("timelinesmooth", "r3dfeatures"):
        text = script("bytes_segment.py", element)
        assert text.strip().endswith(f"{element} EOS") and text.count("WARNING") == 1, text


def controlled_properties():
    said = re.findall(r"values seen at sink over 1 s ramp 0..1: (\d+)", script("controlled_properties.py"))
    assert said == ["30", "30"], said


def frames_without_times():
    for caps, chunks in (("video/x-raw,format=RGB,width=64,height=48,framerate=0/1", 3), ("video/x-raw,format=RGB,width=64,height=48,framerate=25/1", 3)):
        # The script is of a Python that lets quotes stand in quotes.
        with open(case("video/nopts.py"), encoding="utf-8") as file:
            program = file.read().replace('os.environ["MODEL"]', "os.environ['MODEL']").replace("model=", "strict=false model=")
        done = subprocess.run([sys.executable, "-c", program, caps], env={**small_model.fake_engine(BUILD), "MODEL": MODEL}, cwd=FOLDER, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text = done.stdout.decode(errors="replace")
        assert f"chunks {chunks}" in text and ("25 frames a second are assumed" in text) == ("framerate=0/1" in caps), text
        with open(os.path.join(FOLDER, "nopts.json"), encoding="utf-8") as file:
            assert abs(json.load(file)[-1]["end"] - 4.0) < 0.05, "100 frames at 25 a second"
        os.remove(os.path.join(FOLDER, "nopts.json"))


def videos():
    """{name: path} of the videos that make.sh makes."""
    make = case("video/make.sh")
    if shutil.which("ffmpeg") is None:
        raise tap.Skip("no ffmpeg to make the videos with")
    folder = os.path.join(FOLDER, "videos")
    if not os.path.isdir(folder):
        subprocess.run(["sh", make, folder], check=True, stdout=subprocess.DEVNULL, timeout=300)
    return {name: os.path.join(folder, name) for name in os.listdir(folder)}


def extract(path):
    """{samples, warnings} of gst-action-features; `samples` and what it says."""
    out = tempfile.mkdtemp(dir=FOLDER)
    done = subprocess.run([FEATURES, "--weights", STANDIN, "-o", out, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300,
                          env={**os.environ, "GST_PLUGIN_PATH": f"{BUILD}/gst"})
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    (name,) = [name for name in os.listdir(out) if name.endswith(".json")]
    with open(os.path.join(out, name), encoding="utf-8") as file:
        return json.load(file)["samples"], done.stderr.decode(errors="replace")


def samples_of_videos():
    notes = []
    for name, expected, words in (("cam.mjpeg", 34, "25 frames a second are assumed"), ("cam_multipart.mjpg", 34, "25 frames a second are assumed"),
                                  ("nvr_cat.mp4", 100, ""), ("lab_wmv30.wmv", 32, "by timestamp"), ("xvid_b.avi", 42, "")):
        samples, said = extract(videos()[name])
        assert abs(samples - expected) <= 1 and words in said and (words or "by timestamp" not in said), (name, samples, expected, said)
        notes.append(f"{name}: {samples} samples")
    return notes


def still_picture_first():
    """A Matroska file whose first video track is a still picture: said, and not taken for a film of one frame in silence."""
    film, still, both = videos()["baseb.mp4"], os.path.join(FOLDER, "still.mp4"), os.path.join(FOLDER, "both.mkv")
    ffmpeg = ["ffmpeg", "-v", "error", "-y"]
    subprocess.run([*ffmpeg, "-i", film, "-frames:v", "1", still], check=True, timeout=60)
    subprocess.run([*ffmpeg, "-i", still, "-i", film, "-map", "0:v", "-map", "1:v", "-c", "copy", both], check=True, timeout=60)
    samples, said = extract(both)
    assert "it holds 2 pictures or video tracks; the first, of" in said and "-map 0:v:1" in said, (samples, said)
    return [f"{samples} samples; {said.strip().splitlines()[-1][:160]}"]


def frames_of_cv2():
    """Where libavcodec decodes, frames and features are those of cv2: tests/parity/test_clips.py on the videos of make.sh."""
    folder = os.path.join(FOLDER, "clips/odd")
    os.makedirs(folder)
    names = ("mjpeg_yuvj420p.avi", "mjpeg_yuvj422p.avi", "xvid_b.avi", "baseb.mp4", "ten_r90.mp4")
    # Full range that the container alone states is not seen (README); the README's command writes it into the video.
    stated, mended = os.path.join(FOLDER, "stated.mp4"), os.path.join(folder, "mended.mp4")
    subprocess.run(["ffmpeg", "-v", "error", "-i", videos()["baseb.mp4"], "-c", "copy", *"-color_range pc -colorspace bt709 -color_primaries bt709 -color_trc bt709 "
                    "-movflags +write_colr".split(), stated], check=True, timeout=60)
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        command = re.search(r"`(ffmpeg [^`]*video_full_range_flag[^`]*)`", file.read())[1]
    subprocess.run(command.replace("IN", stated).replace("OUT.mp4", mended).split(), check=True, timeout=60, stderr=subprocess.DEVNULL)
    for name in names:
        os.symlink(videos()[name], os.path.join(folder, name))
    clips = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity/test_clips.py")
    done = subprocess.run([sys.executable, clips, f"{BUILD}/tests/frame_probe", FEATURES, STANDIN, os.path.dirname(folder), os.path.join(FOLDER, "features")],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, env={**os.environ, "GST_PLUGIN_PATH": f"{BUILD}/gst"})
    text = done.stdout.decode(errors="replace")
    compared = [line for line in text.splitlines() if re.match(r"ok \d", line) and "# SKIP" not in line]
    assert done.returncode == 0 and len(compared) == len(names) + 1, f"status {done.returncode}\n{text}\n{done.stderr.decode(errors='replace')}"
    return re.findall(r"^# (.*(?:sampled frames|cosine).*)$", text, re.M)


tap.run([
    ("caps that this GStreamer cannot read", unreadable_caps),
    ("GAP events", gaps),
    ("STREAM_GROUP_DONE", stream_group_done),
    ("labels of inputs one after the other", concat_labels),
    ("segments in bytes", bytes_segments),
    ("controlled properties", controlled_properties),
    ("frames without times", frames_without_times),
    ("videos whose times are wrong", samples_of_videos),
    ("a still picture before the film", still_picture_first),
    ("motion JPEG, B frames and 10 bits that are turned are cv2's", frames_of_cv2),
])
