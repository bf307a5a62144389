# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An RTSP camera on loopback, in a process of its own, which ends with the test that has started it."""

import socket
import subprocess
import sys

VIDEO = "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=15/1"
H264 = f"{VIDEO} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! valve name=valve ! rtph264pay name=pay0 pt=96"

# Its frames carry their number: 16 blocks of 16 pixels across the middle, white for a bit that is set, the highest first. See number_of.
COUNTED = "appsrc name=counter is-live=true do-timestamp=true format=time caps=video/x-raw,format=I420,width=320,height=240,framerate=15/1 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 bitrate=2000 ! valve name=valve ! rtph264pay name=pay0 pt=96"
# It beeps in the first three of fifteen frames: encoded by what follows.
BEEPING = "  appsrc name=beeper is-live=true do-timestamp=true format=time caps=audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=1 ! audioconvert ! audioresample ! "
WITH_AAC = COUNTED + BEEPING + "avenc_aac ! rtpmp4gpay name=pay1 pt=97"
WITH_G711 = COUNTED + BEEPING + "audio/x-raw,rate=8000 ! alawenc ! rtppcmapay name=pay1 pt=8"
BEEP_EVERY = 15
COUNTER_ROW, COUNTER_BITS, COUNTER_BLOCK = 112, 16, 16

# An RTSP camera: `server.py PORT LINE [USER PASSWORD]`; says its port; "silent" and "speak" on its standard input close and open the valve.
SERVER = """
import array
import math
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer.new()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory.new()
factory.set_launch("( " + sys.argv[2] + " )")
factory.set_shared(True)
valves = []
beep = array.array("h", (int(12000 * math.sin(2 * math.pi * 1000 * i / 48000)) for i in range(3200))).tobytes()
def count(source, beeper):
    count.frames += 1
    if beeper:
        beeper.emit("push-buffer", Gst.Buffer.new_wrapped(beep if count.frames % 15 < 3 else bytes(6400)))
    row = b"".join((b"\\xeb" if count.frames >> (15 - bit) & 1 else b"\\x10") * 16 for bit in range(16)) + bytes([128]) * 64
    dark, bright = bytes([40]) * 320, bytes([40 + count.frames * 4 % 160]) * 320
    luma = dark * 112 + row * 16 + bright * 112
    return source.emit("push-buffer", Gst.Buffer.new_wrapped(luma + bytes([128]) * (320 * 120))) == Gst.FlowReturn.OK
count.frames = 0
def configure(_, media):
    element = media.get_element()
    valves.append(element.get_by_name_recurse_up("valve"))
    counter = element.get_by_name_recurse_up("counter")
    if counter:
        GLib.timeout_add(1000 // 15, count, counter, element.get_by_name_recurse_up("beeper"))
factory.connect("media-configure", configure)
if len(sys.argv) > 3:
    auth = GstRtspServer.RTSPAuth.new()
    token = GstRtspServer.RTSPToken.new()
    token.set_string("media.factory.role", "user")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(sys.argv[3], sys.argv[4]), token)
    server.set_auth(auth)
    factory.add_role_from_structure(Gst.Structure.from_string("user, media.factory.access=(boolean)true, media.factory.construct=(boolean)true")[0])
server.get_mount_points().add_factory("/stream", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
def command(channel, _):
    word = sys.stdin.readline().strip()
    for valve in valves:
        if valve:
            valve.set_property("drop", word == "silent")
    if not word:
        loop.quit()  # who has started this is gone
    return bool(word)
loop = GLib.MainLoop()
GLib.io_add_watch(GLib.IOChannel.unix_new(0), GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, command)
loop.run()
"""


def number_of(luma):
    """The number that a frame of COUNTED carries. luma: [240, 320] of numpy."""
    middle = COUNTER_BLOCK // 2
    blocks = [luma[COUNTER_ROW + 4:COUNTER_ROW + 12, COUNTER_BLOCK * bit + middle - 4:COUNTER_BLOCK * bit + middle + 4] for bit in range(COUNTER_BITS)]
    return sum(1 << (COUNTER_BITS - 1 - bit) for bit, block in enumerate(blocks) if block.mean() > 128)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Camera:
    def __init__(self, line=H264, port=None, login=()):
        self.line, self.port, self.login, self.process = line, port or free_port(), login, None
        self.url = f"rtsp://127.0.0.1:{self.port}/stream"

    def start(self, line=None):
        self.line = line or self.line
        self.process = subprocess.Popen([sys.executable, "-c", SERVER, str(self.port), self.line, *self.login], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        assert self.process.stdout.readline().strip() == str(self.port).encode(), "the RTSP server did not start"
        return self

    def say(self, word):
        self.process.stdin.write(word.encode() + b"\n")
        self.process.stdin.flush()

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()
