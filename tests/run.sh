#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Installs what is needed, builds, and runs every suite that needs no special machine. Prints `N passed, N failed, N skipped`
# last, and exits non-zero when something failed.
#
#   tests/run.sh               everything
#   tests/run.sh unit element  only these suites (unit, element, parity, pipeline, record, mainjob, study, training, fuzz)
#
# BUILD_DIR names the build folder (default build-tests). ACTION_PARITY=full compares the features of every chunk of every clip.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD_DIR:-build-tests}

tools/install-deps.sh
[ -f "$build/build.ninja" ] || meson setup "$build" -Dwerror=true -Dtests=enabled -Dtools=enabled -Dexamples=enabled
ninja -C "$build"

suites=
for suite in "$@"; do
  suites="$suites --suite $suite"
done
failed=0
slower=1
[ "${ACTION_PARITY:-}" != full ] || slower=4
# shellcheck disable=SC2086
meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier $slower $suites || failed=$?
# A failure that no test case accounts for (a crash, a time-out) must still fail.
/usr/bin/python3 tests/summary.py "$build/meson-logs/testlog.junit.xml" "$failed"
