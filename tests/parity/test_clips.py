# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole path on real clips: r3dfeatures against cv2 and torchvision.

For every clip: the preprocessed frames that are sampled (bit for bit where the video has 8 bits), the number of chunks, their
times, and the features. Features of all chunks with ACTION_PARITY=full; otherwise of the first of every other clip, and of
the last of the rest.
"""

import glob
import os
import shutil
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch

import oracle
import tap

FRAME_PROBE, FEATURES, WEIGHTS, VIDEOS, FOLDER = sys.argv[1:6]
FULL = os.environ.get("ACTION_PARITY") == "full"

# Clips that are not compared with cv2, and why.
NOT_COMPARED = {
    "derived_text_named_mp4.mp4": "a text file",
    "moviepy_result_zero_bytes.webm": "an empty file",
}


class Decoded:
    """What GStreamer decodes: caps, the PTS of every frame, and every `every`-th frame preprocessed by us."""

    def __init__(self, path, every):
        quoted = path.replace("\\", "\\\\").replace('"', '\\"')
        line = f'filesrc location="{quoted}" ! decodebin caps="video/x-raw(ANY)" expose-all-streams=false ! fakesink name=out'
        with tempfile.TemporaryFile() as out:
            done = subprocess.run([FRAME_PROBE, line, str(every)], stdout=out, stderr=subprocess.PIPE)
            self.messages = done.stderr.decode(errors="replace")
            out.seek(0)
            data = out.read()
        self.caps = [l for l in self.messages.splitlines() if l.startswith("caps ")]
        self.pts, self.frames = [], {}
        at = 0
        while at < len(data):
            (pts,) = struct.unpack_from("<Q", data, at)
            at += 9
            if data[at - 1]:
                self.frames[len(self.pts)] = np.frombuffer(data, np.uint8, 112 * 112 * 3, at).reshape(112, 112, 3)
                at += 112 * 112 * 3
            self.pts.append(pts)

    @property
    def format(self):
        return self.caps[-1].split("format=(string)")[1].split(",")[0] if self.caps else ""

    @property
    def announced_fps(self):
        numerator, denominator = self.caps[-1].split("framerate=(fraction)")[1].split(",")[0].split("/")
        return int(numerator) / int(denominator)

    @property
    def eight_bits(self):
        return not any(mark in self.format for mark in ("10", "12", "16"))


class Extracted:
    """gst-action-features on all clips at once, begun when the first is asked for: the weights are loaded once."""

    def __init__(self, paths):
        self.paths = paths
        self.folder = FOLDER
        shutil.rmtree(FOLDER, ignore_errors=True)
        self.lines = None

    def said_of(self, path):
        """The tool's warnings and errors about one clip."""
        if self.lines is None:
            done = subprocess.run([FEATURES, "--quiet", "--weights", WEIGHTS, "--precision", "fp32", "-o", self.folder, "--", *self.paths],
                                  stderr=subprocess.PIPE)
            assert done.returncode in (0, 1), f"status {done.returncode}"
            self.lines = done.stderr.decode(errors="replace").splitlines()
        return "\n".join(line for line in self.lines if f": {path}: " in line)


def read_features(path, folder):
    import hashlib
    import json
    stem = os.path.join(folder, "vid_%s__fps8__len16" % hashlib.md5((path + "|fps=8|len=16").encode()).hexdigest())
    if not os.path.exists(stem + ".pt"):
        return None
    read = torch.load(stem + ".pt", weights_only=True)
    assert set(read) == {"feats", "ts"}
    assert read["feats"].dtype == read["ts"].dtype == torch.float32
    assert "src_fps" in json.load(open(stem + ".json"))
    return read["feats"].numpy(), read["ts"].numpy()


def shrunk(path, every):
    """How many frames cv2 decodes, and every `every`-th of them, shrunk, by its number."""
    count, frames = 0, {}
    for frame in oracle.decode(path):
        if count % every == 0:
            frames[count] = oracle.shrink(frame)
        count += 1
    return count, frames


def reason(said):
    lines = [line for line in said.splitlines() if "stand-in" not in line ]
    return " ".join(lines)[:250]


def check(number, path, backbone, extracted):
    name = os.path.basename(path)
    said = extracted.said_of(path)
    got = read_features(path, extracted.folder)
    if name in NOT_COMPARED:
        assert "error: " in said and name in said, f"an error that names the file, not: {said}"
        assert got is None
        return [f"not compared: {NOT_COMPARED[name]}; {reason(said)}"]
    notes = []
    fps = oracle.source_fps(path)
    # Of a constant rate only every so many frames are looked at; where it is not constant, all may be.
    for every in (oracle.stride(fps), 1):
        count, expected = shrunk(path, every)
        decoded = Decoded(path, every)
        if not count or count != len(decoded.pts):
            # cv2 and GStreamer do not see the same video; then all that is asked is that nothing breaks.
            assert got is not None or "error: " in said, said
            raise tap.Skip(f"cv2 decodes {count} frames, GStreamer {len(decoded.pts)}: " + reason(said))
        samples, irregular = oracle.auto_samples(decoded.pts, decoded.announced_fps, fps)
        if all(index in decoded.frames for index in samples):
            break
    assert irregular == ("not constant" in said), said
    first = decoded.pts[0]
    filled = oracle.filled(decoded.pts, decoded.announced_fps)
    repeated = any(a == b for a, b in zip(decoded.pts, decoded.pts[1:]))
    missing = decoded.announced_fps and any(b - a > 1.5e9 / decoded.announced_fps for a, b in zip(filled, filled[1:]))
    if not irregular and decoded.announced_fps and not repeated and not missing:
        times = [index / fps for index in samples]
    else:
        notes.append("variable rate: sampled by timestamp" if irregular else
                     "frames are missing, times come twice or no rate is announced: the reference's times, of frame numbers, may be frames off")
        times = [(filled[index] - first) / 1e9 for index in samples]

    worst = max((int(np.abs(decoded.frames[i].astype(int) - expected[i]).max()) for i in samples), default=0)
    notes.append(f"{decoded.format}, {len(samples)} sampled frames, largest difference {worst}")
    # Of more than 8 bits cv2 scales the chroma of the coded size, some rows more than the picture: the last rows differ.
    allowed = 0 if decoded.eight_bits else 3
    assert worst <= allowed, f"preprocessed frames differ by {worst} ({decoded.format})"

    assert got is not None, said
    features, ts = got
    groups = oracle.chunks(len(samples))
    assert len(features) == len(groups), f"{len(features)} chunks, expected {len(groups)}"
    lowest = 1.0
    looked_at = 0 if number % 2 == 0 else len(groups) - 1
    for chunk, group in enumerate(groups):
        assert abs(int(float(ts[chunk]) * 1000) - int(times[group[0]] * 1000)) <= 1, (ts[chunk], times[group[0]])
        if FULL or chunk == looked_at:
            lowest = min(lowest, oracle.cosine(features[chunk], backbone([expected[samples[i]] for i in group])))
    notes.append(f"{len(groups)} chunks, lowest cosine {lowest:.7f}")
    assert lowest >= 0.9999, lowest
    return notes


def main():
    folders = ("handwash", "signs", "long", "odd")
    clips = []
    for folder in folders:
        clips += sorted(p for p in glob.glob(os.path.join(VIDEOS, folder, "*")) if not p.endswith(".json"))
    if len(sys.argv) > 6:
        clips = [clip for clip in clips if any(part in clip for part in sys.argv[6:])]
    if not clips:
        def absent():
            raise tap.Skip("no ../shared/videos")
        tap.run([("clips", absent)])
    backbone = oracle.Backbone(WEIGHTS)
    extracted = Extracted(clips)
    tap.run([(os.path.relpath(clip, VIDEOS), lambda number=number, clip=clip: check(number, clip, backbone, extracted)) for number, clip in enumerate(clips)])


main()
