// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionskip/properties.h"

namespace action {
namespace {

PropertyTable<ActionSkipSettings> NewTable() {
  PropertyTable<ActionSkipSettings> table;
  const Fraction rate = ActionSkipSettings{}.sample_rate;
  table.Add(
      gst_param_spec_fraction("sample-rate", "Sample rate", "Frames per second that are sampled: as of r3dfeatures", 1,
                              1000, 1000, 1, static_cast<gint>(rate.numerator), static_cast<gint>(rate.denominator),
                              kMutableReady),
      [](const ActionSkipSettings &s, GValue *value) {
        gst_value_set_fraction(value, static_cast<gint>(s.sample_rate.numerator),
                               static_cast<gint>(s.sample_rate.denominator));
      },
      [](ActionSkipSettings &s, const GValue *value) {
        s.sample_rate = {gst_value_get_fraction_numerator(value), gst_value_get_fraction_denominator(value)};
      });
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
