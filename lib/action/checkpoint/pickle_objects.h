// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a pickle builds while it is read, before it becomes Values. Internal to the pickle reader.
#ifndef ACTION_CHECKPOINT_PICKLE_OBJECTS_H_
#define ACTION_CHECKPOINT_PICKLE_OBJECTS_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "action/checkpoint/value.h"
#include "action/error.h"

namespace action::pickle {

struct Object;
struct MarkObject {};
struct GlobalObject {
  std::string name;
  uint64_t offset;
};
struct DTypeObject {
  DType dtype;
};
// A typed (or untyped: no dtype) storage, possibly a view into it. Of an unsupported type: `unsupported` names it.
struct StorageObject {
  std::optional<DType> dtype;
  int64_t elements = 0;
  int64_t offset = 0;
  std::shared_ptr<Storage> storage;
  std::string unsupported;
  uint64_t source_offset = 0;
};
struct ListObject {
  std::vector<Object *> items;
};
struct TupleObject {
  std::vector<Object *> items;
};
struct DictObject {
  std::vector<std::pair<Object *, Object *>> items;
  bool ordered = false;
  Object *attributes = nullptr;
};

struct Object {
  std::variant<std::monostate, bool, int64_t, double, std::string, Bytes, Tensor, ListObject, TupleObject, DictObject,
               Opaque, MarkObject, GlobalObject, DTypeObject, StorageObject>
      data;
  ValuePtr converted;
  bool converting = false;
  int height = 0;  // levels below and including this one, when converted
};

// Makes the objects, keeps them, and counts what they cost: a few bytes of a pickle can ask for a copy of everything
// that came before. Knows where the reader is, for errors.
class Heap {
 public:
  [[noreturn]] void Fail(const std::string &what) const {
    throw Error(what + " at byte " + std::to_string(position) + " of the pickle");
  }

  template <typename T>
  Object *New(T data) {
    Charge(sizeof(Object) + Payload(data));
    objects_.emplace_back();
    objects_.back().data = std::move(data);
    return &objects_.back();
  }

  // Throws Error when the pickle has asked for more than it is allowed to.
  void Charge(size_t bytes) {
    if (bytes > kMaxBytes - used_) {
      Fail("the pickle builds more than " + std::to_string(kMaxBytes >> 20) +
           " MiB of objects beside its tensors; a checkpoint needs a small part of that. Refused");
    }
    used_ += bytes;
  }

  // The type, or an error that says what was expected.
  template <typename T>
  T *Want(Object *object, const char *what) const {
    T *data = std::get_if<T>(&object->data);
    if (data == nullptr) Fail(std::string("the pickle does not have ") + what + " where one must be");
    return data;
  }
  int64_t WantInt(Object *object) const { return *Want<int64_t>(object, "an int"); }

  uint64_t position = 0;  // of the opcode that is being carried out

 private:
  static constexpr size_t kMaxBytes = size_t{128} << 20;

  template <typename T>
  static size_t Payload(const T &data) {
    if constexpr (std::is_same_v<T, std::string>) return data.size();
    if constexpr (std::is_same_v<T, Bytes>) return data.data.size();
    if constexpr (std::is_same_v<T, GlobalObject>) return data.name.size();
    if constexpr (std::is_same_v<T, Opaque>) return data.what.size();
    if constexpr (std::is_same_v<T, ListObject> || std::is_same_v<T, TupleObject>) {
      return data.items.size() * sizeof(Object *);
    }
    if constexpr (std::is_same_v<T, Tensor>) return 2 * data.shape().size() * sizeof(int64_t);
    return 0;
  }

  std::deque<Object> objects_;
  size_t used_ = 0;
};

// Adds to a list or a dict (nothing to an Opaque), and charges for it.
void Extend(Heap &heap, Object *list, const std::vector<Object *> &items);
void SetItems(Heap &heap, Object *dict, const std::vector<Object *> &keys_and_values);

// The finished object as a Value; what it shares stays shared. Throws Error on cycles and on nesting deeper than 100.
ValuePtr ToValue(Heap &heap, Object *object);

}  // namespace action::pickle

#endif  // ACTION_CHECKPOINT_PICKLE_OBJECTS_H_
