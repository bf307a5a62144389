// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// No table makes the readers of annotations and of elements.csv crash or hang.
#include "action/elements.h"
#include "action/error.h"
#include "action/training/annotations.h"
#include "scratch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const fuzz::Scratch scratch;
  const std::string path = scratch.Write("table.csv", fuzz::TextOf(data, size));
  try {
    std::vector<std::string> warnings;
    const auto annotations = action::ReadAnnotationTable(path, warnings);
    action::DatasetOf(annotations, true, [](const std::string &) { return 60.0; });
    action::ReadAnnotations(path, warnings);
  } catch (const action::Error &) {
  }
  try {
    action::ReadElements(path);
  } catch (const action::Error &) {
  }
  return 0;
}
