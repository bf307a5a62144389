// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionskip/properties.h"

namespace action {
namespace {

PropertyTable<ActionSkipSettings> NewTable() {
  PropertyTable<ActionSkipSettings> table;
  table.Rate("sample-rate", "Sample rate", "Frames per second that are sampled: as of r3dfeatures",
             &ActionSkipSettings::sample_rate, kMutableReady);
  table.Computed(g_param_spec_boxed("stats", "Statistics",
                                    "pictures and skipped (uint64), and why all are kept (string `kept-all`), if they "
                                    "are",
                                    GST_TYPE_STRUCTURE,
                                    static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  return table;
}

}  // namespace

const PropertyTable<ActionSkipSettings> &ActionSkipProperties() {
  static const PropertyTable<ActionSkipSettings> table = NewTable();
  return table;
}

}  // namespace action
