// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Writes model folders: the reference's files, and what the product adds to them.
#ifndef ACTION_TRAINING_MODEL_WRITER_H_
#define ACTION_TRAINING_MODEL_WRITER_H_

#include <optional>
#include <string>
#include <vector>

#include "action/engine.h"
#include "action/export.h"
#include "action/feature_cache.h"
#include "action/training/cross_validation.h"

namespace action {

// How the features of a training run were come by.
struct ExtractionCounters {
  size_t clips = 0;
  size_t from_cache = 0;
  size_t computed = 0;
  size_t chunks_computed = 0;  // passes of the backbone
  double seconds = 0;          // spent decoding and in the backbone
};

struct SkippedClip {
  std::string name;
  std::string reason;
};

// Everything about a training run that is worth keeping.
struct TrainingRecord {
  std::string created;  // ISO 8601, UTC
  std::string program_version;
  std::string torch_version;
  std::string blas;
  std::string processor;

  FeatureConfig features;
  ServiceInfo backbone;
  ExtractionCounters extraction;

  std::string dataset;
  std::vector<LabelledClip> clips;
  std::vector<SkippedClip> skipped;
  std::vector<std::string> identical;  // groups of clips with the same bytes
  std::vector<std::string> warnings;
  std::string group_by;  // the pattern; empty: clips assumed independent
  bool sources_are_videos = false;
  bool sources_are_blocks = false;  // of one recording (SplitIntoBlocks)

  TwoStageOptions options;
  std::vector<Prediction> training_predictions;
  Figures training;  // on the clips that were trained with
  std::optional<CrossValidation> cross_validation;
  std::string validation_from;  // "--validation DIR" or "--validation-split F"
  std::vector<LabelledClip> validation_clips;
  std::vector<Prediction> validation_predictions;
  std::optional<Figures> validation;
  std::optional<Calibration> calibration;  // from what was held out; nothing when that was too little
};

// SHA-256 over labels and features, whatever the files are called: the same data gives the same fingerprint.
ACTION_API std::string Fingerprint(std::vector<const LabelledClip *> clips);

// Writes stage1/, stage2/, model.json and training.json into `folder`, which exists and is empty. `name` is what the
// folder will be called, for the paths in the registry. Throws Error.
ACTION_API void WriteModel(const std::string &folder, const std::string &name, const TwoStageModel &model,
                           const TrainingRecord &record);

}  // namespace action

#endif  // ACTION_TRAINING_MODEL_WRITER_H_
