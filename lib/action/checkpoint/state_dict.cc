// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Finds the state_dict in what a checkpoint holds. Apart from checkpoint.cc, since that reads safetensors and so needs
// a JSON library, which a bare GPU host does not have.
#include <algorithm>
#include <string_view>

#include "action/checkpoint/checkpoint.h"
#include "action/error.h"
#include "action/text.h"

namespace action {
namespace {

constexpr std::string_view kOwnMetadata = "gst-action";

void AddMetadata(const Value *attributes, CheckpointFormat format, std::map<std::string, std::string> &metadata) {
  const auto *facts = attributes != nullptr ? attributes->As<Dict>() : nullptr;
  if (facts != nullptr && format != CheckpointFormat::kSafetensors) {
    const ValuePtr modules = facts->Find("_metadata");
    const auto *by_module = modules ? modules->As<Dict>() : nullptr;
    const ValuePtr own = by_module != nullptr ? by_module->Find(std::string(kOwnMetadata)) : nullptr;
    facts = own ? own->As<Dict>() : nullptr;
  }
  if (facts == nullptr) return;
  for (const auto &[key, value] : facts->items) {
    const auto *name = key->As<std::string>();
    const auto *text = value->As<std::string>();
    if (name != nullptr && text != nullptr) metadata[*name] = *text;
  }
}

bool HoldsTensors(const Dict &dict) {
  return std::ranges::any_of(dict.items,
                             [](const auto &item) { return item.second->template As<Tensor>() != nullptr; });
}

const Dict *FindStateDict(const Value &root) {
  const auto *dict = root.As<Dict>();
  if (dict == nullptr) return dict;
  // First: trainers put tensors beside it too, such as the best accuracy so far.
  for (const char *key : {"state_dict", "model_state_dict", "model"}) {
    const ValuePtr inner = dict->Find(key);
    const auto *wrapped = inner ? inner->As<Dict>() : nullptr;
    if (wrapped != nullptr && (HoldsTensors(*wrapped) || !HoldsTensors(*dict))) return wrapped;
  }
  return dict;
}

}  // namespace

const Tensor *StateDict::Find(const std::string &name) const {
  const auto found = std::ranges::find(entries, name, [](const auto &entry) { return entry.first; });
  return found != entries.end() ? &found->second : nullptr;
}

StateDict ToStateDict(const Checkpoint &checkpoint) {
  const std::string where = "the checkpoint " + checkpoint.path;
  const Dict *dict = FindStateDict(*checkpoint.root);
  if (dict == nullptr) {
    throw Error(where + " holds " + Describe(*checkpoint.root) +
                ", not a state_dict. Save one with torch.save(model.state_dict(), FILE)");
  }
  StateDict state;
  for (const auto &[key, value] : dict->items) {
    const auto *name = key->As<std::string>();
    const auto *tensor = value->As<Tensor>();
    if (name == nullptr || tensor == nullptr) {
      throw Error(where + " has under " + (name != nullptr ? "'" + *name + "'" : Describe(*key)) + " " +
                  Describe(*value) + " where a state_dict has a tensor");
    }
    if (std::ranges::any_of(*name, IsControlCharacter)) {
      throw Error(where + " has an entry whose name holds control characters");
    }
    state.entries.emplace_back(*name, *tensor);
  }
  if (state.entries.empty()) throw Error(where + " holds no tensors");
  AddMetadata(dict->attributes.get(), checkpoint.format, state.metadata);

  constexpr std::string_view kParallel = "module.";
  if (std::ranges::all_of(state.entries, [&](const auto &entry) { return entry.first.starts_with(kParallel); })) {
    for (auto &[name, tensor] : state.entries)
      name.erase(0, kParallel.size());
  }
  return state;
}

}  // namespace action
