// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The label that a frame carries: a GstCustomMeta named GstActionLabelMeta, which any language can read without a
// library of ours (C: gst_buffer_get_custom_meta, Python: buffer.get_custom_meta). Its structure has the fields
//   coarse-action   string   the family, "unknown" where no class was sure enough, "gap" where nothing was measured
//   fine-action     string   the action
//   value-category  string   VA, RNVA, NVA or UNKNOWN
//   confidence      double   mean probability of fine-action over the segment so far; 0 when not known
//   segment-start   uint64   where the segment begins, stream time in ns
//   provisional     boolean  the segment is not finished: its fine action may still change
//   state           string   measured, absent, unknown or gap
//   name            string   what elements.csv calls fine-action; empty where it does not
#ifndef GST_ACTION_LABEL_META_H_
#define GST_ACTION_LABEL_META_H_

#include <gst/gst.h>

#include <optional>
#include <string>

#include "action/labels.h"
#include "action/timeline/step.h"

namespace action {

inline constexpr const char *kLabelMeta = "GstActionLabelMeta";

struct MetaLabel {
  std::string coarse_action;
  std::string fine_action;
  ValueCategory category = ValueCategory::kUnknown;
  double confidence = 0;
  GstClockTime segment_start = GST_CLOCK_TIME_NONE;
  bool provisional = false;
  SegmentState state = SegmentState::kMeasured;
  std::string name = {};
  friend bool operator==(const MetaLabel &, const MetaLabel &) = default;
};

// Of a segment, but for its start, which counts in another time.
MetaLabel MetaLabelOf(const Segment &segment);

// Once, when the plugin is loaded.
void RegisterLabelMeta();

// The buffer must be writable. Nothing: the frame is to carry no label.
void SetLabel(GstBuffer *buffer, const std::optional<MetaLabel> &label);
std::optional<MetaLabel> LabelOf(GstBuffer *buffer);

}  // namespace action

#endif  // GST_ACTION_LABEL_META_H_
