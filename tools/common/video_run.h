// Runs one video file through r3dfeatures and collects what it says.
#ifndef GST_ACTION_VIDEO_RUN_H_
#define GST_ACTION_VIDEO_RUN_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "action/engine.h"

namespace action {

struct VideoFeatures {
  std::vector<Features> features;  // one per chunk
  std::vector<double> times;       // s, of each chunk's first frame, counted from the first frame of the video
  double source_fps = 0;           // as the stream announces it; 0 when it does not
};

struct VideoRunOptions {
  // Properties of r3dfeatures as text, such as {"hop", "4"}.
  std::vector<std::pair<std::string, std::string>> properties;
  // Called several times a second with position and duration in seconds (0: not known). May be empty.
  std::function<void(double, double)> progress;
  // Warnings of the pipeline, each once. May be empty.
  std::function<void(const std::string &)> warning;
};

// Decodes `path` (rotated as its tags say, as cv2 does) through r3dfeatures. Throws Error naming the file when it
// cannot be opened or decoded, or holds no video. gst_init must have been called.
VideoFeatures RunVideo(const std::string &path, const VideoRunOptions &options);

}  // namespace action

#endif  // GST_ACTION_VIDEO_RUN_H_
