// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What timelinesmooth knows of its stream, apart from pads and threads: which time a frame and a step have on the
// timeline, where runs begin and end, and which label a frame gets.
#ifndef GST_ACTION_TIMELINE_TRACKER_H_
#define GST_ACTION_TIMELINE_TRACKER_H_

#include <gst/gst.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "action/elements.h"
#include "action/gap_detector.h"
#include "action/timeline/timeline.h"
#include "common/label_events.h"
#include "common/label_meta.h"

namespace action {

// A final segment; its times as the file has them, and as GStreamer counts.
struct FinishedSegment {
  Segment segment;  // timeline time, ns
  GstClockTime timestamp = GST_CLOCK_TIME_NONE;
  GstClockTime stream_time = GST_CLOCK_TIME_NONE;
  GstClockTime running_time = GST_CLOCK_TIME_NONE;
};

// Three times are at work. Frames and steps come with PTS, stream time and running time. Inside, everything is ordered
// by a *position*: it runs on from segment to segment as running time does, at the pace of stream time, and starts anew
// with a flush. *Timeline time*, which files show, is stream time less that of the first frame; where a segment that
// comes without a flush would go back in it (concat), it goes on from where it was.
//
// Not for two threads at once: the element's lock protects it.
class TimelineTracker {
 public:
  // from_first_frame: timeline time is 0 at the first frame, else it is stream time.
  // study: as in Timeline. elements: instead of those that come with the labels, read from elements_path; may be empty.
  TimelineTracker(const SmoothingSettings &settings, bool from_first_frame, bool study,
                  std::vector<ElementRow> elements, const std::string &elements_path);

  // For the runs that begin from now on.
  void SetSmoothing(const SmoothingSettings &settings);

  void SetSegment(const GstSegment &segment);
  const GstSegment &segment() const { return segment_; }
  // The labels of the steps that follow; false when the event is not what it should be. Throws Error when the elements
  // are not of these labels.
  bool SetLabels(const GstStructure *labels_event);
  bool has_labels() const { return labels_.has_value(); }

  // A frame has come. Returns its position; nothing when it cannot be placed (no time, or backward playback).
  std::optional<int64_t> AddFrame(GstBuffer *buffer);
  // Wall-clock time of the newest frame, ns since 1970, and where it comes from.
  void SetWallClock(int64_t unix_time, const char *source);
  bool has_wall_clock_from(const char *source) const { return !wall_.empty() && wall_.back().source == source; }

  enum class StepResult { kTaken, kLost, kNotAStep };
  // A step has come; kLost: taken, but others before it have not arrived.
  StepResult AddStep(const GstStructure *step_event);

  // How long a frame lasts that does not say so, ns; 0: until the next one.
  void SetFrameDuration(uint64_t duration) { frame_duration_ = static_cast<int64_t>(duration); }

  // The run ends with the last frame: everything so far is known.
  void EndRun();
  // The stream does.
  void Finish();
  // The stream is left before its end: what lies behind the last step was not looked at.
  void Interrupt();
  // After Finish: what follows is placed anew.
  void Flush();

  std::vector<FinishedSegment> TakeSegments();

  // Frames before this position have their label.
  int64_t known_until() const { return known_until_; }
  // The label of a frame at this position, which is to be asked in order: the smoothed one where it is known, else what
  // the newest step would get if nothing more came.
  std::optional<MetaLabel> LabelAt(int64_t position);
  bool seen_frames() const { return origin_.has_value(); }
  // Stream time at which the newest frame ends; GST_CLOCK_TIME_NONE before the first.
  GstClockTime stream_end() const;

  // Since the beginning, whatever was flushed.
  SmootherStats stats() const;

 private:
  // A stretch of the stream in which all times run at one pace.
  struct Piece {
    int64_t running = 0;  // where it begins
    int64_t stream = 0;
    int64_t pts = 0;
    int64_t position = 0;
    int64_t timeline = 0;
    double rate = 1;  // running time passes 1/rate as fast as stream time
  };
  struct Break {
    int64_t end = 0;  // of the frame before, position
    int64_t begin = 0;
  };
  struct WallAnchor {
    int64_t position = 0;
    int64_t offset = 0;  // wall-clock time less position
    std::string source;
  };

  // The newest that begins, by this time of its own, no later than `time`; the oldest when none does.
  const Piece *NewestPiece(int64_t Piece::*where, int64_t time) const;
  const Piece *PieceAt(int64_t position) const;
  const Piece *PieceOfStep(const FrameTime &time) const;
  std::optional<int64_t> PositionOf(const FrameTime &time) const;
  void Place(const Piece &piece);
  void BeginRunsUpTo(const ReceivedChunk &chunk, int64_t chunk_begin, bool lost);
  void Collect();
  void FinishAt(int64_t end);
  FinishedSegment ToFinished(const Segment &segment) const;
  MetaLabel ToMeta(const Segment &segment, bool provisional) const;

  SmoothingSettings settings_;
  const bool from_first_frame_;
  const bool study_;
  const std::vector<ElementRow> elements_;
  const std::string elements_path_;
  GstSegment segment_;
  std::optional<LabelFacts> labels_;
  Timeline timeline_;
  uint64_t forced_ = 0;  // before the last flush

  std::deque<Piece> pieces_;             // oldest first
  bool new_piece_ = true;                // the next frame begins one
  std::optional<int64_t> origin_;        // stream time at timeline time 0
  std::optional<int64_t> timeline_end_;  // of the last frame; what comes without a flush is not placed before it
  std::deque<Break> breaks_;             // between frames, until steps have passed them
  int64_t last_frame_ = 0;               // positions
  int64_t last_end_ = 0;
  int64_t running_end_ = 0;
  int64_t interval_ = 0;
  int64_t frame_duration_ = 0;
  GstClockTime next_pts_ = 0;  // of a frame that has none
  bool in_run_ = false;
  bool run_ended_ = false;  // by EndRun: the next frame begins another
  std::optional<uint64_t> next_index_;

  std::deque<FrameLabel> frame_labels_;
  std::optional<MetaLabel> newest_;
  int64_t known_until_ = INT64_MIN;

  std::deque<WallAnchor> wall_;
  std::optional<int64_t> last_written_end_;  // timeline time
  std::vector<FinishedSegment> finished_;
};

}  // namespace action

#endif  // GST_ACTION_TIMELINE_TRACKER_H_
