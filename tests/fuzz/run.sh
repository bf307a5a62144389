#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Searches with libFuzzer, AddressSanitizer and UBSan for files that make a reader crash, hang or take memory without end. Needs clang.
#
#   tests/fuzz/run.sh [SECONDS [TARGET...]]   600 seconds each; targets: cache checkpoint model table timeline
#
# Builds in build-fuzz/, and keeps there what it has found: corpus-TARGET/ are inputs that reach other code, TARGET-* the bad ones.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-600}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- cache checkpoint model table timeline
[ -f build-fuzz/build.ninja ] ||
  CC=clang CXX=clang++ meson setup build-fuzz -Dfuzzing=enabled -Dtests=disabled -Dtools=disabled -Dexamples=disabled
# shellcheck disable=SC2046
ninja -C build-fuzz $(for target in "$@"; do echo "tests/fuzz/fuzz-$target"; done)
failed=0
for target in "$@"; do
  mkdir -p "build-fuzz/corpus-$target"
  log=build-fuzz/$target.log
  if build-fuzz/tests/fuzz/fuzz-"$target" -max_total_time="$seconds" -max_len=8192 -timeout=20 -rss_limit_mb=2500 \
    -artifact_prefix="build-fuzz/$target-" "build-fuzz/corpus-$target" "tests/fuzz/seeds/$target" > "$log" 2>&1; then
    echo "$target: $(grep -a '^Done' "$log")"
  else
    grep -a -E 'ERROR|SUMMARY|runtime error|Test unit' "$log" || tail -n 20 "$log"
    echo "$target: FAILED, see $log"
    failed=1
  fi
done
exit "$failed"
