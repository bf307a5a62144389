#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes a small dataset with GStreamer itself, to train on and to try everything with: patterns whose texture and motion
# differ by action. The same arguments and the same GStreamer give the same pictures.
#
#   tools/make-demo-dataset.sh OUT [SEED [CYCLES]]
#
# OUT/clips/               27 clips of 3 to 8 s, named after what they show: 12 fine actions in 7 families
# OUT/test/line_SEED.mp4   one long video of takes that are in no clip, and line_SEED.json, its ground-truth timeline
#
# With CYCLES, instead: OUT/test/cycles_SEED_CYCLES.mp4 and .json, so many cycles of one work of eight elements of 3 to
# 20 s. From the fourth on things happen: in the 4th an element is skipped, in the 7th two are swapped, in the 10th one takes
# three times as long; after every third (and the first) the worker waits.
set -eu
if [ $# -lt 1 ] || [ $# -gt 3 ]; then
  sed -n '5,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2
  exit 2
fi
out=$1
seed=${2:-1}
cycles=${3:-0}
for number in "$seed" "$cycles"; do
  case $number in
    ''|*[!0-9]*) echo "make-demo-dataset.sh: '$number' is not a number" >&2; exit 2 ;;
  esac
done
for element in videotestsrc concat x264enc mp4mux; do
  gst-inspect-1.0 "$element" >/dev/null 2>&1 || {
    echo "make-demo-dataset.sh: the GStreamer element $element is missing; run gst-action-doctor, or tools/install-deps.sh" >&2
    exit 1
  }
done
mkdir -p "$out/clips" "$out/test"

fps=25

# A number from 0 to $2-1, made of the text $1: the same in every run.
pick() {
  echo $(( $(printf '%s' "$1" | cksum | cut -d' ' -f1) % $2 ))
}

# A source of $3 frames of action $1 in take $2. Actions of one family look alike and move differently, or the other way
# round; light and colour differ from take to take, as they do on a line.
source_of() {
  take=$1-$2
  light=$(printf '0xff%02x%02x%02x' $((170 + $(pick "r$take" 86))) $((170 + $(pick "g$take" 86))) $((170 + $(pick "b$take" 86))))
  dark=$(printf '0xff%02x%02x%02x' "$(pick "R$take" 50)" "$(pick "G$take" 50)" "$(pick "B$take" 50)")
  speed=$((2 + $(pick "s$take" 3)))
  size=width=320,height=240
  filter=
  case $1 in
    mount_wheel_va)   show="pattern=ball motion=wavy foreground-color=$light background-color=$dark"; size=width=80,height=60 ;;
    mount_panel_va)   show="pattern=ball motion=hsweep foreground-color=$dark background-color=$light"; size=width=80,height=60 ;;
    turn_screw_va)    show="pattern=pinwheel horizontal-speed=$speed" ;;
    turn_valve_va)    show="pattern=spokes horizontal-speed=$speed" ;;
    check_gauge_rnva) show="pattern=zone-plate kx2=20 ky2=20 kt=$((speed + 1))" ;;
    check_seam_rnva)  show="pattern=zone-plate kx2=3 ky2=40 kt=$((2 * speed + 4))" ;;
    fetch_part_rnva)  show="pattern=checkers-8 horizontal-speed=$((2 * speed))"; size=width=80,height=60 ;;
    fetch_box_rnva)   show="pattern=checkers-4 horizontal-speed=$speed"; size=width=80,height=60 ;;
    adjust_jig_rnva)  show="pattern=smpte75 horizontal-speed=$speed" ;;
    clean_bench_nva)  show="pattern=snow" ;;
    clean_tool_nva)   show="pattern=snow"; filter="! videobalance contrast=0.4" ;;
    wait_idle_nva)    show="pattern=gradient" ;;
    *) echo "make-demo-dataset.sh: no action '$1'" >&2; exit 1 ;;
  esac
  echo "videotestsrc num-buffers=$3 $show ! video/x-raw,format=I420,$size,framerate=$fps/1 $filter" \
    "! videobalance brightness=-0.0$(pick "l$take" 9) ! videoscale ! video/x-raw,width=320,height=240"
}

encode="x264enc threads=1 key-int-max=$fps speed-preset=veryfast ! h264parse ! mp4mux ! filesink"

clips() {
  action=$1
  count=$2
  for take in $(seq 1 "$count"); do
    frames=$((fps * (3 + $(pick "n$action-$take" 6))))
    file=$out/clips/${action}_$(printf '%03d' "$take").mp4
    # shellcheck disable=SC2046
    gst-launch-1.0 -q $(source_of "$action" "$take" "$frames") ! $encode location="$file"
  done
}

all="mount_wheel_va mount_panel_va turn_screw_va turn_valve_va check_gauge_rnva check_seam_rnva fetch_part_rnva
fetch_box_rnva clean_bench_nva clean_tool_nva wait_idle_nva"
# A video of the actions on standard input, each line `ACTION FRAMES`, and its ground truth: $1.mp4, $1.json; takes are
# named after $2.
long_video() {
  line="concat name=c ! identity single-segment=true ! $encode location=$1.mp4"
  begin=0
  separator=
  number=0
  echo "[" >"$1.json.new"
  while read -r action frames; do
    number=$((number + 1))
    line="$line $(source_of "$action" "test-$2-$number" "$frames") ! c."
    end=$((begin + frames))
    suffix=${action##*_}
    printf '%s {"start": %s, "end": %s, "duration": %s, "coarse_action": "%s", "fine_action": "%s", "value_category": "%s"}' \
      "$separator" "$(echo "$begin $fps" | awk '{printf "%.2f", $1 / $2}')" "$(echo "$end $fps" | awk '{printf "%.2f", $1 / $2}')" \
      "$(echo "$frames $fps" | awk '{printf "%.2f", $1 / $2}')" "${action%%_*}" "$action" \
      "$(echo "$suffix" | tr '[:lower:]' '[:upper:]')" >>"$1.json.new"
    separator=",
"
    begin=$end
  done
  printf '\n]\n' >>"$1.json.new"
  # shellcheck disable=SC2086
  gst-launch-1.0 -q $line
  mv "$1.json.new" "$1.json"
}

if [ "$cycles" -gt 0 ]; then
  work="fetch_part_rnva:4 mount_wheel_va:9 turn_screw_va:14 check_gauge_rnva:4 mount_panel_va:11 turn_valve_va:6
    check_seam_rnva:5 clean_tool_nva:7"
  name=$out/test/cycles_${seed}_$cycles
  for cycle in $(seq 1 "$cycles"); do
    order=$work
    [ "$cycle" -ne 4 ] || order=$(echo "$order" | sed 's/check_gauge_rnva:4//')
    [ "$cycle" -ne 7 ] || order=$(echo "$order" | sed 's/turn_valve_va:6/SWAP/; s/mount_panel_va:11/turn_valve_va:6/; s/SWAP/mount_panel_va:11/')
    for element in $order; do
      action=${element%:*}
      # Within a sixth of the standard time, but never under 3 s.
      frames=$((${element#*:} * fps * (250 + $(pick "c$seed-$cycle-$action" 100)) / 300))
      [ "$frames" -ge $((3 * fps)) ] || frames=$((3 * fps))
      if [ "$cycle" -eq 10 ] && [ "$action" = mount_wheel_va ]; then frames=$((3 * frames)); fi
      echo "$action $frames"
    done
    if [ "$cycle" -eq 1 ] || [ $((cycle % 3)) -eq 0 ]; then
      echo "wait_idle_nva $((fps * (4 + $(pick "w$seed-$cycle" 8))))"
    fi
  done | long_video "$name" "cycles-$seed"
  echo "$name.mp4, $name.json"
  exit 0
fi

for action in mount_wheel_va mount_panel_va turn_screw_va turn_valve_va; do clips "$action" 3; done
for action in check_gauge_rnva check_seam_rnva fetch_part_rnva fetch_box_rnva clean_bench_nva clean_tool_nva; do clips "$action" 2; done
clips wait_idle_nva 2
clips adjust_jig_rnva 1

# The long video: every action twice, in an order that the seed decides, 4 to 8 s each.
order=$(for action in $all $all; do
  number=$((${number:-0} + 1))
  echo "$(pick "o$seed-$number-$action" 100000) $action"
done | sort -n | cut -d' ' -f2)
number=0
for action in $order; do
  number=$((number + 1))
  echo "$action $((fps * (4 + $(pick "d$seed-$number" 5))))"
done | long_video "$out/test/line_$seed" "$seed"
echo "$(ls "$out/clips" | wc -l) clips in $out/clips, a test video with its timeline in $out/test"
