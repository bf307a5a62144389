// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/device_memory.h"

#include <algorithm>
#include <iterator>

namespace action {
namespace {

#define NAME(feature) feature,
constexpr const char *kMappable[] = {GST_ACTION_FOR_MAPPABLE_MEMORY(NAME)};
#undef NAME

constexpr struct {
  const char *feature;
  const char *element;
} kDownloads[] = {
    {"memory:NVMM", "nvvideoconvert"},
    {"memory:VASurface", "vaapipostproc"},
    {"memory:D3D11Memory", "d3d11download"},
    {"memory:D3D12Memory", "d3d12download"},
    {"memory:DMABuf", "vapostproc, or videoconvert where it can map the memory,"},
    {"memory:VulkanImage", "vulkandownload"},
    {"memory:MSDKMemory", "msdkvpp"},
};

const GstCapsFeatures *FeaturesOf(const GstCaps *caps) {
  return gst_caps_get_size(caps) > 0 ? gst_caps_get_features(caps, 0) : nullptr;
}

}  // namespace

bool IsMainMemory(const GstCaps *caps) {
  const GstCapsFeatures *features = FeaturesOf(caps);
  if (features == nullptr) return true;
  if (gst_caps_features_is_any(features)) return false;
  // Without a word of memory it is main memory.
  for (guint i = 0; i < gst_caps_features_get_size(features); ++i) {
    const gchar *name = gst_caps_features_get_nth(features, i);
    if (g_str_has_prefix(name, "memory:") && !g_str_equal(name, GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY)) return false;
  }
  return true;
}

bool CanBeMapped(const GstCaps *caps) {
  const GstCapsFeatures *features = FeaturesOf(caps);
  return IsMainMemory(caps) ||
         (!gst_caps_features_is_any(features) && std::ranges::any_of(kMappable, [&](const char *one) {
           return gst_caps_features_contains(features, one) != FALSE;
         }));
}

const char *DownloadElementFor(const GstCaps *caps) {
  const GstCapsFeatures *features = FeaturesOf(caps);
  if (features == nullptr || gst_caps_features_is_any(features)) return nullptr;
  const auto row = std::ranges::find_if(
      kDownloads, [&](const auto &one) { return gst_caps_features_contains(features, one.feature) != FALSE; });
  return row != std::end(kDownloads) ? row->element : nullptr;
}

}  // namespace action
