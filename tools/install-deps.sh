#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Installs, with apt, what building and testing gst-action needs on Debian 12 or newer.
#
#   tools/install-deps.sh            build and test dependencies
#   tools/install-deps.sh --build    what building alone needs
#   tools/install-deps.sh --list     print the package names, install nothing
#
# Prints nothing when everything is there already. Uses sudo when it is not run by root.
set -eu

# libopenblas0-pthread is not a build dependency by name, but Debian's LibTorch falls back to the reference BLAS when no
# optimised one is installed, and everything PyTorch sends to BLAS is then about ten times slower.
build='
g++ meson ninja-build pkg-config
libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
libtorch-dev libopenblas0-pthread
libopencv-dev libswscale-dev libavutil-dev
libpango1.0-dev
nlohmann-json3-dev
gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly gstreamer1.0-libav gstreamer1.0-tools
curl
'
test='
libgtest-dev clang-format parallel
gstreamer1.0-plugins-bad
python3 python3-numpy python3-torch python3-torchvision python3-opencv
python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0 gir1.2-gst-rtsp-server-1.0
'

mode=${1:-all}
case $mode in
  --build) wanted=$build ;;
  all|--list) wanted="$build $test" ;;
  *) echo "install-deps.sh: unknown option '$mode' (known: --build, --list)" >&2; exit 2 ;;
esac
if [ "$mode" = --list ]; then
  printf '%s\n' $wanted
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "install-deps.sh: this is not a Debian system (no apt-get). Install the equivalents of these packages:" >&2
  printf '  %s\n' $wanted >&2
  exit 1
fi

missing=
for package in $wanted; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "install-deps.sh: not root and no sudo. As root, run: apt-get install$missing" >&2
    exit 1
  fi
  as_root=sudo
fi
echo "Installing:$missing"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
