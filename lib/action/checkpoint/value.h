// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a checkpoint file holds: plain containers, scalars and tensors.
#ifndef ACTION_CHECKPOINT_VALUE_H_
#define ACTION_CHECKPOINT_VALUE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/checkpoint/tensor.h"

namespace action {

struct Value;
// Values are shared, as objects in a pickle are: the tree may be a graph without cycles.
using ValuePtr = std::shared_ptr<const Value>;

struct List {
  std::vector<ValuePtr> items;
};

struct Tuple {
  std::vector<ValuePtr> items;
};

// Entries in the order of the file; a key that comes twice keeps its place and takes the last value.
struct Dict {
  std::vector<std::pair<ValuePtr, ValuePtr>> items;
  bool ordered = false;  // collections.OrderedDict
  ValuePtr attributes;   // attributes of an OrderedDict, such as a state_dict's `_metadata`; may be null

  // The value under a string key, or null.
  ACTION_API ValuePtr Find(const std::string &key) const;
};

struct Bytes {
  std::string data;
};

// Something the reader does not build: a numpy scalar, torch.Size, an object of a class it does not know. Harmless
// until somebody needs it.
struct Opaque {
  std::string what;     // "numpy.core.multiarray.scalar"
  uint64_t offset = 0;  // of the global in the pickle
};

struct Value {
  std::variant<std::monostate, bool, int64_t, double, std::string, Bytes, Tensor, List, Tuple, Dict, Opaque> data;

  template <typename T>
  const T *As() const {
    return std::get_if<T>(&data);
  }
};

template <typename T>
ValuePtr MakeValue(T data) {
  return std::make_shared<const Value>(Value{std::move(data)});
}

// "a dict", "a tensor", "an object of numpy.core.multiarray.scalar (byte 123 of the pickle)", ...
ACTION_API std::string Describe(const Value &value);

}  // namespace action

#endif  // ACTION_CHECKPOINT_VALUE_H_
