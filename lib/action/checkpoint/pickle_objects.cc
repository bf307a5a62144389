// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/checkpoint/pickle_objects.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace action::pickle {
namespace {

constexpr int kMaxDepth = 100;

class Converter {
 public:
  explicit Converter(Heap &heap) : heap_(heap) {}

  ValuePtr Convert(Object *object, int depth) {
    if (!object->converted) {
      if (object->converting) heap_.Fail("the pickle holds an object that contains itself");
      if (depth > kMaxDepth) heap_.Fail("the pickle nests deeper than 100 levels");
      object->converting = true;
      const int siblings = std::exchange(deepest_child_, 0);
      object->converted = std::visit([&](auto &data) { return ConvertData(data, depth + 1); }, object->data);
      object->height = std::exchange(deepest_child_, siblings) + 1;
      object->converting = false;
      // Objects that were converted before may be nested again, level by level: the depth of this call does not see
      // that.
      if (object->height > kMaxDepth) heap_.Fail("the pickle nests deeper than 100 levels");
    }
    deepest_child_ = std::max(deepest_child_, object->height);
    return object->converted;
  }

 private:
  template <typename T>
  ValuePtr ConvertData(T &data, int) {
    return MakeValue(std::move(data));
  }
  ValuePtr ConvertData(MarkObject &, int) { heap_.Fail("the pickle takes a mark for a value"); }
  ValuePtr ConvertData(GlobalObject &global, int) { return MakeValue(Opaque{global.name, global.offset}); }
  ValuePtr ConvertData(DTypeObject &dtype, int) {
    return MakeValue(Opaque{std::string("torch.") + NameOf(dtype.dtype), heap_.position});
  }
  ValuePtr ConvertData(StorageObject &storage, int) {
    return MakeValue(Opaque{"a bare storage", storage.source_offset});
  }
  std::vector<ValuePtr> ConvertItems(const std::vector<Object *> &items, int depth) {
    std::vector<ValuePtr> values;
    values.reserve(items.size());
    for (Object *item : items)
      values.push_back(Convert(item, depth));
    return values;
  }
  ValuePtr ConvertData(ListObject &list, int depth) { return MakeValue(List{ConvertItems(list.items, depth)}); }
  ValuePtr ConvertData(TupleObject &tuple, int depth) { return MakeValue(Tuple{ConvertItems(tuple.items, depth)}); }
  ValuePtr ConvertData(DictObject &dict, int depth) {
    Dict out;
    out.ordered = dict.ordered;
    if (dict.attributes != nullptr) out.attributes = Convert(dict.attributes, depth);
    std::unordered_map<std::string_view, size_t> position;  // of the texts in out.items
    for (const auto &[key, value] : dict.items) {
      ValuePtr name = Convert(key, depth);
      ValuePtr entry = Convert(value, depth);
      if (const auto *text = name->As<std::string>()) {
        const auto [found, inserted] = position.emplace(*text, out.items.size());
        if (!inserted) {
          out.items[found->second].second = std::move(entry);
          continue;
        }
      }
      out.items.emplace_back(std::move(name), std::move(entry));
    }
    return MakeValue(std::move(out));
  }

  Heap &heap_;
  int deepest_child_ = 0;  // of the object that is being converted
};

}  // namespace

void Extend(Heap &heap, Object *target, const std::vector<Object *> &items) {
  if (std::holds_alternative<Opaque>(target->data)) return;
  auto *list = heap.Want<ListObject>(target, "a list");
  heap.Charge(items.size() * sizeof(Object *));
  list->items.insert(list->items.end(), items.begin(), items.end());
}

void SetItems(Heap &heap, Object *target, const std::vector<Object *> &items) {
  if (items.size() % 2 != 0) heap.Fail("the pickle has a key without a value");
  if (std::holds_alternative<Opaque>(target->data)) return;
  auto *dict = heap.Want<DictObject>(target, "a dict");
  heap.Charge(items.size() * sizeof(Object *));
  for (size_t i = 0; i < items.size(); i += 2)
    dict->items.emplace_back(items[i], items[i + 1]);
}

ValuePtr ToValue(Heap &heap, Object *object) {
  return Converter(heap).Convert(object, 0);
}

}  // namespace action::pickle
