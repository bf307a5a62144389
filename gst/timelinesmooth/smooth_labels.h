// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What timelinesmooth does with labels: takes the steps in, labels the frames that leave, and writes the segments that
// have become final.
#ifndef GST_ACTION_TIMELINESMOOTH_SMOOTH_LABELS_H_
#define GST_ACTION_TIMELINESMOOTH_SMOOTH_LABELS_H_

#include <gst/gst.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/analytics_label.h"
#include "common/recording_event.h"
#include "timelinesmooth/delay_line.h"
#include "timelinesmooth/properties.h"
#include "timelinesmooth/timeline_output.h"
#include "timelinesmooth/timeline_tracker.h"

namespace action {

// Its functions that say nothing of the lock are called with the delay line's mutex held (DelayLine).
class SmoothLabels final : public DelayLine::Client {
 public:
  SmoothLabels(GstElement *element, GstPad *sink, GstPad *source);

  DelayLine &line() { return line_; }

  // READY->PAUSED and back, while neither thread runs; they take the mutex. Start throws Error.
  void Start(const TimelineSmoothSettings &settings);
  void Stop();

  // Before EOS is enqueued; takes the mutex. Whether the stream was seen to its end.
  void NoteWhetherComplete();
  // A new stream: asks upstream which file it is of. Takes the mutex.
  void NoteVideo();
  // Downstream records the frames; takes the mutex.
  void OnRecording(const GstStructure *structure);
  // Takes the mutex. True when a frame is about to come and no labels have; once.
  bool NeedsLabels();
  // Any thread; takes the mutex. Returns a full reference.
  GstStructure *Stats();

  // ---- DelayLine::Client
  std::optional<int64_t> OnFrameIn(GstBuffer *frame) override;
  void OnEventIn(GstEvent *event, std::vector<MessagePtr> &messages) override;
  void OnRestart() override;
  bool HasWork() const override { return !outbox_.empty() || pending_.has_value(); }
  void DoWork(DelayLine::Lock &lock) override;
  void OnFrameLeaves(std::optional<int64_t> position) override;
  GstBuffer *OnFrameOut(GstBuffer *frame) override;
  void OnEventOut(GstEvent *event) override;
  bool IsComputing() override;

 private:
  void OnBackbone(const GstStructure *structure, std::vector<MessagePtr> &messages);
  void OnStep(const GstStructure *structure, std::vector<MessagePtr> &messages);
  void NoteWallClock(GstBuffer *frame);
  LineOrigin OriginOf(const FinishedSegment &finished) const;
  void Collect();
  void NotePending();
  void WriteSegments(const std::vector<FinishedSegment> &segments);
  void WriteFile(bool complete);

  GstElement *const element_;
  GstPad *const sink_;
  DelayLine line_;

  // ---- Protected by the line's mutex.
  TimelineSmoothSettings settings_;
  std::optional<TimelineTracker> tracker_;               // READY->PAUSED to PAUSED->READY
  std::vector<FinishedSegment> outbox_;                  // final segments that the task has not written yet
  std::optional<std::vector<FinishedSegment>> pending_;  // what follows on them so far, where it is to be noted
  guint64 segments_ = 0, gaps_ = 0, deviations_ = 0;     // final ones, for stats
  GstClockTime hop_time_ = 0;                            // from step to step; 0: not known
  std::string weights_hash_;                             // of the network
  std::string video_;                                    // the file that the stream is of; empty: it is of none
  std::deque<RecordingFacts> recordings_;                // that downstream has begun, the newest last
  bool complete_ = false;                                // at EOS: the stream has been seen to its end
  bool warned_no_labels_ = false, warned_lost_ = false, warned_hop_ = false;
  bool warned_wall_clock_ = false;
  std::string wrong_wall_clock_;  // what the source's clock says, where that cannot be; empty: it can

  // ---- The task's; state changes while it does not run.
  std::optional<MetaLabel> leaving_;  // the label of the frame that leaves
  AnalyticsLabel analytics_;
  std::unique_ptr<TimelineOutput> output_;
  bool written_ = false;      // the file holds everything
  std::string told_to_keep_;  // where what another run has left will be, as was said
};

}  // namespace action

#endif  // GST_ACTION_TIMELINESMOOTH_SMOOTH_LABELS_H_
