// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Writes PyTorch's zip format: pickle protocol 2, stored records, data aligned to 64 bytes as torch.save does.
#include <array>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "action/atomic_file.h"
#include "action/checkpoint/checkpoint.h"
#include "action/error.h"

namespace action {
namespace {

constexpr uint64_t kAlignment = 64;

template <typename T>
void Append(std::string &out, T value) {
  out.append(reinterpret_cast<const char *>(&value), sizeof(value));
}

const char *StorageNameOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return "DoubleStorage";
    case DType::kFloat32:
      return "FloatStorage";
    case DType::kFloat16:
      return "HalfStorage";
    case DType::kBFloat16:
      return "BFloat16Storage";
    case DType::kInt64:
      return "LongStorage";
    case DType::kInt32:
      return "IntStorage";
    case DType::kInt16:
      return "ShortStorage";
    case DType::kInt8:
      return "CharStorage";
    case DType::kUInt8:
      return "ByteStorage";
    case DType::kBool:
      return "BoolStorage";
  }
  return "FloatStorage";
}

// Pickles a value; tensors are numbered, their data left to the caller.
class Pickler {
 public:
  std::string Dump(const Value &root) {
    out_ += std::string_view("\x80\x02", 2);
    Write(root);
    out_ += '.';
    return std::move(out_);
  }

  const std::vector<const Tensor *> &tensors() const { return tensors_; }

 private:
  void Write(const Value &value) {
    std::visit([this](const auto &data) { Put(data); }, value.data);
  }

  void Put(std::monostate) { out_ += 'N'; }
  void Put(bool value) { out_ += value ? '\x88' : '\x89'; }
  void Put(double) {
    throw Error(
        "a float cannot be written: weights_only of PyTorch 1.13 does not read it. Use a tensor of one element");
  }
  void Put(const Bytes &) { throw Error("bytes cannot be written to a checkpoint"); }
  void Put(const Opaque &opaque) { throw Error("an object of " + opaque.what + " cannot be written to a checkpoint"); }

  void Put(int64_t value) {
    if (value >= 0 && value < 256) {
      out_ += 'K';
      Append(out_, static_cast<uint8_t>(value));
    } else if (value >= INT32_MIN && value <= INT32_MAX) {
      out_ += 'J';
      Append(out_, static_cast<int32_t>(value));
    } else {
      out_ += "\x8a\x08";
      Append(out_, value);
    }
  }

  void Put(const std::string &text) {
    out_ += 'X';
    Append(out_, static_cast<uint32_t>(text.size()));
    out_ += text;
  }

  void Put(const List &list) {
    out_ += "](";
    for (const ValuePtr &item : list.items)
      Write(*item);
    out_ += 'e';
  }

  void Put(const Tuple &tuple) {
    out_ += '(';
    for (const ValuePtr &item : tuple.items)
      Write(*item);
    out_ += 't';
  }

  void Put(const Dict &dict) {
    if (dict.ordered) {
      out_ += "ccollections\nOrderedDict\n)R(";
    } else {
      out_ += "}(";
    }
    for (const auto &[key, value] : dict.items) {
      Write(*key);
      Write(*value);
    }
    out_ += 'u';
    if (dict.ordered && dict.attributes) {
      Write(*dict.attributes);
      out_ += 'b';
    }
  }

  void Put(const Tensor &tensor) {
    out_ += "ctorch._utils\n_rebuild_tensor_v2\n((";
    Put(std::string("storage"));
    out_ += std::string("ctorch\n") + StorageNameOf(tensor.dtype()) + "\n";
    Put(std::to_string(tensors_.size()));
    Put(std::string("cpu"));
    Put(tensor.numel());
    out_ += "tQ";
    Put(int64_t{0});
    PutInts(tensor.shape());
    PutInts(ContiguousStride(tensor.shape()));
    out_ +=
        "\x89"
        "ccollections\nOrderedDict\n)RtR";
    tensors_.push_back(&tensor);
  }

  void PutInts(std::span<const int64_t> values) {
    out_ += '(';
    for (const int64_t value : values)
      Put(value);
    out_ += 't';
  }

  std::string out_;
  std::vector<const Tensor *> tensors_;
};

uint32_t Crc32(std::span<const std::byte> bytes) {
  static constexpr auto kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k)
        c = (c & 1) != 0 ? 0xedb88320u ^ (c >> 1) : c >> 1;
      table[i] = c;
    }
    return table;
  }();
  uint32_t crc = ~0u;
  for (const std::byte b : bytes)
    crc = kTable[(crc ^ static_cast<uint8_t>(b)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

class ZipWriter {
 public:
  explicit ZipWriter(const std::string &path) : out_(path), path_(path) {}

  void Add(const std::string &name, std::span<const std::byte> data) {
    // The local header's extra field is stretched so that the data starts at a multiple of 64.
    constexpr uint64_t kHeader = 30;
    constexpr uint64_t kExtraHeader = 4;
    const uint64_t start = out_.size() + kHeader + name.size() + kExtraHeader;
    const auto padding = static_cast<uint16_t>((kAlignment - start % kAlignment) % kAlignment);
    if (out_.size() + data.size() > UINT32_MAX - (1u << 20)) {
      throw Error("cannot write " + path_ + ": the file would have 4 GiB or more, which this writer does not make");
    }
    std::string common;
    Append<uint16_t>(common, 0);  // flags
    Append<uint16_t>(common, 0);  // stored
    Append<uint16_t>(common, 0);  // time and date are fixed: same content, same file
    Append<uint16_t>(common, 0x21);
    Append<uint32_t>(common, Crc32(data));
    Append<uint32_t>(common, static_cast<uint32_t>(data.size()));
    Append<uint32_t>(common, static_cast<uint32_t>(data.size()));
    Append<uint16_t>(common, static_cast<uint16_t>(name.size()));

    std::string &entry = directory_;
    Append<uint32_t>(entry, 0x02014b50);
    Append<uint16_t>(entry, 20);
    Append<uint16_t>(entry, 20);
    entry += common;
    entry.append(2 + 2 + 2 + 2 + 4, '\0');  // extra, comment, disk, attributes
    Append<uint32_t>(entry, static_cast<uint32_t>(out_.size()));
    entry += name;
    ++entries_;

    std::string local;
    Append<uint32_t>(local, 0x04034b50);
    Append<uint16_t>(local, 20);
    local += common;
    Append<uint16_t>(local, static_cast<uint16_t>(kExtraHeader + padding));
    local += name;
    Append<uint16_t>(local, 0x4246);  // 'FB', PyTorch's own padding field
    Append<uint16_t>(local, padding);
    local.append(padding, 'Z');
    out_.Write(local);
    out_.Write(data);
  }

  void Add(const std::string &name, std::string_view text) { Add(name, std::as_bytes(std::span(text))); }

  void Finish() {
    if (entries_ >= UINT16_MAX) throw Error("cannot write " + path_ + ": more than 65,534 tensors");
    const auto offset = static_cast<uint32_t>(out_.size());
    out_.Write(directory_);
    std::string end;
    Append<uint32_t>(end, 0x06054b50);
    Append<uint32_t>(end, 0);
    Append<uint16_t>(end, static_cast<uint16_t>(entries_));
    Append<uint16_t>(end, static_cast<uint16_t>(entries_));
    Append<uint32_t>(end, static_cast<uint32_t>(directory_.size()));
    Append<uint32_t>(end, offset);
    Append<uint16_t>(end, 0);
    out_.Write(end);
    out_.Commit();
  }

 private:
  AtomicFile out_;
  const std::string path_;
  std::string directory_;
  uint32_t entries_ = 0;
};

}  // namespace

void WriteTorchZip(const std::string &path, const Value &root) {
  Pickler pickler;
  const std::string pickle = pickler.Dump(root);
  std::string name = std::filesystem::path(path).stem().string();
  if (name.empty()) name = "archive";
  ZipWriter zip(path);
  zip.Add(name + "/data.pkl", pickle);
  zip.Add(name + "/byteorder", "little");
  for (size_t i = 0; i < pickler.tensors().size(); ++i) {
    zip.Add(name + "/data/" + std::to_string(i), pickler.tensors()[i]->ToBytes());
  }
  zip.Add(name + "/version", "3\n");
  zip.Finish();
}

void WriteTorchZip(const std::string &path, const StateDict &state) {
  Dict dict;
  dict.ordered = true;
  for (const auto &[name, tensor] : state.entries)
    dict.items.emplace_back(MakeValue(name), MakeValue(tensor));
  if (!state.metadata.empty()) {
    Dict facts;
    for (const auto &[key, value] : state.metadata)
      facts.items.emplace_back(MakeValue(key), MakeValue(value));
    Dict modules;
    modules.ordered = true;
    modules.items.emplace_back(MakeValue(std::string("gst-action")), MakeValue(std::move(facts)));
    Dict attributes;
    attributes.items.emplace_back(MakeValue(std::string("_metadata")), MakeValue(std::move(modules)));
    dict.attributes = MakeValue(std::move(attributes));
  }
  WriteTorchZip(path, Value{std::move(dict)});
}

}  // namespace action
