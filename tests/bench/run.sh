#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds for speed and prints the tables of docs/performance.md for this machine.
#
#   tests/bench/run.sh [--newest] [network|limits|hops|features|job|streams|live|overload|growth|startup|elements|training ...]
#
# Without names: all but growth, about three quarters of an hour; growth takes minutes of its own. --newest gets the newest PyTorch (3 GB) and
# OpenVINO from PyPI into build-newest/site, to be compared with; without them the table says that they were left out. As root, startup
# empties the page cache of the whole machine, for a cold start.
set -eu
cd "$(dirname "$0")/../.."
newest= names=
for argument in "$@"; do
  case $argument in
    --newest) newest=yes ;;
    network | limits | hops | features | job | streams | live | overload | growth | startup | elements | training) names="$names $argument" ;;
    *)
      sed -n '5,/^set/s/^# \{0,1\}//p' "$0" >&2
      case $argument in -h | --help) exit 0 ;; *) echo "unknown: $argument" >&2 && exit 2 ;; esac ;;
  esac
done
tools/install-deps.sh >&2
[ -z "$newest" ] || tests/helpers/newest-site.sh openvino >&2
[ -f build-bench/build.ninja ] || meson setup build-bench -Dtests=enabled -Dbenchmarks=enabled --buildtype=release >&2
ninja -C build-bench >&2
# shellcheck disable=SC2086
exec /usr/bin/python3 tests/bench/bench.py build-bench . build-bench/bench $names
