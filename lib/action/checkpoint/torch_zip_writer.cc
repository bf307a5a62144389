// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Writes PyTorch's zip format: pickle protocol 2, stored records, data aligned to 64 bytes as torch.save does.
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "action/checkpoint/checkpoint.h"
#include "action/error.h"
#include "action/io/zip_writer.h"

namespace action {
namespace {

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
