// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A model for the station, and whether it is better than the one before.
#ifndef GST_ACTION_STUDIO_TRAINING_H_
#define GST_ACTION_STUDIO_TRAINING_H_

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "action/timeline/step.h"
#include "studio/job.h"
#include "studio/project.h"

namespace action {

// What a model is used with.
struct StationSetup {
  std::string folder;   // of the project
  std::string roi;      // x,y,width,height as fractions; empty: the whole picture
  std::string weights;  // of the network; empty: where it is looked for
  std::string model;    // the one in use; empty: none
};

// Labels as a timeline.
std::vector<Segment> SegmentsOf(const std::vector<LabelledSegment> &labels);

// Where the timeline lies that a model has found.
std::string FoundPath(const StationSetup &setup, const std::string &video);

// Makes that file.
void FindTimeline(Job &job, const StationSetup &setup, const std::string &video);

// Trains models/NAME on these annotations, and compares it with the model in use on the test set: the stretches of
// labels that are marked so. Result:
//   model      models/NAME
//   held_out   share of held-out clips that were right, null where that could not be measured
//   test       {"accuracy", "f1", "edit", "seconds"} of the new model; null without a test set
//   previous   the same of the one in use; null without one
//   verdict    "first": there was none to compare with; "not-worse", "worse": on the test set; "unknown": there
//              is no test set
// elements: rows of elements.csv for it. Throws Error, Cancelled.
nlohmann::ordered_json TrainModel(Job &job, const StationSetup &setup, const std::string &name,
                                  const std::string &annotations,
                                  const std::map<std::string, std::vector<LabelledSegment>> &labels);

}  // namespace action

#endif  // GST_ACTION_STUDIO_TRAINING_H_
