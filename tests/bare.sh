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
folder=${BARE_FOLDER:-/var/tmp/gst-action-bare}
[ "$(id -u)" -eq 0 ] || { echo "bare.sh: debootstrap and chroot need root" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "bare.sh: install debootstrap" >&2; exit 2; }
base=$folder/$release.tar
debs=$folder/$release-debs
mkdir -p "$debs/partial"

if [ ! -f "$base" ]; then
  echo "Making a minimal $release"
  rm -rf "$folder/making"
  # shellcheck disable=SC2086
  debootstrap --variant=minbase "$release" "$folder/making" ${BARE_MIRROR:-} >"$folder/debootstrap.log" 2>&1 \
    || { tail -20 "$folder/debootstrap.log" >&2; exit 1; }
  tar -C "$folder/making" -cf "$base.new" .
  rm -rf "$folder/making"
  mv "$base.new" "$base"
fi

# The blocks of README.md under a heading, as they stand there.
block() {
  awk -v heading="## $1" '$0 == heading { here = 1; next } /^## / { here = 0 } here && /^```sh/ { code = 1; next }
    /^```/ { if (code) exit } here && code { sub(/ +# .*/, ""); print }' README.md
}
quickstart=$(block Quickstart)
install=$(block Install | grep -v '^meson devenv')  # that one opens a shell
[ "$quickstart" = examples/quickstart.sh ] || { echo "bare.sh: README's quickstart is '$quickstart'" >&2; exit 1; }

root=
finish() {
  [ -n "$root" ] || return 0
  for mount in proc var/cache/apt/archives; do
    ! mountpoint -q "$root/$mount" || umount -l "$root/$mount"
  done
  # Never into something that is mounted there still.
  if grep -q " $root/" /proc/mounts; then
    echo "bare.sh: something is still mounted under $root; remove it by hand" >&2
  else
    rm -rf --one-file-system "$root"
  fi
  root=
}
trap finish EXIT INT TERM

# $1: root or user. Leaves what was said in $folder/RELEASE-WHO.log.
try() {
  who=$1
  log=$folder/$release-$who.log
  root=$(mktemp -d "$folder/root-XXXXXX")
  tar -C "$root" -xf "$base"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  for file in /etc/apt/apt.conf.d/*proxy*; do
    [ ! -f "$file" ] || cp "$file" "$root/etc/apt/apt.conf.d/"
  done
  mount -t proc proc "$root/proc"
  mount --bind "$debs" "$root/var/cache/apt/archives"
  echo 'Binary::apt::APT::Keep-Downloaded-Packages "true"; APT::Keep-Downloaded-Packages "true";' >"$root/etc/apt/apt.conf.d/99keep"
  rm -f "$root/etc/apt/apt.conf.d/docker-clean"
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
