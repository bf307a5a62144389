// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The timelines of many videos as one table, and in few words.
#ifndef GST_ACTION_ANNOTATE_SEGMENTS_TABLE_H_
#define GST_ACTION_ANNOTATE_SEGMENTS_TABLE_H_

#include <string>
#include <vector>

#include "action/timeline/step.h"

namespace action {

struct AnnotatedVideo {
  std::string video;  // for the table: its path as seen from the table's folder
  std::vector<Segment> segments;
};

// Writes the rows of these videos, in the columns of `gst-action-convert`'s CSV. Rows of other videos that stand there
// stay. Throws Error where the file is not such a table, unless `force`.
void WriteSegmentsTable(const std::string &path, const std::vector<AnnotatedVideo> &videos, bool force);

// How long all of it lasts, and how much of that is of each value category and of each coarse action; several lines.
std::string SummaryOf(const std::vector<AnnotatedVideo> &videos);

}  // namespace action

#endif  // GST_ACTION_ANNOTATE_SEGMENTS_TABLE_H_
