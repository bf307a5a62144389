// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Runs one video file through r3dfeatures and collects what it says.
#ifndef GST_ACTION_VIDEO_RUN_H_
#define GST_ACTION_VIDEO_RUN_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "action/feature_cache.h"
#include "common/file_pipeline.h"

namespace action {

struct VideoRunOptions {
  // Properties of r3dfeatures as text, such as {"hop", "4"}.
  std::vector<std::pair<std::string, std::string>> properties;
  // Called several times a second with position and duration in seconds (0: not known). May be empty.
  std::function<void(double, double)> progress;
  // The part of the video that is run; by default all of it.
  VideoSpan span;
  // Asked several times a second: true ends the run with Cancelled. May be empty.
  std::function<bool()> cancelled;
  // Warnings of the pipeline, each once, but not that the weights are a stand-in: the caller knows. May be empty.
  std::function<void(const std::string &)> warning;
};

// Decodes `path` (rotated as its tags say, as cv2 does) through r3dfeatures. Throws Error naming the file when it
// cannot be opened or decoded, or holds no video. gst_init must have been called. May run on several threads at once.
FeatureTable RunVideo(const std::string &path, const VideoRunOptions &options);

// Length of a video in seconds, as its container tells. Throws Error naming the file.
double VideoDuration(const std::string &path);

}  // namespace action

#endif  // GST_ACTION_VIDEO_RUN_H_
