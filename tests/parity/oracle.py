# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The reference system, written down once more in Python: cv2 decodes, cv2.resize shrinks, torchvision's r3d_18 computes.

Nothing here uses gst-action. Written from the description of the reference (README, "What is computed").
"""

import os

import cv2
import numpy as np
import torch
import torchvision

torch.set_num_threads(len(os.sched_getaffinity(0)))  # Debian's default is half of them

MEAN = np.array((0.43216, 0.394666, 0.37645), np.float32)
STD = np.array((0.22803, 0.22145, 0.216989), np.float32)


def open_video(path):
    """By FFmpeg alone: cv2 would try GStreamer next, whose bindings in OpenCV trip GLib's assertions on broken files."""
    return cv2.VideoCapture(path, cv2.CAP_FFMPEG)


def rotation(path):
    """Degrees clockwise that a video asks to be turned by."""
    angle = int(open_video(path).get(cv2.CAP_PROP_ORIENTATION_META))
    # OpenCV 4.6.0 alone has the sign wrong and turns such videos upside down (opencv #22088).
    return -angle % 360 if cv2.__version__ == "4.6.0" else angle % 360


def decode(path):
    """Every frame of a video as cv2 decodes it, turned as its tag says, [H, W, 3] RGB, one at a time."""
    turn = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}.get(rotation(path))
    capture = open_video(path)
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
    while True:
        ok, frame = capture.read()
        if not ok:
            return
        rgb = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        yield rgb if turn is None else cv2.rotate(rgb, turn)


def shrink(rgb):
    return cv2.resize(rgb, (112, 112), interpolation=cv2.INTER_AREA)


def source_fps(path):
    fps = open_video(path).get(cv2.CAP_PROP_FPS)
    return fps if fps and fps > 0 else 25.0


def stride(fps, rate=8.0):
    return max(1, round(fps / rate))


def chunks(count):
    """For `count` sampled frames the 16 indices of each chunk, the last repeated as padding."""
    return [[min(start + i, count - 1) for i in range(16)] for start in range(0, count, 16)]


def timestamp_samples(times_ns, rate=8, first_k=0, start=0):
    """Indices of the frames that are the first at or after t0 + k / rate, from sample `first_k` and frame `start` on."""
    chosen = []
    k = first_k
    index = start
    while index < len(times_ns):
        target = times_ns[0] + k * 1_000_000_000 // rate
        while index < len(times_ns) and times_ns[index] < target:
            index += 1
        if index < len(times_ns):
            chosen.append(index)
            # Grid points that this frame reaches as well would choose it twice.
            while times_ns[0] + k * 1_000_000_000 // rate <= times_ns[index]:
                k += 1
            index += 1
    return chosen


NO_TIME = 2**64 - 1


def filled(times_ns, announced_fps):
    """Frames without a time, or with that of the frame before, follow on it: by the rate, else the last interval, else 1/25 s.

    Where the rate is known, so do those behind them whose times are up to four frames late for it.
    """
    times, interval = [], 0
    for i, given in enumerate(times_ns):
        missing = given == NO_TIME or (i > 0 and given == times_ns[i - 1])
        length = int(1e9 / announced_fps) if announced_fps else interval or 40_000_000
        late = (announced_fps and times and not missing and times_ns[i - 1] != NO_TIME and times_ns[i - 1] < min(given, times[-1])
                and given < times[-1] + length // 2 and times[-1] < given + 4 * length)
        missing = missing or late
        time = given if not missing else times[-1] + length if times else 0
        if times and time > times[-1]:
            interval = time - times[-1]
        times.append(time)
    return times


def is_about(interval, periods, period, part):
    return abs(interval - periods * period) * part <= period


def auto_samples(times_ns, announced_fps, fps, rate=8):
    """The sampled frames, and whether the stream left its rate for its times.

    By frame number (with the reference's fps) as long as intervals are 1/fps +- half, up to four frames in all may be missing (two
    in one place), and the mean interval since the second frame is off by no more than 1 % or 1.5 frames; by timestamp from there
    on. Where the rate is unknown, or is not that of the frames up to the second sample, and those come at equal intervals, the
    rate is theirs. A repeated time is no interval.
    """
    times_ns = filled(times_ns, announced_fps)
    intervals = [b - a for a, b in zip(times_ns, times_ns[1:])]
    step = stride(fps, rate)
    uniform = [True] + [n == 0 or is_about(intervals[n], 1, sum(intervals[:n]) / n, 2) for n in range(len(intervals))]
    measured, missing, since, apart = not announced_fps, 0, None, 0  # apart: frames by their times, since the second

    def by_time(i):
        before = list(range(0, i, step if measured or not announced_fps else stride(announced_fps, rate)))
        passed = int((times_ns[i - 1] - times_ns[0]) * rate // 1_000_000_000)
        return before + timestamp_samples(times_ns, rate, passed + 1, i), bool(announced_fps) or i > step

    for i in range(1, len(times_ns)):
        interval = intervals[i - 1]
        if interval == 0:
            continue
        if measured and i <= 64:
            if not uniform[i]:
                return by_time(i)
            continue
        period = sum(intervals[:64]) / len(intervals[:64]) if measured else 1e9 / announced_fps
        periods = next((n for n in (1, 2, 3) if is_about(interval, n, period, 2 if n == 1 else 4)), None)
        missing += periods - 1 if periods else 0
        wrong = periods is None or missing > 4
        if since is None:
            since = i
        else:
            apart += periods or 0
        drift = 0 if wrong else abs((times_ns[i] - times_ns[since]) / period - apart)
        wrong = wrong or (drift > 1.5 and drift > 0.01 * apart)
        if not measured and i <= stride(announced_fps, rate) and all(uniform[:i + 1]) and (wrong or i > 1 and missing >= i):
            measured, missing, since, apart = True, 0, None, 0
            continue
        if wrong:
            return by_time(i)
    return list(range(0, len(times_ns), step)), False


class Backbone:
    def __init__(self, weights):
        self.model = torchvision.models.video.r3d_18()
        self.model.load_state_dict(torch.load(weights, weights_only=True))
        self.model.fc = torch.nn.Identity()
        self.model.eval()

    def __call__(self, frames):
        """frames: 16 x [112, 112, 3] uint8 RGB. Returns [512]."""
        x = (np.stack(frames).astype(np.float32) / 255 - MEAN) / STD
        with torch.no_grad():
            return self.model(torch.from_numpy(x).permute(3, 0, 1, 2)[None])[0].numpy()

    def layer2(self, x, phase):
        """Layer 2 over [1, 64, frames, 56, 56], with every second frame from number `phase` (0 or 1) on in the middle of its first convolution."""
        first, second = self.model.layer2
        every_second = lambda conv, padding: torch.nn.functional.conv3d(x, conv.weight, None, (1, 2, 2), padding)[:, :, phase::2]
        inside = first.conv2(first.conv1[2](first.conv1[1](every_second(first.conv1[0], 1))))
        return second(first.relu(inside + first.downsample[1](every_second(first.downsample[0], 0))))

    def shared(self, frames):
        """frames: a whole run, n x [112, 112, 3] uint8 RGB. A function of a chunk's start: its features, with the stem and layers 1 and 2 over all frames at once."""
        x = (np.stack(frames).astype(np.float32) / 255 - MEAN) / STD
        model = self.model
        with torch.no_grad():
            x = model.layer1(model.stem(torch.from_numpy(x).permute(3, 0, 1, 2)[None]))
        along = {}

        def features(start):
            phase = start % 2
            with torch.no_grad():
                if phase not in along:
                    along[phase] = self.layer2(x, phase)
                window = along[phase][:, :, start // 2:start // 2 + 8]
                return model.avgpool(model.layer4(model.layer3(window))).flatten().numpy()
        return features

    def continual(self, frames, starts):
        """The features of the chunks from each start on, with the frames of the whole run around them. Returns [starts, 512]."""
        features = self.shared(frames)
        return np.stack([features(start) for start in starts])


def moving_pictures(count, seed):
    """A moving picture in noise: every frame is another. [count, 112, 112, 3] uint8 RGB."""
    random = np.random.default_rng(seed)
    t, y, x = np.mgrid[0:count, 0:112, 0:112]
    moving = 127 + 90 * np.sin(0.1 * x + 0.4 * t) * np.cos(0.07 * y - 0.2 * t)
    return np.clip(np.stack([moving, np.roll(moving, 5, 2), 255 - moving], -1) + random.normal(0, 20, (count, 1, 1, 3)), 0, 255).astype(np.uint8)


def cosine(a, b):
    return float((a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b)))
