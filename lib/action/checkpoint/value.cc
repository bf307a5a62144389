// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/checkpoint/value.h"

namespace action {

ValuePtr Dict::Find(const std::string &key) const {
  for (const auto &[name, value] : items) {
    const auto *text = name->As<std::string>();
    if (text != nullptr && *text == key) return value;
  }
  return nullptr;
}

std::string Describe(const Value &value) {
  struct Visitor {
    std::string operator()(std::monostate) const { return "None"; }
    std::string operator()(bool) const { return "a bool"; }
    std::string operator()(int64_t) const { return "an int"; }
    std::string operator()(double) const { return "a float"; }
    std::string operator()(const std::string &) const { return "a string"; }
    std::string operator()(const Bytes &) const { return "bytes"; }
    std::string operator()(const Tensor &t) const {
      return std::string("a ") + NameOf(t.dtype()) + " tensor of shape " + ShapeToString(t.shape());
    }
    std::string operator()(const List &) const { return "a list"; }
    std::string operator()(const Tuple &) const { return "a tuple"; }
    std::string operator()(const Dict &) const { return "a dict"; }
    std::string operator()(const Opaque &o) const {
      return "an object of " + o.what + " (byte " + std::to_string(o.offset) + " of the pickle)";
    }
  };
  return std::visit(Visitor{}, value.data);
}

}  // namespace action
