// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/skipped_frames.h"

#include <cstring>
#include <type_traits>

#include "common/glib_ptr.h"

namespace action {
namespace {

static_assert(std::is_trivially_copyable_v<SkippedFrame>);
constexpr const char *kField = "frames";  // GBytes: SkippedFrames

}  // namespace

void RegisterSkippedMeta() {
  // No tags: decoders, and elements that change size, format or rate, keep it.
  static const gchar *tags[] = {nullptr};
  if (gst_meta_get_info(kSkippedMeta) == nullptr)
    gst_meta_register_custom(kSkippedMeta, tags, nullptr, nullptr, nullptr);
}

void SetSkipped(GstBuffer *buffer, const std::vector<SkippedFrame> &frames) {
  GstCustomMeta *meta = gst_buffer_add_custom_meta(buffer, kSkippedMeta);
  const BytesPtr bytes(g_bytes_new(frames.data(), frames.size() * sizeof(SkippedFrame)));
  gst_structure_set(gst_custom_meta_get_structure(meta), kField, G_TYPE_BYTES, bytes.get(), nullptr);
}

std::vector<SkippedFrame> SkippedBefore(GstBuffer *buffer) {
  GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, kSkippedMeta);
  if (meta == nullptr) return {};
  GBytes *bytes = nullptr;
  if (!gst_structure_get(gst_custom_meta_get_structure(meta), kField, G_TYPE_BYTES, &bytes, nullptr)) return {};
  const BytesPtr owner(bytes);
  gsize size = 0;
  const void *data = g_bytes_get_data(bytes, &size);
  std::vector<SkippedFrame> frames(size / sizeof(SkippedFrame));
  if (!frames.empty()) std::memcpy(frames.data(), data, frames.size() * sizeof(SkippedFrame));
  return frames;
}

}  // namespace action
