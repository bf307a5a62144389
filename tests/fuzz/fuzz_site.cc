// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// No site file makes gst-action-record's reader crash or hang.
#include "action/error.h"
#include "record/site_file.h"
#include "scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const fuzz::Scratch scratch;
  try {
    action::ReadSiteFile(scratch.Write("site.toml", fuzz::TextOf(data, size)));
  } catch (const action::Error &) {
  }
  return 0;
}
