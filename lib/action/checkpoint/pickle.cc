// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/checkpoint/pickle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <unordered_map>
#include <utility>
#include <vector>

#include "action/checkpoint/pickle_objects.h"
#include "action/checkpoint/pickle_torch.h"

namespace action {
namespace pickle {
namespace {

constexpr size_t kMaxStack = 1'000'000;
constexpr size_t kMemoEntry = 48;  // bytes, about

enum Opcode : uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kNone = 'N',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kShortBinString = 'U',
  kBinString = 'T',
  kBinUnicode = 'X',
  kAppend = 'a',
  kAppends = 'e',
  kBuild = 'b',
  kGlobal = 'c',
  kDict = 'd',
  kEmptyDict = '}',
  kList = 'l',
  kEmptyList = ']',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kReduce = 'R',
  kSetItem = 's',
  kSetItems = 'u',
  kTuple = 't',
  kEmptyTuple = ')',
  kBinPersId = 'Q',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kProto = 0x80,
  kNewObj = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kLong4 = 0x8b,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kBinBytes8 = 0x8e,
  kEmptySet = 0x8f,
  kAddItems = 0x90,
  kFrozenSet = 0x91,
  kNewObjEx = 0x92,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
};

class Machine {
 public:
  Machine(std::span<const std::byte> bytes, StorageSource &storages) : bytes_(bytes), globals_(heap_, storages) {}

  PickleResult Run() {
    for (;;) {
      heap_.position = position_;
      const uint8_t opcode = Read<uint8_t>();
      if (opcode == kStop) {
        PickleResult result;
        result.value = ToValue(heap_, Pop());
        result.consumed = position_;
        return result;
      }
      Step(opcode);
    }
  }

 private:
  template <typename T>
  T Read() {
    T value;
    std::memcpy(&value, Take(sizeof(T)).data(), sizeof(T));
    return value;
  }

  std::span<const std::byte> Take(uint64_t size) {
    if (size > bytes_.size() - position_) heap_.Fail("the pickle ends in the middle of an item");
    const auto part = bytes_.subspan(position_, size);
    position_ += size;
    return part;
  }

  std::string TakeString(uint64_t size) {
    const auto part = Take(size);
    return {reinterpret_cast<const char *>(part.data()), part.size()};
  }

  std::string TakeLine() {
    const auto rest = bytes_.subspan(position_);
    const auto end = std::ranges::find(rest, std::byte{'\n'});
    if (end == rest.end()) heap_.Fail("the pickle ends in the middle of a name");
    std::string line = TakeString(static_cast<uint64_t>(end - rest.begin()));
    Take(1);
    return line;
  }

  void Push(Object *object) {
    if (stack_.size() >= kMaxStack) heap_.Fail("the pickle's stack grows past a million entries");
    stack_.push_back(object);
  }

  Object *Pop() {
    if (stack_.empty()) heap_.Fail("the pickle takes from an empty stack");
    Object *top = stack_.back();
    stack_.pop_back();
    if (std::holds_alternative<MarkObject>(top->data)) heap_.Fail("the pickle takes a mark for a value");
    return top;
  }

  Object *Top() {
    if (stack_.empty() || std::holds_alternative<MarkObject>(stack_.back()->data)) {
      heap_.Fail("the pickle looks at an empty stack");
    }
    return stack_.back();
  }

  std::vector<Object *> PopToMark() {
    const auto is_mark = [](const Object *o) { return std::holds_alternative<MarkObject>(o->data); };
    const auto mark = std::find_if(stack_.rbegin(), stack_.rend(), is_mark);
    if (mark == stack_.rend()) heap_.Fail("the pickle looks for a mark that is not there");
    std::vector<Object *> items(mark.base(), stack_.end());
    stack_.erase(mark.base() - 1, stack_.end());
    return items;
  }

  void PushLong(std::span<const std::byte> digits) {
    if (digits.size() > 8) {
      Push(heap_.New(Opaque{"an int of more than 64 bits", heap_.position}));
      return;
    }
    const bool negative = !digits.empty() && (static_cast<uint8_t>(digits.back()) & 0x80) != 0;
    uint64_t value = negative ? ~uint64_t{0} : 0;
    std::memcpy(&value, digits.data(), digits.size());
    Push(heap_.New(static_cast<int64_t>(value)));
  }

  void Remember(uint64_t index) {
    Object *object = Top();
    if (memo_.insert_or_assign(index, object).second) heap_.Charge(kMemoEntry);
  }

  void Recall(uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) heap_.Fail("the pickle recalls an object that it did not remember");
    Push(found->second);
  }

  void Step(uint8_t opcode) {
    switch (opcode) {
      case kProto: {
        const auto version = Read<uint8_t>();
        if (version < 2 || version > 5)
          heap_.Fail("pickle protocol " + std::to_string(version) + " is not known (2 to 5 are)");
        return;
      }
      case kFrame:
        Read<uint64_t>();
        return;
      case kMark:
        Push(heap_.New(MarkObject{}));
        return;
      case kPop:
        if (stack_.empty()) heap_.Fail("the pickle takes from an empty stack");
        stack_.pop_back();
        return;
      case kPopMark:
        PopToMark();
        return;
      case kNone:
        Push(&none_);
        return;
      case kNewTrue:
        Push(&true_);
        return;
      case kNewFalse:
        Push(&false_);
        return;
      case kBinInt:
        Push(heap_.New<int64_t>(Read<int32_t>()));
        return;
      case kBinInt1:
        Push(heap_.New<int64_t>(Read<uint8_t>()));
        return;
      case kBinInt2:
        Push(heap_.New<int64_t>(Read<uint16_t>()));
        return;
      case kLong1:
        PushLong(Take(Read<uint8_t>()));
        return;
      case kLong4: {
        const auto size = Read<int32_t>();
        if (size < 0) heap_.Fail("the pickle has an int of negative length");
        PushLong(Take(static_cast<uint64_t>(size)));
        return;
      }
      case kBinFloat:
        Push(heap_.New(std::bit_cast<double>(__builtin_bswap64(Read<uint64_t>()))));
        return;
      case kBinUnicode:
        Push(heap_.New(TakeString(Read<uint32_t>())));
        return;
      case kShortBinUnicode:
        Push(heap_.New(TakeString(Read<uint8_t>())));
        return;
      case kBinUnicode8:
        Push(heap_.New(TakeString(Read<uint64_t>())));
        return;
      case kBinString:
        Push(heap_.New(TakeString(Read<uint32_t>())));
        return;
      case kShortBinString:
        Push(heap_.New(TakeString(Read<uint8_t>())));
        return;
      case kBinBytes:
        Push(heap_.New(Bytes{TakeString(Read<uint32_t>())}));
        return;
      case kShortBinBytes:
        Push(heap_.New(Bytes{TakeString(Read<uint8_t>())}));
        return;
      case kBinBytes8:
        Push(heap_.New(Bytes{TakeString(Read<uint64_t>())}));
        return;
      case kEmptyList:
        Push(heap_.New(ListObject{}));
        return;
      case kEmptyTuple:
        Push(heap_.New(TupleObject{}));
        return;
      case kEmptyDict:
        Push(heap_.New(DictObject{}));
        return;
      case kEmptySet:
        Push(heap_.New(Opaque{"set", heap_.position}));
        return;
      case kAddItems:
        PopToMark();
        heap_.Want<Opaque>(Top(), "a set");
        return;
      case kFrozenSet:
        PopToMark();
        Push(heap_.New(Opaque{"frozenset", heap_.position}));
        return;
      case kList:
        Push(heap_.New(ListObject{PopToMark()}));
        return;
      case kTuple:
        Push(heap_.New(TupleObject{PopToMark()}));
        return;
      case kTuple1:
        PushTuple(1);
        return;
      case kTuple2:
        PushTuple(2);
        return;
      case kTuple3:
        PushTuple(3);
        return;
      case kDict: {
        const std::vector<Object *> items = PopToMark();
        Object *dict = heap_.New(DictObject{});
        SetItems(heap_, dict, items);
        Push(dict);
        return;
      }
      case kAppend: {
        Object *item = Pop();
        Extend(heap_, Top(), {item});
        return;
      }
      case kAppends: {
        const std::vector<Object *> items = PopToMark();
        Extend(heap_, Top(), items);
        return;
      }
      case kSetItem: {
        Object *value = Pop();
        Object *key = Pop();
        SetItems(heap_, Top(), {key, value});
        return;
      }
      case kSetItems: {
        const std::vector<Object *> items = PopToMark();
        SetItems(heap_, Top(), items);
        return;
      }
      case kBinPut:
        Remember(Read<uint8_t>());
        return;
      case kLongBinPut:
        Remember(Read<uint32_t>());
        return;
      case kMemoize:
        Remember(memo_.size());
        return;
      case kBinGet:
        Recall(Read<uint8_t>());
        return;
      case kLongBinGet:
        Recall(Read<uint32_t>());
        return;
      case kGlobal: {
        const std::string module = TakeLine();
        Push(globals_.Global(module, TakeLine()));
        return;
      }
      case kStackGlobal: {
        const std::string name = *heap_.Want<std::string>(Pop(), "a name");
        Push(globals_.Global(*heap_.Want<std::string>(Pop(), "a module name"), name));
        return;
      }
      case kReduce: {
        Object *arguments = Pop();
        Object *callable = Pop();
        Push(globals_.Reduce(callable, heap_.Want<TupleObject>(arguments, "a tuple of arguments")->items));
        return;
      }
      case kNewObj: {
        Pop();
        Push(globals_.NewObject(Pop()));
        return;
      }
      case kNewObjEx: {
        Pop();
        Pop();
        Push(globals_.NewObject(Pop()));
        return;
      }
      case kBuild: {
        Object *state = Pop();
        globals_.Build(Top(), state);
        return;
      }
      case kBinPersId:
        Push(globals_.LoadStorage(Pop()));
        return;
      default: {
        std::array<char, 8> hex{};
        snprintf(hex.data(), hex.size(), "0x%02x", opcode);
        heap_.Fail(std::string("the pickle uses the opcode ") + hex.data() +
                   ", which a checkpoint has no use for; refused");
      }
    }
  }

  void PushTuple(size_t size) {
    TupleObject tuple;
    tuple.items.resize(size);
    while (size-- > 0)
      tuple.items[size] = Pop();
    Push(heap_.New(std::move(tuple)));
  }

  std::span<const std::byte> bytes_;
  size_t position_ = 0;
  Heap heap_;
  TorchGlobals globals_;
  Object none_;
  Object true_{true, nullptr, false, 0};
  Object false_{false, nullptr, false, 0};
  std::vector<Object *> stack_;
  std::unordered_map<uint64_t, Object *> memo_;
};

}  // namespace
}  // namespace pickle

PickleResult ReadPickle(std::span<const std::byte> bytes, StorageSource &storages) {
  return pickle::Machine(bytes, storages).Run();
}

}  // namespace action
