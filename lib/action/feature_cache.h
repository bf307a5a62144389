// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Features of videos on disk: the reference's files, kept from going stale.
#ifndef ACTION_FEATURE_CACHE_H_
#define ACTION_FEATURE_CACHE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "action/export.h"
#include "action/fraction.h"
#include "action/frame_sampler.h"
#include "action/network.h"
#include "action/picture.h"

namespace action {

// Everything that decides what the features of a video are.
struct FeatureConfig {
  std::string weights_hash;  // see WeightsHash
  std::string backbone;      // whose features they are, when they were made elsewhere; empty: R3D-18's, made here
  Precision precision = Precision::kFp32;
  Fraction sample_rate{8, 1};
  Sampling sampling = Sampling::kAuto;
  int hop = kChunkFrames;
  Region roi;
  Colorimetry colorimetry = Colorimetry::kReference;
  FeatureMode mode = FeatureMode::kWindowed;
};

// Features of a video, or of a part of it.
struct FeatureTable {
  std::vector<Features> rows;      // one per chunk
  std::vector<double> times;       // s, of each chunk's first sample, counted from the first frame
  double source_fps = 0;           // mean frames per second; 0 when not known
  int64_t samples = 0;             // frames that were looked at; 0 when not known (entries of the reference)
  std::string weights_hash;        // of features that were made elsewhere: what their twin says
  int64_t columns = kFeatureSize;  // of these; behind them are zeros
};

// A .pt file of features, with what the twin beside it says they were made of; without a twin, `config` is nothing.
struct FeatureFile {
  FeatureTable table;
  std::optional<FeatureConfig> config;
};
// Throws Error naming the file that is damaged.
ACTION_API FeatureFile ReadFeatureFile(const std::string &path);

// Part of a video in seconds, for the name of its entry. end 0: the whole video.
struct VideoSpan {
  double start = 0;
  double end = 0;
  bool whole() const { return end <= 0; }
};

// Which version of a video it is, as far as a look at its folder tells.
struct VideoMark {
  int64_t bytes = 0;
  int64_t mtime_ns = 0;
  // Throws Error when there is no such file.
  ACTION_API static VideoMark Of(const std::string &video);
};

// One folder of entries NAME.pt, {"feats": [T, 512] float32, "ts": [T] float32}, and NAME.json, which says what they
// were made of. Features of another backbone that were made elsewhere may lie there too: feats has up to 512 columns (0
// is what the others are), and the twin says {"backbone": NAME, "weights_hash": TEXT} and may say src_fps, video_bytes
// and video_mtime_ns. They are used where `backbone` is their name, and there alone; and never overwritten. NAME is the
// reference's, vid_{md5 of "PATH|fps=8|len=16"}__fps8__len16 with the path as pathlib writes it ("./a//b" is "a/b"),
// and longer where the settings or the span are not the reference's ("__hop4"). May be used from several threads and
// processes at once.
class ACTION_API FeatureCache {
 public:
  FeatureCache(std::string folder, FeatureConfig config);

  // Throws Error when the folder cannot be made or written to.
  void Prepare() const;

  // The reference's name, and ours where the reference has written none.
  std::string NameFor(const std::string &video, const VideoSpan &span = {}) const;

  // The name of the entry that is there, or would be looked for: the above, or, where an entry of the reference lies
  // that was of no use (other weights, an older video), the one that was put beside it, "..__gst-action".
  std::string EntryFor(const std::string &video, const VideoSpan &span = {}) const;

  // The entry of a video; nothing when there is none, or it was made of another version of the video, with other
  // settings or weights, or is damaged. An entry that the reference wrote (its twin says nothing but src_fps) is taken
  // when `published` (the weights are torchvision's published ones), the settings are the reference's, and the video is
  // not newer than the entry. `problem` is told of one that should have been of use and is damaged; and where features
  // of another backbone are asked for, which nobody can make here, why there are none.
  std::optional<FeatureTable> Read(const std::string &video, const VideoSpan &span, bool published,
                                   const std::function<void(const std::string &)> &problem = {}) const;

  // Throws Error where Write would, since features that were made elsewhere lie there.
  void CheckReplaceable(const std::string &video, const VideoSpan &span) const;

  // Replaces the entry, but none of the reference's, beside which it is put. Both files appear complete or not at all;
  // each of them is worth nothing with another's twin. `mark` is of before the video was read, so that an entry of a
  // video that changed meanwhile is stale at once. Throws Error, also where one lies there that was made elsewhere.
  void Write(const std::string &video, const VideoSpan &span, const FeatureTable &table, const VideoMark &mark) const;

  const std::string &folder() const { return folder_; }
  const FeatureConfig &config() const { return config_; }

 private:
  std::string folder_;
  FeatureConfig config_;
};

}  // namespace action

#endif  // ACTION_FEATURE_CACHE_H_
