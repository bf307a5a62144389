// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sampled frames in, chunks of 16 out.
#ifndef ACTION_CHUNK_BUILDER_H_
#define ACTION_CHUNK_BUILDER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "action/export.h"

namespace action {

inline constexpr int kChunkFrames = 16;  // sampled frames that the backbone sees at once
inline constexpr int kFrameSide = 112;   // pixels, both directions
inline constexpr int kFrameBytes = kFrameSide * kFrameSide * 3;
inline constexpr int kChunkBytes = kChunkFrames * kFrameBytes;
inline constexpr uint64_t kNoTime = UINT64_MAX;

// Where a sampled frame stands in the stream; ns, kNoTime when not known.
struct FrameTime {
  uint64_t timestamp = kNoTime;     // PTS
  uint64_t stream_time = kNoTime;   // position in the file or session
  uint64_t running_time = kNoTime;  // time since the pipeline started playing this stream
  uint64_t end = kNoTime;           // PTS at which the next sample is due

  friend bool operator==(const FrameTime &, const FrameTime &) = default;
};

// What the backbone turns into 512 numbers.
struct Chunk {
  std::vector<uint8_t> pixels;  // [16, 112, 112, 3] RGB, row-major
  FrameTime time;               // of the first frame; `end` is that of the last one
  FrameTime step;               // of the first of the samples that it stands for; `end` is where the next chunk's begin
  int frame_count = 0;          // frames before padding, 1 to 16
  bool discont = false;         // first chunk of a run: what came before is not connected to it

  bool padded() const { return frame_count < kChunkFrames; }
};

// Collects the sampled frames of a run into chunks that start every `hop` samples. N samples give
// 1 + ceil(max(0, N - 16) / hop) chunks; only the last of them may be padded (its last frame repeated).
//
// A chunk says what happens in the middle of its window: it stands for the `hop` samples from number (16 - hop) / 2 on,
// so that chunks that overlap share out the time between them. At hop 16 these are all of its own.
class ACTION_API ChunkBuilder {
 public:
  // hop: samples between chunk starts, 1 to 16. Throws std::invalid_argument otherwise.
  explicit ChunkBuilder(int hop = kChunkFrames);

  // From the chunk after the next on, 1 to 16. What a chunk stands for still ends where the next one's begins.
  void SetHop(int hop);
  int hop() const { return next_hop_; }

  // Adds one frame ([112, 112, 3] RGB). Returns a chunk when the frame completes one.
  std::optional<Chunk> Add(std::span<const uint8_t, kFrameBytes> rgb, const FrameTime &time);

  // Ends the run: returns the padded last chunk if samples are left that no chunk holds. `end` (ns PTS) is the end of
  // the last frame of the stream, sampled or not. The next Add starts a new run.
  std::optional<Chunk> Finish(uint64_t end);

  // Ends the run and forgets what was collected.
  void Reset();

  // Samples waiting that no chunk holds yet.
  bool HasUnsent() const { return fresh_ > 0; }
  // The next frame completes a chunk.
  bool IsNearlyFull() const { return times_.size() + 1 == kChunkFrames; }

 private:
  Chunk Build() const;

  int hop_;                       // of the next chunk
  int next_hop_;                  // of those after it
  std::vector<uint8_t> pixels_;   // frames of the window, oldest first
  std::vector<FrameTime> times_;  // one per frame in pixels_
  int fresh_ = 0;                 // the last `fresh_` frames of the window are in no chunk yet
  bool discont_ = true;
};

}  // namespace action

#endif  // ACTION_CHUNK_BUILDER_H_
