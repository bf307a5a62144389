// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_DECODING_H_
#define GST_ACTION_DECODING_H_

#include <gst/gst.h>

namespace action {

// Goes round faults of GStreamer's demuxers and decoders, so that frames are those of libavcodec. For what is added to
// this pipeline from now on: call it before decodebin is put in.
void MendDecoding(GstElement *pipeline);

}  // namespace action

#endif  // GST_ACTION_DECODING_H_
