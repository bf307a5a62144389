#!/bin/sh
# Builds for speed and prints the tables of docs/performance.md for this machine.
#
#   tests/bench/run.sh [--newest] [network|features|job|streams|live|growth|startup|elements ...]
#
# Without names: all but growth, about three quarters of an hour; growth takes minutes of its own. --newest gets the newest PyTorch (3 GB) and
# OpenVINO from PyPI into build-newest/site, to be compared with; without them the table says that they were left out.
set -eu
cd "$(dirname "$0")/../.."
tools/install-deps.sh >&2
if [ "${1:-}" = --newest ]; then
  shift
  tests/helpers/newest-site.sh openvino >&2
fi
[ -f build-bench/build.ninja ] || meson setup build-bench -Dbenchmarks=enabled --buildtype=release >&2
ninja -C build-bench >&2
exec /usr/bin/python3 tests/bench/bench.py build-bench . build-bench/bench "$@"
