// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Actions in long videos, written down as times: training data without cutting clips.
#ifndef ACTION_TRAINING_ANNOTATIONS_H_
#define ACTION_TRAINING_ANNOTATIONS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "action/export.h"
#include "action/training/dataset.h"

namespace action {

// One action in one video, in seconds from its first frame.
struct Annotation {
  std::string video;
  double start = 0;
  double end = 0;
  std::string label;        // as written
  std::string where;        // "file.csv line 3", for messages
  bool trained = true;      // false: nothing is learnt of this time, neither an action nor background
  bool last_known = false;  // the last row of a timeline that was interrupted: what came after it was not looked at
  std::string state;        // as the row says it; empty: it does not
  bool test = false;        // of the test set: kept from training
  std::string origin;       // who gave the label: "labelled", "accepted", "corrected"; empty: not said
};

// Stretches without a label that are shorter than this are how exactly people annotate, not background.
inline constexpr double kShortestBackground = 1.0;  // s

// `path` is either a CSV file with the columns video,start,end,label (a first line of these names, in any order, may be
// there; fields may be quoted), or a folder of videos each with its timeline beside it (clip.mp4 and clip.json: a list
// of objects with start, end and fine_action, as the product writes them). Names of videos are relative to the file.
// Fields may stand between semicolons or tabs; "-" is the standard input. Tables may have the columns state and
// value_category of a timeline too, a column set, whose rows "test" are kept from training, and a column origin. Rows
// whose state is gap, unknown or absent are not trained. Warnings: rows whose
// value category contradicts their label, timelines that were interrupted. Throws Error naming file and line: a row
// that is not understood, an end that is not after its start, a video that does not exist.
ACTION_API std::vector<Annotation> ReadAnnotations(const std::string &path, std::vector<std::string> &warnings);

// The rows of such a CSV file as they stand there; the videos need not exist.
ACTION_API std::vector<Annotation> ReadAnnotationTable(const std::string &path, std::vector<std::string> &warnings);

// "12.5", "12,5", "0:30", "00:01:02.5": seconds. Nothing when it is none of these.
ACTION_API std::optional<double> ParseSeconds(const std::string &text);

// Clips of annotated stretches; the source of each is its video. With `background` the stretches that no row covers, of
// at least kShortestBackground, become clips of the label "background"; `duration_of` tells a video's length in
// seconds, or nothing when it is not known: then there is no background after its last row. Warnings: rows of different
// labels that overlap, rows that begin after the video's end.
ACTION_API Dataset DatasetOf(const std::vector<Annotation> &annotations, bool background,
                             const std::function<std::optional<double>(const std::string &video)> &duration_of);

}  // namespace action

#endif  // ACTION_TRAINING_ANNOTATIONS_H_
