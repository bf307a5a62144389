// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "actionoverlay/enums.h"

#include "actionoverlay/overlay_composer.h"
#include "common/enum_type.h"

GType gst_action_panel_position_get_type(void) {
  using action::PanelPosition;
  static const GEnumValue values[] = {
      {action::EnumValue(PanelPosition::kTopLeft), "Top left", "top-left"},
      {action::EnumValue(PanelPosition::kTopRight), "Top right", "top-right"},
      {action::EnumValue(PanelPosition::kBottomLeft), "Bottom left", "bottom-left"},
      {action::EnumValue(PanelPosition::kBottomRight), "Bottom right", "bottom-right"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return action::EnumTypeOnce(&type, "GstActionPanelPosition", values);
}

GType gst_action_show_flags_get_type(void) {
  static const GFlagsValue values[] = {
      {action::kShowCoarse, "Coarse action", "coarse"},
      {action::kShowFine, "Fine action", "fine"},
      {action::kShowValue, "Value category, in its colour", "value"},
      {action::kShowConfidence, "Confidence in per cent", "confidence"},
      {action::kShowElapsed, "Time since the segment began", "elapsed"},
      {action::kShowTime, "Time in the video, to a tenth of a second", "time"},
      {action::kShowStrip, "Timeline strip along the bottom", "strip"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return action::FlagsTypeOnce(&type, "GstActionShowFlags", values);
}
