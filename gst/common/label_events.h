// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
// clang-format off
//
// The contract between actionclassify and whoever reads its labels: two downstream events and a message.
//
// `action-labels`: sticky, before the first step, and again when the model is changed. Fields:
//   model           string         the model's folder
//   model-hash      string         SHA-256 of its classifiers
//   stand-in        boolean        the model or the features were made with stand-in weights: not a measurement
//   coarse          GStrv          the coarse labels, by class id
//   fine            GStrv          the fine labels, by id
//   fine-coarse     GStrv          the coarse label of each fine label
//   value-category  GStrv          the value category of each fine label: VA, RNVA, NVA or UNKNOWN
//   unknown-threshold  double      actionclassify's property: what is less sure is unknown
//   poor-accuracy   double         share of the clips that were right when held out in training; only where it is low
//   calibrated      boolean        the model's scores were calibrated on held-out clips
//   name, group, order, optional, standard-seconds, min-seconds
//                   GStrv          of each fine label, what elements.csv says, in the words of the file (optional:
//                                  "yes" or ""); empty where it says nothing
//
// `action-step`: serialized, one for every action-features event. All fields of that event but `features`, and unless
// `dropped`:
//   coarse          int            class id; the number of coarse labels: unknown (see unknown-threshold)
//   coarse-action   string         its label, or "unknown"
//   fine-action     string         the label that its family's classifier gives, or "unknown"
//   value-category  string         of fine-action
//   confidence      double         the probability of the most probable coarse label
//   scores          GBytes         float32, little endian: the probability of each coarse label
//   fine            GBytes         int32, little endian: for each coarse label, the id of the fine label that its
//                                  family's classifier gives
//   fine-scores     GBytes         float32, little endian: p(coarse) * p(fine | coarse) of each fine label
//
// Element message `action-step` (property post-messages): the same fields.
// clang-format on
#ifndef GST_ACTION_LABEL_EVENTS_H_
#define GST_ACTION_LABEL_EVENTS_H_

#include <gst/gst.h>

#include <optional>
#include <string>

#include "action/labels.h"
#include "action/timeline/step.h"
#include "action/two_stage_classifier.h"
#include "common/feature_events.h"

namespace action {

inline constexpr const char *kLabelsEvent = "action-labels";
inline constexpr const char *kStepEvent = "action-step";

struct LabelFacts {
  std::string model;
  bool stand_in = false;
  LabelTable labels;
  double unknown_threshold = 0;
  bool calibrated = false;
  std::optional<double> poor_accuracy;  // on held-out clips, where it is poor
  std::string model_hash;               // ModelHash
};

// Return full references. `features`: the structure of the action-features event. scores absent: dropped.
GstEvent *NewLabelsEvent(const LabelFacts &facts);
GstEvent *NewStepEvent(const GstStructure *features, const std::optional<ChunkScores> &scores,
                       const LabelTable &labels);

struct ReceivedStep {
  ReceivedChunk chunk;
  int coarse = 0;
  std::vector<int> fine;
  std::vector<float> fine_scores;
};

// What an event says; nothing when its structure is not what it should be, or does not fit the labels.
std::optional<LabelFacts> ParseLabels(const GstStructure *structure);
std::optional<ReceivedStep> ParseStep(const GstStructure *structure, const LabelTable &labels);

}  // namespace action

#endif  // GST_ACTION_LABEL_EVENTS_H_
