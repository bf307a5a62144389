// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Shows Python tests what heads and model folders compute: prints JSON.
//   head_probe train REQUEST      trains one head; REQUEST (JSON): clips (a .pt of {name: [T, 512]}), labels ({name:
//   class}),
//                                 classes, epochs, and optionally dropout, seed, orders, initial, best, last (.pt
//                                 files)
//   head_probe bundle FOLDER CLIPS  a model folder: its labels, and the logits of every head for every clip
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "action/checkpoint/checkpoint.h"
#include "action/engine_library.h"
#include "action/head.h"
#include "action/model_bundle.h"

namespace {

using nlohmann::json;

std::map<std::string, std::vector<action::Features>> ReadClips(const std::string &path) {
  std::map<std::string, std::vector<action::Features>> clips;
  for (const auto &[name, tensor] : action::ToStateDict(action::ReadCheckpoint(path)).entries) {
    const std::vector<float> values = tensor.ToFloats();
    std::vector<action::Features> &rows = clips[name];
    rows.resize(values.size() / action::kFeatureSize);
    for (size_t i = 0; i < values.size(); ++i)
      rows[i / action::kFeatureSize][i % action::kFeatureSize] = values[i];
  }
  return clips;
}

int Train(const std::string &path) {
  const json request = json::parse(std::ifstream(path));
  action::HeadTraining training;
  training.classes = request.at("classes");
  training.epochs = request.at("epochs");
  training.dropout = request.value("dropout", training.dropout);
  training.seed = request.value("seed", training.seed);
  training.early_stop = request.value("early_stop", training.early_stop);
  training.class_weights = request.value("class_weights", training.class_weights);
  training.orders = request.value("orders", training.orders);
  const auto clips = ReadClips(request.at("clips"));
  for (const auto &[name, steps] : clips)
    training.clips.push_back({steps, request.at("labels").at(name)});
  std::map<std::string, std::vector<action::Features>> validation;
  if (request.contains("validation")) validation = ReadClips(request.at("validation"));
  for (const auto &[name, steps] : validation)
    training.validation.push_back({steps, request.at("labels").at(name)});
  action::StateDict initial;
  if (request.contains("initial")) {
    initial = action::ToStateDict(action::ReadCheckpoint(request.at("initial")));
    training.initial = &initial;
  }
  const action::TrainedHead head = action::LoadEngine().TrainHead(training);
  if (request.contains("best")) action::WriteTorchZip(request.at("best").get<std::string>(), head.best);
  if (request.contains("last")) action::WriteTorchZip(request.at("last").get<std::string>(), head.last);
  json epochs = json::array();
  for (const action::EpochFacts &facts : head.epochs) {
    epochs.push_back({{"loss", facts.loss}, {"accuracy", facts.accuracy}});
    if (facts.validation_accuracy) epochs.back()["validation_accuracy"] = *facts.validation_accuracy;
  }
  std::cout << json{{"batch_losses", head.batch_losses}, {"epochs", epochs}, {"best_epoch", head.best_epoch}} << "\n";
  return 0;
}

int Bundle(const std::string &folder, const std::string &clips_path) {
  const action::ModelBundle bundle = action::ModelBundle::Open(folder);
  json out;
  out["notices"] = bundle.notices();
  for (const action::FineLabel &label : bundle.labels().fine)
    out["fine"][label.label] = {label.coarse, NameOf(label.category)};
  const auto clips = ReadClips(clips_path);
  const auto add = [&](const std::string &name, const action::Head &head) {
    out["heads"][name]["labels"] = head.labels;
    const auto classifier = action::LoadEngine().NewClassifier(head.weights, head.path, {});
    for (const auto &[clip, steps] : clips)
      out["heads"][name]["logits"][clip] = classifier->Logits(steps);
  };
  add("stage1", bundle.coarse());
  for (const action::Family &family : bundle.families()) {
    if (family.head) {
      add(family.name, *family.head);
    } else {
      out["skipped"][family.name] = {family.skipped, bundle.OnlyLabelOf(family.name)};
    }
  }
  std::cout << out << "\n";
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  try {
    if (argc == 3 && std::string(argv[1]) == "train") return Train(argv[2]);
    if (argc == 4 && std::string(argv[1]) == "bundle") return Bundle(argv[2], argv[3]);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 2;
}
