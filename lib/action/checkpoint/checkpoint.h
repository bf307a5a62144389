// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Checkpoint files: PyTorch's zip and legacy formats and safetensors, read without running anything they contain.
#ifndef ACTION_CHECKPOINT_CHECKPOINT_H_
#define ACTION_CHECKPOINT_CHECKPOINT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "action/checkpoint/value.h"
#include "action/export.h"

namespace action {

enum class CheckpointFormat { kTorchZip, kTorchLegacy, kSafetensors };

// "PyTorch zip", "PyTorch legacy", "safetensors"
ACTION_API const char *NameOf(CheckpointFormat format);

struct Checkpoint {
  std::string path;
  CheckpointFormat format = CheckpointFormat::kTorchZip;
  ValuePtr root;
  // The file as it was read: what is hashed and what is used are the same bytes.
  std::shared_ptr<const std::vector<std::byte>> bytes;
};

// Reads a file whole, then parses it. Throws Error, naming the file, when it cannot be read, is of no known format, is
// malformed, or passes a limit (8 GiB, 100,000 records).
ACTION_API Checkpoint ReadCheckpoint(const std::string &path);
// The same from memory; `name` stands for the file in messages.
ACTION_API Checkpoint ParseCheckpoint(std::shared_ptr<const std::vector<std::byte>> bytes, const std::string &name);

// Named tensors in the order of the file.
struct StateDict {
  std::vector<std::pair<std::string, Tensor>> entries;
  // Text facts about the file: safetensors' __metadata__, or the "gst-action" entry of a state_dict's `_metadata`.
  std::map<std::string, std::string> metadata;
  // What stood before all names and was taken off: "module." (DataParallel), "_orig_mod." (torch.compile), ...
  std::string prefix;

  ACTION_API const Tensor *Find(const std::string &name) const;
};

// The state_dict in a checkpoint: at the top, or under "state_dict", "model_state_dict" or "model"; a prefix that all
// names share is taken off (StateDict::prefix). Throws Error naming the file when there is none, or when an entry
// is something other than a tensor, or when the tensors together are much larger than the file.
ACTION_API StateDict ToStateDict(const Checkpoint &checkpoint);

// Writes a value as PyTorch's zip format, readable by torch.load(weights_only=True) from 1.13 on: containers, strings,
// ints, bools, None and tensors. Throws Error on other values (floats: use a 0-d tensor) and on files of 4 GiB and
// more. The file appears complete or not at all.
ACTION_API void WriteTorchZip(const std::string &path, const Value &root);
// A state_dict, with its metadata under `_metadata["gst-action"]` where torch.load keeps it and modules ignore it.
ACTION_API void WriteTorchZip(const std::string &path, const StateDict &state);
ACTION_API void WriteSafetensors(const std::string &path, const StateDict &state);
// One of the two, by the name's ending: .safetensors, or .pt, .pth. Throws Error on any other ending.
ACTION_API void WriteStateDict(const std::string &path, const StateDict &state);
// Throws the Error that WriteStateDict would throw for this ending: before the work, not after it.
ACTION_API void CheckStateDictPath(const std::string &path);

}  // namespace action

#endif  // ACTION_CHECKPOINT_CHECKPOINT_H_
