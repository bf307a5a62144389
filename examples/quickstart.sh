#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# From nothing to a video with its actions drawn in, and a timeline beside it.
#
#   examples/quickstart.sh [OUT]      OUT: where everything goes (default: demo)
#
# Installs what is missing, builds, takes the published weights if they are there (gst-action-weights fetch gets them) and a
# stand-in otherwise, makes a small dataset, trains on it, runs one gst-launch-1.0 line on a video that was not trained
# with, and leaves
#   OUT/overlay.mp4         the video with labels
#   OUT/timeline.json       the timeline
#   OUT/contact-sheet.png   twelve moments of it
# What is there already is not made again: a second run takes seconds.
#
# BUILD_DIR names the build folder (default: build).
set -eu
case ${1:-} in
  -h|--help) sed -n '5,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'; exit 0 ;;
esac
cd "$(dirname "$0")/.."
out=${1:-demo}
build=${BUILD_DIR:-build}
began=$(date +%s)
step() { printf '\n== %s\n' "$*"; }

step "What is needed"
tools/install-deps.sh --build
if [ ! -f "$build/build.ninja" ]; then
  mkdir -p "$build"
  meson setup "$build" >"$build/quickstart.log" 2>&1 || { tail -30 "$build/quickstart.log" >&2; exit 1; }
fi
# Every tenth part of the work as a line.
rm -f "$build/quickstart.failed"
{ NINJA_STATUS='%p ' ninja -C "$build" 2>&1 || touch "$build/quickstart.failed"; } | tee "$build/quickstart.log" | awk '
  /^ *[0-9]+% / { percent = int($1 / 10) * 10; if (percent > last) { last = percent; print "Building: " percent " %"; fflush() } }'
[ ! -f "$build/quickstart.failed" ] || { tail -30 "$build/quickstart.log" >&2; exit 1; }
tree=$(cd "$build" && pwd)
PATH=$tree/tools:$PATH
GST_PLUGIN_PATH=$tree/gst${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}
export PATH GST_PLUGIN_PATH
echo "Built in $build. To use it by hand: meson devenv -C $build"
mkdir -p "$out"

step "Weights of the network"
if weights=$(gst-action-weights find 2>/dev/null); then
  echo "Found $weights"
else
  weights=$out/standin.pth
  [ -f "$weights" ] || gst-action-weights make-standin "$weights"
  echo "$weights: a stand-in, never trained. Good enough to see how everything works, not a measurement."
  echo "The published weights: gst-action-weights fetch"
fi
GST_ACTION_WEIGHTS=$weights
export GST_ACTION_WEIGHTS

step "A dataset to train with, and a video that is not in it"
video=$out/test/line_1.mp4
truth=$out/test/line_1.json
if [ ! -f "$truth" ]; then
  gst-action-demo "$out"
fi
echo "$out/clips, $video"

step "Training"
model=$out/model
if [ -f "$model/model.json" ]; then
  echo "$model is there already"
else
  gst-action-train "$out/clips" -o "$model"
fi

step "Labels on the video, and its timeline"
line="gst-launch-1.0 filesrc location=$video ! decodebin \\
  ! r3dfeatures orientation=auto hop=4 ! actionclassify model=$model \\
  ! timelinesmooth profile=study location=$out/timeline.json \\
  ! videoconvert ! videoflip video-direction=auto ! actionoverlay show=coarse+fine+value+elapsed+strip ! videoconvert ! x264enc pass=qual quantizer=23 speed-preset=veryfast ! mp4mux ! filesink location=$out/overlay.mp4"
echo "$line"
run=$(date +%s)
if [ "$out/overlay.mp4" -nt "$model/model.json" ] && [ -f "$out/timeline.json" ]; then
  took="was there already; remove $out/overlay.mp4 to make it again"
else
  rm -f "$out/contact-sheet.png"
  # The same line with progress every five seconds instead of its other messages.
  printf '%s\n' "$line" | sed 's/gst-launch-1.0/gst-launch-1.0 -q/; s/! r3dfeatures/! progressreport name=video do-query=true update-freq=5 ! r3dfeatures/' \
    | sh || { rm -f "$out/overlay.mp4"; exit 1; }
  took="$(($(date +%s) - run)) s"
fi

if [ ! -f "$out/contact-sheet.png" ]; then
  # Every 12 s: on line_1 no such moment is near a change of action.
  frames=$(mktemp -d)
  trap 'rm -rf "$frames"' EXIT
  gst-launch-1.0 -q filesrc location="$out/overlay.mp4" ! decodebin ! videorate ! video/x-raw,framerate=1/12 \
    ! videoconvert ! videoscale ! video/x-raw,width=320,height=240 ! pngenc ! multifilesink location="$frames/%02d.png"
  sheet="compositor name=sheet background=black"
  branches=
  number=0
  for frame in "$frames"/*.png; do
    [ "$number" -lt 12 ] || break
    sheet="$sheet sink_$number::xpos=$((number % 4 * 324)) sink_$number::ypos=$((number / 4 * 244))"
    branches="$branches filesrc location=$frame ! pngdec ! videoconvert ! sheet."
    number=$((number + 1))
  done
  # shellcheck disable=SC2086
  gst-launch-1.0 -q $sheet ! videoconvert ! pngenc snapshot=true ! filesink location="$out/contact-sheet.png" $branches
fi

step "The timeline"
gst-action-timeline show "$out/timeline.json"
printf '\nAgreement with the ground truth, '
gst-action-timeline compare "$out/timeline.json" "$truth"

step "The time study"
# A gst-action that was built without libxlsxwriter makes the page alone.
if gst-action-report --force -o "$out/study.xlsx" "$out/timeline.json" >/dev/null 2>&1; then
  sheets="
$out/study.xlsx          the same for a spreadsheet"
else
  sheets=
fi
gst-action-report --force --title "The bench of the demo" -o "$out/study.html" "$out/timeline.json"
cat <<END

$out/overlay.mp4         the video with labels ($took)
$out/timeline.json       the timeline
$out/contact-sheet.png   twelve moments of it
$out/study.html          the time study: open it in a browser$sheets
$out/model               the model; $out/model/report.html says how good it is
$(($(date +%s) - began)) s in all

To label videos of your own in a browser, train on them and correct what is found:
  gst-action-studio FOLDER-OF-VIDEOS
END
