#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Installs, with apt, what gst-action needs on Debian 12 or newer.
#
#   tools/install-deps.sh            for all of it: to build, to run, to test
#   tools/install-deps.sh --run      to run what is built already: plugins for decoders, encoders, cameras and screens,
#                                    fonts, and what the examples need
#   tools/install-deps.sh --build    to build it and to run it
#   tools/install-deps.sh --list [--run|--build]
#                                    print the package names, install nothing
#
# Prints nothing when everything is there already. Uses sudo when it is not run by root. Waits up to ten minutes for
# another program that is installing packages.
set -eu

# libopenblas0-pthread: Debian's LibTorch falls back to the reference BLAS when no optimised one is installed, and
# everything PyTorch sends to BLAS is then about ten times slower.
# dpkg-dev: without it Meson does not know Debian's folder for libraries, and installs to lib64.
# gstreamer1.0-plugins-bad: h264parse, h265parse; gstreamer1.0-x: a window on the screen.
run='
gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav
gstreamer1.0-x gstreamer1.0-tools
libopenblas0-pthread fonts-dejavu-core
curl ca-certificates parallel
python3 python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0
'
build='
g++ meson ninja-build pkg-config dpkg-dev
libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstreamer-plugins-bad1.0-dev
libtorch-dev
libopencv-dev libswscale-dev libavutil-dev
libpango1.0-dev
nlohmann-json3-dev zlib1g-dev
libtomlplusplus-dev libsoup-3.0-dev libsecret-1-dev libxlsxwriter-dev
'
test='
libgtest-dev clang-format fontconfig
python3-numpy python3-torch python3-torchvision python3-opencv
gir1.2-gst-rtsp-server-1.0
'

install=yes
wanted="$run $build $test"
for option in "$@"; do
  case $option in
    --run) wanted=$run ;;
    --build) wanted="$run $build" ;;
    --list) install=no ;;
    *) echo "install-deps.sh: unknown option '$option' (known: --run, --build, --list)" >&2; exit 2 ;;
  esac
done
if [ "$install" = no ]; then
  # shellcheck disable=SC2086
  printf '%s\n' $wanted
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "install-deps.sh: this is not a Debian system (no apt-get). Install the equivalents of these packages:" >&2
  # shellcheck disable=SC2086
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

# Runs apt-get. While another program holds one of its locks (an unattended upgrade, a software centre), tries again.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
said=$folder/said
patience=600  # s
apt_get() {
  waited=0
  while :; do
    rm -f "$folder/status"
    # What apt-get says goes to a file, how far it is through a pipe of its own: a line for every tenth.
    { $as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C sh -c '
        said=$1 patience=$2
        shift 2
        exec apt-get -o DPkg::Lock::Timeout="$patience" -o APT::Status-Fd=3 "$@" 3>&1 >"$said" 2>&1' \
        sh "$said" "$patience" "$@" || echo $? >"$folder/status"; } | awk -F: '
      { tenth = int($3 / 10); doing = $1 == "dlstatus" ? "Downloading" : "Installing" }
      tenth > last[doing] { last[doing] = tenth; print doing ": " 10 * tenth " %"; fflush() }'
    [ -f "$folder/status" ] || return 0
    status=$(cat "$folder/status")
    if ! grep -q 'Could not get lock\|Unable to acquire the dpkg frontend lock\|Unable to lock' "$said" || [ "$waited" -ge "$patience" ]; then
      cat "$said" >&2
      echo "install-deps.sh: apt-get $1 failed; what it said is above" >&2
      return "$status"
    fi
    [ "$waited" -ne 0 ] || echo "Another program is installing packages; waiting for it (ten minutes at most)"
    waited=$((waited + 5))
    sleep "${INSTALL_DEPS_PAUSE:-5}"
  done
}

# shellcheck disable=SC2086
set -- $missing
echo "Installing $# packages and what they need:$missing"
apt_get update -qq
apt_get install -y -qq --no-install-recommends "$@"
