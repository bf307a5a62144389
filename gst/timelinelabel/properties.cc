// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timelinelabel/properties.h"

#include "common/time_origin.h"

namespace action {
namespace {

using Settings = TimelineLabelSettings;

PropertyTable<Settings> NewTable() {
  PropertyTable<Settings> table;
  table.Text("location", "Location",
             "A timeline file: .json or .jsonl of timelinesmooth (of a .jsonl file with several runs the last one), "
             ".json of the Python system, or of another program: .vtt, .srt, .eaf (ELAN), .csv, Label Studio's .json",
             &Settings::location, kMutableReady);
  table.Enum("time-origin", "Time origin",
             "What counts as 0 s in the file: the first frame, or stream time 0; as in timelinesmooth, which wrote it",
             GST_TYPE_ACTION_TIME_ORIGIN, &Settings::time_origin, kMutableReady);
  return table;
}

}  // namespace

const PropertyTable<Settings> &TimelineLabelProperties() {
  static const PropertyTable<Settings> table = NewTable();
  return table;
}

}  // namespace action
