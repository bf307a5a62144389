# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Imports a PyTorch that gst-action was not built with, then uses r3dfeatures: an element error must say so."""

import sys

import torch

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

Gst.init(None)
pipeline = Gst.parse_launch("videotestsrc num-buffers=20 ! r3dfeatures ! fakesink")
pipeline.set_state(Gst.State.PLAYING)
end = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.ERROR | Gst.MessageType.EOS)
pipeline.set_state(Gst.State.NULL)
if end.type != Gst.MessageType.ERROR:
    sys.exit("the pipeline ran beside " + torch.__file__)
message = end.parse_error()[0].message
print(message)
if "another LibTorch" not in message:
    sys.exit("another error than expected")
