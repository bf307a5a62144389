# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs functions as tests and prints TAP, so that Meson counts every one of them, skipped ones too."""

import sys
import time
import traceback


class Skip(Exception):
    """Raised by a test that cannot run here; its text says why."""


def run(tests):
    """tests: list of (name, function)."""
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, (name, function) in enumerate(tests, 1):
        name = name.replace("#", "_")
        began = time.monotonic()
        try:
            notes = function()
        except Skip as skip:
            print(f"ok {number} - {name} # SKIP {skip}", flush=True)
            continue
        except Exception:
            failed += 1
            for line in traceback.format_exc().splitlines():
                print("# " + line)
            print(f"not ok {number} - {name}", flush=True)
            continue
        for line in notes or []:
            print("# " + line)
        print(f"# {time.monotonic() - began:.1f} s")
        print(f"ok {number} - {name}", flush=True)
    sys.exit(1 if failed else 0)
