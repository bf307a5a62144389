// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The pipelines, as gst-launch lines.
#ifndef GST_ACTION_RECORD_LINES_H_
#define GST_ACTION_RECORD_LINES_H_

#include <string>
#include <vector>

#include "record/settings.h"

namespace action {

// A value as gst-launch reads it, in quotes where it has to be.
std::string Quoted(const std::string &value);

// The elements from the camera to decoded frames, "actioncamerasrc name=camera ...". Without user name and password.
std::string CameraLine(const SiteSettings &site, const StationSettings &station);

// From frames to labels and drawn frames, "r3dfeatures ... ! actionoverlay ...". analyse: without it the video alone.
// named: r3dfeatures has the name "features"; without, the line may stand in a pipeline twice.
std::string StationLine(const SiteSettings &site, const StationSettings &station, bool analyse, bool named = true);

// What --dry-run shows: for each camera one line that does, when it is typed, what the recorder does with it. The shell
// makes the folders, names the files by the time, and looks up the password.
std::vector<std::string> LaunchLines(const SiteSettings &site, const std::string &encoder);

// Whether two stations look at one camera, in the same way.
bool SameCamera(const StationSettings &a, const StationSettings &b);

}  // namespace action

#endif  // GST_ACTION_RECORD_LINES_H_
