// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which clips there are to learn from, and what they show.
#ifndef ACTION_TRAINING_DATASET_H_
#define ACTION_TRAINING_DATASET_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "action/export.h"
#include "action/feature_cache.h"
#include "action/labels.h"
#include "action/training/clip_name.h"

namespace action {

// A video, or a part of one, that shows one action.
struct Clip {
  std::string path;    // as the dataset was named, so that the cache of another day finds it
  VideoSpan span;      // which part
  std::string label;   // normalised fine label
  std::string source;  // clips of one source (one person, one original video) are never on both sides of a validation

  // "path", or "path 12.500-20.000 s" of a part.
  ACTION_API std::string Name() const;
};

struct Dataset {
  std::vector<Clip> clips;  // by path and start
  std::vector<std::string> warnings;
  // Of labels that come from names with letters outside ASCII: what they were called, for people.
  std::map<std::string, std::string> names = {};
  // Of labels that do not say their value category themselves: what the names of their clips say.
  std::map<std::string, ValueCategory> values = {};
};

// Reads a folder in either layout of the reference, or both at once: a clip in the folder itself is labelled by its
// file name (hand_tight_nipple_to_pipe_va_001.mp4) and the rule, one in a folder below by the name of the folder it
// lies in. Hidden files are left out. Every clip is its own source. Warnings: names that become one label only by
// normalisation, and names of which nothing is left, what is taken for an id, files of unknown endings, folders below
// that cannot be read, clips whose names say no action. Throws Error when the folder itself cannot be read.
ACTION_API Dataset ScanDataset(const std::string &folder, LabelRule rule = LabelRule::kStandard);

// For models whose labels do not say their values: the value category of each label without its ending (mount_wheel),
// and of each family whose clips all have the same. Of a label whose clips do not agree it is that of most of them; a
// warning says so.
ACTION_API std::map<std::string, ValueCategory> ValuesOf(const Dataset &dataset, std::vector<std::string> &warnings);

// Says that names become one label.
std::string SameLabelWarning(const std::string &label, const std::set<std::string> &names);

// True for the endings of video files: .mp4, .mkv, ...
ACTION_API bool HasVideoEnding(const std::string &path);

// Throws Error when the pattern of --group-by is not a regular expression.
ACTION_API void CheckGroupPattern(const std::string &pattern);

// Makes the first group of `pattern` (the whole match when it has none), searched in the file name without its ending,
// each clip's source. Throws Error when the pattern is not a regular expression, or naming the clips whose name it does
// not match.
ACTION_API void GroupBy(Dataset &dataset, const std::string &pattern);

// Gives clips whose files hold the same bytes one source, that of the first. Returns their names, a line a group.
ACTION_API std::vector<std::string> JoinIdenticalClips(Dataset &dataset);

}  // namespace action

#endif  // ACTION_TRAINING_DATASET_H_
