// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/checkpoint/pickle_torch.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "action/text.h"

namespace action::pickle {
namespace {

constexpr size_t kMaxName = 1000;
constexpr size_t kMaxDimensions = 64;

std::optional<DType> DTypeOfStorageName(std::string_view name) {
  static constexpr std::pair<std::string_view, DType> kTypes[] = {
      {"DoubleStorage", DType::kFloat64},    {"FloatStorage", DType::kFloat32}, {"HalfStorage", DType::kFloat16},
      {"BFloat16Storage", DType::kBFloat16}, {"LongStorage", DType::kInt64},    {"IntStorage", DType::kInt32},
      {"ShortStorage", DType::kInt16},       {"CharStorage", DType::kInt8},     {"ByteStorage", DType::kUInt8},
      {"BoolStorage", DType::kBool}};
  for (const auto &[known, dtype] : kTypes) {
    if (known == name) return dtype;
  }
  return std::nullopt;
}

std::optional<DType> DTypeOfName(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i) {
    if (name == NameOf(static_cast<DType>(i))) return static_cast<DType>(i);
  }
  static constexpr std::pair<std::string_view, DType> kAliases[] = {
      {"double", DType::kFloat64}, {"float", DType::kFloat32}, {"half", DType::kFloat16},
      {"long", DType::kInt64},     {"int", DType::kInt32},     {"short", DType::kInt16}};
  for (const auto &[alias, dtype] : kAliases) {
    if (alias == name) return dtype;
  }
  return std::nullopt;
}

bool IsUntypedStorage(std::string_view name) {
  return name == "UntypedStorage" || name == "_UntypedStorage" || name == "storage.UntypedStorage" ||
         name == "storage._UntypedStorage";
}

}  // namespace

Object *TorchGlobals::Global(const std::string &module, const std::string &name) {
  if (module.size() + name.size() > kMaxName) {
    heap_.Fail("the pickle names a global of " + std::to_string(module.size() + name.size()) + " letters; refused");
  }
  if (std::ranges::any_of(module, IsControlCharacter) || std::ranges::any_of(name, IsControlCharacter)) {
    heap_.Fail("the pickle names a global with control characters; refused");
  }
  const std::string full = module + "." + name;
  if (full == "torch.storage._load_from_bytes") {
    heap_.Fail("the pickle calls torch.storage._load_from_bytes, which unpickles again; refused");
  }
  static constexpr std::string_view kRefused[] = {"torch._utils._rebuild_sparse_tensor",
                                                  "torch._utils._rebuild_sparse_csr_tensor",
                                                  "torch._utils._rebuild_qtensor"};
  if (std::ranges::find(kRefused, full) != std::end(kRefused)) {
    const bool quantised = full.ends_with("qtensor");
    heap_.Fail(std::string("the file holds a ") + (quantised ? "quantised" : "sparse") + " tensor (" + full +
               "); only dense tensors of plain numbers are read");
  }
  if (module == "torch") {
    if (name.starts_with("float8_")) heap_.Fail("the file holds a tensor of torch." + name + "; float8 is not read");
    if (const auto dtype = DTypeOfName(name)) {
      return heap_.New(DTypeObject{*dtype});
    }
  }
  return heap_.New(GlobalObject{full, heap_.position});
}

Opaque TorchGlobals::OpaqueOf(Object *callable) const {
  if (const auto *global = std::get_if<GlobalObject>(&callable->data)) return Opaque{global->name, global->offset};
  if (const auto *opaque = std::get_if<Opaque>(&callable->data)) return *opaque;
  heap_.Fail("the pickle calls something that is not a name");
}

Object *TorchGlobals::Reduce(Object *callable, const std::vector<Object *> &arguments) {
  const auto *global = std::get_if<GlobalObject>(&callable->data);
  if (global == nullptr) return heap_.New(OpaqueOf(callable));
  const std::string &name = global->name;
  if (name == "collections.OrderedDict") {
    Object *dict = heap_.New(DictObject{{}, true, nullptr});
    // OrderedDict() or, from Python 2, OrderedDict([[key, value], ...]).
    if (!arguments.empty()) {
      for (Object *item : heap_.Want<ListObject>(arguments[0], "a list of pairs")->items) {
        const auto *list = std::get_if<ListObject>(&item->data);
        const auto &pair = list != nullptr ? list->items : heap_.Want<TupleObject>(item, "a pair")->items;
        if (pair.size() != 2) heap_.Fail("an OrderedDict is made of something that is not pairs");
        SetItems(heap_, dict, pair);
      }
    }
    return dict;
  }
  if (name == "torch._utils._rebuild_tensor_v2" || name == "torch._utils._rebuild_tensor") {
    return RebuildTensor(arguments, nullptr, 6);
  }
  if (name == "torch._utils._rebuild_tensor_v3") {
    if (arguments.size() < 7) heap_.Fail("a tensor is described by too few arguments");
    return RebuildTensor(arguments, arguments[6], 7);
  }
  if (name == "torch._utils._rebuild_parameter" || name == "torch._utils._rebuild_parameter_with_state") {
    if (arguments.empty()) heap_.Fail("a parameter without data");
    return arguments[0];
  }
  return heap_.New(Opaque{name, global->offset});
}

Object *TorchGlobals::RebuildTensor(const std::vector<Object *> &arguments, Object *dtype_argument,
                                    size_t metadata_index) {
  if (arguments.size() < 4) heap_.Fail("a tensor is described by too few arguments");
  if (arguments.size() > metadata_index) RefuseViews(arguments[metadata_index]);
  const auto *storage = std::get_if<StorageObject>(&arguments[0]->data);
  if (storage == nullptr) return heap_.New(OpaqueOf(arguments[0]));
  if (!storage->unsupported.empty()) return heap_.New(Opaque{storage->unsupported, storage->source_offset});
  std::optional<DType> dtype = storage->dtype;
  int64_t begin = storage->offset;  // both in elements of `dtype`
  int64_t elements = storage->elements;
  if (dtype_argument != nullptr) {
    const auto *named = std::get_if<DTypeObject>(&dtype_argument->data);
    if (named == nullptr) return heap_.New(OpaqueOf(dtype_argument));
    // The storage is counted in elements of its own type, or bytes; the tensor in elements of another.
    const auto from = static_cast<int64_t>(dtype ? SizeOf(*dtype) : 1);
    dtype = named->dtype;
    const auto to = static_cast<int64_t>(SizeOf(*dtype));
    if (begin * from % to != 0) heap_.Fail("a storage view does not begin at an element of its tensor");
    begin = begin * from / to;
    elements = elements * from / to;
  }
  if (!dtype) heap_.Fail("a tensor on an untyped storage does not say its type");
  int64_t offset = 0;
  if (__builtin_add_overflow(heap_.WantInt(arguments[1]), begin, &offset)) heap_.Fail("a tensor's offset overflows");
  Tensor tensor(*dtype, Sizes(arguments[2]), Sizes(arguments[3]), offset, storage->storage, begin + elements);
  ChargeView(tensor);
  return heap_.New(std::move(tensor));
}

void TorchGlobals::ChargeView(const Tensor &tensor) {
  constexpr uint64_t kAlways = uint64_t{64} << 20, kTimes = 8;
  const uint64_t bytes = static_cast<uint64_t>(tensor.numel()) * SizeOf(tensor.dtype());
  const uint64_t limit = kAlways + kTimes * stored_;
  if (bytes > limit || unfolded_ > limit - bytes) {
    heap_.Fail("the tensors repeat the " + std::to_string(stored_) + " bytes of their storages too often; refused");
  }
  unfolded_ += bytes;
}

void TorchGlobals::RefuseViews(Object *metadata) {
  const auto *dict = std::get_if<DictObject>(&metadata->data);
  if (dict == nullptr) return;
  for (const auto &[key, value] : dict->items) {
    const auto *name = std::get_if<std::string>(&key->data);
    const auto *set = std::get_if<bool>(&value->data);
    if (name != nullptr && set != nullptr && *set && (*name == "conj" || *name == "neg")) {
      heap_.Fail("the file holds a lazy '" + *name + "' view of a tensor; save it with .resolve_" + *name + "()");
    }
  }
}

void TorchGlobals::Build(Object *target, Object *state) {
  if (std::holds_alternative<Opaque>(target->data)) return;
  auto *dict = std::get_if<DictObject>(&target->data);
  if (dict == nullptr || !dict->ordered) heap_.Fail("the pickle sets the state of something that has none; refused");
  dict->attributes = state;
}

Object *TorchGlobals::LoadStorage(Object *id) {
  const auto &items = heap_.Want<TupleObject>(id, "a storage description")->items;
  if (items.size() < 5 || *heap_.Want<std::string>(items[0], "the word 'storage'") != "storage") {
    heap_.Fail("the pickle refers to something outside itself that is not a storage");
  }
  StorageObject storage;
  const auto *global = std::get_if<GlobalObject>(&items[1]->data);
  if (global == nullptr) heap_.Fail("a storage does not say its type");
  std::string_view type = global->name;
  for (const std::string_view prefix : {"torch.", "cuda."}) {
    if (type.starts_with(prefix)) type.remove_prefix(prefix.size());
  }
  if (type.starts_with("QInt") || type.starts_with("QUInt")) {
    heap_.Fail("the file holds a quantised tensor (" + global->name +
               "); only dense tensors of plain numbers are read");
  }
  storage.dtype = DTypeOfStorageName(type);
  storage.source_offset = global->offset;
  const bool untyped = IsUntypedStorage(type);
  if (!storage.dtype && !untyped) storage.unsupported = global->name;
  storage.elements = heap_.WantInt(items[4]);
  if (storage.elements < 0) heap_.Fail("a storage has a negative size");
  const size_t element_size = storage.dtype ? SizeOf(*storage.dtype) : 1;
  if (storage.elements > INT64_MAX / 16) heap_.Fail("a storage is larger than any file");
  const std::string *key = std::get_if<std::string>(&items[2]->data);
  if (key == nullptr) heap_.Fail("a storage has no name");
  if (storage.unsupported.empty()) {
    storage.storage = storages_.Find(*key, storage.elements, element_size);
    if (known_storages_.insert(*key).second) stored_ += static_cast<uint64_t>(storage.elements) * element_size;
  }
  if (items.size() > 5 && !std::holds_alternative<std::monostate>(items[5]->data)) {
    const auto &view = heap_.Want<TupleObject>(items[5], "a storage view")->items;
    if (view.size() != 3) heap_.Fail("a storage view is not described by three items");
    const int64_t offset = heap_.WantInt(view[1]);
    const int64_t elements = heap_.WantInt(view[2]);
    if (offset < 0 || elements < 0 || offset > storage.elements || elements > storage.elements - offset) {
      heap_.Fail("a storage view reaches outside its storage");
    }
    storage.offset = offset;
    storage.elements = elements;
  }
  return heap_.New(std::move(storage));
}

std::vector<int64_t> TorchGlobals::Sizes(Object *object) const {
  std::vector<int64_t> values;
  const auto *tuple = std::get_if<TupleObject>(&object->data);
  const auto &items = tuple != nullptr ? tuple->items : heap_.Want<ListObject>(object, "a tuple")->items;
  if (items.size() > kMaxDimensions) heap_.Fail("a tensor has more than 64 dimensions");
  for (Object *item : items)
    values.push_back(heap_.WantInt(item));
  return values;
}

}  // namespace action::pickle
