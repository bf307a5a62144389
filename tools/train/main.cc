// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst-action-train: from clips to a model folder, in order: dataset, features, heads, figures, folder.
#include <glib.h>
#include <gst/gst.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "action/deleter.h"
#include "action/elements.h"
#include "action/engine_library.h"
#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/io/atomic_folder.h"
#include "action/labels.h"
#include "action/model_bundle.h"
#include "action/r3d18_spec.h"
#include "action/training/annotations.h"
#include "action/training/cross_validation.h"
#include "action/training/dataset.h"
#include "action/training/folds.h"
#include "action/training/model_writer.h"
#include "build_config.h"
#include "common/command_line.h"
#include "common/progress.h"
#include "common/video_run.h"
#include "train/curves.h"
#include "train/extraction.h"
#include "train/options.h"
#include "train/report.h"

namespace action {
namespace {

namespace fs = std::filesystem;

// Labels of doing nothing, by their first word.
bool HasIdleClass(const std::vector<Clip> &clips) {
  static const std::set<std::string> kIdle = {"absent", "background", "empty", "idle", "nobody", "no",
                                              "none",   "nothing",    "pause", "wait", "waiting"};
  return std::ranges::any_of(clips, [](const Clip &clip) { return kIdle.contains(CoarseLabel(clip.label)); });
}

Dataset ReadDataset(const TrainOptions &options) {
  Dataset dataset;
  if (!options.dataset.empty()) dataset = ScanDataset(options.dataset, options.label_rule);
  if (!options.annotations.empty()) {
    // A video that cannot be opened is told of, with its clips, when their features are to be computed.
    const auto duration_of = [](const std::string &video) -> std::optional<double> {
      try {
        return VideoDuration(video);
      } catch (const Error &) {
        return std::nullopt;
      }
    };
    const std::vector<Annotation> annotations = ReadAnnotations(options.annotations, dataset.warnings);
    Dataset parts = DatasetOf(annotations, options.background, duration_of);
    std::ranges::move(parts.clips, std::back_inserter(dataset.clips));
    std::ranges::move(parts.warnings, std::back_inserter(dataset.warnings));
    dataset.names.merge(parts.names);
  }
  const std::string from = options.dataset.empty() ? options.annotations : options.dataset;
  if (dataset.clips.empty()) {
    throw Error("the dataset " + from + " holds no video. It should hold clips named after what they show " +
                "(mount_wheel_va_001.mp4), or one folder of clips for each action");
  }
  if (!options.group_by.empty()) GroupBy(dataset, options.group_by);
  return dataset;
}

void PrintPlan(const Dataset &dataset) {
  const std::vector<Clip> &clips = dataset.clips;
  std::vector<std::string> labels;
  std::map<std::string, size_t> count;
  for (const Clip &clip : clips) {
    labels.push_back(clip.label);
    ++count[clip.label];
  }
  const std::vector<FamilyPlan> families = PlanFamilies(labels);
  std::printf("%s, %s, %s\n", Counted(clips.size(), "clip").c_str(), Counted(count.size(), "fine action").c_str(),
              Counted(families.size(), "coarse action").c_str());
  for (const FamilyPlan &family : families) {
    const std::string fate = family.skipped.empty() ? "trained"
                             : family.skipped == "single_class"
                                 ? "no fine classifier is needed: it has a single fine action"
                                 : "no fine classifier: too few clips";
    std::printf("\n%s: %s, %s; %s\n", family.name.c_str(), Counted(family.clips, "clip").c_str(),
                Counted(family.labels.size(), "fine action").c_str(), fate.c_str());
    for (const std::string &label : family.labels) {
      const auto named = dataset.names.find(label);
      const auto value = dataset.values.find(label);
      std::printf("  %-48s %-8s %4zu %s%s%s\n", label.c_str(),
                  NameOf(value != dataset.values.end() ? value->second : CategoryOf(label)), count[label],
                  count[label] == 1 ? "clip" : "clips", named != dataset.names.end() ? "  from " : "",
                  named != dataset.names.end() ? Printable(named->second).c_str() : "");
    }
  }
}

std::string Now() {
  const std::unique_ptr<GDateTime, Deleter<g_date_time_unref>> now(g_date_time_new_now_utc());
  const std::unique_ptr<char, Deleter<g_free>> text(g_date_time_format_iso8601(now.get()));
  return text.get();
}

std::string Processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

// Puts the used entries of the cache into the model: ours, which are never written in place, as links where that is
// possible.
void AddCache(const fs::path &folder, const FeatureCache &cache, const std::vector<Clip> &clips) {
  fs::create_directories(folder);
  for (const Clip &clip : clips) {
    for (const char *ending : {".pt", ".json"}) {
      const std::string name = cache.NameFor(clip.path, clip.span) + ending;
      const fs::path from = fs::path(cache.folder()) / (cache.EntryFor(clip.path, clip.span) + ending);
      std::error_code failed;
      if (fs::exists(folder / name, failed)) continue;
      const bool ours = cache.config().backbone.empty();
      if (ours) fs::create_hard_link(from, folder / name, failed);
      if (!ours || failed) fs::copy_file(from, folder / name);
    }
  }
}

// Tells of clips that are left out.
void Report(const Extraction &extraction, bool strict, Progress &progress) {
  for (const SkippedClip &clip : extraction.skipped)
    progress.Complain("not used: " + clip.name + ": " + clip.reason);
  if (extraction.skipped.empty()) return;
  const std::string count = std::to_string(extraction.skipped.size()) + " of " +
                            std::to_string(extraction.counters.clips) + " clips cannot be used";
  if (strict) throw Error(count + " (--strict)");
  progress.Complain("warning: " + count + "; going on without them");
}

class Trainer {
 public:
  explicit Trainer(const TrainOptions &options) : options_(options), progress_(options.quiet) {}

  int Run() {
    Dataset dataset = ReadDataset(options_);
    Warn(dataset.warnings);
    if (options_.dry_run) {
      PrintPlan(dataset);
      WarnAboutIdle(dataset.clips);
      return 0;
    }
    names_ = dataset.names;
    values_ = dataset.values;
    std::unique_ptr<AtomicFolder> folder;
    if (!options_.features_only) folder = MakeFolder();
    PrepareFeatures();
    const FeatureCache cache(options_.cache, record_.features);
    if (!options_.backbone.empty() && !fs::is_directory(options_.cache)) {
      throw Error("there is no folder " + options_.cache + ". --cache names the one with the features of " +
                  options_.backbone + ", which are made elsewhere (docs/backbone.md)");
    }
    cache.Prepare();
    if (options_.shard) {
      std::vector<Clip> mine;
      for (size_t i = options_.shard->first - 1; i < dataset.clips.size(); i += options_.shard->second)
        mine.push_back(dataset.clips[i]);
      dataset.clips = std::move(mine);
    }
    if (!options_.features_only) JoinIdentical(dataset);
    Extraction extraction = ExtractFeatures(*engine_, dataset.clips, cache, extraction_options_, progress_);
    if (!options_.backbone.empty()) record_.features.weights_hash = extraction.weights_hash;
    Report(extraction, options_.strict, progress_);
    if (options_.features_only) {
      progress_.Finish(std::to_string(extraction.clips.size()) + " clips in " + options_.cache + " (" +
                       std::to_string(extraction.counters.computed) + " computed now)");
      return 0;
    }
    Train(std::move(extraction), cache, *folder);
    return 0;
  }

 private:
  void Warn(const std::vector<std::string> &warnings) {
    for (const std::string &warning : warnings) {
      progress_.Complain("warning: " + warning);
      record_.warnings.push_back(warning);
    }
  }

  void JoinIdentical(Dataset &dataset) {
    record_.identical = JoinIdenticalClips(dataset);
    for (const std::string &group : record_.identical)
      Warn({"these clips are the same file: " + group});
  }

  void WarnAboutIdle(const std::vector<Clip> &clips) {
    if (HasIdleClass(clips)) return;
    Warn(
        {"no class says that nothing is being done (idle, waiting, absent, background). On a live line some action "
         "will then always be shown, also when nobody works; add clips of that, named idle_nva_001.mp4 for example"});
  }

  // What is read must not lie in the folder that is replaced.
  void CheckPlaces() const {
    const fs::path model = fs::weakly_canonical(options_.output);
    for (const auto &[what, place] : {std::pair<const char *, std::string>{"the dataset", options_.dataset},
                                      {"the annotations", options_.annotations},
                                      {"the validation", options_.validation},
                                      {"the cache", options_.cache}}) {
      if (place.empty()) continue;
      const fs::path path = fs::weakly_canonical(place);
      if (std::mismatch(model.begin(), model.end(), path.begin(), path.end()).first == model.end()) {
        throw Error(std::string(what) + " " + place + " lies in the model folder " + options_.output +
                    ", which is replaced as a whole. Choose another -o");
      }
    }
  }

  std::unique_ptr<AtomicFolder> MakeFolder() const {
    CheckPlaces();
    const auto may_replace = [this](const std::string &existing) {
      if (!options_.force) throw Error("the folder " + existing + " is there already. Use --force to replace it");
      const std::string reason = WhyNotReplace(existing);
      if (!reason.empty()) throw Error(existing + " is there and is not replaced: " + reason);
      return true;
    };
    return std::make_unique<AtomicFolder>(options_.output, may_replace);
  }

  void PrepareFeatures() {
    engine_ = &LoadEngine();
    extraction_options_.cancelled = IsInterrupted;
    record_.features.backbone = extraction_options_.backbone = options_.backbone;
    if (!options_.backbone.empty()) return;
    record_.features = options_.features.Config();
    extraction_options_.request = options_.features.Request();
    extraction_options_.properties = options_.features.Properties();
    extraction_options_.jobs = options_.jobs;
    record_.backbone = engine_->Describe(extraction_options_.request);
    record_.features.weights_hash = record_.backbone.weights_hash;
    record_.features.precision = record_.backbone.precision;
    extraction_options_.published = record_.backbone.published;
    if (record_.backbone.stand_in) {
      progress_.Complain(std::string("warning: ") + kStandInNotice + " (" + record_.backbone.weights_path + ")");
    }
  }

  void Train(Extraction extraction, const FeatureCache &cache, AtomicFolder &folder) {
    if (extraction.clips.empty()) throw Error("no clip of the dataset can be used");
    std::vector<std::string> sources;
    for (const LabelledClip &clip : extraction.clips)
      sources.push_back(clip.source);
    record_.sources_are_blocks = SplitIntoBlocks(sources);
    for (size_t i = 0; i < sources.size(); ++i)
      extraction.clips[i].source = sources[i];
    WarnAboutIdle(extraction.used);

    record_.created = Now();
    record_.program_version = ACTION_VERSION;
    record_.torch_version = engine_->TorchVersion();
    record_.blas = LoadedBlas();
    record_.processor = Processor();
    if (IsReferenceBlas(record_.blas)) {
      Warn({"the BLAS is the reference BLAS, " + record_.blas +
            ": training is about ten times slower than it could be. Install libopenblas0-pthread"});
    }
    record_.dataset = options_.dataset;
    if (!options_.annotations.empty())
      record_.dataset += (record_.dataset.empty() ? "" : " and ") + options_.annotations;
    record_.group_by = options_.group_by;
    record_.sources_are_videos = options_.dataset.empty();
    record_.extraction = extraction.counters;
    record_.skipped = extraction.skipped;
    record_.options = options_.training;
    ChooseValidation(extraction, cache);
    record_.clips = std::move(extraction.clips);
    std::set<std::string> families;
    for (const LabelledClip &clip : record_.clips)
      families.insert(CoarseLabel(clip.label));
    if (families.size() == 1) {
      Warn({"there is only one coarse action, " + *families.begin() +
            ": the coarse classifier has nothing to tell apart"});
    }

    const auto started = std::chrono::steady_clock::now();
    const TwoStageModel model =
        TrainTwoStage(*engine_, record_.clips, record_.validation_clips, options_.training, ProgressFor("training", 1));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    record_.training_predictions = PredictAll(*engine_, model, record_.clips);
    record_.training = Count(record_.clips, record_.training_predictions, {});
    if (!record_.validation_clips.empty()) {
      record_.validation_predictions = PredictAll(*engine_, model, record_.validation_clips);
      record_.validation = Count(record_.validation_clips, record_.validation_predictions, {});
    }
    if (options_.folds > 0) {
      const FoldChoice choice = ChooseFolds(record_.clips, options_.training, options_.folds, options_.budget_seconds);
      SayCost(choice, took.count());
      record_.cross_validation = CrossValidate(*engine_, record_.clips, options_.training, choice,
                                               ProgressFor("measuring on held-out clips", choice.run));
      record_.calibration = record_.cross_validation->calibration;
    }
    if (!record_.calibration && !record_.validation_clips.empty()) {
      const TwoStagePredictor predictor(*engine_, model);
      std::map<std::string, HeldOut> held_out;
      for (const LabelledClip &clip : record_.validation_clips)
        predictor.AddHeldOut(clip, held_out);
      record_.calibration = Calibrate(held_out, "validation");
    }
    if (IsInterrupted()) throw Cancelled();

    WriteModel(folder.path(), options_.output, model, record_);
    AddCache(fs::path(folder.path()) / "feat_cache", cache, extraction.used);
    KeepElements(folder.path());
    WritePng(folder.path() + "/curves.png", CurvesOf(model));
    AtomicFile report(folder.path() + "/report.html");
    report.Write(ReportHtml(model, record_));
    report.Commit();
    const std::string kept = folder.Commit();
    progress_.Finish("");
    if (!kept.empty())
      progress_.Complain("the old " + options_.output + " is kept as " + kept +
                         ": something that is not of a model is in it");
    std::printf("%s\nThe model is in %s; look at %s/report.html\n", SummaryText(model, record_).c_str(),
                options_.output.c_str(), options_.output.c_str());
  }

  // The factory's own table stays when its model is trained anew.
  void KeepElements(const std::string &folder) {
    const fs::path old = fs::path(options_.output) / kElementsFile;
    if (!fs::exists(old)) {
      WriteNames(folder);
      return;
    }
    const fs::path kept = fs::path(folder) / kElementsFile;
    fs::copy_file(old, kept);
    LabelTable labels = ModelBundle::Open(folder).labels();
    try {
      ApplyElements(ReadElements(old.string()), old.string(), labels);
    } catch (const Error &e) {
      Warn({std::string(e.what()) + ". Edit it, or actionclassify will refuse this model"});
    }
  }

  // Labels whose names are not of ASCII letters are shown as they were called, and those that do not say their value
  // category have that of their clips.
  void WriteNames(const std::string &folder) const {
    if (names_.empty() && values_.empty()) return;
    LabelTable labels = ModelBundle::Open(folder).labels();
    for (FineLabel &label : labels.fine) {
      const auto named = names_.find(label.label);
      if (named != names_.end()) label.element.name = named->second;
      const auto value = values_.find(label.label);
      if (value != values_.end()) label.category = value->second;
    }
    AtomicFile file(folder + "/" + kElementsFile);
    file.Write(ElementsTemplate(labels));
    file.Commit();
  }

  void ChooseValidation(Extraction &extraction, const FeatureCache &cache) {
    if (options_.validation_split) {
      std::vector<std::string> labels, sources;
      for (const LabelledClip &clip : extraction.clips) {
        labels.push_back(clip.label);
        sources.push_back(clip.source);
      }
      const std::vector<bool> held_out = SplitOff(labels, sources, *options_.validation_split, options_.training.seed);
      std::vector<LabelledClip> kept;
      for (size_t i = 0; i < held_out.size(); ++i)
        (held_out[i] ? record_.validation_clips : kept).push_back(std::move(extraction.clips[i]));
      extraction.clips = std::move(kept);
      std::array<char, 64> text{};
      g_snprintf(text.data(), text.size(), "--validation-split %g", *options_.validation_split);
      record_.validation_from = text.data();
    } else if (!options_.validation.empty()) {
      const Dataset dataset = ScanDataset(options_.validation, options_.label_rule);
      Warn(dataset.warnings);
      Extraction other = ExtractFeatures(*engine_, dataset.clips, cache, extraction_options_, progress_);
      Report(other, options_.strict, progress_);
      std::set<std::string> known;
      for (const LabelledClip &clip : extraction.clips)
        known.insert(clip.label);
      for (LabelledClip &clip : other.clips) {
        if (known.contains(clip.label)) {
          record_.validation_clips.push_back(std::move(clip));
        } else {
          Warn({"the validation clip " + clip.name + " shows " + clip.label +
                ", which no training clip shows; left out"});
        }
      }
      if (record_.validation_clips.empty())
        throw Error("no clip of the validation " + options_.validation + " can be used");
      record_.validation_from = "--validation " + options_.validation;
    }
  }

  // What measuring will cost, from what training has taken.
  void SayCost(const FoldChoice &choice, double training_seconds) {
    constexpr double kWorthAWord = 20;  // s
    if (choice.run == 0) return;
    const auto folds = static_cast<double>(choice.folds);
    const double seconds = training_seconds * static_cast<double>(choice.run) * (folds - 1) / folds;
    const bool part = choice.run < choice.folds;
    if (!part && seconds < kWorthAWord) return;
    std::array<char, 64> time{};
    g_snprintf(time.data(), time.size(), seconds < 120 ? "%.0f s" : "%.0f min", seconds < 120 ? seconds : seconds / 60);
    progress_.Complain(
        "measuring on held-out clips: " + (part ? std::to_string(choice.run) + " of " : "") +
        std::to_string(choice.folds) + " folds, about " + time.data() +
        (part ? " (--budget; --cross-validate all: every clip)" : " (--cross-validate none: only train)"));
  }

  // Counts epochs of all heads of so many models together.
  HeadProgress ProgressFor(const std::string &label, size_t models) {
    std::vector<std::string> labels;
    for (const LabelledClip &clip : record_.clips)
      labels.push_back(clip.label);
    size_t total = static_cast<size_t>(options_.training.stage1_epochs);
    for (const FamilyPlan &family : PlanFamilies(labels))
      total += family.skipped.empty() ? static_cast<size_t>(options_.training.stage2_epochs) : 0;
    total *= models;
    auto done = std::make_shared<size_t>(0);
    progress_.Step(label + ", epochs", 0, total, "");
    return [this, label, total, done](const std::string &head, int, int, const EpochFacts &facts) {
      std::array<char, 64> text{};
      g_snprintf(text.data(), text.size(), ", loss %.4f", facts.loss);
      progress_.Step(label + ", epochs", std::min(++*done, total), total, head + text.data());
      return !IsInterrupted();
    };
  }

  const TrainOptions &options_;
  Progress progress_;
  Engine *engine_ = nullptr;  // from PrepareFeatures on: a dry run needs no LibTorch
  ExtractionOptions extraction_options_;
  TrainingRecord record_;
  std::map<std::string, ValueCategory> values_;  // of labels, where they do not say it
  std::map<std::string, std::string> names_;     // of labels: what they were called in the dataset, where that is other
};

}  // namespace
}  // namespace action

int main(int argc, char **argv) {
  // Before LibTorch is loaded: a head is trained by one thread, several heads at once, and sums are taken in one order.
  g_setenv("OPENBLAS_NUM_THREADS", "1", TRUE);
#ifdef M_TRIM_THRESHOLD
  // A minibatch takes and frees some megabytes. Given back to the kernel each time, they cost a fifth of the training.
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
#endif
  return action::RunTool("gst-action-train", [&]() -> int {
    action::TrainOptions options;
    if (const auto end = options.Parse(argc, argv)) return *end;
    action::CatchInterrupts("Finished features are kept in " + options.cache + "; the same command goes on from there");
    return action::Trainer(options).Run();
  });
}
