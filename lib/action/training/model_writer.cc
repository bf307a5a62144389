// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/training/model_writer.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/labels.h"
#include "action/model_bundle.h"
#include "action/sha256.h"

namespace action {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

// File names need not be UTF-8, and JSON must: what is not is replaced.
void WriteJson(const fs::path &path, const json &value) {
  AtomicFile file(path.string());
  file.Write(value.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
  file.Commit();
}

void WriteHead(const fs::path &folder, const std::vector<std::string> &labels, const TrainedHead &head) {
  fs::create_directories(folder);
  WriteTorchZip((folder / "best.pt").string(), head.best);
  WriteTorchZip((folder / "last.pt").string(), head.last);
  json map = json::object();
  for (size_t id = 0; id < labels.size(); ++id)
    map[labels[id]] = id;
  for (const char *name : kLabelFiles)
    WriteJson(folder / name, map);
}

json RegistryEntry(const TrainedFamily &family, const fs::path &named) {
  json entry = {{"trained", family.head.has_value()}};
  if (!family.head) entry["reason"] = family.plan.skipped;
  entry["n_clips"] = family.plan.clips;
  entry["n_classes"] = family.plan.labels.size();
  if (family.head) {
    for (const char *spelling : {"path", "ckpt"}) {  // of the Python system's scripts, of its notebook
      entry[std::string("best_") + spelling] = (named / "best.pt").string();
      entry[std::string("last_") + spelling] = (named / "last.pt").string();
    }
    entry["label_map_path"] = (named / "label_map.json").string();
  }
  return entry;
}

json ToJson(const RightOfAll &share) {
  return {{"right", share.right}, {"of", share.of}, {"accuracy", share.value()}};
}

json ToJson(const Figures &figures) {
  return {{"coarse", ToJson(figures.coarse)}, {"fine", ToJson(figures.fine)}, {"two_stage", ToJson(figures.two_stage)}};
}

json ToJson(const std::vector<LabelledClip> &clips, const std::vector<Prediction> &predictions) {
  json rows = json::array();
  for (size_t i = 0; i < predictions.size(); ++i) {
    if (predictions[i].coarse.empty()) continue;  // of a fold that was not run
    rows.push_back({{"clip", clips[i].name},
                    {"label", clips[i].label},
                    {"coarse", predictions[i].coarse},
                    {"fine", predictions[i].fine},
                    {"fine_of_family", predictions[i].fine_of_family}});
  }
  return rows;
}

json ToJson(const TrainedHead &head) {
  json epochs = json::array();
  for (const EpochFacts &facts : head.epochs) {
    json epoch = {{"loss", facts.loss}, {"accuracy", facts.accuracy}};
    if (facts.validation_loss) epoch["validation_loss"] = *facts.validation_loss;
    if (facts.validation_accuracy) epoch["validation_accuracy"] = *facts.validation_accuracy;
    epochs.push_back(std::move(epoch));
  }
  return {{"best_epoch", head.best_epoch},
          {"best_loss", head.epochs[static_cast<size_t>(head.best_epoch) - 1].loss},
          {"epochs", std::move(epochs)}};
}

json FeaturesJson(const TrainingRecord &record) {
  json object = {{"weights_hash", record.features.weights_hash},
                 {"stand_in", record.backbone.stand_in},
                 {"precision", NameOf(record.features.precision)},
                 {"sample_rate", record.features.sample_rate.ToString()},
                 {"sampling", NameOf(record.features.sampling)},
                 {"hop", record.features.hop},
                 {"roi", record.features.roi.ToString()},
                 {"colorimetry", NameOf(record.features.colorimetry)},
                 {"mode", NameOf(record.features.mode)}};
  if (!record.features.backbone.empty()) object["backbone"] = record.features.backbone;
  return object;
}

json CrossValidationJson(const TrainingRecord &record) {
  const CrossValidation &cross = *record.cross_validation;
  json object = {
      {"folds", cross.choice.folds},
      {"folds_run", cross.choice.run},
      {"sources", record.sources_are_blocks ? "blocks of one source"
                  : record.group_by.empty() ? (record.sources_are_videos ? "videos" : "clips assumed independent")
                                            : record.group_by}};
  if (cross.choice.run == 0) return object;
  object.update(ToJson(cross.figures));
  if (cross.calibration) {
    json bins = json::array();
    for (const ReliabilityBin &bin : Reliability(cross.judged))
      bins.push_back({{"steps", bin.count}, {"confidence", bin.confidence}, {"accuracy", bin.accuracy}});
    object["reliability"] = {{"bins", std::move(bins)},
                             {"expected_calibration_error", ExpectedCalibrationError(cross.judged)},
                             {"uncalibrated", ExpectedCalibrationError(cross.judged_uncalibrated)}};
  }
  object["not_measurable"] = {{"coarse", cross.not_measurable_coarse}, {"fine", cross.not_measurable_fine}};
  return object;
}

json ModelJson(const TwoStageModel &model, const TrainingRecord &record) {
  std::map<std::string, size_t> clips_of;
  std::vector<const LabelledClip *> all;
  for (const LabelledClip &clip : record.clips) {
    ++clips_of[clip.label];
    all.push_back(&clip);
  }
  json labels = json::array();
  for (const TrainedFamily &family : model.families) {
    for (const std::string &label : family.plan.labels) {
      labels.push_back({{"label", label},
                        {"coarse", family.plan.name},
                        {"value_category", NameOf(CategoryOf(label))},
                        {"clips", clips_of[label]}});
    }
  }
  json object = {{"format", "gst-action model"},
                 {"format_version", kModelFormatVersion},
                 {"created", record.created},
                 {"program", "gst-action " + record.program_version},
                 {"features", FeaturesJson(record)},
                 {"labels", std::move(labels)},
                 {"dataset", {{"clips", record.clips.size()}, {"fingerprint", Fingerprint(std::move(all))}}}};
  if (record.calibration) {
    json families = json::object();
    for (const auto &[family, temperature] : record.calibration->families)
      families[family] = temperature;
    object["calibration"] = {{"from", record.calibration->from},
                             {"clips", record.calibration->clips},
                             {"steps", record.calibration->steps},
                             {"stage1", record.calibration->stage1},
                             {"stage2", std::move(families)}};
  }
  if (record.cross_validation) object["cross_validation"] = CrossValidationJson(record);
  if (record.validation) object["validation"] = ToJson(*record.validation);
  object["training_accuracy"] = ToJson(record.training);
  return object;
}

json OptionsJson(const TwoStageOptions &options) {
  return {{"stage1_epochs", options.stage1_epochs},
          {"stage2_epochs", options.stage2_epochs},
          {"fixed_t", options.head.fixed_steps},
          {"batch_size", options.head.batch_size},
          {"learning_rate", options.head.learning_rate},
          {"weight_decay", options.head.weight_decay},
          {"dropout", options.head.dropout},
          {"seed", options.seed},
          {"class_weights", options.balance_classes},
          {"early_stop", options.head.early_stop}};
}

json TrainingJson(const TwoStageModel &model, const TrainingRecord &record) {
  json stage2 = json::object();
  for (const TrainedFamily &family : model.families) {
    if (family.head) stage2[family.plan.name] = ToJson(*family.head);
  }
  json skipped = json::array();
  for (const SkippedClip &clip : record.skipped)
    skipped.push_back({{"clip", clip.name}, {"reason", clip.reason}});
  json object = {{"created", record.created},
                 {"machine",
                  {{"processor", record.processor},
                   {"libtorch", record.torch_version},
                   {"blas", record.blas},
                   {"intra_op_threads", 1},
                   {"backbone_device", record.backbone.device.ToString()},
                   {"backbone_precision", NameOf(record.features.precision)},
                   {"head_precision", "fp32"}}},
                 {"dataset", record.dataset},
                 {"features",
                  {{"clips", record.extraction.clips},
                   {"from_cache", record.extraction.from_cache},
                   {"computed", record.extraction.computed},
                   {"chunks_computed", record.extraction.chunks_computed},
                   {"seconds", record.extraction.seconds}}},
                 {"options", OptionsJson(record.options)},
                 {"skipped_clips", std::move(skipped)},
                 {"identical_clips", record.identical},
                 {"stage1", ToJson(model.stage1)},
                 {"stage2", std::move(stage2)}};
  if (record.cross_validation) {
    object["cross_validation"] = CrossValidationJson(record);
    object["cross_validation"]["predictions"] = ToJson(record.clips, record.cross_validation->predictions);
  }
  if (record.validation) {
    object["validation"] = ToJson(*record.validation);
    object["validation"]["from"] = record.validation_from;
    object["validation"]["predictions"] = ToJson(record.validation_clips, record.validation_predictions);
  }
  object["training_accuracy"] = ToJson(record.training);
  object["training_accuracy"]["predictions"] = ToJson(record.clips, record.training_predictions);
  return object;
}

}  // namespace

std::string Fingerprint(std::vector<const LabelledClip *> clips) {
  std::vector<std::string> lines;
  for (const LabelledClip *clip : clips)
    lines.push_back(clip->label + " " + Sha256Of(std::as_bytes(std::span(clip->steps))) + "\n");
  std::ranges::sort(lines);
  Sha256 hash;
  for (const std::string &line : lines)
    hash.Update(line);
  return hash.Hex();
}

void WriteModel(const std::string &folder, const std::string &name, const TwoStageModel &model,
                const TrainingRecord &record) {
  try {
    const fs::path root = folder;
    WriteHead(root / "stage1", model.coarse_labels, model.stage1);
    json registry = json::object();
    for (const TrainedFamily &family : model.families) {
      const fs::path place = fs::path("stage2") / family.plan.name;
      if (family.head) WriteHead(root / place, family.plan.labels, *family.head);
      registry[family.plan.name] = RegistryEntry(family, fs::path(name) / place);
    }
    fs::create_directories(root / "stage2");
    WriteJson(root / "stage2" / "stage2_registry.json", registry);
    WriteJson(root / "model.json", ModelJson(model, record));
    WriteJson(root / "training.json", TrainingJson(model, record));
  } catch (const fs::filesystem_error &e) {
    throw Error(std::string("cannot write the model: ") + e.what());
  }
}

}  // namespace action
