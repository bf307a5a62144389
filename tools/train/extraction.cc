// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "train/extraction.h"

#include <chrono>
#include <cmath>
#include <mutex>
#include <optional>

#include "action/error.h"
#include "action/training/parallel.h"
#include "common/video_run.h"

namespace action {
namespace {

struct Outcome {
  std::optional<FeatureTable> table;
  std::string problem;
};

std::string TooShort(const FeatureTable &table) {
  const bool known = table.samples > 0 || table.rows.empty();
  if (!known || table.samples >= kFewestSamples) return {};
  return "too short: " + std::to_string(table.samples) + " sampled frames; at least " + std::to_string(kFewestSamples) +
         " are needed";
}

// The weights of features that were made elsewhere, all of one network; empty: there are none.
std::string OneNetwork(const std::vector<Clip> &clips, const std::vector<Outcome> &outcomes) {
  const Clip *first = nullptr;
  const FeatureTable *of_first = nullptr;
  for (size_t i = 0; i < clips.size(); ++i) {
    if (!outcomes[i].table) continue;
    const FeatureTable &here = *outcomes[i].table;
    if (first == nullptr) {
      first = &clips[i];
      of_first = &here;
    } else if (here.columns != of_first->columns) {
      throw Error("the features of " + first->Name() + " have " + std::to_string(of_first->columns) +
                  " numbers, those of " + clips[i].Name() + " " + std::to_string(here.columns) +
                  ". A model is trained with features of one network");
    } else if (here.weights_hash != of_first->weights_hash) {
      throw Error("the features of " + first->Name() + " are of the weights " + of_first->weights_hash + ", those of " +
                  clips[i].Name() + " of " + here.weights_hash + ". A model is trained with features of one network");
    }
  }
  return of_first != nullptr ? of_first->weights_hash : "";
}

}  // namespace

Extraction ExtractFeatures(Engine &engine, const std::vector<Clip> &clips, const FeatureCache &cache,
                           const ExtractionOptions &options, Progress &progress) {
  std::vector<Outcome> outcomes(clips.size());
  std::vector<size_t> missing;
  Extraction result;
  result.counters.clips = clips.size();
  for (size_t i = 0; i < clips.size(); ++i) {
    try {
      outcomes[i].table = cache.Read(clips[i].path, clips[i].span, options.published, [&](const std::string &text) {
        if (options.backbone.empty()) {
          progress.Complain("warning: " + text);
        } else {
          outcomes[i].problem = text;
        }
      });
    } catch (const Error &e) {
      outcomes[i].problem = e.what();
      continue;
    }
    if (outcomes[i].table) {
      ++result.counters.from_cache;
    } else if (options.backbone.empty()) {
      missing.push_back(i);
    }
  }
  if (!options.backbone.empty()) result.weights_hash = OneNetwork(clips, outcomes);
  if (!missing.empty()) {
    const auto start = std::chrono::steady_clock::now();
    // Held until the end: every clip's r3dfeatures finds this network running.
    const std::shared_ptr<FeatureService> service = engine.OpenFeatureService(options.request);
    // The cache was named before the network was tried.
    const Precision precision = service->info().precision;
    if (precision != cache.config().precision) {
      throw Error("the features were to be in " + std::string(NameOf(cache.config().precision)) +
                  ", and the network is in " + NameOf(precision) + " (" + service->info().notice +
                  "). Start again with --precision " + NameOf(precision));
    }
    std::mutex mutex;  // protects `done`, `counters`, and the terminal
    size_t done = 0;
    progress.Step("features", 0, missing.size(), "");
    ParallelFor(missing.size(), options.jobs, [&](size_t m) {
      if (options.cancelled && options.cancelled()) throw Cancelled();
      const Clip &clip = clips[missing[m]];
      Outcome &outcome = outcomes[missing[m]];
      VideoRunOptions run;
      run.properties = options.properties;
      run.span = clip.span;
      run.cancelled = options.cancelled;
      run.warning = [&](const std::string &text) {
        const std::lock_guard lock(mutex);
        progress.Complain("warning: " + text);
      };
      cache.CheckReplaceable(clip.path, clip.span);
      VideoMark mark;
      try {
        mark = VideoMark::Of(clip.path);
        outcome.table = RunVideo(clip.path, run);
      } catch (const Cancelled &) {
        throw;
      } catch (const Error &e) {
        outcome.problem = e.what();
      }
      if (outcome.table)
        cache.Write(clip.path, clip.span, *outcome.table, mark);  // a full disk is not the clip's fault
      const std::lock_guard lock(mutex);
      ++done;
      if (outcome.table) {
        ++result.counters.computed;
        result.counters.chunks_computed += outcome.table->rows.size();
      }
      progress.Step("features", done, missing.size(), clip.Name());
    });
    result.counters.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  for (size_t i = 0; i < clips.size(); ++i) {
    std::string problem = outcomes[i].problem;
    if (problem.empty()) problem = TooShort(*outcomes[i].table);
    if (problem.empty() && outcomes[i].table->rows.empty()) problem = "no frame of it was sampled";
    if (problem.starts_with(clips[i].path + ": ")) problem.erase(0, clips[i].path.size() + 2);  // said anyway
    if (!problem.empty()) {
      result.skipped.push_back({clips[i].Name(), problem});
      continue;
    }
    result.clips.push_back({clips[i].Name(), clips[i].label, clips[i].source, std::move(outcomes[i].table->rows)});
    result.used.push_back(clips[i]);
  }
  return result;
}

}  // namespace action
