#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Puts the newest PyTorch of PyPI (CUDA, 3 GB) into build-newest/site once, for Debian's Python, and prints that folder.
#
#   newest-site.sh [openvino]      needs pip for Debian's Python version (apt-get install python3-pip, or any other pip)
set -eu
cd "$(dirname "$0")/../.."
site=$PWD/build-newest/site
get() {
  version=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  pip install --quiet --target "$site" --python-version "$version" --only-binary=:all: "$@" >&2
}
mkdir -p build-newest
[ -d "$site/torch" ] || get torch numpy
if [ "${1:-}" = openvino ] && [ ! -d "$site/openvino" ]; then
  get --no-deps openvino openvino-telemetry
fi
echo "$site"
