// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How a dataset is divided to measure what a model does on clips that it has not seen.
#ifndef ACTION_TRAINING_FOLDS_H_
#define ACTION_TRAINING_FOLDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "action/export.h"

namespace action {

inline constexpr size_t kMostFolds = 10;

// For every item the fold in which it is held out, numbered from 0; items of one source are held out together. With up
// to `most` sources each is a fold; with more, source k of the sorted ones goes to fold k mod `most`, so that clips
// named after their label are spread. With fewer than 2 sources nothing can be held out: empty.
ACTION_API std::vector<int> FoldOfEach(const std::vector<std::string> &sources, size_t most = kMostFolds);

// Where all items are of one source: divides it into blocks that follow on each other, "SOURCE block 1" and so on, each
// a source from then on, and returns true. Items are in order of time. What is held out then has the same person,
// camera and light in training as well, so that figures flatter. False, and nothing is changed, with several sources or
// fewer than 6 items.
ACTION_API bool SplitIntoBlocks(std::vector<std::string> &sources);

// About `share` of the items, chosen by `seed`: true for those held out. Items of one source stay together. Where every
// source has items of one label only, the share is taken of each label's sources (rounded, at least one, never all; a
// label of one source stays in training); otherwise whole sources are held out until the share is reached, at least
// one, never all.
ACTION_API std::vector<bool> SplitOff(const std::vector<std::string> &labels, const std::vector<std::string> &sources,
                                      double share, uint64_t seed);

}  // namespace action

#endif  // ACTION_TRAINING_FOLDS_H_
