// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Finds the state_dict in what a checkpoint holds. Apart from checkpoint.cc, since that reads safetensors and so needs
// a JSON library, which a bare GPU host does not have.
#include <algorithm>
#include <span>
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

// Tensors may be views of one storage, each of all of it: what is used or written of them is bounded by the file.
void CheckUnfolded(const StateDict &state, std::span<const std::byte> file, const std::string &where) {
  constexpr uint64_t kTimes = 4, kSmall = uint64_t{64} << 20;
  uint64_t bytes = 0;  // fits: 100,000 tensors of 2^33 elements at most
  for (const auto &[name, tensor] : state.entries)
    bytes += static_cast<uint64_t>(tensor.numel()) * SizeOf(tensor.dtype());
  if (bytes <= std::max(kTimes * file.size(), kSmall)) return;
  throw Error(where + " has " + std::to_string(file.size()) + " bytes, and its tensors are " + std::to_string(bytes) +
              ": they share what they hold. Save each with its own: tensor.clone()");
}

// What training programs put before all names: DataParallel, torch.compile, Lightning, modules that hold the network.
void DropWrappers(StateDict &state) {
  constexpr std::string_view kWrappers[] = {"module.", "_orig_mod.", "model.", "backbone.", "net."};
  const auto is_before_all = [&state](std::string_view prefix) {
    return std::ranges::all_of(state.entries, [&](const auto &entry) { return entry.first.starts_with(prefix); });
  };
  // "net.0.weight" is the name that a head's own layers have.
  const auto is_of_layers = [&state](std::string_view prefix) {
    return std::ranges::any_of(state.entries, [&](const auto &entry) {
      return entry.first.size() > prefix.size() && entry.first[prefix.size()] >= '0' &&
             entry.first[prefix.size()] <= '9';
    });
  };
  for (bool found = true; found;) {
    found = false;
    for (const std::string_view prefix : kWrappers) {
      if (!is_before_all(prefix) || is_of_layers(prefix)) continue;
      for (auto &[name, tensor] : state.entries)
        name.erase(0, prefix.size());
      state.prefix += prefix;
      found = true;
    }
  }
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

  if (checkpoint.bytes) CheckUnfolded(state, *checkpoint.bytes, where);
  DropWrappers(state);
  return state;
}

}  // namespace action
