// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_ENCODER_H_
#define GST_ACTION_ENCODER_H_

#include <string>

namespace action {

// The name of an H.264 encoder that works on this machine: "auto" takes the first of VA-API, NVENC, V4L2 and x264 that
// opens its device; any other name must be one of theirs. Throws Error.
std::string ChooseEncoder(const std::string &wanted);

// The encoder as it stands in a gst-launch line, set for a live picture. keyframe_every: frames.
std::string EncoderLine(const std::string &encoder, int kbit, int keyframe_every);

// The name of an encoder for sound in MP4 (AAC, or Opus) that is installed; empty: there is none.
std::string ChooseAudioEncoder();

}  // namespace action

#endif  // GST_ACTION_ENCODER_H_
