// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "studio/training.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "action/error.h"
#include "action/model_bundle.h"
#include "action/sha256.h"
#include "action/timeline/evaluation.h"
#include "action/timeline/timeline_file.h"
#include "common/file_pipeline.h"

namespace action {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr double kTouching = 0.05;  // s: test segments that are less apart are one stretch

int64_t Nanoseconds(double seconds) {
  return std::llround(seconds * 1e9);
}

std::vector<std::string> FeatureArguments(const StationSetup &setup) {
  std::vector<std::string> arguments;
  if (!setup.roi.empty()) arguments.insert(arguments.end(), {"--roi", setup.roi});
  if (!setup.weights.empty()) arguments.insert(arguments.end(), {"--weights", setup.weights});
  return arguments;
}

std::string FolderOfFound(const StationSetup &setup) {
  Sha256 hash;
  hash.Update(setup.model + "\n" + setup.roi + "\n" + setup.weights);
  return setup.folder + "/.studio/found/" + fs::path(setup.model).filename().string() + "-" + hash.Hex().substr(0, 8);
}

std::vector<Segment> Clipped(const std::vector<Segment> &segments, int64_t start, int64_t end) {
  std::vector<Segment> clipped;
  for (Segment segment : segments) {
    segment.start = std::max(segment.start, start);
    segment.end = std::min(segment.end, end);
    if (segment.start < segment.end) clipped.push_back(std::move(segment));
  }
  return clipped;
}

// Every stretch of the test set is a video of its own.
void AddStretches(const std::string &video, const std::vector<LabelledSegment> &labels,
                  const std::vector<Segment> &found, std::vector<ComparedTimelines> &compared) {
  std::vector<LabelledSegment> stretch;
  const auto end_stretch = [&] {
    if (stretch.empty()) return;
    const int64_t start = Nanoseconds(stretch.front().start), end = Nanoseconds(stretch.back().end);
    compared.push_back({video, Clipped(found, start, end), SegmentsOf(stretch)});
    stretch.clear();
  };
  for (const LabelledSegment &label : labels) {
    if (!label.test) continue;
    if (!stretch.empty() && label.start - stretch.back().end > kTouching) end_stretch();
    stretch.push_back(label);
  }
  end_stretch();
}

// The model of the setup on the test set; null: there is none.
ordered_json OnTestSet(Job &job, const StationSetup &setup,
                       const std::map<std::string, std::vector<LabelledSegment>> &labels) {
  std::vector<ComparedTimelines> compared;
  for (const auto &[video, of_video] : labels) {
    if (std::ranges::none_of(of_video, &LabelledSegment::test)) continue;
    job.Doing("looking at " + video + " with " + fs::path(setup.model).filename().string());
    FindTimeline(job, setup, video);
    AddStretches(video, of_video, ReadTimeline(FoundPath(setup, video)), compared);
  }
  if (compared.empty()) return nullptr;
  const Evaluation evaluation = Evaluate(compared, LabelKind::kFine);
  return {{"accuracy", evaluation.work_accuracy()},
          {"f1", evaluation.f1[1]},
          {"edit", evaluation.edit},
          {"seconds", evaluation.seconds}};
}

}  // namespace

std::vector<Segment> SegmentsOf(const std::vector<LabelledSegment> &labels) {
  std::vector<Segment> segments;
  for (const LabelledSegment &label : labels) {
    Segment segment;
    segment.start = Nanoseconds(label.start);
    segment.end = Nanoseconds(label.end);
    segment.fine_action = label.label;
    segment.coarse_action = CoarseLabel(label.label);
    segment.category = CategoryOf(label.label);
    segment.state = label.state == "gap"       ? SegmentState::kGap
                    : label.state == "absent"  ? SegmentState::kAbsent
                    : label.state == "unknown" ? SegmentState::kUnknown
                                               : SegmentState::kMeasured;
    segment.confidence = 1;
    segments.push_back(std::move(segment));
  }
  return segments;
}

std::string FoundPath(const StationSetup &setup, const std::string &video) {
  return FolderOfFound(setup) + "/" + fs::path(video).stem().string() + ".json";
}

void FindTimeline(Job &job, const StationSetup &setup, const std::string &video) {
  std::vector<std::string> arguments = {"--timeline-only", "--model", setup.model, "-o", FolderOfFound(setup)};
  for (std::string &argument : FeatureArguments(setup))
    arguments.push_back(std::move(argument));
  std::vector<std::string> anew = arguments;
  anew.emplace_back("--force");
  for (std::vector<std::string> *line : {&arguments, &anew})
    line->insert(line->end(), {"--", setup.folder + "/" + video});
  // What is there of a video that was another one since, or of weights that were, is made anew.
  try {
    job.RunTool("gst-action-annotate", arguments);
  } catch (const Cancelled &) {
    throw;
  } catch (const Error &) {
    job.RunTool("gst-action-annotate", anew);
  }
}

ordered_json TrainModel(Job &job, const StationSetup &setup, const std::string &name, const std::string &annotations,
                        const std::map<std::string, std::vector<LabelledSegment>> &labels) {
  job.Doing("training");
  const std::string model = setup.folder + "/models/" + name;
  fs::create_directories(setup.folder + "/models");
  std::vector<std::string> arguments = {
      "--annotations", annotations, "--no-background", "-o", model, "--cache", setup.folder + "/.studio/features",
      "--train-hop",   "4"};
  for (std::string &argument : FeatureArguments(setup))
    arguments.push_back(std::move(argument));
  job.RunTool("gst-action-train", arguments);

  StationSetup trained = setup;
  trained.model = model;
  ordered_json held_out;
  const ModelBundle bundle = ModelBundle::Open(model);
  if (bundle.facts() && bundle.facts()->held_out) held_out = *bundle.facts()->held_out;
  const ordered_json test = OnTestSet(job, trained, labels);
  ordered_json previous;
  std::string verdict = "first";
  if (!setup.model.empty()) {
    verdict = "unknown";
    if (!test.is_null()) {
      previous = OnTestSet(job, setup, labels);
      verdict = test["accuracy"] >= previous["accuracy"] ? "not-worse" : "worse";
    }
  }
  return {{"model", "models/" + name},
          {"held_out", held_out},
          {"test", test},
          {"previous", previous},
          {"verdict", verdict}};
}

}  // namespace action
