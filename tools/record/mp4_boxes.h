// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef GST_ACTION_RECORD_MP4_BOXES_H_
#define GST_ACTION_RECORD_MP4_BOXES_H_

#include <filesystem>

namespace action {

// Takes the subtitle track out of an MP4 file that was cut off: its box in `moov` becomes free space (ISO/IEC
// 14496-12). Subtitles are written when a file is closed, so that track is empty; and qtdemux (1.22) loses the first
// fragment of a file with an empty track. Four bytes are written. False: there is no such track, or the file is no MP4.
// Throws Error when it cannot be written.
bool DropSubtitleTrack(const std::filesystem::path &path);

}  // namespace action

#endif  // GST_ACTION_RECORD_MP4_BOXES_H_
