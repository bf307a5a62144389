# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For scripts that try things on a Debian that has nothing; to be sourced. Needs root, debootstrap and a Debian mirror.
# Expects $release. Defines $folder, enter (makes a new root from debootstrap's minbase, and names it $root) and finish
# (removes it; runs at exit too).
folder=${BARE_FOLDER:-/var/tmp/gst-action-bare}
[ "$(id -u)" -eq 0 ] || { echo "$0: debootstrap and chroot need root" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "$0: install debootstrap" >&2; exit 2; }
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

root=
finish() {
  [ -n "$root" ] || return 0
  for mount in proc var/cache/apt/archives work/shared; do
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
trap finish EXIT
trap 'exit 130' INT TERM

enter() {
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
}
