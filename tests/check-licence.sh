#!/bin/sh
# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Fails when a source file does not say whose it is and under which licence.
#   check-licence.sh SOURCE_ROOT
set -eu
cd "$1"
silent=$(find lib debian gst tools tests examples docs meson.build meson_options.txt \
  \( -name '*.cc' -o -name '*.h' -o -name '*.h.in' -o -name '*.c' -o -name '*.py' -o -name '*.sh' -o -name 'meson*' \) \
  -exec grep -L 'SPDX-License-Identifier: LGPL-2.1-or-later' {} +)
[ -n "$silent" ] || exit 0
echo "These files lack the two SPDX lines that every source file begins with:" >&2
printf '%s\n' "$silent" >&2
exit 1
