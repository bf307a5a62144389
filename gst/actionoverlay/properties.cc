// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionoverlay/properties.h"

#include "action/labels.h"
#include "actionoverlay/enums.h"
#include "common/time_origin.h"

namespace action {
namespace {

using Settings = OverlaySettings;

PropertyTable<Settings> NewTable() {
  PropertyTable<Settings> table;
  constexpr auto kDeprecated = static_cast<GParamFlags>(kMutableReady | G_PARAM_DEPRECATED);
  table.Text("timeline", "Timeline",
             "Deprecated: put 'timelinelabel location=FILE' before actionoverlay, which gives frames the labels of a "
             "timeline file; this does the same",
             &Settings::timeline, kDeprecated);
  table.Enum("time-origin", "Time origin",
             "Deprecated, with timeline: what counts as 0 s in the file, as in timelinesmooth, which wrote it",
             GST_TYPE_ACTION_TIME_ORIGIN, &Settings::time_origin, kDeprecated);
  table.Text("elements", "Elements",
             "A file elements.csv: display names and value categories of fine actions, instead of those that frames or "
             "the timeline bring. gst-action-elements MODEL writes a template",
             &Settings::elements, kMutableReady);
  table.Enum("position", "Position", "Corner of the picture that the panel stands in", GST_TYPE_ACTION_PANEL_POSITION,
             &Settings::position, kControllable);
  table.Text("font", "Font", "Font family of the panel, as Pango names it", &Settings::font, kControllable);
  table.Double("scale", "Scale",
               "Size of the text: 1 is about 1/24 of the picture's height; less where it would not fit", 0.25, 8,
               &Settings::scale, kControllable);
  table.Double("opacity", "Opacity", "Opacity of the dark panel behind the text", 0, 1, &Settings::opacity,
               kControllable);
  table.Flags(
      "show", "Show",
      "What is drawn, such as coarse+fine+value+elapsed+time+strip. The strip shows the last strip-duration, or "
      "after timelinelabel the whole timeline",
      GST_TYPE_ACTION_SHOW_FLAGS, &Settings::show, kControllable);
  table.Uint64("strip-duration", "Strip duration",
               "Time that the strip along the bottom is wide, in nanoseconds (not after timelinelabel)", GST_SECOND,
               G_MAXINT64, &Settings::strip_duration, kControllable);
  const auto colour = [&table](ValueCategory category, const char *name, const char *nick, const char *what) {
    const auto place = static_cast<size_t>(category);
    table.Uint(
        name, nick, what, 0, G_MAXUINT32, [place](auto &s) -> auto & { return s.colours[place]; }, kControllable);
  };
  colour(ValueCategory::kVa, "color-va", "VA colour", "Colour of value added actions, 0xAARRGGBB");
  colour(ValueCategory::kRnva, "color-rnva", "RNVA colour",
         "Colour of required but not value added actions, 0xAARRGGBB");
  colour(ValueCategory::kNva, "color-nva", "NVA colour", "Colour of actions that add no value, 0xAARRGGBB");
  colour(ValueCategory::kUnknown, "color-unknown", "UNKNOWN colour",
         "Colour where the value category is not known, 0xAARRGGBB");
  return table;
}

}  // namespace

const PropertyTable<Settings> &ActionOverlayProperties() {
  static const PropertyTable<Settings> table = NewTable();
  return table;
}

}  // namespace action
