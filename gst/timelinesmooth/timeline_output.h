// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where timelinesmooth leaves its segments: a file, and messages.
#ifndef GST_ACTION_TIMELINE_OUTPUT_H_
#define GST_ACTION_TIMELINE_OUTPUT_H_

#include <gst/gst.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "action/io/line_file.h"
#include "action/timeline/segment_list.h"
#include "action/timeline/timeline_file.h"
#include "action/timeline/timeline_format.h"
#include "timelinesmooth/timeline_tracker.h"

namespace action {

// The element message `action-segment`, one for every final segment. Fields:
//   timestamp, stream-time, running-time, duration
//                     uint64    of the segment, ns
//   start, end        int64     timeline time, ns: what the file has in seconds
//   coarse-action, fine-action, value-category, state
//                     string    as on frames (label_meta.h)
//   name              string    what elements.csv calls fine-action; empty where it does not
//   deviation         string    from the order of work in elements.csv: "", skipped or out-of-order
//   num-frames        int64     steps
//   confidence        double    mean probability of fine-action over its steps
//   stand-in          boolean   computed with stand-in weights: not a measurement
//   wall-clock-start, wall-clock-end
//                     int64     ns since 1970; absent when not known
//   wall-clock-source string    reference-timestamp or pipeline-clock
// Returns a full reference.
GstMessage *NewSegmentMessage(GstElement *element, const FinishedSegment &finished);

// For one thread at a time.
class TimelineOutput {
 public:
  // location: empty (nothing is written), or a name that ends in .json or .jsonl, this with strftime's %Y and so on
  // where each day is to have its file. Throws Error when it ends otherwise, no such file can be made, or another
  // pipeline writes to it.
  explicit TimelineOutput(const std::string &location);

  // Where Finish would keep aside what another run has left under the name, as things are now; empty: nowhere.
  std::string WouldKeep() const;
  // .jsonl: the line is written; when that fails, what is returned says so, once, and it is tried again with the next.
  std::optional<Error> Add(const FinishedSegment &finished);
  // .jsonl: what follows on what was added, as far as it is known, stands in a file beside it (OpenSegmentsName) until
  // more is. That it cannot be written is told with the next segment, which cannot either.
  void NotePending(const std::vector<FinishedSegment> &pending);
  // All segments have been added; complete: the stream has ended, too, and was not interrupted. .json: the file is
  // written, and what another run has left under its name kept aside; .jsonl: the last try for lines that could not be
  // written. Returns where something was kept aside; else empty. Throws Error.
  std::string Finish(bool complete);

 private:
  std::string PathAt(int64_t wall) const;
  std::string LineOf(const FinishedSegment &finished) const;
  void OpenLines(const std::string &path);
  void TakeInPending();
  void ForgetPending();

  const std::string location_;
  std::string path_;  // of the lines, now
  std::string run_;   // .jsonl: what tells this run's lines from those of others in the file
  std::unique_ptr<LineFile> lines_;
  const TimelineFormat *format_ = nullptr;  // of another program
  SegmentList segments_;
  std::optional<FinishedSegment> last_;
  bool written_ = false;  // the file that lies there is this run's
  bool failing_ = false;
  bool pending_noted_ = false;  // there is such a file
};

}  // namespace action

#endif  // GST_ACTION_TIMELINE_OUTPUT_H_
