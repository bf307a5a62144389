// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionmask/properties.h"

namespace action {
namespace {

PropertyTable<ActionMaskSettings> NewTable() {
  PropertyTable<ActionMaskSettings> table;
  table.Text("regions", "Regions",
             "Parts of the picture that become black: x,y,width,height as fractions of its size, several with ';' "
             "between them. 0,0,1,0.2;0.8,0,0.2,1 is a band along the top and one along the right side. Pixels that a "
             "region only touches are filled too",
             &ActionMaskSettings::regions, kMutablePlaying);
  return table;
}

}  // namespace

const PropertyTable<ActionMaskSettings> &ActionMaskProperties() {
  static const PropertyTable<ActionMaskSettings> table = NewTable();
  return table;
}

}  // namespace action
