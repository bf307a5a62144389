// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// safetensors: a JSON header (8-byte length before it), then the tensors.
#include <glib.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "action/checkpoint/checkpoint.h"
#include "action/checkpoint/formats.h"
#include "action/error.h"
#include "action/io/atomic_file.h"
#include "action/io/json_text.h"

namespace action {
namespace {

constexpr uint64_t kMaxHeader = 100'000'000;  // as the safetensors library itself
constexpr size_t kMaxTensors = 100'000;
constexpr size_t kMaxItems = 2'000'000;  // JSON values; 100,000 tensors of eight dimensions have fewer
constexpr int kMaxDepth = 4;

constexpr std::pair<const char *, DType> kDTypes[] = {
    {"F64", DType::kFloat64}, {"F32", DType::kFloat32}, {"F16", DType::kFloat16}, {"BF16", DType::kBFloat16},
    {"I64", DType::kInt64},   {"I32", DType::kInt32},   {"I16", DType::kInt16},   {"I8", DType::kInt8},
    {"U8", DType::kUInt8},    {"BOOL", DType::kBool}};

DType ParseDType(const std::string &name, const std::string &tensor) {
  for (const auto &[known, dtype] : kDTypes) {
    if (name == known) return dtype;
  }
  throw Error("the tensor " + tensor + " has the type " + name +
              ", which is not read (F64, F32, F16, BF16, I64, I32, " + "I16, I8, U8 and BOOL are)");
}

const char *NameForSafetensors(DType dtype) {
  for (const auto &[name, known] : kDTypes) {
    if (known == dtype) return name;
  }
  return "F32";
}

// A header as small as a file of text may ask for gigabytes of JSON values.
nlohmann::json ParseHeader(const char *text, uint64_t length) {
  size_t items = 0;
  return nlohmann::json::parse(text, text + length, [&items](int depth, auto, auto &) {
    if (depth > kMaxDepth || ++items > kMaxItems) throw Error("the safetensors header is not a table of tensors");
    return true;
  });
}

// An integer as it must be: nlohmann would turn 1e300 into one.
uint64_t Integer(const nlohmann::json &value, const std::string &tensor) {
  if (!value.is_number_integer() || value < 0 || value > INT64_MAX) {
    throw Error("the tensor " + tensor + " has the number " + value.dump() +
                " where a size or an offset, not negative, must be");
  }
  return value.get<uint64_t>();
}

std::optional<uint64_t> HeaderLength(std::span<const std::byte> bytes) {
  uint64_t length = 0;
  if (bytes.size() < sizeof(length)) return std::nullopt;
  std::memcpy(&length, bytes.data(), sizeof(length));
  return length;
}

}  // namespace

bool LooksLikeSafetensors(std::span<const std::byte> bytes) {
  const auto length = HeaderLength(bytes);
  return length && bytes.size() > 8 && static_cast<char>(bytes[8]) == '{' && *length <= kMaxHeader;
}

ValuePtr ParseSafetensors(const FileBytes &file) {
  const std::span<const std::byte> bytes = *file;
  const uint64_t length = HeaderLength(bytes).value_or(UINT64_MAX);
  if (length > kMaxHeader || length > bytes.size() - 8) {
    throw Error("the safetensors header of " + std::to_string(length) + " bytes is longer than the file. Copy or " +
                "download the file again");
  }
  const char *text = reinterpret_cast<const char *>(bytes.data()) + 8;
  Dict dict;
  try {
    CheckText({text, length}, "the safetensors header");
    const nlohmann::json header = ParseHeader(text, length);
    if (!header.is_object() || header.size() > kMaxTensors)
      throw Error("the safetensors header is not a table of tensors");
    const std::span<const std::byte> data = bytes.subspan(8 + length);
    std::vector<std::pair<uint64_t, std::pair<ValuePtr, ValuePtr>>> by_offset;
    for (const auto &[name, entry] : header.items()) {
      if (name == "__metadata__") {
        Dict metadata;
        for (const auto &[key, value] : entry.items()) {
          metadata.items.emplace_back(MakeValue(std::string(key)), MakeValue(value.get<std::string>()));
        }
        dict.attributes = MakeValue(std::move(metadata));
        continue;
      }
      const DType dtype = ParseDType(entry.at("dtype").get<std::string>(), name);
      std::vector<int64_t> shape;
      for (const auto &size : entry.at("shape"))
        shape.push_back(static_cast<int64_t>(Integer(size, name)));
      const uint64_t begin = Integer(entry.at("data_offsets").at(0), name);
      const uint64_t end = Integer(entry.at("data_offsets").at(1), name);
      if (begin > end || end > data.size()) {
        throw Error("the tensor " + name + " lies at bytes " + std::to_string(begin) + " to " + std::to_string(end) +
                    " of " + std::to_string(data.size()));
      }
      const int64_t elements = CheckedNumel(shape);
      if (static_cast<uint64_t>(elements) > data.size() ||
          end - begin != static_cast<uint64_t>(elements) * SizeOf(dtype)) {
        throw Error("the tensor " + name + " of shape " + ShapeToString(shape) + " has " + std::to_string(end - begin) +
                    " bytes");
      }
      auto storage = std::make_shared<Storage>(Storage{file, data.subspan(begin, end - begin)});
      std::vector<int64_t> stride = ContiguousStride(shape);
      Tensor tensor(dtype, std::move(shape), std::move(stride), 0, std::move(storage), elements);
      by_offset.push_back({begin, {MakeValue(std::string(name)), MakeValue(std::move(tensor))}});
    }
    // JSON keeps no order; the order of the data is the order in which the file was written.
    std::ranges::stable_sort(by_offset, {}, [](const auto &item) { return item.first; });
    for (auto &[offset, item] : by_offset)
      dict.items.push_back(std::move(item));
  } catch (const nlohmann::json::exception &e) {
    throw Error(std::string("the safetensors header is not what it should be: ") + InPlainWords(e));
  }
  return MakeValue(std::move(dict));
}

void WriteSafetensors(const std::string &path, const StateDict &state) {
  const auto check = [&path](const std::string &text, const char *what) {
    if (g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr) != FALSE) return;
    throw Error("cannot write " + path + ": " + what +
                " is not UTF-8, and safetensors holds nothing else. Write a .pt");
  };
  for (const auto &[name, tensor] : state.entries)
    check(name, "the name of a tensor");
  for (const auto &[key, text] : state.metadata)
    check(key + text, "a note (metadata)");
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!state.metadata.empty()) header["__metadata__"] = state.metadata;
  uint64_t offset = 0;
  for (const auto &[name, tensor] : state.entries) {
    const uint64_t size = static_cast<uint64_t>(tensor.numel()) * SizeOf(tensor.dtype());
    header[name] = {{"dtype", NameForSafetensors(tensor.dtype())},
                    {"shape", tensor.shape()},
                    {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string text = header.dump();
  while (text.size() % 8 != 0)
    text += ' ';
  const uint64_t length = text.size();
  AtomicFile out(path);
  out.Write(std::as_bytes(std::span(&length, 1)));
  out.Write(std::as_bytes(std::span(text)));
  for (const auto &[name, tensor] : state.entries)
    out.Write(tensor.ToBytes());
  out.Commit();
}

}  // namespace action
