// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// libFuzzer: no bytes make the checkpoint reader crash, hang or read outside a file; it reads them or throws Error.
#include <cstring>
#include <memory>
#include <vector>

#include "action/checkpoint/checkpoint.h"
#include "action/error.h"

namespace {

void Touch(const action::Value &value, int depth) {
  if (depth > 100) return;
  if (const auto *tensor = value.As<action::Tensor>()) {
    if (tensor->numel() < (1 << 20)) tensor->ToFloats();
  } else if (const auto *dict = value.As<action::Dict>()) {
    // One level is enough: a shared value may be reached in exponentially many ways.
    for (const auto &[key, item] : dict->items) {
      if (item->As<action::Tensor>() != nullptr) Touch(*item, depth + 1);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto bytes = std::make_shared<std::vector<std::byte>>(size);
  if (size > 0) std::memcpy(bytes->data(), data, size);
  try {
    const action::Checkpoint checkpoint = action::ParseCheckpoint(bytes, "input");
    Touch(*checkpoint.root, 0);
    action::ToStateDict(checkpoint);
  } catch (const action::Error &) {
  }
  return 0;
}
