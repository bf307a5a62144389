// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a timeline is made of, and what it is.
#ifndef ACTION_TIMELINE_STEP_H_
#define ACTION_TIMELINE_STEP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "action/export.h"
#include "action/labels.h"
#include "action/timeline/order_of_work.h"

namespace action {

// What the classifiers say of one chunk, and of which stretch of time. Ids are those of a LabelTable.
struct Step {
  int64_t time = 0;                // ns: where the stretch begins
  int64_t end = 0;                 // ns: where that of the next step begins, if none is lost
  int coarse = 0;                  // the id after the last one: unknown
  std::vector<int> fine;           // for every coarse class, what its own classifier says
  std::vector<float> fine_scores;  // p(coarse) * p(fine | coarse) of every fine label; may be empty
};

enum class SegmentState {
  kMeasured,
  kAbsent,   // measured, and nobody is at the station: outside the study
  kUnknown,  // there is video, but no class was sure enough, or it is nothing that has a name
  kGap,      // there is no video, or nothing was computed from it
};

// "measured", "absent", "unknown", "gap"
ACTION_API const char *NameOf(SegmentState state);

// Wall-clock times of a segment; ns since 1970 (UTC).
struct WallClock {
  int64_t start = 0;
  int64_t end = 0;
  std::string source;  // where they come from: "reference-timestamp" or "pipeline-clock"
  friend bool operator==(const WallClock &, const WallClock &) = default;
};

// A stretch of time with one label.
struct Segment {
  int64_t start = 0;  // ns
  int64_t end = 0;
  std::string coarse_action;
  std::string fine_action;
  ValueCategory category = ValueCategory::kUnknown;
  int64_t num_frames = 0;  // steps
  SegmentState state = SegmentState::kMeasured;
  double confidence = 0;  // mean over its steps of the probability of `fine_action`; 0 when not known
  bool stand_in = false;  // computed with stand-in weights: not a measurement
  std::optional<WallClock> wall_clock;
  std::string name = {};  // for people, from elements.csv; empty: none
  Deviation deviation = Deviation::kNone;
  // The model was right on no more than this share of clips that were held out; only where that is poor.
  std::optional<double> poor_accuracy = {};
  // Of the last segment of a run: whether the stream had ended. Nothing: not said.
  std::optional<bool> complete = {};

  int64_t duration() const { return end - start; }
  friend bool operator==(const Segment &, const Segment &) = default;
};

// What a segment counts as in a study, whichever profile wrote it: the names `absent` and `background` decide where its
// own state is measured.
ACTION_API SegmentState StateInStudy(const Segment &segment);

// Its value category in a study: waiting is work time that adds no value, whether or not its label says so.
ACTION_API ValueCategory ValueInStudy(const Segment &segment);

// What stands where nothing was measured.
ACTION_API Segment GapSegment(int64_t start, int64_t end);
// What is less apart follows on; ns.
inline constexpr int64_t kSmallestGap = 1000000;

}  // namespace action

#endif  // ACTION_TIMELINE_STEP_H_
