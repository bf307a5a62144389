// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_DECODING_H_
#define GST_ACTION_DECODING_H_

#include <gst/gst.h>

#include <string>

namespace action {

// Goes round faults of GStreamer's demuxers and decoders, so that frames are those of libavcodec. For what is added to
// this pipeline from now on: call it before decodebin is put in.
void MendDecoding(GstElement *pipeline);

// Puts actionskip before the H.264 and H.265 decoders that this decodebin makes: pictures are not decoded that
// r3dfeatures does not sample. sample_rate: its property as text; empty: the default. Not where the frames are wanted.
void SkipUnsampled(GstElement *decodebin, const std::string &sample_rate);

}  // namespace action

#endif  // GST_ACTION_DECODING_H_
