// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A model folder: the classifiers of both stages, their labels, and what they were trained with.
#ifndef ACTION_MODEL_BUNDLE_H_
#define ACTION_MODEL_BUNDLE_H_

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "action/calibration.h"
#include "action/checkpoint/checkpoint.h"
#include "action/export.h"
#include "action/feature_cache.h"
#include "action/labels.h"

namespace action {

// What a label map may be called: the first by the Python system's scripts, the second by its notebook.
inline constexpr std::array<const char *, 2> kLabelFiles = {"label_map.json", "label_to_id.json"};

// One classifier as it lies in the folder.
struct Head {
  std::vector<std::string> labels;  // by class id
  StateDict weights;                // checked: as many classes as labels
  std::string path;                 // of the weights
};

// A family as the registry tells of it.
struct Family {
  std::string name;  // its coarse label
  int64_t clips = 0;
  int64_t classes = 0;
  std::string skipped;       // why it has no classifier: "single_class", "too_few_clips"; empty when it has one
  std::optional<Head> head;  // present when trained
};

inline constexpr double kPoorAccuracy = 0.6;

// What model.json says beside the labels; the reference's folders have no such file.
struct ModelFacts {
  int format_version = 0;
  std::string created;  // ISO 8601
  FeatureConfig features;
  bool stand_in = false;  // the features were no measurement
  std::optional<Calibration> calibration;
  // RightOfAll of clips that were held out whose fine label was right, by way of the predicted family; where enough
  // were.
  std::optional<double> held_out;

  // held_out, where it is so low that whoever uses the model should know.
  std::optional<double> poor_accuracy() const {
    return held_out && *held_out < kPoorAccuracy ? held_out : std::nullopt;
  }
};

inline constexpr int kModelFormatVersion = 1;

// Reads folders written by gst-action-train and by the Python system: either spelling of the registry's entries,
// label_map.json or label_to_id.json. Weights are taken from the folder itself; only where they are missing there, from
// the path in the registry, which may be one of another machine.
class ACTION_API ModelBundle {
 public:
  // Throws Error naming the file that is missing or wrong, what was found and what was expected.
  static ModelBundle Open(const std::string &folder);

  const std::string &folder() const { return folder_; }
  const Head &coarse() const { return coarse_; }
  // One for every coarse label, by class id.
  const std::vector<Family> &families() const { return families_; }
  // Every label that this model can give. Of families without a classifier: their only fine label when model.json knows
  // it, else the coarse label.
  const LabelTable &labels() const { return labels_; }
  const std::optional<ModelFacts> &facts() const { return facts_; }
  // What a user should know of how it was read, a sentence each: of classifiers without best.pt, last.pt is taken.
  const std::vector<std::string> &notices() const { return notices_; }

  // The label of a family that has no classifier.
  const std::string &OnlyLabelOf(const std::string &coarse) const;

 private:
  static ModelBundle OpenFolder(const std::string &folder);

  std::string folder_;
  Head coarse_;
  std::vector<Family> families_;
  LabelTable labels_;
  std::map<std::string, std::string> only_labels_;
  std::optional<ModelFacts> facts_;
  std::vector<std::string> notices_;
};

// The identity of a model: SHA-256 over the labels, and the names, shapes and little-endian float32 values of the
// weights, of all its classifiers. The same for a folder that was copied or whose files were written anew.
ACTION_API std::string ModelHash(const ModelBundle &bundle);

// Why a folder must not be replaced by a model: it is none, or holds something beside one. Empty when it may be.
ACTION_API std::string WhyNotReplace(const std::string &folder);

}  // namespace action

#endif  // ACTION_MODEL_BUNDLE_H_
