#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds the Debian packages on a Debian that has nothing, checks them with lintian, installs them on another one without a
# compiler or a -dev package, and runs the quickstart's pipeline there from the packages alone. Needs root, debootstrap, a
# Debian mirror; takes half an hour on two cores.
#
#   tests/debian.sh [bookworm|trixie]      default: bookworm
#
# Leaves the packages in $BARE_FOLDER/RELEASE-packages (default /var/tmp/gst-action-bare).
set -eu
cd "$(dirname "$0")/.."
release=${1:-bookworm}
. tests/helpers/bare-root.sh
log=$folder/$release-debian.log
packages=$folder/$release-packages

# Runs a script in the root; tells the end of the log when it fails.
inside() {
  cat >"$root/tmp/script.sh"
  chroot "$root" env LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root sh -eu /tmp/script.sh >>"$log" 2>&1 && return 0
  tail -30 "$log" >&2
  echo "debian.sh: FAILED on $release: $1; log: $log" >&2
  exit 1
}
: >"$log"

echo "$release: building the packages; log: $log"
enter
mkdir -p "$root/build"
git clone -q --no-hardlinks . "$root/build/gst-action"
inside 'building' <<'EOF'
apt-get update -qq
apt-get install -y -qq --no-install-recommends build-essential devscripts equivs lintian
cd /build/gst-action
mk-build-deps --install --remove --tool 'apt-get -y -qq --no-install-recommends' debian/control
rm -f gst-action-build-deps*
rm -rf .git
dpkg-buildpackage -b -us -uc
cd ..
lintian --fail-on error --suppress-tags bogus-mail-host,initial-upload-closes-no-bugs,no-manual-page ./*.changes || exit 1
EOF
rm -rf "$packages"
mkdir -p "$packages"
cp "$root"/build/*.deb "$packages"
finish

echo "$release: installing them where nothing else is, and running the pipeline of the quickstart"
enter
mkdir -p "$root/debs" "$root/demo"
cp "$packages"/gstreamer1.0-action_*.deb "$packages"/gst-action-tools_*.deb "$root/debs"
inside 'installing' <<'EOF'
apt-get update -qq
apt-get install -y -qq --no-install-recommends /debs/*.deb
if dpkg-query -W -f='${Package} ${db:Status-Status}\n' | grep -E -- '-dev installed$|^g\+\+' ; then
  echo "A -dev package came along"; exit 1
fi
cd /demo
gst-inspect-1.0 --exists timelinesmooth
gst-action-weights make-standin standin.pth
export GST_ACTION_WEIGHTS=/demo/standin.pth
gst-action-doctor
# Debian's own LibTorch, loaded by somebody else before, is not a foreign one.
LD_PRELOAD=$(ls /usr/lib/*/libtorch_cpu.so.* | head -n 1) gst-action-doctor >preloaded.txt
grep -q '^ok       LibTorch' preloaded.txt
gst-action-demo demo
gst-action-train demo/clips -o model
gst-launch-1.0 -q filesrc location=demo/test/line_1.mp4 ! decodebin ! r3dfeatures orientation=auto hop=4 ! actionclassify model=model \
  ! timelinesmooth profile=study location=timeline.json ! actionoverlay show=coarse+fine+value+elapsed+strip ! videoconvert ! x264enc pass=qual quantizer=23 speed-preset=veryfast ! mp4mux \
  ! filesink location=overlay.mp4
[ -s overlay.mp4 ]
gst-action-timeline compare timeline.json demo/test/line_1.json
man_pages=$(dpkg -L gst-action-tools | grep -c 'man1/gst-action-.*\.1\.gz$')
[ "$man_pages" -ge 7 ] || { echo "only $man_pages man pages"; exit 1; }
echo "### sizes"
dpkg-query -W -f='${Installed-Size} ${Package}\n' gstreamer1.0-action gst-action-tools
dpkg-query -W -f='${Installed-Size} ${Package}\n' | sort -n | tail -5
dpkg-query -W -f='${Installed-Size}\n' | awk '{ all += $1 } END { printf "%.0f MB in all, the base system among them\n", all / 1024 }'
EOF
sed -n '/^### sizes/,$p' "$log"
finish
echo "$release: the packages are in $packages"
