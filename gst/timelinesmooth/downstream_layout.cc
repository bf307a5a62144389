// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timelinesmooth/downstream_layout.h"

#include "common/glib_ptr.h"
#include "common/mapped_frame.h"

namespace action {
namespace {

bool IsDefault(const GstVideoMeta &meta, const GstVideoInfo &info) {
  for (guint plane = 0; plane < meta.n_planes; ++plane) {
    if (meta.stride[plane] != GST_VIDEO_INFO_PLANE_STRIDE(&info, plane) ||
        meta.offset[plane] != GST_VIDEO_INFO_PLANE_OFFSET(&info, plane)) {
      return false;
    }
  }
  return true;
}

bool CopyPicture(const GstVideoInfo &info, GstBuffer *from, GstBuffer *to) {
  MappedFrame in(info, from, GST_MAP_READ);
  if (!in) return false;
  MappedFrame out(info, to, GST_MAP_WRITE);
  return out && gst_video_frame_copy(&out.get(), &in.get()) != FALSE;
}

}  // namespace

void DownstreamLayout::Ask(GstPad *pad) {
  info_.reset();
  reads_meta_ = false;
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  GstVideoInfo info;
  if (!caps || !gst_video_info_from_caps(&info, caps.get())) return;
  info_ = info;
  const QueryPtr query(gst_query_new_allocation(caps.get(), FALSE));
  if (gst_pad_peer_query(pad, query.get())) {
    reads_meta_ = gst_query_find_allocation_meta(query.get(), GST_VIDEO_META_API_TYPE, nullptr) != FALSE;
  } else if (GST_PAD_IS_FLUSHING(pad)) {
    gst_pad_mark_reconfigure(pad);  // no answer: to be asked again
  }
}

GstBuffer *DownstreamLayout::Fit(GstBuffer *buffer) const {
  const GstVideoMeta *meta = gst_buffer_get_video_meta(buffer);
  if (reads_meta_ || meta == nullptr || !info_ || meta->n_planes != GST_VIDEO_INFO_N_PLANES(&*info_) ||
      IsDefault(*meta, *info_)) {
    return buffer;
  }
  GstBuffer *copy = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&*info_), nullptr);
  if (!CopyPicture(*info_, buffer, copy)) {
    gst_buffer_unref(copy);
    return buffer;
  }
  gst_buffer_copy_into(
      copy, buffer,
      static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS | GST_BUFFER_COPY_META), 0,
      static_cast<gsize>(-1));
  if (GstVideoMeta *own = gst_buffer_get_video_meta(copy)) gst_buffer_remove_meta(copy, &own->meta);
  gst_buffer_unref(buffer);
  return copy;
}

}  // namespace action
