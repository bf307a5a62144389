#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Fails when a source file is not as .clang-format wants it. To put it right: clang-format -i FILE
#   check-format.sh CLANG_FORMAT SOURCE_ROOT
# Each release of clang-format breaks some lines in another way: with another than the one of Debian 12 the test is skipped.
set -eu
if ! "$1" --version | grep -q 'version 14\.'; then
  echo "skipped: $("$1" --version), not version 14"
  exit 77
fi
cd "$2"
find lib gst tools tests examples \( -name '*.cc' -o -name '*.h' -o -name '*.c' \) -print0 | xargs -0 "$1" --dry-run --Werror
