#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds against the newest PyTorch of PyPI, runs the suites that look at the network with that build, and shows that a process which
# has imported that PyTorch gets an element error from a build against Debian's LibTorch. Downloads about 3 GB into build-newest/.
#
#   tests/newest-torch.sh          fetches through helpers/newest-site.sh
set -eu
cd "$(dirname "$0")/.."
here=$PWD
tools/install-deps.sh
site=$(tests/helpers/newest-site.sh)

echo "== PyTorch $(PYTHONPATH=$site /usr/bin/python3 -c 'import torch; print(torch.__version__)')"
[ -f build-newest/build/build.ninja ] || meson setup build-newest/build -Dtests=enabled -Dwerror=true -Dtorch-dir="$site/torch"
ninja -C build-newest/build
meson test -C build-newest/build --print-errorlogs core service r3dfeatures network heads

echo "== the same PyTorch beside a build against Debian's LibTorch"
[ -f build-tests/build.ninja ] || meson setup build-tests -Dtests=enabled
ninja -C build-tests
GST_PLUGIN_PATH=$here/build-tests/gst GST_ACTION_WEIGHTS=$here/build-tests/tests/standin.pth \
  PYTHONPATH=$site /usr/bin/python3 tests/helpers/foreign_torch.py
