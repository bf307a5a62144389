# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the test cases of a Meson run, those inside GoogleTest and TAP programs included.

    summary.py testlog.junit.xml STATUS      STATUS: what `meson test` exited with
"""

import sys
import xml.etree.ElementTree


def main():
    path, status = sys.argv[1], int(sys.argv[2])
    passed = failed = skipped = 0
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            print("FAILED", case.get("classname"), case.get("name"))
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
