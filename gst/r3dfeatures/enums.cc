// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "r3dfeatures/enums.h"

#include <gst/video/video.h>

#include "action/engine.h"
#include "action/frame_sampler.h"
#include "common/enum_type.h"

GType gst_action_precision_get_type(void) {
  using action::Precision;
  static const GEnumValue values[] = {
      {action::EnumValue(Precision::kAuto), "The fastest that is exact enough on the device", "auto"},
      {action::EnumValue(Precision::kFp32), "32-bit floating point", "fp32"},
      {action::EnumValue(Precision::kFp16), "16-bit floating point (CUDA)", "fp16"},
      {action::EnumValue(Precision::kBf16), "bfloat16", "bf16"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return action::EnumTypeOnce(&type, "GstActionPrecision", values);
}

GType gst_action_sampling_get_type(void) {
  using action::Sampling;
  static const GEnumValue values[] = {
      {action::EnumValue(Sampling::kAuto), "By frame number while the announced rate holds, else by timestamp", "auto"},
      {action::EnumValue(Sampling::kStride), "Every n-th frame, n = frame rate / sample rate rounded half to even",
       "stride"},
      {action::EnumValue(Sampling::kTimestamp), "The first frame at or after every 1 / sample rate seconds",
       "timestamp"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return action::EnumTypeOnce(&type, "GstActionSampling", values);
}

GType gst_action_colorimetry_get_type(void) {
  using action::Colorimetry;
  static const GEnumValue values[] = {
      {action::EnumValue(Colorimetry::kReference), "BT.601 whatever the stream says, as cv2.VideoCapture", "reference"},
      {action::EnumValue(Colorimetry::kStream), "As the stream says", "stream"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return action::EnumTypeOnce(&type, "GstActionColorimetry", values);
}

GType gst_action_feature_mode_get_type(void) {
  using action::FeatureMode;
  static const GEnumValue values[] = {
      {action::EnumValue(FeatureMode::kWindowed), "Of the chunk's 16 frames alone, as the reference", "windowed"},
      {action::EnumValue(FeatureMode::kContinual), "The first layers see the frames around the chunk as well",
       "continual"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return action::EnumTypeOnce(&type, "GstActionFeatureMode", values);
}

// GstVideoOrientationMethod without `custom`, which says nothing of how.
GType gst_action_orientation_get_type(void) {
  static const GEnumValue values[] = {
      {GST_VIDEO_ORIENTATION_IDENTITY, "Not turned", "identity"},
      {GST_VIDEO_ORIENTATION_90R, "90 degrees clockwise", "90r"},
      {GST_VIDEO_ORIENTATION_180, "180 degrees", "180"},
      {GST_VIDEO_ORIENTATION_90L, "90 degrees counter-clockwise", "90l"},
      {GST_VIDEO_ORIENTATION_HORIZ, "Left and right exchanged", "horiz"},
      {GST_VIDEO_ORIENTATION_VERT, "Top and bottom exchanged", "vert"},
      {GST_VIDEO_ORIENTATION_UL_LR, "Mirrored at the diagonal from the upper left to the lower right", "ul-lr"},
      {GST_VIDEO_ORIENTATION_UR_LL, "Mirrored at the diagonal from the upper right to the lower left", "ur-ll"},
      {GST_VIDEO_ORIENTATION_AUTO, "As the stream's image-orientation tag says", "auto"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return action::EnumTypeOnce(&type, "GstActionOrientation", values);
}
