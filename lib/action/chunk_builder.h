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

// What a chunk's first layers see. Each of their frames depends on some frames before it and after it.
enum class FeatureMode {
  kWindowed,   // the 16 frames, and zeros around them, as the reference
  kContinual,  // the frames around the 16 as well: chunks that overlap share the first layers' work
};

// "windowed", "continual"
ACTION_API const char *NameOf(FeatureMode mode);

// Frames around a chunk that its features depend on; fewer where the run begins or ends.
struct ChunkContext {
  int before = 0;
  int after = 0;
};
// kContinual: of the stem and layers 1 and 2, nine convolutions of three frames each. The last three have every second
// frame before them: 5 + 1 + 3 x 2. Behind a chunk it is one less: of its last two frames they have the first.
inline constexpr ChunkContext kContinualContext = {12, 11};
ACTION_API ChunkContext ContextOf(FeatureMode mode);

// What the backbone turns into 512 numbers.
struct Chunk {
  std::vector<uint8_t> pixels;  // [before + 16 + after, 112, 112, 3] RGB, row-major
  int before = 0;               // frames of context
  int after = 0;
  uint64_t first_frame = 0;  // number of the first of `pixels`: frames follow on each other where their numbers do
  FrameTime time;            // of the first frame; `end` is that of the last one
  FrameTime step;            // of the first of the samples that it stands for; `end` is where the next chunk's begin
  int frame_count = 0;       // frames before padding, 1 to 16
  bool discont = false;      // first chunk of a run: what came before is not connected to it

  bool padded() const { return frame_count < kChunkFrames; }
  bool has_context() const { return before > 0 || after > 0; }
};

// Collects the sampled frames of a run into chunks that start every `hop` samples. N samples give
// 1 + ceil(max(0, N - 16) / hop) chunks; only the last of them may be padded (its last frame repeated; with context,
// the repeated frames are part of the run for the chunks before it too).
//
// A chunk says what happens in the middle of its window: it stands for the `hop` samples from number (16 - hop) / 2 on,
// so that chunks that overlap share out the time between them. At hop 16 these are all of its own.
class ACTION_API ChunkBuilder {
 public:
  // hop: samples between chunk starts, 1 to 16. Throws std::invalid_argument otherwise.
  explicit ChunkBuilder(int hop = kChunkFrames, ChunkContext context = {});

  // From the chunk after the next on, 1 to 16. What a chunk stands for still ends where the next one's begins.
  void SetHop(int hop);
  int hop() const { return next_hop_; }

  // Adds one frame ([112, 112, 3] RGB). Returns a chunk when the frame completes one.
  std::optional<Chunk> Add(std::span<const uint8_t, kFrameBytes> rgb, const FrameTime &time);

  // Ends the run: returns the chunks whose context ends with it, and a padded last one if samples are left that no
  // chunk holds. `end` (ns PTS) is the end of the last frame of the stream, sampled or not. The next Add starts a new
  // run.
  std::vector<Chunk> Finish(uint64_t end);

  // Ends the run and forgets what was collected.
  void Reset();

  // The next frame completes a chunk.
  bool IsNearlyFull() const { return count() + 1 == start_ + kChunkFrames + context_.after; }

 private:
  int64_t count() const { return first_ + static_cast<int64_t>(times_.size()); }
  Chunk Build(int64_t run_end) const;
  void Advance();

  const ChunkContext context_;
  int hop_;       // of the next chunk
  int next_hop_;  // of those after it

  // Frames are counted from the run's first on.
  std::vector<uint8_t> pixels_;   // those that are needed still, oldest first
  std::vector<FrameTime> times_;  // one per frame in pixels_
  int64_t first_ = 0;             // of these
  int64_t start_ = 0;             // of the next chunk, without its context
  int64_t covered_ = 0;           // frames before it are in a chunk that was returned
  uint64_t run_number_ = 0;       // the number of the run's first frame
  bool discont_ = true;
};

}  // namespace action

#endif  // ACTION_CHUNK_BUILDER_H_
