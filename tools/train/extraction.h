// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Features of a dataset's clips: from the cache, or through the element.
#ifndef GST_ACTION_TRAIN_EXTRACTION_H_
#define GST_ACTION_TRAIN_EXTRACTION_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "action/engine.h"
#include "action/feature_cache.h"
#include "action/training/dataset.h"
#include "action/training/model_writer.h"
#include "action/training/plan.h"
#include "common/progress.h"

namespace action {

struct ExtractionOptions {
  Engine::Request request;
  std::vector<std::pair<std::string, std::string>> properties;  // of r3dfeatures
  bool published = false;                                       // see FeatureCache::Read
  std::string backbone;  // whose features are in the cache; empty: R3D-18's, and what is missing is computed
  size_t jobs = 1;       // clips that are decoded at once
  std::function<bool()> cancelled;
};

struct Extraction {
  std::vector<LabelledClip> clips;  // those that can be trained with, in the dataset's order
  std::vector<Clip> used;           // the same, as the dataset has them
  std::vector<SkippedClip> skipped;
  ExtractionCounters counters;
  std::string weights_hash;  // of features that were made elsewhere, all the same
};

// Clips with fewer sampled frames than this (half a second at 8 a second) show no action.
inline constexpr int kFewestSamples = 4;

// What cannot be read, holds no video or is too short is skipped, with its reason. The backbone is started only when
// some clip is not in the cache. Throws Cancelled, and Error when the backbone cannot be started or the cache not be
// written; what is finished by then stays in the cache. Of a named backbone nothing is computed: clips
// that have no features are skipped, and features of two weights are an Error.
Extraction ExtractFeatures(Engine &engine, const std::vector<Clip> &clips, const FeatureCache &cache,
                           const ExtractionOptions &options, Progress &progress);

}  // namespace action

#endif  // GST_ACTION_TRAIN_EXTRACTION_H_
