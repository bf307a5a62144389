#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Does what the README tells a newcomer to do, on a machine that has nothing: a Debian made by debootstrap (minbase), with
# a clone of this repository and no more. Once as root, once as an ordinary user with sudo. Needs root, debootstrap, a
# Debian mirror, 12 GB of disk; takes an hour on two cores.
#
#   tests/bare.sh [bookworm|trixie] [root|user]      default: bookworm, and both
#
# BARE_FOLDER (default /var/tmp/gst-action-bare) keeps the base systems, downloaded packages and the log of each run.
# BARE_MIRROR names another Debian mirror.
set -eu
cd "$(dirname "$0")/.."
release=${1:-bookworm}
people=${2:-root user}
. tests/helpers/bare-root.sh

# The blocks of README.md under a heading, as they stand there.
block() {
  awk -v heading="## $1" '$0 == heading { here = 1; next } /^## / { here = 0 } here && /^```sh/ { code = 1; next }
    /^```/ { if (code) exit } here && code { sub(/ +# .*/, ""); print }' README.md
}
quickstart=$(block Quickstart)
install=$(block Install | grep -v '^meson devenv')  # that one opens a shell
[ "$quickstart" = examples/quickstart.sh ] || { echo "bare.sh: README's quickstart is '$quickstart'" >&2; exit 1; }

# $1: root or user. Leaves what was said in $folder/RELEASE-WHO.log.
try() {
  who=$1
  log=$folder/$release-$who.log
  enter
  home=/root
  commands=$install
  if [ "$who" = user ]; then
    home=/home/worker
    chroot "$root" sh -ec 'apt-get update -qq && apt-get install -y -qq --no-install-recommends sudo
      useradd -m -s /bin/sh worker && echo "worker ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/worker' >"$log" 2>&1
  else
    : >"$log"
    commands=$(printf '%s\n' "$install" | sed 's/\bsudo //g')  # there is none, and root needs none
  fi
  git clone -q --no-hardlinks . "$root$home/gst-action"
  cat >"$root/tmp/try.sh" <<EOF
set -eu
export HOME=$home LC_ALL=C.UTF-8
cd $home/gst-action
echo "### $quickstart"
$quickstart
for file in demo/overlay.mp4 demo/timeline.json demo/contact-sheet.png; do
  [ -s \$file ] || { echo "MISSING: \$file"; exit 1; }
done
rm -rf build
echo "### install"
$commands
export GST_PLUGIN_PATH=/usr/local/lib/\$(gcc -print-multiarch)/gstreamer-1.0
gst-inspect-1.0 --exists r3dfeatures
gst-inspect-1.0 r3dfeatures | grep -q precision
gst-action-timeline show demo/timeline.json | grep -q 'not a measurement'
echo "### all of it ended as README says"
EOF
  chmod 755 "$root/tmp/try.sh"
  began=$(date +%s)
  echo "$release, as $who: the README's commands; log: $log"
  if [ "$who" = user ]; then
    chown -R 1000:1000 "$root$home/gst-action"
    chroot --userspec=worker:worker "$root" sh /tmp/try.sh >>"$log" 2>&1 || status=$?
  else
    chroot "$root" sh /tmp/try.sh >>"$log" 2>&1 || status=$?
  fi
  if [ "${status:-0}" -ne 0 ] || ! grep -q '^### all of it ended' "$log"; then
    tail -30 "$log" >&2
    echo "bare.sh: FAILED on $release as $who" >&2
    exit 1
  fi
  grep -E 'coarse action|s in all' "$log"
  echo "$release, as $who: right, $(($(date +%s) - began)) s"
  finish
}
for who in $people; do
  status=0
  try "$who"
done
