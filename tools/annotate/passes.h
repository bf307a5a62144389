// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The two passes over a video: its timeline, then the video with its final labels.
#ifndef GST_ACTION_ANNOTATE_PASSES_H_
#define GST_ACTION_ANNOTATE_PASSES_H_

#include <string>
#include <utility>
#include <vector>

#include "common/file_pipeline.h"

namespace action {

struct PassSettings {
  std::string model;
  std::string elements;                                       // elements.csv; empty: the model's
  std::vector<std::pair<std::string, std::string>> features;  // properties of r3dfeatures, as text
  std::string profile = "study";                              // of timelinesmooth
  std::string show = "coarse+fine+value+elapsed+strip";       // of actionoverlay
  std::string encoder = "auto";
  std::string audio_encoder;  // of sound that MP4 cannot hold as it is; empty: there is none on this machine
};

// Writes the timeline of a video to `output` (.json). Throws as RunToEnd does.
void WriteTimeline(const std::string &video, const std::string &output, const PassSettings &settings,
                   const FileRunOptions &options);

// Throws UsageError where it is nothing that actionoverlay can draw.
void CheckShow(const std::string &show);

// Writes the video, turned upright, with the labels of `timeline` drawn in and as a subtitle track, and with its sound,
// to `output` (MP4). Sound that MP4 can hold is not encoded again. Throws as RunToEnd does.
void WriteOverlay(const std::string &video, const std::string &timeline, const std::string &output,
                  const PassSettings &settings, const FileRunOptions &options);

}  // namespace action

#endif  // GST_ACTION_ANNOTATE_PASSES_H_
