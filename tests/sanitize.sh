#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs the unit and element suites under tools that see what a test does not: use of memory that is gone, undefined
# behaviour, leaks, data races.
#
#   tests/sanitize.sh address   AddressSanitizer, LeakSanitizer, UBSan; in build-address/
#   tests/sanitize.sh thread    ThreadSanitizer; in build-thread/
#   tests/sanitize.sh           both; 50 minutes on two cores. TESTS="study core" runs some of the test programs.
#
# What is not counted, and why, stands in helpers/sanitize/: *.supp, a reason for each line; glib_locks.c tells
# ThreadSanitizer of GLib's locks.
set -eu
cd "$(dirname "$0")/.."
here=$PWD
rules=$here/tests/helpers/sanitize
tests=${TESTS:-"core service convolution r3dfeatures actionclassify timelinesmooth study timelinelabel actionoverlay actioncamerasrc actionmask record-parts"}

build() {  # FOLDER KIND
  [ -f "$1/build.ninja" ] || meson setup "$1" -Db_sanitize="$2" -Db_lundef=false -Dtests=enabled -Dtools=enabled >"$1.log"
  # shellcheck disable=SC2046
  ninja -C "$1" gst/libgstaction.so tests/libactiontorch.so $(for name in $tests; do echo "tests/test-$name"; done)
}

# The program that GStreamer starts to look into plugins is not built with the sanitizer and cannot load ours. So they are
# looked into once here, and what other plugins leak meanwhile is not counted.
look_into_plugins() {  # FOLDER LIBRARIES
  export GST_REGISTRY_FORK=no GST_REGISTRY="$here/$1/tests/registry.bin" GST_PLUGIN_PATH="$here/$1/gst"
  export LD_LIBRARY_PATH="$here/$1/tests" G_SLICE=always-malloc G_DEBUG=fatal-criticals
  rm -f "$GST_REGISTRY"
  LD_PRELOAD=$2 ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=report_bugs=0 gst-inspect-1.0 --exists r3dfeatures
  export GST_REGISTRY_UPDATE=no
}

run() {  # FOLDER [VARIABLE=VALUE...]
  folder=$1
  shift
  for name in $tests; do
    log=$folder/$name.log
    if env "$@" "$folder/tests/test-$name" >"$log" 2>&1; then
      echo "$folder: $name: $(grep -c '^\[       OK' "$log") passed"
    else
      grep -E -A 30 'WARNING: Thread|ERROR: |runtime error|^\[  FAILED' "$log" >&2 || tail -n 30 "$log" >&2
      echo "$folder: $name: FAILED, see $log" >&2
      failed=1
    fi
  done
}

address() {
  build build-address address,undefined
  look_into_plugins build-address "$(cc -print-file-name=libasan.so) $(cc -print-file-name=libubsan.so)"
  run build-address ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:fast_unwind_on_malloc=0 \
    UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 LSAN_OPTIONS="suppressions=$rules/leak.supp:print_suppressions=0"
}

thread() {
  build build-thread thread
  # shellcheck disable=SC2046
  cc -shared -fPIC -o build-thread/glib_locks.so "$rules/glib_locks.c" $(pkg-config --cflags --libs gstreamer-1.0) -ltsan
  look_into_plugins build-thread "$(cc -print-file-name=libtsan.so) $here/build-thread/glib_locks.so"
  run build-thread LD_PRELOAD="$here/build-thread/glib_locks.so" TSAN_OPTIONS="suppressions=$rules/thread.supp:print_suppressions=0"
}

failed=0
for what in ${*:-address thread}; do
  case $what in
    address | thread) "$what" ;;
    *) echo "sanitize.sh: '$what' is neither address nor thread" >&2; exit 2 ;;
  esac
done
exit $failed
