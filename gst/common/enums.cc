// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/enums.h"

#include "action/engine.h"
#include "action/frame_sampler.h"
#include "overlay_composer.h"
#include "timelinesmooth_properties.h"

namespace {

GType RegisterOnce(gsize *type, const char *name, const GEnumValue *values) {
  if (g_once_init_enter(type)) g_once_init_leave(type, g_enum_register_static(name, values));
  return *type;
}

template <typename E>
constexpr int Value(E value) {
  return static_cast<int>(value);
}

}  // namespace

GType gst_action_precision_get_type(void) {
  using action::Precision;
  static const GEnumValue values[] = {
      {Value(Precision::kAuto), "The fastest that is exact enough on the device", "auto"},
      {Value(Precision::kFp32), "32-bit floating point", "fp32"},
      {Value(Precision::kFp16), "16-bit floating point (CUDA)", "fp16"},
      {Value(Precision::kBf16), "bfloat16", "bf16"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return RegisterOnce(&type, "GstActionPrecision", values);
}

GType gst_action_sampling_get_type(void) {
  using action::Sampling;
  static const GEnumValue values[] = {
      {Value(Sampling::kAuto), "By frame number while the announced rate holds, else by timestamp", "auto"},
      {Value(Sampling::kStride), "Every n-th frame, n = frame rate / sample rate rounded half to even", "stride"},
      {Value(Sampling::kTimestamp), "The first frame at or after every 1 / sample rate seconds", "timestamp"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return RegisterOnce(&type, "GstActionSampling", values);
}

GType gst_action_colorimetry_get_type(void) {
  using action::Colorimetry;
  static const GEnumValue values[] = {
      {Value(Colorimetry::kReference), "BT.601 whatever the stream says, as cv2.VideoCapture", "reference"},
      {Value(Colorimetry::kStream), "As the stream says", "stream"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return RegisterOnce(&type, "GstActionColorimetry", values);
}

GType gst_action_sync_mode_get_type(void) {
  using action::SyncMode;
  static const GEnumValue values[] = {
      {Value(SyncMode::kAuto), "Immediate when the source is live, aligned otherwise", "auto"},
      {Value(SyncMode::kImmediate), "Frames pass at once, with what is known", "immediate"},
      {Value(SyncMode::kAligned), "Frames wait for their smoothed coarse action", "aligned"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return RegisterOnce(&type, "GstActionSyncMode", values);
}

GType gst_action_time_origin_get_type(void) {
  using action::TimeOrigin;
  static const GEnumValue values[] = {
      {Value(TimeOrigin::kFirstFrame), "Time 0 is the first frame", "first-frame"},
      {Value(TimeOrigin::kStream), "Time 0 is stream time 0", "stream"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return RegisterOnce(&type, "GstActionTimeOrigin", values);
}

GType gst_action_profile_get_type(void) {
  using action::Profile;
  static const GEnumValue values[] = {
      {Value(Profile::kReference), "What the Python system computes", "reference"},
      {Value(Profile::kStudy), "Durations for a time study", "study"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return RegisterOnce(&type, "GstActionProfile", values);
}

GType gst_action_smoothing_method_get_type(void) {
  using action::SmoothingMethod;
  static const GEnumValue values[] = {
      {Value(SmoothingMethod::kMajority), "Majority of coarse labels, then of fine labels", "majority"},
      {Value(SmoothingMethod::kViterbi), "Most probable sequence of fine labels", "viterbi"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return RegisterOnce(&type, "GstActionSmoothingMethod", values);
}

GType gst_action_panel_position_get_type(void) {
  using action::PanelPosition;
  static const GEnumValue values[] = {
      {Value(PanelPosition::kTopLeft), "Top left", "top-left"},
      {Value(PanelPosition::kTopRight), "Top right", "top-right"},
      {Value(PanelPosition::kBottomLeft), "Bottom left", "bottom-left"},
      {Value(PanelPosition::kBottomRight), "Bottom right", "bottom-right"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return RegisterOnce(&type, "GstActionPanelPosition", values);
}

GType gst_action_show_flags_get_type(void) {
  static const GFlagsValue values[] = {
      {action::kShowCoarse, "Coarse action", "coarse"},
      {action::kShowFine, "Fine action", "fine"},
      {action::kShowValue, "Value category, in its colour", "value"},
      {action::kShowConfidence, "Confidence in per cent", "confidence"},
      {action::kShowElapsed, "Time since the segment began", "elapsed"},
      {action::kShowStrip, "Timeline strip along the bottom", "strip"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  if (g_once_init_enter(&type)) g_once_init_leave(&type, g_flags_register_static("GstActionShowFlags", values));
  return type;
}
