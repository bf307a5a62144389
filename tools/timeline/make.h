// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Timelines of features, without the video.
#ifndef GST_ACTION_TIMELINE_MAKE_H_
#define GST_ACTION_TIMELINE_MAKE_H_

#include <string>
#include <vector>

namespace action {

struct MakeOptions {
  std::string features;  // a .pt file as gst-action-features writes it, with or without its .json
  std::string model;
  std::string elements;           // elements.csv; empty: the model's
  std::string output;             // the timeline, in the format of its ending
  std::string profile = "study";  // of timelinesmooth
  bool force = false;             // replaces what lies there
};

// Gives the features to actionclassify and timelinesmooth, with the times that they have, and writes what comes out.
// Returns what a user should know, a sentence each: of the model, and what was not known of the features. Throws Error.
std::vector<std::string> MakeTimeline(const MakeOptions &options);

}  // namespace action

#endif  // GST_ACTION_TIMELINE_MAKE_H_
