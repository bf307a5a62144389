#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds everything against the CUDA LibTorch of PyPI's newest PyTorch, runs the suites that need no GPU with that build, and shows
# what device=cuda says on a machine without a GPU. Downloads about 3 GB into build-newest/ (helpers/newest-site.sh).
#
#   tests/cuda-build.sh
set -eu
cd "$(dirname "$0")/.."
tools/install-deps.sh
site=$(tests/helpers/newest-site.sh)
[ -f build-cuda/build.ninja ] || meson setup build-cuda -Dtests=enabled -Dwerror=true -Dtorch-dir="$site/torch"
ninja -C build-cuda
grep -q ACTION_WITH_CUDA build-cuda/build.ninja || {
  echo "FAILED: this LibTorch has no CUDA, or its headers were not found" >&2
  exit 1
}

# at::hasCUDA() of LibTorch 2 asks for a device; the library is there when the error names the device and not the build.
echo "== device=cuda without a GPU"
said=$(GST_PLUGIN_PATH=build-cuda/gst GST_ACTION_WEIGHTS=build-cuda/tests/standin.pth CUDA_VISIBLE_DEVICES= \
  gst-launch-1.0 -q videotestsrc num-buffers=1 ! r3dfeatures device=cuda ! fakesink 2>&1 || true)
echo "$said"
case $said in
  *"no CUDA device is visible"*) ;;
  *) echo "FAILED: expected an error that says that no CUDA device is visible" >&2; exit 1 ;;
esac

echo "== the suites that need no GPU"
meson test -C build-cuda --print-errorlogs --suite unit --suite element
meson test -C build-cuda --print-errorlogs network heads
