// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A pickle machine that builds data and runs nothing.
#ifndef ACTION_CHECKPOINT_PICKLE_H_
#define ACTION_CHECKPOINT_PICKLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "action/checkpoint/value.h"

namespace action {

// Where the storages that a pickle refers to are found.
class StorageSource {
 public:
  virtual ~StorageSource() = default;

  // The storage `key` with `elements` elements of `element_size` bytes. Throws Error when there is none of that size.
  // The bytes may be filled in after the pickle has been read.
  virtual std::shared_ptr<Storage> Find(const std::string &key, int64_t elements, size_t element_size) = 0;
};

struct PickleResult {
  ValuePtr value;
  size_t consumed = 0;  // bytes, the STOP opcode included
};

// Reads the pickle (protocol 2 to 5, binary opcodes) at the start of `bytes`. Only tensors, plain containers and
// scalars are built; every other object becomes an Opaque. Throws Error on anything malformed, on opcodes and globals
// that are refused by name, and when a limit is passed: 128 MiB of objects beside the tensors, nesting of 100.
PickleResult ReadPickle(std::span<const std::byte> bytes, StorageSource &storages);

}  // namespace action

#endif  // ACTION_CHECKPOINT_PICKLE_H_
