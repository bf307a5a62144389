#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs the suites on a Debian of another release: tests/run.sh in a clone on a Debian made by debootstrap. Needs root,
# debootstrap, a Debian mirror, 12 GB of disk; takes an hour on two cores.
#
#   tests/release.sh [bookworm|trixie] [SUITE...]      default: trixie, and every suite
#
# BARE_FOLDER (default /var/tmp/gst-action-bare) keeps the base systems, downloaded packages and the log. The clips in
# ../shared are seen there too, when they are here.
set -eu
cd "$(dirname "$0")/.."
release=${1:-trixie}
[ $# -eq 0 ] || shift
. tests/helpers/bare-root.sh
log=$folder/$release-suites.log
enter
mkdir -p "$root/work/shared"
[ ! -d ../shared ] || mount --bind ../shared "$root/work/shared"
git clone -q --no-hardlinks . "$root/work/gst-action"
echo "$release: tests/run.sh $*; log: $log"
chroot "$root" env LC_ALL=C.UTF-8 HOME=/root sh -c 'cd /work/gst-action && exec tests/run.sh "$@"' sh "$@" >"$log" 2>&1 || status=$?
tail -n 1 "$log"
[ "${status:-0}" -eq 0 ] || { grep -a -E '^ *[0-9]+/[0-9]+ .*(FAIL|TIMEOUT|ERROR)|^not ok' "$log" >&2; exit 1; }
