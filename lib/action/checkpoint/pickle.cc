#include "action/checkpoint/pickle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "action/error.h"

namespace action {
namespace {

constexpr size_t kMaxObjects = 2'000'000;
constexpr size_t kMaxStack = 1'000'000;
constexpr int kMaxDepth = 100;

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

std::string At(uint64_t offset) {
  return " at byte " + std::to_string(offset) + " of the pickle";
}

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

class Machine {
 public:
  Machine(std::span<const std::byte> bytes, StorageSource &storages) : bytes_(bytes), storages_(storages) {}

  PickleResult Run() {
    for (;;) {
      opcode_at_ = position_;
      const uint8_t opcode = Read<uint8_t>();
      if (opcode == kStop) {
        PickleResult result;
        result.value = Convert(Pop(), 0);
        result.consumed = position_;
        return result;
      }
      Step(opcode);
    }
  }

 private:
  [[noreturn]] void Fail(const std::string &what) const { throw Error(what + At(opcode_at_)); }

  template <typename T>
  T Read() {
    T value;
    std::memcpy(&value, Take(sizeof(T)).data(), sizeof(T));
    return value;
  }

  std::span<const std::byte> Take(uint64_t size) {
    if (size > bytes_.size() - position_) Fail("the pickle ends in the middle of an item");
    const auto part = bytes_.subspan(position_, size);
    position_ += size;
    return part;
  }

  std::string TakeString(uint64_t size) {
    const auto part = Take(size);
    return {reinterpret_cast<const char *>(part.data()), part.size()};
  }

  std::string TakeLine() {
    std::string line;
    for (char c; (c = static_cast<char>(Read<uint8_t>())) != '\n';)
      line += c;
    return line;
  }

  template <typename T>
  Object *New(T data) {
    if (objects_.size() >= kMaxObjects) Fail("the pickle builds more than 2 million objects");
    objects_.emplace_back();
    objects_.back().data = std::move(data);
    return &objects_.back();
  }

  void Push(Object *object) {
    if (stack_.size() >= kMaxStack) Fail("the pickle's stack grows past a million entries");
    stack_.push_back(object);
  }

  Object *Pop() {
    if (stack_.empty()) Fail("the pickle takes from an empty stack");
    Object *top = stack_.back();
    stack_.pop_back();
    if (std::holds_alternative<MarkObject>(top->data)) Fail("the pickle takes a mark for a value");
    return top;
  }

  Object *Top() {
    if (stack_.empty() || std::holds_alternative<MarkObject>(stack_.back()->data)) {
      Fail("the pickle looks at an empty stack");
    }
    return stack_.back();
  }

  std::vector<Object *> PopToMark() {
    const auto is_mark = [](const Object *o) { return std::holds_alternative<MarkObject>(o->data); };
    const auto mark = std::find_if(stack_.rbegin(), stack_.rend(), is_mark);
    if (mark == stack_.rend()) Fail("the pickle looks for a mark that is not there");
    std::vector<Object *> items(mark.base(), stack_.end());
    stack_.erase(mark.base() - 1, stack_.end());
    return items;
  }

  template <typename T>
  T *Want(Object *object, const char *what) {
    T *data = std::get_if<T>(&object->data);
    if (data == nullptr) Fail(std::string("the pickle does not have ") + what + " where one must be");
    return data;
  }

  int64_t WantInt(Object *object) { return *Want<int64_t>(object, "an int"); }

  std::vector<int64_t> WantInts(Object *object) {
    std::vector<int64_t> values;
    const auto *tuple = std::get_if<TupleObject>(&object->data);
    const auto &items = tuple != nullptr ? tuple->items : Want<ListObject>(object, "a tuple")->items;
    if (items.size() > 64) Fail("a tensor has more than 64 dimensions");
    for (Object *item : items)
      values.push_back(WantInt(item));
    return values;
  }

  void PushLong(std::span<const std::byte> digits) {
    if (digits.size() > 8) {
      Push(New(Opaque{"an int of more than 64 bits", opcode_at_}));
      return;
    }
    const bool negative = !digits.empty() && (static_cast<uint8_t>(digits.back()) & 0x80) != 0;
    uint64_t value = negative ? ~uint64_t{0} : 0;
    std::memcpy(&value, digits.data(), digits.size());
    Push(New(static_cast<int64_t>(value)));
  }

  void Remember(uint64_t index) {
    if (memo_.size() >= kMaxObjects) Fail("the pickle remembers more than 2 million objects");
    memo_[index] = Top();
  }

  void Recall(uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) Fail("the pickle recalls an object that it did not remember");
    Push(found->second);
  }

  void SetItems(Object *target, const std::vector<Object *> &items) {
    if (items.size() % 2 != 0) Fail("the pickle has a key without a value");
    if (std::holds_alternative<Opaque>(target->data)) return;
    auto *dict = Want<DictObject>(target, "a dict");
    for (size_t i = 0; i < items.size(); i += 2)
      dict->items.emplace_back(items[i], items[i + 1]);
  }

  void Extend(Object *target, const std::vector<Object *> &items) {
    if (std::holds_alternative<Opaque>(target->data)) return;
    auto *list = Want<ListObject>(target, "a list");
    list->items.insert(list->items.end(), items.begin(), items.end());
  }

  void Step(uint8_t opcode) {
    switch (opcode) {
      case kProto: {
        const auto version = Read<uint8_t>();
        if (version < 2 || version > 5)
          Fail("pickle protocol " + std::to_string(version) + " is not known (2 to 5 are)");
        return;
      }
      case kFrame:
        Read<uint64_t>();
        return;
      case kMark:
        Push(New(MarkObject{}));
        return;
      case kPop:
        if (stack_.empty()) Fail("the pickle takes from an empty stack");
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
        Push(New<int64_t>(Read<int32_t>()));
        return;
      case kBinInt1:
        Push(New<int64_t>(Read<uint8_t>()));
        return;
      case kBinInt2:
        Push(New<int64_t>(Read<uint16_t>()));
        return;
      case kLong1:
        PushLong(Take(Read<uint8_t>()));
        return;
      case kLong4: {
        const auto size = Read<int32_t>();
        if (size < 0) Fail("the pickle has an int of negative length");
        PushLong(Take(static_cast<uint64_t>(size)));
        return;
      }
      case kBinFloat:
        Push(New(std::bit_cast<double>(__builtin_bswap64(Read<uint64_t>()))));
        return;
      case kBinUnicode:
        Push(New(TakeString(Read<uint32_t>())));
        return;
      case kShortBinUnicode:
        Push(New(TakeString(Read<uint8_t>())));
        return;
      case kBinUnicode8:
        Push(New(TakeString(Read<uint64_t>())));
        return;
      case kBinString:
        Push(New(TakeString(Read<uint32_t>())));
        return;
      case kShortBinString:
        Push(New(TakeString(Read<uint8_t>())));
        return;
      case kBinBytes:
        Push(New(Bytes{TakeString(Read<uint32_t>())}));
        return;
      case kShortBinBytes:
        Push(New(Bytes{TakeString(Read<uint8_t>())}));
        return;
      case kBinBytes8:
        Push(New(Bytes{TakeString(Read<uint64_t>())}));
        return;
      case kEmptyList:
        Push(New(ListObject{}));
        return;
      case kEmptyTuple:
        Push(New(TupleObject{}));
        return;
      case kEmptyDict:
        Push(New(DictObject{}));
        return;
      case kEmptySet:
        Push(New(Opaque{"set", opcode_at_}));
        return;
      case kAddItems:
        PopToMark();
        Want<Opaque>(Top(), "a set");
        return;
      case kFrozenSet:
        PopToMark();
        Push(New(Opaque{"frozenset", opcode_at_}));
        return;
      case kList:
        Push(New(ListObject{PopToMark()}));
        return;
      case kTuple:
        Push(New(TupleObject{PopToMark()}));
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
        Object *dict = New(DictObject{});
        SetItems(dict, items);
        Push(dict);
        return;
      }
      case kAppend: {
        Object *item = Pop();
        Extend(Top(), {item});
        return;
      }
      case kAppends: {
        const std::vector<Object *> items = PopToMark();
        Extend(Top(), items);
        return;
      }
      case kSetItem: {
        Object *value = Pop();
        Object *key = Pop();
        SetItems(Top(), {key, value});
        return;
      }
      case kSetItems: {
        const std::vector<Object *> items = PopToMark();
        SetItems(Top(), items);
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
        PushGlobal(module, TakeLine());
        return;
      }
      case kStackGlobal: {
        const std::string name = *Want<std::string>(Pop(), "a name");
        PushGlobal(*Want<std::string>(Pop(), "a module name"), name);
        return;
      }
      case kReduce: {
        Object *arguments = Pop();
        Object *callable = Pop();
        Push(Reduce(callable, Want<TupleObject>(arguments, "a tuple of arguments")->items));
        return;
      }
      case kNewObj: {
        Pop();
        Push(New(OpaqueOf(Pop())));
        return;
      }
      case kNewObjEx: {
        Pop();
        Pop();
        Push(New(OpaqueOf(Pop())));
        return;
      }
      case kBuild: {
        Object *state = Pop();
        Build(Top(), state);
        return;
      }
      case kBinPersId:
        Push(LoadStorage(Pop()));
        return;
      default: {
        std::array<char, 8> hex{};
        snprintf(hex.data(), hex.size(), "0x%02x", opcode);
        Fail(std::string("the pickle uses the opcode ") + hex.data() + ", which a checkpoint has no use for; refused");
      }
    }
  }

  void PushTuple(size_t size) {
    TupleObject tuple;
    tuple.items.resize(size);
    while (size-- > 0)
      tuple.items[size] = Pop();
    Push(New(std::move(tuple)));
  }

  void PushGlobal(const std::string &module, const std::string &name) {
    const std::string full = module + "." + name;
    if (full == "torch.storage._load_from_bytes") {
      Fail("the pickle calls torch.storage._load_from_bytes, which unpickles again; refused");
    }
    static constexpr std::string_view kRefused[] = {"torch._utils._rebuild_sparse_tensor",
                                                    "torch._utils._rebuild_sparse_csr_tensor",
                                                    "torch._utils._rebuild_qtensor"};
    if (std::ranges::find(kRefused, full) != std::end(kRefused)) {
      const bool quantised = full.ends_with("qtensor");
      Fail(std::string("the file holds a ") + (quantised ? "quantised" : "sparse") + " tensor (" + full +
           "); only dense tensors of plain numbers are read");
    }
    if (module == "torch") {
      if (name.starts_with("float8_")) Fail("the file holds a tensor of torch." + name + "; float8 is not read");
      if (const auto dtype = DTypeOfName(name)) {
        Push(New(DTypeObject{*dtype}));
        return;
      }
    }
    Push(New(GlobalObject{full, opcode_at_}));
  }

  Opaque OpaqueOf(Object *callable) const {
    if (const auto *global = std::get_if<GlobalObject>(&callable->data)) return Opaque{global->name, global->offset};
    if (const auto *opaque = std::get_if<Opaque>(&callable->data)) return *opaque;
    Fail("the pickle calls something that is not a name");
  }

  Object *Reduce(Object *callable, const std::vector<Object *> &arguments) {
    const auto *global = std::get_if<GlobalObject>(&callable->data);
    if (global == nullptr) return New(OpaqueOf(callable));
    const std::string &name = global->name;
    if (name == "collections.OrderedDict") {
      Object *dict = New(DictObject{{}, true, nullptr});
      // OrderedDict() or, from Python 2, OrderedDict([[key, value], ...]).
      if (!arguments.empty()) {
        for (Object *item : Want<ListObject>(arguments[0], "a list of pairs")->items) {
          const auto *list = std::get_if<ListObject>(&item->data);
          const auto &pair = list != nullptr ? list->items : Want<TupleObject>(item, "a pair")->items;
          if (pair.size() != 2) Fail("an OrderedDict is made of something that is not pairs");
          SetItems(dict, pair);
        }
      }
      return dict;
    }
    if (name == "torch._utils._rebuild_tensor_v2" || name == "torch._utils._rebuild_tensor") {
      return RebuildTensor(arguments, nullptr, 6);
    }
    if (name == "torch._utils._rebuild_tensor_v3") {
      if (arguments.size() < 7) Fail("a tensor is described by too few arguments");
      return RebuildTensor(arguments, arguments[6], 7);
    }
    if (name == "torch._utils._rebuild_parameter" || name == "torch._utils._rebuild_parameter_with_state") {
      if (arguments.empty()) Fail("a parameter without data");
      return arguments[0];
    }
    return New(Opaque{name, global->offset});
  }

  // (storage, offset, size, stride, requires_grad, hooks[, dtype][, metadata])
  Object *RebuildTensor(const std::vector<Object *> &arguments, Object *dtype_argument, size_t metadata_index) {
    if (arguments.size() < 4) Fail("a tensor is described by too few arguments");
    if (arguments.size() > metadata_index) RefuseViews(arguments[metadata_index]);
    const auto *storage = std::get_if<StorageObject>(&arguments[0]->data);
    if (storage == nullptr) return New(OpaqueOf(arguments[0]));
    if (!storage->unsupported.empty()) return New(Opaque{storage->unsupported, storage->source_offset});
    std::optional<DType> dtype = storage->dtype;
    int64_t begin = storage->offset;  // both in elements of `dtype`
    int64_t elements = storage->elements;
    if (dtype_argument != nullptr) {
      const auto *named = std::get_if<DTypeObject>(&dtype_argument->data);
      if (named == nullptr) return New(OpaqueOf(dtype_argument));
      // The storage is counted in elements of its own type, or bytes; the tensor in elements of another.
      const auto from = static_cast<int64_t>(dtype ? SizeOf(*dtype) : 1);
      dtype = named->dtype;
      const auto to = static_cast<int64_t>(SizeOf(*dtype));
      if (begin * from % to != 0) Fail("a storage view does not begin at an element of its tensor");
      begin = begin * from / to;
      elements = elements * from / to;
    }
    if (!dtype) Fail("a tensor on an untyped storage does not say its type");
    int64_t offset = 0;
    if (__builtin_add_overflow(WantInt(arguments[1]), begin, &offset)) Fail("a tensor's offset overflows");
    return New(
        Tensor(*dtype, WantInts(arguments[2]), WantInts(arguments[3]), offset, storage->storage, begin + elements));
  }

  void RefuseViews(Object *metadata) {
    const auto *dict = std::get_if<DictObject>(&metadata->data);
    if (dict == nullptr) return;
    for (const auto &[key, value] : dict->items) {
      const auto *name = std::get_if<std::string>(&key->data);
      const auto *set = std::get_if<bool>(&value->data);
      if (name != nullptr && set != nullptr && *set && (*name == "conj" || *name == "neg")) {
        Fail("the file holds a lazy '" + *name + "' view of a tensor; save it with .resolve_" + *name + "()");
      }
    }
  }

  void Build(Object *target, Object *state) {
    if (std::holds_alternative<Opaque>(target->data)) return;
    auto *dict = std::get_if<DictObject>(&target->data);
    if (dict == nullptr || !dict->ordered) Fail("the pickle sets the state of something that has none; refused");
    dict->attributes = state;
  }

  // ('storage', type, key, location, elements[, view]) with view None or (view key, offset, elements).
  Object *LoadStorage(Object *id) {
    const auto &items = Want<TupleObject>(id, "a storage description")->items;
    if (items.size() < 5 || *Want<std::string>(items[0], "the word 'storage'") != "storage") {
      Fail("the pickle refers to something outside itself that is not a storage");
    }
    StorageObject storage;
    const auto *global = std::get_if<GlobalObject>(&items[1]->data);
    if (global == nullptr) Fail("a storage does not say its type");
    std::string_view type = global->name;
    for (const std::string_view prefix : {"torch.", "cuda."}) {
      if (type.starts_with(prefix)) type.remove_prefix(prefix.size());
    }
    if (type.starts_with("QInt") || type.starts_with("QUInt")) {
      Fail("the file holds a quantised tensor (" + global->name + "); only dense tensors of plain numbers are read");
    }
    storage.dtype = DTypeOfStorageName(type);
    storage.source_offset = global->offset;
    const bool untyped = IsUntypedStorage(type);
    if (!storage.dtype && !untyped) storage.unsupported = global->name;
    storage.elements = WantInt(items[4]);
    if (storage.elements < 0) Fail("a storage has a negative size");
    const size_t element_size = storage.dtype ? SizeOf(*storage.dtype) : 1;
    if (storage.elements > INT64_MAX / 16) Fail("a storage is larger than any file");
    const std::string *key = std::get_if<std::string>(&items[2]->data);
    if (key == nullptr) Fail("a storage has no name");
    if (storage.unsupported.empty()) storage.storage = storages_.Find(*key, storage.elements, element_size);
    if (items.size() > 5 && !std::holds_alternative<std::monostate>(items[5]->data)) {
      const auto &view = Want<TupleObject>(items[5], "a storage view")->items;
      if (view.size() != 3) Fail("a storage view is not described by three items");
      const int64_t offset = WantInt(view[1]);
      const int64_t elements = WantInt(view[2]);
      if (offset < 0 || elements < 0 || offset > storage.elements || elements > storage.elements - offset) {
        Fail("a storage view reaches outside its storage");
      }
      storage.offset = offset;
      storage.elements = elements;
    }
    return New(std::move(storage));
  }

  ValuePtr Convert(Object *object, int depth) {
    if (!object->converted) {
      if (object->converting) Fail("the pickle holds an object that contains itself");
      if (depth > kMaxDepth) Fail("the pickle nests deeper than 100 levels");
      object->converting = true;
      const int siblings = std::exchange(deepest_child_, 0);
      object->converted = std::visit([&](auto &data) { return ConvertData(data, depth + 1); }, object->data);
      object->height = std::exchange(deepest_child_, siblings) + 1;
      object->converting = false;
      // Objects that were converted before may be nested again, level by level: the depth of this call does not see
      // that.
      if (object->height > kMaxDepth) Fail("the pickle nests deeper than 100 levels");
    }
    deepest_child_ = std::max(deepest_child_, object->height);
    return object->converted;
  }

  template <typename T>
  ValuePtr ConvertData(T &data, int) {
    return MakeValue(std::move(data));
  }
  ValuePtr ConvertData(MarkObject &, int) { Fail("the pickle takes a mark for a value"); }
  ValuePtr ConvertData(GlobalObject &global, int) { return MakeValue(Opaque{global.name, global.offset}); }
  ValuePtr ConvertData(DTypeObject &dtype, int) {
    return MakeValue(Opaque{std::string("torch.") + NameOf(dtype.dtype), opcode_at_});
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
    std::unordered_map<std::string, size_t> position;
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

  std::span<const std::byte> bytes_;
  StorageSource &storages_;
  size_t position_ = 0;
  size_t opcode_at_ = 0;
  int deepest_child_ = 0;  // of the object that is being converted
  std::deque<Object> objects_;
  Object none_;
  Object true_{true, nullptr, false, 0};
  Object false_{false, nullptr, false, 0};
  std::vector<Object *> stack_;
  std::unordered_map<uint64_t, Object *> memo_;
};

}  // namespace

PickleResult ReadPickle(std::span<const std::byte> bytes, StorageSource &storages) {
  return Machine(bytes, storages).Run();
}

}  // namespace action
