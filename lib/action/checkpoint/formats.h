// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The three file formats, each parsed from memory. Internal to the checkpoint reader.
#ifndef ACTION_CHECKPOINT_FORMATS_H_
#define ACTION_CHECKPOINT_FORMATS_H_

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "action/checkpoint/value.h"

namespace action {

using FileBytes = std::shared_ptr<const std::vector<std::byte>>;

bool LooksLikeZip(std::span<const std::byte> bytes);
bool LooksLikeLegacy(std::span<const std::byte> bytes);
bool LooksLikeSafetensors(std::span<const std::byte> bytes);

// Each throws Error, without the file's name, on anything malformed.
ValuePtr ParseTorchZip(const FileBytes &file);
ValuePtr ParseTorchLegacy(const FileBytes &file);
// A Dict of tensors; __metadata__ becomes its attributes, a Dict of strings.
ValuePtr ParseSafetensors(const FileBytes &file);

}  // namespace action

#endif  // ACTION_CHECKPOINT_FORMATS_H_
