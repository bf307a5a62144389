# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the test cases of a Meson run, those inside GoogleTest and TAP programs included.

    summary.py testlog.junit.xml STATUS      STATUS: what `meson test` exited with
"""

import re
import sys
import xml.etree.ElementTree

MOST_LINES = 40  # printed of one failed case


def why(case, output):
    """The lines that say why a case failed: GoogleTest's own, or the "# ..." lines above "not ok N - name" in a TAP program's output."""
    told = [element.get("message") or element.text or "" for element in case if element.tag in ("failure", "error")]
    lines = "\n".join(told).splitlines()
    number = re.match(r"(\d+) - ", case.get("name") or "")
    above = []
    for line in output.splitlines():
        if number and re.match(rf"not ok {number[1]}\b", line):
            lines += above
            break
        above = above + [line] if line.startswith("#") else []
    return [line for line in lines if line.strip()][-MOST_LINES:]


def main():
    path, status = sys.argv[1], int(sys.argv[2])
    passed = failed = skipped = 0
    for suite in xml.etree.ElementTree.parse(path).getroot().iter("testsuite"):
        output = suite.findtext("system-out") or ""
        for case in suite.iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
                print("FAILED", case.get("classname"), case.get("name"))
                for line in why(case, output):
                    print("   ", line)
            elif case.find("skipped") is not None or case.get("status") == "notrun":
                skipped += 1
                reason = case.find("skipped")
                print("skipped", case.get("name"), reason.get("message", "") if reason is not None else "")
            else:
                passed += 1
    if status != 0 and failed == 0:
        failed = 1
        print("FAILED: meson test exited with status", status)
    if passed == 0 and failed == 0:
        failed = 1
        print("FAILED: no test was run")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


main()
