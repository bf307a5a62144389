#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes the pictures of the documents again, from this tree: run it after a change of what is drawn, and look at them.
#
#   docs/pictures.sh [EYE]
#
# docs/quickstart.jpg              twelve moments of the quickstart's video
# docs/record.jpg                  the page of gst-action-record (needs chromium-driver and python3-selenium)
# docs/studio.jpg, docs/study-*.jpg    the page of gst-action-studio (the same)
# tests/pipeline/pictures/*.png    what the tests compare the panels with
# EYE/*.png                        more panels (default: build/pictures): other scripts, 4K, upright
#
# BUILD_DIR names the build folder (default: build).
set -eu
cd "$(dirname "$0")/.."
build=${BUILD_DIR:-build}
eye=${1:-$build/pictures}
rm -rf "$build/pictures-demo"
BUILD_DIR=$build examples/quickstart.sh "$build/pictures-demo"
gst-launch-1.0 -q filesrc location="$build/pictures-demo/contact-sheet.png" ! pngdec ! videoconvert ! video/x-raw,format=I420 ! jpegenc quality=55 \
  ! filesink location=docs/quickstart.jpg
tree=$(cd "$build" && pwd)
export GST_PLUGIN_PATH="$tree/gst" PATH="$tree/tools:$PATH"
/usr/bin/python3 tests/pipeline/test_pictures.py "$eye"
for kept in tests/pipeline/pictures/*.png; do
  cp "$eye/$(basename "$kept")" "$kept"
done
if command -v chromedriver >/dev/null; then
  /usr/bin/python3 tests/record/page_picture.py "$tree/tools/gst-action-record" "$tree/pictures-demo/model" "$tree/pictures-demo/test/line_1.mp4" "$eye/record.png"
  gst-launch-1.0 -q filesrc location="$eye/record.png" ! pngdec ! videoconvert ! video/x-raw,format=I420 ! jpegenc quality=85 ! filesink location=docs/record.jpg
  mkdir -p "$eye/studio"
  /usr/bin/python3 tests/pipeline/studio_picture.py "$tree/tools" "$tree/pictures-demo" "$eye/studio"
  gst-launch-1.0 -q filesrc location="$eye/studio/review.png" ! pngdec ! videoconvert ! video/x-raw,format=I420 ! jpegenc quality=85 ! filesink location=docs/studio.jpg
  for step in label train study; do
    gst-launch-1.0 -q filesrc location="$eye/studio/$step.png" ! pngdec ! videoconvert ! videoscale method=lanczos ! video/x-raw,format=I420,width=900,pixel-aspect-ratio=1/1 \
      ! jpegenc quality=75 ! filesink location="docs/study-$step.jpg"
  done
fi
echo "The pictures in docs and tests/pipeline/pictures are made again. Look at them, and at $eye."
