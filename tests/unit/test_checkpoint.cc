// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The checkpoint reader on hand-made files. Files that PyTorch writes are compared in tests/parity/test_checkpoint.py.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "action/checkpoint/checkpoint.h"
#include "action/error.h"
#include "action/r3d18_spec.h"

namespace action {
namespace {

std::string PathOf(const std::string &name) {
  return (std::filesystem::path(testing::TempDir()) / name).string();
}

std::shared_ptr<const std::vector<std::byte>> BytesOf(const std::string &text) {
  const auto *first = reinterpret_cast<const std::byte *>(text.data());
  return std::make_shared<std::vector<std::byte>>(first, first + text.size());
}

// What the reader says of a file; empty when it reads it.
std::string Refusal(const std::string &content) {
  try {
    ParseCheckpoint(BytesOf(content), "FILE");
    return "";
  } catch (const Error &e) {
    return e.what();
  }
}

// A legacy file is a row of pickles: the simplest way to give the pickle machine something to chew on.
std::string Legacy(const std::string &pickle, const std::string &keys = "\x80\x02].") {
  using namespace std::string_literals;
  return "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s + "\x80\x02M\xe9\x03."s + "\x80\x02}."s + pickle +
         keys;
}

std::string Repeat(const std::string &part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i)
    out += part;
  return out;
}

std::string Safetensors(const std::string &header, const std::string &data) {
  const uint64_t length = header.size();
  std::string out(reinterpret_cast<const char *>(&length), sizeof length);
  return out + header + data;
}

#define EXPECT_REFUSED(content, part)                                                \
  do {                                                                               \
    const std::string refusal = Refusal(content);                                    \
    EXPECT_NE(refusal.find(part), std::string::npos) << "said: '" << refusal << "'"; \
    EXPECT_NE(refusal.find("FILE"), std::string::npos);                              \
  } while (false)

TEST(Checkpoint, NamesWhatItCannotRead) {
  EXPECT_REFUSED("", "empty");
  EXPECT_REFUSED("Hello, this is a text file", "Hello, this is");
  std::string tar(600, '\0');
  tar.replace(257, 5, "ustar");
  EXPECT_REFUSED(tar, "tar format");
  EXPECT_REFUSED("PK\x03\x04 and then nothing useful at all..", "no directory");
  EXPECT_THROW(ReadCheckpoint(PathOf("does-not-exist.pt")), Error);
  EXPECT_THROW(ReadCheckpoint(testing::TempDir()), Error) << "a folder";
  const std::string fifo = PathOf("fifo.pt");
  std::filesystem::remove(fifo);
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THROW(ReadCheckpoint(fifo), Error) << "must not wait for a writer";
}

TEST(Pickle, RunsNothing) {
  using namespace std::string_literals;
  // The classic: os.system('touch FILE'). It becomes an inert object.
  const std::string proof = PathOf("ran");
  std::filesystem::remove(proof);
  const std::string command = "touch " + proof;
  const std::string pickle =
      "\x80\x02"
      "cos\nsystem\nX"s +
      static_cast<char>(command.size()) + "\0\0\0"s + command + "\x85R.";
  const Checkpoint read = ParseCheckpoint(BytesOf(Legacy(pickle)), "FILE");
  const auto *opaque = read.root->As<Opaque>();
  ASSERT_NE(opaque, nullptr);
  EXPECT_EQ(opaque->what, "os.system");
  EXPECT_EQ(opaque->offset, 2u);
  EXPECT_FALSE(std::filesystem::exists(proof));
  EXPECT_THROW(ToStateDict(read), Error);
}

TEST(Pickle, RefusesWhatHasNoPlaceInACheckpoint) {
  using namespace std::string_literals;
  EXPECT_REFUSED(Legacy("\x80\x02"
                        "ctorch.storage\n_load_from_bytes\n."s),
                 "_load_from_bytes");
  EXPECT_REFUSED(Legacy("\x80\x02"
                        "ctorch._utils\n_rebuild_sparse_tensor\n."s),
                 "sparse");
  EXPECT_REFUSED(Legacy("\x80\x02"
                        "ctorch._utils\n_rebuild_qtensor\n."s),
                 "quantised");
  EXPECT_REFUSED(Legacy("\x80\x02"
                        "ctorch\nfloat8_e4m3fn\n."s),
                 "float8");
  EXPECT_REFUSED(Legacy("\x80\x02"
                        "ios\nsystem\n."s),
                 "0x69");
  EXPECT_REFUSED(Legacy("\x80\x02]}b."s), "sets the state");
  EXPECT_REFUSED(Legacy("\x80\x07N."s), "protocol 7");
  EXPECT_REFUSED(Legacy("\x80\x02."s), "empty stack");
  EXPECT_REFUSED(Legacy("\x80\x02h\x05."s), "did not remember");
  EXPECT_REFUSED(Legacy("\x80\x02(."s), "mark");
  EXPECT_REFUSED(Legacy("\x80\x02"
                        "e."s),
                 "mark");
  EXPECT_REFUSED(Legacy("\x80\x02X\xff\xff\xff\x7f"s), "ends in the middle");
}

TEST(Pickle, RefusesBombs) {
  using namespace std::string_literals;
  EXPECT_REFUSED(Legacy("\x80\x02]q\x00h\x00"
                        "a."s),
                 "contains itself");
  EXPECT_REFUSED(Legacy("\x80\x02"s + std::string(200, ']') + std::string(199, 'a') + "."), "100 levels");
  EXPECT_REFUSED(Legacy("\x80\x02"s + std::string(1'100'000, 'N') + "."), "million");
  EXPECT_REFUSED(Legacy("\x80\x02"s + Repeat("]0", 1'500'000) + "."), "MiB of objects");
  EXPECT_REFUSED(Legacy("\x80\x02"s + std::string(1'000, '(') + "."), "mark");
  // "A billion laughs": each list holds the one before twice. Shared, so reading it is cheap.
  std::string laughs = "\x80\x02]";
  for (int i = 0; i < 90; ++i)
    laughs += "q"s + static_cast<char>(i) + "]h" + static_cast<char>(i) + "ah" + static_cast<char>(i) + "a";
  EXPECT_EQ(Refusal(Legacy(laughs + ".")), "");
}

// Few bytes that ask for a copy of many, over and over.
TEST(Pickle, RefusesToCopyWithoutEnd) {
  using namespace std::string_literals;
  const std::string call = "h\0h\1R0"s;  // memo 0 called with memo 1
  const std::string pairs = "](" + Repeat("NN\x86", 10'000) + "e\x85q\1"s;
  EXPECT_REFUSED(Legacy("\x80\2ccollections\nOrderedDict\nq\0"s + pairs + Repeat(call, 5'000) + "."), "MiB of objects");
  EXPECT_REFUSED(Legacy("\x80\2ca\n"s + std::string(900, 'b') + "\nq\0)q\1"s + Repeat(call, 500'000) + "."),
                 "MiB of objects");
  EXPECT_REFUSED(Legacy("\x80\2ca\n"s + std::string(5'000, 'b') + "\n."), "5001 letters");
}

TEST(Pickle, RefusesNestingThroughSharedObjects) {
  using namespace std::string_literals;
  // A tuple wraps the one before 90 times, again and again: no single item is deeper than 100 by itself.
  std::string pickle = "\x80\x02](N"s;
  for (int i = 0; i < 50; ++i)
    pickle += std::string(90, '\x85') + "q\x01h\x01"s;
  EXPECT_REFUSED(Legacy(pickle + "e."), "100 levels");
}

// 100 views of 2^22 float32 on one element of 4 bytes: 1.6 GB when they are unfolded.
TEST(Pickle, RefusesViewsThatRepeatAFewBytesWithoutEnd) {
  using namespace std::string_literals;
  const std::string storage =
      "(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0"
      "0X\x03\0\0\0cpuK\x01tQq\x01"s;
  const std::string view = "ctorch._utils\n_rebuild_tensor_v2\n(h\x01K\0J\0\0\x40\0\x85K\0\x85\x89}tRa"s;
  const auto file = [&](int count) {
    return Legacy("\x80\x02"s + storage + "0]" + Repeat(view, count) + ".",
                  "\x80\x02]X\x01\0\0\0"
                  "0a."s +
                      std::string("\x01\0\0\0\0\0\0\0", 8) + std::string(4, '\0'));
  };
  EXPECT_EQ(Refusal(file(2)), "");
  EXPECT_REFUSED(file(100), "repeat the 4 bytes of their storages too often");
}

TEST(Pickle, CountsAStorageViewInItsOwnElements) {
  using namespace std::string_literals;
  // A view of 8 bytes at byte 24 of a byte storage of 32, taken as float64: offset 3, one element. A second element
  // would lie outside.
  const auto file = [](const std::string &size) {
    const std::string storage =
        "((X\x07\0\0\0storagectorch\nByteStorage\nX\x01\0\0\0"
        "0X\x03\0\0\0cpuK (X\x01\0\0\0vK\x18K\x08ttQ"s;
    return Legacy(
        "\x80\x02"
        "ctorch._utils\n_rebuild_tensor_v3\n"s +
            storage + "K\0K"s + size + "\x85K\x01\x85\x89}ctorch\nfloat64\ntR."s,
        "\x80\x02]X\x01\0\0\0"
        "0a."s +
            std::string("\x20\0\0\0\0\0\0\0", 8) + std::string(24, '\0') + "\0\0\0\0\0\0\xf8\x3f"s);
  };
  const Checkpoint read = ParseCheckpoint(BytesOf(file("\x01")), "FILE");
  ASSERT_NE(read.root->As<Tensor>(), nullptr);
  EXPECT_EQ(read.root->As<Tensor>()->ToFloats(), std::vector<float>{1.5f});
  EXPECT_REFUSED(file("\x02"), "outside its storage");
}

TEST(Pickle, KnowsParametersWithStateAndLazyViews) {
  using namespace std::string_literals;
  const Checkpoint read =
      ParseCheckpoint(BytesOf(Legacy("\x80\x02"
                                     "ctorch._utils\n_rebuild_parameter_with_state\n(K\x05\x88}}tR."s)),
                      "FILE");
  ASSERT_NE(read.root->As<int64_t>(), nullptr);
  EXPECT_EQ(*read.root->As<int64_t>(), 5) << "the parameter's data; its state is ignored";
  for (const std::string view : {"conj", "neg"}) {
    const std::string pickle =
        "\x80\x02"
        "ctorch._utils\n_rebuild_tensor_v2\n(NK\0K\1\x85K\1\x85\x89}}X"s +
        static_cast<char>(view.size()) + "\0\0\0"s + view + "\x88stR."s;
    EXPECT_REFUSED(Legacy(pickle), "lazy '" + view + "' view");
  }
}

TEST(Tensor, ChecksItsView) {
  const auto storage = std::make_shared<Storage>();
  const auto make = [&](std::vector<int64_t> shape, std::vector<int64_t> stride, int64_t offset, int64_t elements) {
    return Tensor(DType::kFloat32, std::move(shape), std::move(stride), offset, storage, elements);
  };
  EXPECT_NO_THROW(make({2, 3}, {3, 1}, 0, 6));
  EXPECT_THROW(make({2, 3}, {3, 1}, 1, 6), Error) << "one too far";
  EXPECT_THROW(make({2, 3}, {3, -1}, 0, 6), Error) << "negative stride";
  EXPECT_THROW(make({2, 3}, {3, 1}, -1, 6), Error) << "negative offset";
  EXPECT_THROW(make({2, -3}, {3, 1}, 0, 6), Error) << "negative size";
  EXPECT_THROW(make({2}, {3, 1}, 0, 6), Error) << "strides do not fit the shape";
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max() / 2;
  EXPECT_THROW(make({kHuge, kHuge}, {1, 1}, 0, 6), Error) << "the product overflows";
  EXPECT_THROW(make({3}, {kHuge}, 0, 6), Error) << "the extent overflows";
  EXPECT_THROW(make({int64_t{1} << 40}, {0}, 0, 1), Error) << "a broadcast of one element to terabytes";
  EXPECT_NO_THROW(make({0, 5}, {5, 1}, 0, 0)) << "empty";
}

TEST(Tensor, StrideOfASingleElementMeansNothing) {
  const auto storage = std::make_shared<Storage>();
  const float values[] = {0, 1, 2, 3};
  storage->bytes = std::as_bytes(std::span(values));
  const Tensor odd(DType::kFloat32, {1, 2}, {std::numeric_limits<int64_t>::max(), 2}, 1, storage, 4);
  EXPECT_EQ(odd.ToFloats(), (std::vector<float>{1, 3}));
}

TEST(Tensor, ConvertsToFloat) {
  const auto of = [](DType dtype, std::vector<uint8_t> raw, std::vector<int64_t> shape) {
    std::vector<std::byte> bytes(raw.size());
    std::memcpy(bytes.data(), raw.data(), raw.size());
    return Tensor::FromBytes(dtype, std::move(shape), std::move(bytes)).ToFloats();
  };
  EXPECT_EQ(of(DType::kFloat16, {0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c}, {4}),
            (std::vector<float>{1.0f, -2.0f, 5.9604645e-8f, std::numeric_limits<float>::infinity()}));
  EXPECT_EQ(of(DType::kBFloat16, {0x80, 0x3f, 0x00, 0xc0}, {2}), (std::vector<float>{1.0f, -2.0f}));
  EXPECT_EQ(of(DType::kInt8, {0xff, 0x05}, {2}), (std::vector<float>{-1.0f, 5.0f}));
  EXPECT_EQ(of(DType::kBool, {0x00, 0x01}, {2}), (std::vector<float>{0.0f, 1.0f}));
}

TEST(Safetensors, ChecksOffsets) {
  const std::string data(8, '\0');
  EXPECT_EQ(Refusal(Safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", data)), "");
  EXPECT_REFUSED(Safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,16]}})", data), "bytes 0 to 16");
  EXPECT_REFUSED(Safetensors(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", data), "has 8 bytes");
  EXPECT_REFUSED(Safetensors(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", data), "negative");
  EXPECT_REFUSED(Safetensors(R"({"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}})", data), "F8_E4M3");
  EXPECT_REFUSED(Safetensors(R"({"a":{"dtype":"F32","shape":[1e300],"data_offsets":[0,8]}})", data), "1e+300");
  EXPECT_REFUSED(Safetensors(R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", data), "2.0");
  EXPECT_REFUSED(Safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,8]}})", data), "-8");
  EXPECT_REFUSED(Safetensors(R"({"a":{"dtype":"F32"}})", data), "header");
  EXPECT_REFUSED(Safetensors(R"({"a":)" + std::string(1'000'000, '['), data), "not a table");
  EXPECT_REFUSED(Safetensors(R"({"a":[0)" + Repeat(",0", 3'000'000) + "]}", data), "not a table");
  EXPECT_REFUSED(Safetensors(R"({"a":[)", data), "header");
  EXPECT_REFUSED(std::string("\xff\xff\x00\x00\x00\x00\x00\x00{", 9), "longer than the file");
  EXPECT_REFUSED(Safetensors(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}})", data),
                 "more elements");
}

StateDict Small() {
  StateDict state;
  state.entries.emplace_back("b", Tensor::FromFloats({2, 2}, {1, 2, 3, 4}));
  state.entries.emplace_back("a", Tensor::FromInts({}, {7}));
  state.metadata["stand-in"] = "seed 1";
  return state;
}

class RoundTrip : public testing::TestWithParam<const char *> {};

TEST_P(RoundTrip, KeepsNamesValuesAndMetadata) {
  const std::string path = PathOf(std::string("round-trip") + GetParam());
  WriteStateDict(path, Small());
  const StateDict read = ToStateDict(ReadCheckpoint(path));
  ASSERT_EQ(read.entries.size(), 2u);
  EXPECT_EQ(read.entries[0].first, "b");
  EXPECT_EQ(read.entries[0].second.ToFloats(), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(read.entries[1].second.dtype(), DType::kInt64);
  EXPECT_EQ(read.metadata.at("stand-in"), "seed 1");
  EXPECT_TRUE(IsStandIn(read));
}

INSTANTIATE_TEST_SUITE_P(Formats, RoundTrip, testing::Values(".pt", ".pth", ".safetensors"));

TEST(StateDict, IsFoundWhereTrainersPutIt) {
  const auto parse = [](Dict dict) {
    Checkpoint checkpoint;
    checkpoint.path = "FILE";
    checkpoint.root = MakeValue(std::move(dict));
    return ToStateDict(checkpoint);
  };
  const ValuePtr tensor = MakeValue(Tensor::FromFloats({1}, {1}));
  Dict inner;
  inner.items = {{MakeValue(std::string("module.w")), tensor}, {MakeValue(std::string("module.v")), tensor}};
  Dict outer;
  outer.items = {{MakeValue(std::string("epoch")), MakeValue(int64_t{3})},
                 {MakeValue(std::string("state_dict")), MakeValue(inner)}};
  const StateDict state = parse(outer);
  ASSERT_EQ(state.entries.size(), 2u);
  EXPECT_EQ(state.entries[0].first, "w") << "the prefix of DataParallel goes";

  outer.items.push_back({MakeValue(std::string("best_acc1")), tensor});
  EXPECT_EQ(parse(outer).entries.size(), 2u) << "a tensor beside it, as PyTorch's ImageNet example writes";

  inner.items[1].first = MakeValue(std::string("v"));
  EXPECT_EQ(parse(inner).entries[0].first, "module.w") << "unless it is not on all names";

  inner.items[1].second = MakeValue(Opaque{"numpy.core.multiarray.scalar", 123});
  try {
    parse(inner);
    FAIL();
  } catch (const Error &e) {
    EXPECT_NE(std::string(e.what()).find("numpy.core.multiarray.scalar (byte 123"), std::string::npos) << e.what();
  }
}

TEST(StateDict, LosesWhatWrappersPutBeforeItsNames) {
  const auto parse = [](const std::vector<std::string> &names) {
    Dict dict;
    for (const std::string &name : names)
      dict.items.emplace_back(MakeValue(name), MakeValue(Tensor::FromFloats({1}, {1})));
    Checkpoint checkpoint;
    checkpoint.root = MakeValue(std::move(dict));
    return ToStateDict(checkpoint);
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"stem.0.weight", ""},
      {"module.stem.0.weight", "module."},
      {"_orig_mod.stem.0.weight", "_orig_mod."},
      {"model.stem.0.weight", "model."},
      {"backbone.stem.0.weight", "backbone."},
      {"net.stem.0.weight", "net."},
      {"module._orig_mod.model.stem.0.weight", "module._orig_mod.model."}};
  for (const auto &[name, prefix] : cases) {
    const StateDict state = parse({name, prefix + "fc.bias"});
    EXPECT_EQ(state.prefix, prefix);
    EXPECT_EQ(state.entries[0].first, "stem.0.weight");
    EXPECT_EQ(state.entries[1].first, "fc.bias");
  }
  // A head's layers are called so themselves.
  const StateDict head = parse({"module.net.0.weight", "module.net.7.bias"});
  EXPECT_EQ(head.prefix, "module.");
  EXPECT_EQ(head.entries[0].first, "net.0.weight");
}

// A small file whose tensors together are large: a view each of the same storage.
TEST(StateDict, IsNotLargerThanItsFile) {
  const std::string path = PathOf("shared.pt");
  Dict dict;
  const Tensor large = Tensor::FromFloats({1 << 20}, std::vector<float>(1 << 20));
  dict.items.emplace_back(MakeValue(std::string("one")), MakeValue(large));
  WriteTorchZip(path, Value{dict});
  Checkpoint checkpoint = ReadCheckpoint(path);
  for (int i = 0; i < 15; ++i)
    dict.items.emplace_back(MakeValue("k" + std::to_string(i)), MakeValue(large));
  checkpoint.root = MakeValue(dict);
  EXPECT_NO_THROW(ToStateDict(checkpoint)) << "64 MiB of 4, as tied weights may have";
  for (int i = 15; i < 20'000; ++i)
    dict.items.emplace_back(MakeValue("k" + std::to_string(i)), MakeValue(large));
  checkpoint.root = MakeValue(dict);
  try {
    ToStateDict(checkpoint);
    FAIL();
  } catch (const Error &e) {
    EXPECT_NE(std::string(e.what()).find("they share what they hold"), std::string::npos) << e.what();
  }
}

class TorchZip : public testing::Test {
 protected:
  // A file of two tensors, as text.
  std::string Written() const {
    const std::string path = PathOf("zip.pt");
    StateDict state;
    state.entries.emplace_back("a", Tensor::FromFloats({64}, std::vector<float>(64, 1)));
    state.entries.emplace_back("b", Tensor::FromFloats({64}, std::vector<float>(64, 2)));
    WriteStateDict(path, state);
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Where the directory's entry of a record begins.
  size_t EntryOf(const std::string &file, const std::string &record) const { return file.rfind(record) - 46; }
};

TEST_F(TorchZip, ADamagedRecordIsRefused) {
  EXPECT_EQ(Refusal(Written()), "");
  for (const char *record : {"zip/data/0", "zip/data/1", "zip/data.pkl"}) {
    std::string file = Written();
    uint32_t header = 0;
    std::memcpy(&header, file.data() + EntryOf(file, record) + 42, sizeof header);
    uint16_t name = 0, extra = 0;
    std::memcpy(&name, file.data() + header + 26, sizeof name);
    std::memcpy(&extra, file.data() + header + 28, sizeof extra);
    // In the pickle, a letter of the first key; in a storage, any bit.
    const size_t at =
        header + 30u + name + extra +
        (std::string(record) == "zip/data.pkl" ? file.substr(header).find("X\x01") - 30u - name - extra + 5u : 17u);
    file[at] = static_cast<char>(file[at] ^ 1);
    EXPECT_REFUSED(file, std::string("the record ") + record + " is damaged");
    // PyTorch can leave the checksum out; it is 0 then.
    std::memset(file.data() + EntryOf(file, record) + 16, 0, 4);
    EXPECT_EQ(Refusal(file), "");
  }
}

TEST_F(TorchZip, RecordsOnTheSameBytesAreRefused) {
  std::string file = Written();
  // The directory says that the second storage lies where the first does; its bytes and its checksum fit.
  std::memcpy(file.data() + EntryOf(file, "zip/data/1") + 42, file.data() + EntryOf(file, "zip/data/0") + 42, 4);
  std::memcpy(file.data() + EntryOf(file, "zip/data/1") + 16, file.data() + EntryOf(file, "zip/data/0") + 16, 4);
  EXPECT_REFUSED(file, "lie on the same bytes");
}

StateDict Zeros() {
  StateDict state;
  for (const ParameterSpec &p : R3d18Parameters()) {
    state.entries.emplace_back(
        p.name, Tensor::FromFloats(p.shape, std::vector<float>(static_cast<size_t>(CheckedNumel(p.shape)))));
  }
  return state;
}

TEST(R3d18Spec, HasTorchvisionsEntries) {
  EXPECT_EQ(R3d18Parameters().size(), 122u);
  StateDict state = Zeros();
  EXPECT_NO_THROW(CheckR3d18(state, "FILE"));
  std::erase_if(state.entries, [](const auto &e) { return e.first.starts_with("fc."); });
  EXPECT_NO_THROW(CheckR3d18(state, "FILE"));
  std::erase_if(state.entries, [](const auto &e) { return e.first.ends_with("num_batches_tracked"); });
  EXPECT_NO_THROW(CheckR3d18(state, "FILE"));
}

TEST(R3d18Spec, RefusesValuesThatNoNetworkHas) {
  const auto said = [](const std::string &name, const std::function<Tensor(const Tensor &)> &change) -> std::string {
    StateDict state = Zeros();
    for (auto &[key, tensor] : state.entries) {
      if (key == name) tensor = change(tensor);
    }
    try {
      CheckR3d18(state, "FILE");
      return "";
    } catch (const Error &e) {
      return e.what();
    }
  };
  const auto filled = [](float value) {
    return [value](const Tensor &like) {
      return Tensor::FromFloats(like.shape(), std::vector<float>(static_cast<size_t>(like.numel()), value));
    };
  };
  EXPECT_NE(said("stem.0.weight", filled(std::numeric_limits<float>::quiet_NaN())).find("stem.0.weight is not finite"),
            std::string::npos);
  EXPECT_NE(said("layer1.0.conv1.1.running_var", filled(-1)).find("running_var is negative"), std::string::npos);
  // Each is a number; what they are folded to is not.
  EXPECT_EQ(said("stem.1.bias", filled(3e38f)), "");
  EXPECT_EQ(said("stem.0.weight", filled(3e38f)), "") << "a batch norm of zeros";
  StateDict large = Zeros();
  for (auto &[key, tensor] : large.entries) {
    if (key == "layer3.0.downsample.0.weight") tensor = filled(1e30f)(tensor);
    if (key == "layer3.0.downsample.1.weight") tensor = filled(1e10f)(tensor);
  }
  try {
    CheckR3d18(large, "FILE");
    FAIL();
  } catch (const Error &e) {
    EXPECT_NE(std::string(e.what()).find("layer3.0.downsample.0 and the batch norm after it"), std::string::npos)
        << e.what();
  }
  EXPECT_NE(said("stem.1.weight",
                 [](const Tensor &like) {
                   return Tensor::FromInts(like.shape(), std::vector<int64_t>(static_cast<size_t>(like.numel()), 1));
                 })
                .find("stem.1.weight is of int64"),
            std::string::npos);
}

TEST(R3d18Spec, ListsEveryProblemInOneError) {
  StateDict state = Zeros();
  std::erase_if(state.entries,
                [](const auto &e) { return e.first == "stem.0.weight" || e.first == "layer4.1.conv2.1.bias"; });
  state.entries.emplace_back("layer9.weight", Tensor::FromFloats({1}, {0}));
  for (auto &[name, tensor] : state.entries) {
    if (name == "layer1.0.conv1.0.weight") tensor = Tensor::FromFloats({1, 2}, {0, 0});
  }
  try {
    CheckR3d18(state, "FILE");
    FAIL();
  } catch (const Error &e) {
    const std::string text = e.what();
    for (const char *part : {"FILE", "stem.0.weight", "layer4.1.conv2.1.bias", "layer9.weight",
                             "layer1.0.conv1.0.weight is [1, 2] and should be [64, 64, 3, 3, 3]"}) {
      EXPECT_NE(text.find(part), std::string::npos) << text;
    }
  }
}

}  // namespace
}  // namespace action
