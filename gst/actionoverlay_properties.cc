// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionoverlay_properties.h"

#include "common/enums.h"
#include "common/property_values.h"
#include "timelinesmooth_properties.h"

namespace action {
namespace {

enum {
  PROP_0,
  PROP_TIMELINE,
  PROP_TIME_ORIGIN,
  PROP_POSITION,
  PROP_FONT,
  PROP_SCALE,
  PROP_OPACITY,
  PROP_SHOW,
  PROP_STRIP_DURATION,
  PROP_COLOR_VA,
  PROP_COLOR_RNVA,
  PROP_COLOR_NVA,
  PROP_COLOR_UNKNOWN,
  PROP_ELEMENTS,
};

}  // namespace

bool SetProperty(OverlaySettings &settings, guint id, const GValue *value) {
  switch (id) {
    case PROP_TIMELINE:
      settings.timeline = TextOf(value);
      return true;
    case PROP_ELEMENTS:
      settings.elements = TextOf(value);
      return true;
    case PROP_TIME_ORIGIN:
      settings.from_first_frame = static_cast<TimeOrigin>(g_value_get_enum(value)) == TimeOrigin::kFirstFrame;
      return true;
    case PROP_POSITION:
      settings.position = static_cast<PanelPosition>(g_value_get_enum(value));
      return true;
    case PROP_FONT:
      settings.font = TextOf(value, "Sans");
      return true;
    case PROP_SCALE:
      settings.scale = g_value_get_double(value);
      return true;
    case PROP_OPACITY:
      settings.opacity = g_value_get_double(value);
      return true;
    case PROP_SHOW:
      settings.show = g_value_get_flags(value);
      return true;
    case PROP_STRIP_DURATION:
      settings.strip_duration = g_value_get_uint64(value);
      return true;
    case PROP_COLOR_VA:
    case PROP_COLOR_RNVA:
    case PROP_COLOR_NVA:
    case PROP_COLOR_UNKNOWN:
      settings.colours[id - PROP_COLOR_VA] = g_value_get_uint(value);
      return true;
    default:
      return false;
  }
}

bool GetProperty(const OverlaySettings &settings, guint id, GValue *value) {
  switch (id) {
    case PROP_TIMELINE:
      SetTextOrNull(value, settings.timeline);
      return true;
    case PROP_ELEMENTS:
      SetTextOrNull(value, settings.elements);
      return true;
    case PROP_TIME_ORIGIN:
      g_value_set_enum(value,
                       static_cast<int>(settings.from_first_frame ? TimeOrigin::kFirstFrame : TimeOrigin::kStream));
      return true;
    case PROP_POSITION:
      g_value_set_enum(value, static_cast<int>(settings.position));
      return true;
    case PROP_FONT:
      g_value_set_string(value, settings.font.c_str());
      return true;
    case PROP_SCALE:
      g_value_set_double(value, settings.scale);
      return true;
    case PROP_OPACITY:
      g_value_set_double(value, settings.opacity);
      return true;
    case PROP_SHOW:
      g_value_set_flags(value, settings.show);
      return true;
    case PROP_STRIP_DURATION:
      g_value_set_uint64(value, settings.strip_duration);
      return true;
    case PROP_COLOR_VA:
    case PROP_COLOR_RNVA:
    case PROP_COLOR_NVA:
    case PROP_COLOR_UNKNOWN:
      g_value_set_uint(value, settings.colours[id - PROP_COLOR_VA]);
      return true;
    default:
      return false;
  }
}

void InstallOverlayProperties(GObjectClass *object_class) {
  constexpr auto kReady =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  constexpr auto kPlaying = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                     GST_PARAM_MUTABLE_PLAYING | GST_PARAM_CONTROLLABLE);
  const auto install = [object_class](guint id, GParamSpec *spec) {
    g_object_class_install_property(object_class, id, spec);
  };
  const OverlaySettings defaults;
  install(PROP_TIMELINE,
          g_param_spec_string("timeline", "Timeline",
                              "A timeline file (.json or .jsonl of timelinesmooth, or .json of the Python system) to "
                              "draw from, instead of the labels that frames bring: a second pass with every label "
                              "final. Frames then carry these labels",
                              nullptr, kReady));
  install(
      PROP_ELEMENTS,
      g_param_spec_string("elements", "Elements",
                          "A file elements.csv: display names and value categories of fine actions, instead of those "
                          "that frames or the timeline bring. gst-action-elements MODEL writes a template",
                          nullptr, kReady));
  install(PROP_TIME_ORIGIN,
          g_param_spec_enum("time-origin", "Time origin",
                            "What counts as 0 s in the timeline file: as in timelinesmooth, which wrote it",
                            GST_TYPE_ACTION_TIME_ORIGIN, static_cast<int>(TimeOrigin::kFirstFrame), kReady));
  install(PROP_POSITION,
          g_param_spec_enum("position", "Position", "Corner of the picture that the panel stands in",
                            GST_TYPE_ACTION_PANEL_POSITION, static_cast<int>(defaults.position), kPlaying));
  install(PROP_FONT, g_param_spec_string("font", "Font", "Font family of the panel, as Pango names it",
                                         defaults.font.c_str(), kPlaying));
  install(PROP_SCALE,
          g_param_spec_double("scale", "Scale",
                              "Size of the text: 1 is about 1/24 of the picture's height; less where it would not fit",
                              0.25, 8, defaults.scale, kPlaying));
  install(PROP_OPACITY, g_param_spec_double("opacity", "Opacity", "Opacity of the dark panel behind the text", 0, 1,
                                            defaults.opacity, kPlaying));
  install(PROP_SHOW, g_param_spec_flags("show", "Show",
                                        "What is drawn, such as coarse+fine+value+elapsed+strip. The strip shows the "
                                        "last strip-duration, or with timeline= all of it",
                                        GST_TYPE_ACTION_SHOW_FLAGS, defaults.show, kPlaying));
  install(PROP_STRIP_DURATION,
          g_param_spec_uint64("strip-duration", "Strip duration",
                              "Time that the strip along the bottom is wide, in nanoseconds (without timeline=)",
                              GST_SECOND, G_MAXINT64, defaults.strip_duration, kPlaying));
  const auto install_colour = [&](guint id, const char *name, const char *nick, const char *what) {
    install(id, g_param_spec_uint(name, nick, what, 0, G_MAXUINT32, defaults.colours[id - PROP_COLOR_VA], kPlaying));
  };
  install_colour(PROP_COLOR_VA, "color-va", "VA colour", "Colour of value added actions, 0xAARRGGBB");
  install_colour(PROP_COLOR_RNVA, "color-rnva", "RNVA colour",
                 "Colour of required but not value added actions, 0xAARRGGBB");
  install_colour(PROP_COLOR_NVA, "color-nva", "NVA colour", "Colour of actions that add no value, 0xAARRGGBB");
  install_colour(PROP_COLOR_UNKNOWN, "color-unknown", "UNKNOWN colour",
                 "Colour where the value category is not known, 0xAARRGGBB");

  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_PANEL_POSITION, static_cast<GstPluginAPIFlags>(0));
  gst_type_mark_as_plugin_api(GST_TYPE_ACTION_SHOW_FLAGS, static_cast<GstPluginAPIFlags>(0));
}

}  // namespace action
