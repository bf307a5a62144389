// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What timelinesmooth knows of the labels of its stream, apart from pads and threads: where runs of frames begin and
// end, which segments are final, and which label a frame gets. Times are StreamClock's.
#ifndef GST_ACTION_TIMELINE_TRACKER_H_
#define GST_ACTION_TIMELINE_TRACKER_H_

#include <gst/gst.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "action/elements.h"
#include "action/timeline/timeline.h"
#include "action/timeline/timeline_file.h"
#include "common/frame_clock.h"
#include "common/label_events.h"
#include "common/label_meta.h"

namespace action {

// A final segment; its times as the file has them, and as GStreamer counts.
struct FinishedSegment {
  Segment segment;  // timeline time, ns
  GstClockTime timestamp = GST_CLOCK_TIME_NONE;
  GstClockTime stream_time = GST_CLOCK_TIME_NONE;
  GstClockTime running_time = GST_CLOCK_TIME_NONE;
  LineOrigin origin;  // but for the run
};

// Inside, everything is ordered by StreamClock's position.
//
// Not for two threads at once: the element's lock protects it.
class TimelineTracker {
 public:
  // study: as in Timeline. elements: instead of those that come with the labels, read from elements_path; may be empty.
  TimelineTracker(const SmoothingSettings &settings, TimeOrigin origin, bool study, std::vector<ElementRow> elements,
                  const std::string &elements_path);

  // For the runs that begin from now on.
  void SetSmoothing(const SmoothingSettings &settings);
  // Samples from step to step: so many lost ones in a row as the windows of their neighbours cover are bridged.
  void SetHop(int hop) { bridge_ = static_cast<uint64_t>(std::max(0, kChunkFrames / std::max(1, hop) - 1)); }

  // The network is there, and looks at the frames from the next one on. Those before it are a gap.
  void NoteNetwork();

  // An event of the stream: what FrameClock has to know.
  void OnStreamEvent(GstEvent *event) { clock_.OnEvent(event); }
  // The labels of the steps that follow; false when the event is not what it should be. Throws Error when the elements
  // are not of these labels.
  bool SetLabels(const GstStructure *labels_event);
  bool has_labels() const { return labels_.has_value(); }
  // ModelHash of the labels' model; empty: not known.
  std::string model_hash() const { return labels_ ? labels_->model_hash : ""; }

  // A frame has come. Returns its position; nothing when it cannot be placed (no time, or backward playback).
  std::optional<int64_t> AddFrame(GstBuffer *buffer);
  StreamClock &clock() { return clock_.stream(); }
  const StreamClock &clock() const { return clock_.stream(); }

  enum class StepResult { kTaken, kLost, kNotAStep };
  // A step has come; kLost: taken, but others before it have not arrived.
  StepResult AddStep(const GstStructure *step_event);

  // The run ends with the last frame: everything so far is known.
  void EndRun();
  // The stream does.
  void Finish();
  // The stream is left before its end: what lies behind the last step was not looked at.
  void Interrupt();
  // After Finish: what follows is placed anew.
  void Flush();

  std::vector<FinishedSegment> TakeSegments();
  // What would follow on these if nothing more came.
  std::vector<FinishedSegment> PendingSegments() const;

  // Frames before this position have their label.
  int64_t known_until() const { return known_until_; }
  // The label of a frame at this position, which is to be asked in order: the smoothed one where it is known, else what
  // the newest step would get if nothing more came.
  std::optional<MetaLabel> LabelAt(int64_t position);
  bool seen_frames() const { return clock().seen_frames(); }
  // Stream time at which the newest frame ends; GST_CLOCK_TIME_NONE before the first.
  GstClockTime stream_end() const;

  // Since the beginning, whatever was flushed.
  SmootherStats stats() const;

 private:
  struct Break {
    int64_t end = 0;  // of the frame before, position
    int64_t begin = 0;
  };

  // Steps that did not come, one after the other, in a run; positions.
  struct Hole {
    int64_t start = 0, end = 0;
    uint64_t steps = 0;
  };

  void BeginRunsUpTo(const ReceivedChunk &chunk, int64_t chunk_begin, bool lost);
  void Lose(int64_t start, int64_t end, uint64_t steps);
  void CloseHole();
  void Collect();
  void FinishAt(int64_t end);
  FinishedSegment ToFinished(const Segment &segment) const;
  MetaLabel ToMeta(const Segment &segment, bool provisional) const;

  SmoothingSettings settings_;
  const bool study_;
  const std::vector<ElementRow> elements_;
  const std::string elements_path_;
  FrameClock clock_;
  std::optional<LabelFacts> labels_;
  Timeline timeline_;
  uint64_t forced_ = 0;  // before the last flush

  std::deque<Break> breaks_;  // between frames, until steps have passed them
  bool looked_at_ = true;     // false: the next frame is the first that the network looks at
  bool run_ended_ = false;    // by EndRun: the next frame begins another
  std::optional<uint64_t> next_index_;
  uint64_t bridge_ = 0;  // lost steps in a row that are bridged
  std::optional<Hole>
      hole_;  // after the run's last step; one that is too long for that is told to the timeline at once

  std::deque<FrameLabel> frame_labels_;
  std::optional<MetaLabel> newest_;
  std::optional<MetaLabel> held_;    // the last one before steps were lost
  int64_t held_until_ = 0;           // position
  int64_t newest_from_ = INT64_MIN;  // position: what was before it says nothing of the frames that come now
  int64_t known_until_ = INT64_MIN;

  std::optional<int64_t> last_written_end_;  // timeline time
  std::vector<FinishedSegment> finished_;
};

}  // namespace action

#endif  // GST_ACTION_TIMELINE_TRACKER_H_
