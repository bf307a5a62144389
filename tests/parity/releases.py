# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Elements that the documents name although the oldest GStreamer that we build with has not got them: their first release."""

SINCE = {"objectdetectionoverlay": (1, 24)}


def comes_later(element, here):
    """Whether GStreamer got an element later than the release that is here, (major, minor)."""
    return SINCE.get(element, (0, 0)) > here
