// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "r3dfeatures/download_element.h"

namespace action {

const char *DownloadElementFor(const GstCaps *caps) {
  static constexpr struct {
    const char *feature;
    const char *element;
  } kDownloads[] = {
      {"memory:GLMemory", "gldownload"},
      {"memory:CUDAMemory", "cudadownload"},
      {"memory:NVMM", "nvvideoconvert"},
      {"memory:VASurface", "vaapipostproc"},
      {"memory:VAMemory", "vapostproc"},
      {"memory:D3D11Memory", "d3d11download"},
      {"memory:D3D12Memory", "d3d12download"},
      {"memory:DMABuf", "vapostproc, or videoconvert where it can map the memory,"},
      {"memory:VulkanImage", "vulkandownload"},
      {"memory:MSDKMemory", "msdkvpp"},
  };
  const GstCapsFeatures *features = gst_caps_get_size(caps) > 0 ? gst_caps_get_features(caps, 0) : nullptr;
  if (features == nullptr || gst_caps_features_is_any(features)) return nullptr;
  for (const auto &row : kDownloads) {
    if (gst_caps_features_contains(features, row.feature)) return row.element;
  }
  return nullptr;
}

}  // namespace action
