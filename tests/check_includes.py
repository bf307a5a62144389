# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The include graph of gst/ points one way: elements include common/ and lib/action, and no other element.

  check_includes.py SOURCE            the test (TAP)
  check_includes.py SOURCE --draw     the graph, for Graphviz: check_includes.py . --draw | dot -Tsvg
"""
import re
import sys
from pathlib import Path

# Who may include whom, beside itself. actionoverlay's property timeline= is timelinelabel's work, as long as it lasts.
MAY = {
    "plugin.cc": {"actioncamerasrc", "actionmask", "actionskip", "r3dfeatures", "actionclassify", "timelinesmooth", "timelinelabel",
                  "actionoverlay", "common"},
    "actioncamerasrc": {"common"},
    "r3dfeatures": {"common"},
    "actionclassify": {"common"},
    "timelinesmooth": {"common"},
    "actionmask": {"common"},
    "actionskip": {"common"},
    "timelinelabel": {"common"},
    "actionoverlay": {"common", "timelinelabel", "actioncuda"},  # lib/actioncuda
    "common": set(),
}
EVERYBODY = {"action", "build_config.h"}  # lib/action


def includes(source):
    """{(including room, included room): [places]}; a room is a folder of gst/ or a file in it."""
    arrows = {}
    folder = source / "gst"
    for path in sorted([*folder.rglob("*.cc"), *folder.rglob("*.h")]):
        room = path.relative_to(folder).parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'\s*#include "([^"]+)"', line)
            if found:
                arrows.setdefault((room, found[1].split("/")[0]), []).append(f"{path.relative_to(source)}:{number}")
    return arrows


def main():
    source = Path(sys.argv[1])
    arrows = includes(source)
    if "--draw" in sys.argv:
        lines = [f'  "{a}" -> "{b}" [label="{len(places)}"];' for (a, b), places in arrows.items() if a != b]
        print("digraph gst {\n  rankdir=LR;\n" + "\n".join(lines) + "\n}")
        return
    problems = [f"{a} includes {b}: {', '.join(places)}" for (a, b), places in arrows.items()
                if a != b and b not in EVERYBODY and b not in MAY.get(a, set())]
    unknown = sorted({a for a, _ in arrows} - set(MAY))
    unused = sorted(f"{a} -> {b}" for a, allowed in MAY.items() for b in allowed if (a, b) not in arrows)
    print("1..3")
    for number, (text, found) in enumerate([("no arrow runs up or across", problems), ("every folder is known", unknown),
                                            ("every arrow that is allowed is there", unused)], 1):
        print("\n".join(f"# {one}" for one in found) + ("\n" if found else "") +
              f"{'not ok' if found else 'ok'} {number} - {text}")
    sys.exit(bool(problems or unknown or unused))


main()
