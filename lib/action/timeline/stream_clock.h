// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which time on the timeline the frames of a stream have.
#ifndef ACTION_TIMELINE_STREAM_CLOCK_H_
#define ACTION_TIMELINE_STREAM_CLOCK_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "action/chunk_builder.h"
#include "action/export.h"
#include "action/timeline/step.h"
#include "action/timestamp_filler.h"

namespace action {

// A hole of so much, and what was known before it says nothing of the frames after it; ns.
inline constexpr int64_t kLabelLasts = 1'000'000'000;

// What counts as 0 s on a timeline.
enum class TimeOrigin { kFirstFrame, kStream };

// A frame's times; ns.
struct StreamFrame {
  uint64_t timestamp = 0;     // PTS
  uint64_t stream_time = 0;   // kNoTime: as the PTS
  uint64_t running_time = 0;  // kNoTime: as the PTS
  uint64_t duration = 0;      // 0: until the next one
};

// Frames come with three times: PTS, stream time (the position in a file or session) and running time (what has been
// played). All three may start anew or jump. The clock follows them and gives every frame two more:
//
// - its *position*: orders everything that has come since the last flush. It runs on from segment to segment as running
//   time does, at the pace of stream time.
// - its *timeline time*: what timeline files show. Stream time less that of the first frame; where a segment that comes
//   without a flush would go back in it (two files one after the other), or time jumps back by itself (a camera that
//   was restarted), it goes on from where it was.
//
// Who writes a timeline and who reads it back use the same clock, so a frame has the same time in both passes. Times in
// ns. Not for two threads at once.
class ACTION_API StreamClock {
 public:
  explicit StreamClock(TimeOrigin origin) : origin_(origin) {}

  // While no frame has come since the beginning or the last flush; later it is left as it is.
  void SetOrigin(TimeOrigin origin);

  // The next frame is the first of another stream.
  void BeginStream() { new_stream_ = true; }
  // The next frame is the first of a new segment. rate: stream time that passes in a second of running time, > 0.
  void BeginSegment(double rate);
  // The times of frames that do not say theirs. Their PTS is taken from here before it becomes stream and running time.
  TimestampFiller &filler() { return filler_; }

  struct Place {
    int64_t position = 0;
    int64_t timeline = 0;
    int64_t previous_end = 0;  // position at which the frame before ended; `position` for the first one
    bool first = false;        // since the beginning or the last flush
    bool connected = true;     // follows on the frame before without a hole, in position and in timeline time
    bool jumped_back = false;  // time did by itself, without a new segment
    // What was seen before says nothing of this frame: another stream, a jump back, a hole of kLabelLasts.
    bool cut = false;
  };
  // A frame has come. Nothing when its times are too large to count with.
  std::optional<Place> Add(const StreamFrame &frame);

  // The position of a chunk of frames that was computed from this stream. Chunks are to be given in order.
  // discont: nothing connects it with the chunk before. Nothing while no frame has come.
  std::optional<int64_t> PositionOfChunk(const FrameTime &first_frame, bool discont);
  // The same for another of its frames, after PositionOfChunk.
  std::optional<int64_t> PositionInChunk(const FrameTime &frame) const;

  // Wall-clock time of the newest frame, ns since 1970, and where it comes from.
  void SetWallClock(int64_t unix_time, const std::string &source);
  bool has_wall_clock_from(const std::string &source) const { return !wall_.empty() && wall_.back().source == source; }

  // The times of a stretch between two positions; nothing while no frame has come.
  struct Times {
    int64_t start = 0;  // timeline time
    int64_t end = 0;
    int64_t timestamp = 0;  // of the start
    int64_t stream_time = 0;
    int64_t running_time = 0;
    std::optional<WallClock> wall_clock;
  };
  std::optional<Times> TimesOf(int64_t start, int64_t end) const;
  // Stream time at a position.
  std::optional<int64_t> StreamTimeAt(int64_t position) const;

  // Since the beginning or the last flush.
  bool started() const { return started_; }
  // Since the beginning.
  bool seen_frames() const { return zero_.has_value(); }
  int64_t newest_position() const { return newest_; }
  // Position at which the newest frame ends.
  int64_t end() const { return end_; }

  // What comes next is placed anew.
  void Flush();

 private:
  // A stretch of the stream in which all times run at one pace.
  struct Piece {
    int64_t running = 0;  // where it begins
    int64_t stream = 0;
    int64_t timestamp = 0;
    int64_t position = 0;
    int64_t timeline = 0;
    int64_t running_end = 0;  // of its last frame so far
    double rate = 1;          // stream time that passes in a second of running time
  };
  struct WallAnchor {
    int64_t position = 0;
    int64_t offset = 0;  // wall-clock time less position
    std::string source;
  };

  const Piece &PieceAt(int64_t position) const;
  void BeginPiece(const Piece &piece);
  WallClock WallOf(int64_t start, int64_t end) const;

  TimeOrigin origin_;
  double rate_ = 1;
  bool new_stream_ = false;            // begins with the next frame
  bool new_segment_ = true;            // the next frame begins a piece
  std::optional<int64_t> zero_;        // stream time at timeline time 0
  std::deque<Piece> pieces_;           // oldest first
  size_t chunk_piece_ = 0;             // that the last chunk was in
  std::optional<int64_t> last_chunk_;  // its running time
  bool started_ = false;
  int64_t newest_ = 0;  // position
  int64_t end_ = 0;     // position
  std::optional<int64_t> timeline_end_;
  int64_t interval_ = 0;
  TimestampFiller filler_;
  std::deque<WallAnchor> wall_;
};

}  // namespace action

#endif  // ACTION_TIMELINE_STREAM_CLOCK_H_
