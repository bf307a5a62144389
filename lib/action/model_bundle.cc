// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/model_bundle.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "action/elements.h"
#include "action/error.h"
#include "action/feature_config_json.h"
#include "action/head.h"
#include "action/io/json_text.h"
#include "action/r3d18_spec.h"
#include "action/sha256.h"
#include "action/text.h"

namespace action {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char *kRegistryFile = "stage2_registry.json";

// what: "It should say ..."
json ReadJson(const fs::path &path, const char *what) {
  const std::string name = "the model's " + path.string();
  try {
    return ReadJsonObject(path.string(), name, kMostOfModelFile);
  } catch (const Error &e) {
    if (e.kind() == ErrorKind::kNotFound) {
      throw ReadError(path.string(), ENOENT, name + " is missing. " + what);
    }
    throw Error(e.kind(), e.file(), std::string(e.what()) + ". " + what);
  }
}

// A value in a message: short, and on one line.
std::string Shown(const json &value) {
  constexpr size_t kMost = 40;
  const std::string text = value.dump();
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

// {label: id} of label_map.json or its older twin; ids must be 0, 1, 2, ...
std::vector<std::string> ReadLabelFile(const fs::path &path) {
  const json map = ReadJson(path, "It should say which label has which class id, {\"label\": id, ...}");
  std::vector<std::string> labels(map.size());
  for (const auto &[label, id] : map.items()) {
    if (!id.is_number_integer() || id < 0 || id >= static_cast<int64_t>(map.size()) ||
        !labels[id.get<size_t>()].empty()) {
      throw Error("the model's " + path.string() + " gives '" + label + "' the class id " + Shown(id) +
                  "; the ids of its " + std::to_string(map.size()) + " labels should be 0 to " +
                  std::to_string(map.size() - 1) + ", each once");
    }
    labels[id.get<size_t>()] = label;
  }
  if (labels.empty()) throw Error("the model's " + path.string() + " holds no label");
  return labels;
}

// Empty: there is none.
fs::path LabelFileIn(const fs::path &folder) {
  std::error_code failed;
  for (const char *name : kLabelFiles) {
    if (fs::exists(folder / name, failed)) return folder / name;
  }
  return {};
}

std::vector<std::string> ReadLabels(const fs::path &folder) {
  fs::path path = LabelFileIn(folder);
  if (path.empty()) path = folder / kLabelFiles.front();
  return OfFile(path.string(), [&path] { return ReadLabelFile(path); });
}

Head ReadHead(const fs::path &label_folder, const fs::path &weights) {
  Head head;
  head.labels = ReadLabels(label_folder);
  head.path = weights.string();
  head.weights = ToStateDict(ReadCheckpoint(head.path));
  CheckHead(head.weights, head.path, static_cast<int>(head.labels.size()));
  return head;
}

// A path in the registry, under the first of several spellings, with slashes; empty when there is none.
std::string PathIn(const json &entry, std::initializer_list<const char *> names) {
  for (const char *name : names) {
    const auto found = entry.find(name);
    if (found == entry.end() || !found->is_string()) continue;
    std::string path = found->get<std::string>();
    std::ranges::replace(path, '\\', '/');
    return path;
  }
  return {};
}

bool IsFile(const std::string &path) {
  std::error_code failed;
  return fs::is_regular_file(path, failed);
}

// As the Python system's notebook chooses, but for the registry's path.
fs::path WeightsOf(const fs::path &folder, const json &entry, std::vector<std::string> &without_best) {
  const fs::path own = folder / "best.pt";
  if (fs::exists(own)) return own;
  const std::string asked = PathIn(entry, {"best_path", "best_ckpt"});
  if (IsFile(asked)) return asked;
  if (const fs::path last = folder / "last.pt"; fs::exists(last)) {
    without_best.push_back(own.string());
    return last;
  }
  throw ReadError(own.string(), ENOENT,
                  "the model's " + own.string() + " is missing" +
                      (asked.empty() ? std::string() : ", and so is " + asked + ", which the registry names") +
                      ". Copy the model folder again, whole");
}

Family ReadFamily(const std::string &name, const json &entry, const fs::path &stage2,
                  std::vector<std::string> &without_best) {
  Family family;
  family.name = name;
  family.clips = entry.value("n_clips", int64_t{0});
  family.classes = entry.value("n_classes", int64_t{0});
  if (!entry.value("trained", false)) {
    family.skipped = entry.value("reason", std::string("not trained"));
    return family;
  }
  if (name.find('/') != std::string::npos) throw Error("the family '" + name + "' cannot be the name of a folder");
  const fs::path folder = stage2 / name;
  fs::path labels = folder;
  if (LabelFileIn(folder).empty()) {
    const std::string asked = PathIn(entry, {"label_map_path"});
    if (IsFile(asked)) labels = fs::path(asked).parent_path();
  }
  family.head = ReadHead(labels, WeightsOf(folder, entry, without_best));
  return family;
}

double ReadTemperature(const json &value) {
  const double temperature = value.get<double>();
  if (temperature > 0 && temperature < 1e6) return temperature;
  throw Error("a temperature is " + Shown(value) + "; it should be a number above 0");
}

Calibration ReadCalibration(const json &object) {
  Calibration calibration;
  calibration.from = object.at("from").get<std::string>();
  calibration.clips = object.at("clips").get<size_t>();
  calibration.steps = object.at("steps").get<size_t>();
  calibration.stage1 = ReadTemperature(object.at("stage1"));
  for (const auto &[family, temperature] : object.at("stage2").items())
    calibration.families[family] = ReadTemperature(temperature);
  return calibration;
}

struct ModelJson {
  ModelFacts facts;
  std::vector<FineLabel> labels;
};

ModelJson ReadModelJson(const fs::path &path) {
  const json object = ReadJson(path, "It should say what the model was trained with");
  ModelJson read;
  try {
    read.facts.format_version = object.at("format_version").get<int>();
    if (read.facts.format_version > kModelFormatVersion) {
      throw Error("it has the format version " + std::to_string(read.facts.format_version) +
                  "; this program reads up to " + std::to_string(kModelFormatVersion) + ". Update gst-action");
    }
    read.facts.created = object.value("created", std::string());
    read.facts.features = FeatureConfigIn(object.at("features"));
    read.facts.stand_in = object.at("features").value("stand_in", false);
    if (object.contains("calibration")) read.facts.calibration = ReadCalibration(object.at("calibration"));
    for (const char *measured : {"cross_validation", "validation"}) {
      constexpr size_t kEnough = 8;  // clips
      if (read.facts.held_out || !object.contains(measured)) continue;
      const json &figures = object.at(measured);
      if (!figures.contains("two_stage")) continue;
      const auto right = figures.at("two_stage").at("right").get<size_t>();
      const auto of = figures.at("two_stage").at("of").get<size_t>();
      if (of >= kEnough) read.facts.held_out = static_cast<double>(right) / static_cast<double>(of);
    }
    for (const json &label : object.at("labels")) {
      FineLabel fine{label.at("label").get<std::string>(), label.at("coarse").get<std::string>(), {}};
      fine.category = EnumAt(label, "value_category",
                             {ValueCategory::kVa, ValueCategory::kRnva, ValueCategory::kNva, ValueCategory::kUnknown});
      read.labels.push_back(std::move(fine));
    }
  } catch (const json::exception &e) {
    throw Error("the model's " + path.string() + " is not what it should be: " + InPlainWords(e));
  } catch (const Error &e) {
    throw Error("the model's " + path.string() + " is not what it should be: " + e.what());
  }
  return read;
}

}  // namespace

std::string ModelHash(const ModelBundle &bundle) {
  Sha256 hash;
  const auto add = [&hash](const Head &head) {
    for (const std::string &label : head.labels)
      hash.Update(label + "\n");
    AddTensors(hash, head.weights);
  };
  add(bundle.coarse());
  for (const Family &family : bundle.families()) {
    hash.Update(family.name + "\n");
    if (family.head) add(*family.head);
  }
  for (const FineLabel &label : bundle.labels().fine)
    hash.Update(label.label + "\n");
  return hash.Hex();
}

namespace {

// vid_, an MD5, __fps, and more (feature_cache.h).
bool IsCacheEntry(const std::string &name) {
  constexpr std::string_view kBegin = "vid_", kThen = "__fps";
  constexpr size_t kDigits = 32;
  return name.starts_with(kBegin) &&
         name.find_first_not_of("0123456789abcdef", kBegin.size()) == kBegin.size() + kDigits &&
         std::string_view(name).substr(kBegin.size() + kDigits).starts_with(kThen) &&
         (name.ends_with(".pt") || name.ends_with(".json"));
}

// Whether a model has a file (or folder) at this place in its folder: what the reference and gst-action-train write.
bool BelongsToModel(const fs::path &place, bool is_folder) {
  static const std::set<std::string> kTop = {".lock",       "curves.png",    "model.json",
                                             "report.html", "training.json", kElementsFile};
  static const std::set<std::string> kHead = {"best.pt", "last.pt", kLabelFiles[0], kLabelFiles[1]};
  const std::vector<std::string> parts(place.begin(), place.end());
  const std::string &top = parts.front(), &name = parts.back();
  switch (parts.size()) {
    case 1:
      return is_folder ? top == "stage1" || top == "stage2" || top == "feat_cache" : kTop.contains(top);
    case 2:
      if (top == "stage1") return !is_folder && kHead.contains(name);
      if (top == "stage2") return is_folder || name == kRegistryFile;
      return !is_folder && IsCacheEntry(name);
    case 3:
      return top == "stage2" && !is_folder && kHead.contains(name);
    default:
      return false;
  }
}

}  // namespace

std::string WhyNotReplace(const std::string &folder) {
  const fs::path root = folder;
  std::error_code failed;
  if (!fs::is_directory(fs::symlink_status(root, failed))) return "it is no folder, or a link";
  if (LabelFileIn(root / "stage1").empty() || !fs::exists(root / "stage2" / kRegistryFile, failed))
    return "it is no model folder";
  fs::recursive_directory_iterator entry(root, failed);
  while (!failed && entry != fs::recursive_directory_iterator()) {
    const fs::path place = entry->path().lexically_relative(root);
    const fs::file_status status = entry->symlink_status(failed);
    const bool is_folder = fs::is_directory(status);
    if ((!is_folder && !fs::is_regular_file(status)) || !BelongsToModel(place, is_folder)) {
      return "it holds " + place.string() + ", which does not belong to a model";
    }
    entry.increment(failed);
  }
  if (failed) return "it cannot be looked through: " + failed.message();
  return {};
}

ModelBundle ModelBundle::Open(const std::string &folder) {
  return OfFile(folder, [&folder] { return OpenFolder(folder); });
}

ModelBundle ModelBundle::OpenFolder(const std::string &folder) {
  const fs::path root = folder;
  std::error_code failed;
  if (!fs::is_directory(root, failed)) {
    throw ReadError(
        folder, ENOENT,
        "the model folder " + folder + " does not exist, or is not a folder. It is what gst-action-train makes");
  }
  if (!fs::is_directory(root / "stage1", failed)) {
    throw Error("the folder " + folder +
                " is not a model: it has no folder stage1. A model holds stage1, stage2 and, " +
                "when gst-action-train made it, model.json");
  }
  ModelBundle bundle;
  bundle.folder_ = folder;
  std::vector<std::string> without_best;  // files that are missing
  bundle.coarse_ = ReadHead(root / "stage1", WeightsOf(root / "stage1", json::object(), without_best));

  const fs::path stage2 = root / "stage2";
  const fs::path registry_path = stage2 / kRegistryFile;
  const json registry = ReadJson(registry_path, "It should say for every action family whether it has a classifier");
  std::vector<FineLabel> known;
  if (fs::exists(root / "model.json")) {
    ModelJson read = ReadModelJson(root / "model.json");
    bundle.facts_ = std::move(read.facts);
    known = std::move(read.labels);
  }

  bundle.labels_.coarse = bundle.coarse_.labels;
  std::vector<FineLabel> &fine = bundle.labels_.fine;
  for (const std::string &coarse : bundle.coarse_.labels) {
    Family family{coarse, 0, 0, "not in the registry", std::nullopt};
    const auto entry = registry.find(coarse);
    if (entry != registry.end() && entry->is_object()) {
      try {
        family = ReadFamily(coarse, *entry, stage2, without_best);
      } catch (const json::exception &e) {
        throw Error(ErrorKind::kFormat, registry_path.string(),
                    "the model's " + registry_path.string() + " is wrong at '" + coarse + "': " + InPlainWords(e));
      }
    }
    if (family.head) {
      for (const std::string &label : family.head->labels)
        fine.push_back({label, coarse, CategoryOf(label)});
    } else {
      // The family's only label, if it is known; otherwise all that can be said is the family.
      std::vector<std::string> of_family;
      for (const FineLabel &label : known) {
        if (label.coarse == coarse) of_family.push_back(label.label);
      }
      const std::string only = of_family.size() == 1 ? of_family[0] : coarse;
      bundle.only_labels_[coarse] = only;
      fine.push_back({only, coarse, CategoryOf(only)});
    }
    bundle.families_.push_back(std::move(family));
  }
  if (!without_best.empty()) {
    const std::string others =
        without_best.size() > 1 ? ", and " + std::to_string(without_best.size() - 1) + " more best.pt," : "";
    bundle.notices_.push_back("the model's " + without_best.front() + others +
                              (without_best.size() > 1 ? " are" : " is") +
                              " missing; last.pt, the weights of the last epoch, is taken");
  }
  for (FineLabel &label : fine) {
    const auto same = std::ranges::find(known, label.label, &FineLabel::label);
    if (same != known.end()) label.category = same->category;
  }
  return bundle;
}

const std::string &ModelBundle::OnlyLabelOf(const std::string &coarse) const {
  const auto found = only_labels_.find(coarse);
  if (found == only_labels_.end())
    throw Error("the family " + coarse + " has a classifier, or is none of this model's");
  return found->second;
}

}  // namespace action
