// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// PyTorch's zip format (torch >= 1.6): NAME/data.pkl and one stored record NAME/data/KEY per storage.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "action/checkpoint/formats.h"
#include "action/checkpoint/pickle.h"
#include "action/error.h"
#include "action/io/crc32.h"

namespace action {
namespace {

constexpr size_t kMaxRecords = 100'000;
constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEndOfDirectory = 0x06054b50;
constexpr uint32_t kZip64Locator = 0x07064b50;
constexpr uint32_t kZip64EndOfDirectory = 0x06064b50;

template <typename T>
T LoadAt(std::span<const std::byte> bytes, uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) {
    throw Error("the zip archive is cut off: something should be at byte " + std::to_string(offset) + " of " +
                std::to_string(bytes.size()) + ". Copy or download the file again");
  }
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

struct Directory {
  uint64_t offset = 0;
  uint64_t entries = 0;
};

Directory FindDirectory(std::span<const std::byte> bytes) {
  constexpr size_t kEndSize = 22;
  constexpr size_t kMaxComment = 65535;
  if (bytes.size() < kEndSize) throw Error("the zip archive is cut off. Copy or download the file again");
  const size_t lowest = bytes.size() - std::min(bytes.size(), kEndSize + kMaxComment);
  for (size_t at = bytes.size() - kEndSize;; --at) {
    if (LoadAt<uint32_t>(bytes, at) == kEndOfDirectory) {
      Directory directory{LoadAt<uint32_t>(bytes, at + 16), LoadAt<uint16_t>(bytes, at + 10)};
      const bool zip64 = directory.offset == UINT32_MAX || directory.entries == UINT16_MAX;
      if (zip64 && at >= 20 && LoadAt<uint32_t>(bytes, at - 20) == kZip64Locator) {
        const auto end = LoadAt<uint64_t>(bytes, at - 20 + 8);
        if (LoadAt<uint32_t>(bytes, end) != kZip64EndOfDirectory) throw Error("the zip64 directory is damaged");
        directory.entries = LoadAt<uint64_t>(bytes, end + 32);
        directory.offset = LoadAt<uint64_t>(bytes, end + 48);
      }
      return directory;
    }
    if (at == lowest) break;
  }
  throw Error("the zip archive has no directory at its end: it is cut off. Copy or download the file again");
}

struct Record {
  std::span<const std::byte> bytes;
  bool compressed = false;
  // Of its bytes; 0: the writer has left it out, as PyTorch can (torch.serialization.set_crc32_options).
  uint32_t crc = 0;
};
using Records = std::unordered_map<std::string, Record>;

// The bytes of a record that is needed.
std::span<const std::byte> Open(const Records &records, const std::string &name) {
  const auto record = records.find(name);
  if (record == records.end()) throw Error("the record " + name + " is missing from the zip archive");
  if (record->second.compressed) {
    throw Error("the record " + name + " is compressed; PyTorch stores records as they are. Save the file again with " +
                "torch.save");
  }
  return record->second.bytes;
}

// Throws Error when the bytes of a record are not those that were written.
void CheckSum(const Records &records, const std::string &name) {
  const Record &record = records.at(name);
  if (record.crc == 0 || record.crc == Crc32(record.bytes)) return;
  throw Error("the record " + name + " is damaged: its checksum is wrong. Copy or download the file again");
}

// No byte belongs to two records: else a small file could be read as an endless one.
void CheckApart(const Records &records) {
  std::vector<const Records::value_type *> in_order;
  for (const auto &record : records) {
    if (!record.second.bytes.empty()) in_order.push_back(&record);
  }
  std::ranges::sort(in_order, {}, [](const auto *record) { return record->second.bytes.data(); });
  for (size_t i = 1; i < in_order.size(); ++i) {
    const std::span<const std::byte> before = in_order[i - 1]->second.bytes;
    if (before.data() + before.size() <= in_order[i]->second.bytes.data()) continue;
    throw Error("the records " + in_order[i - 1]->first + " and " + in_order[i]->first +
                " of the zip archive lie on the same bytes, which no program writes");
  }
}

Records ReadRecords(std::span<const std::byte> bytes) {
  const Directory directory = FindDirectory(bytes);
  if (directory.entries > kMaxRecords) {
    throw Error("the zip archive claims " + std::to_string(directory.entries) + " records; at most 100,000 are read");
  }
  Records records;
  uint64_t at = directory.offset;
  for (uint64_t i = 0; i < directory.entries; ++i) {
    if (LoadAt<uint32_t>(bytes, at) != kCentralHeader) throw Error("the zip archive's directory is damaged");
    const auto method = LoadAt<uint16_t>(bytes, at + 10);
    const auto crc = LoadAt<uint32_t>(bytes, at + 16);
    uint64_t compressed = LoadAt<uint32_t>(bytes, at + 20);
    uint64_t size = LoadAt<uint32_t>(bytes, at + 24);
    const auto name_length = LoadAt<uint16_t>(bytes, at + 28);
    const auto extra_length = LoadAt<uint16_t>(bytes, at + 30);
    const auto comment_length = LoadAt<uint16_t>(bytes, at + 32);
    uint64_t header = LoadAt<uint32_t>(bytes, at + 42);
    const uint64_t extra_end = at + 46 + name_length + extra_length;
    if (extra_end > bytes.size()) throw Error("the zip archive's directory is damaged");
    std::string name(reinterpret_cast<const char *>(bytes.data()) + at + 46, name_length);

    // Zip64: sizes and offset that did not fit stand in the extra field 1, in this order.
    for (uint64_t extra = at + 46 + name_length; extra + 4 <= extra_end;) {
      const auto id = LoadAt<uint16_t>(bytes, extra);
      const auto length = LoadAt<uint16_t>(bytes, extra + 2);
      uint64_t field = extra + 4;
      if (id == 1 && field + length <= extra_end) {
        const uint64_t field_end = field + length;
        for (uint64_t *value : {&size, &compressed, &header}) {
          if (*value == UINT32_MAX && field + 8 <= field_end) {
            *value = LoadAt<uint64_t>(bytes, field);
            field += 8;
          }
        }
      }
      extra += 4 + static_cast<uint64_t>(length);
    }
    at = extra_end + comment_length;

    if (LoadAt<uint32_t>(bytes, header) != kLocalHeader) throw Error("the record " + name + " has no header");
    const uint64_t data = header + 30 + LoadAt<uint16_t>(bytes, header + 26) + LoadAt<uint16_t>(bytes, header + 28);
    if (data > bytes.size() || compressed > bytes.size() - data) {
      throw Error("the record " + name + " of " + std::to_string(compressed) +
                  " bytes reaches past the end of the file. " + "Copy or download the file again");
    }
    records[std::move(name)] = {bytes.subspan(data, compressed), method != 0 || compressed != size, crc};
  }
  CheckApart(records);
  return records;
}

class ZipStorages : public StorageSource {
 public:
  ZipStorages(const Records &records, std::string prefix, FileBytes file)
      : records_(records), prefix_(std::move(prefix)), file_(std::move(file)) {}

  std::shared_ptr<Storage> Find(const std::string &key, int64_t elements, size_t element_size) override {
    const std::string name = prefix_ + "data/" + key;
    const std::span<const std::byte> record = Open(records_, name);
    const uint64_t wanted = static_cast<uint64_t>(elements) * element_size;
    if (wanted > record.size()) {
      throw Error("the record " + name + " has " + std::to_string(record.size()) + " bytes, but its storage " +
                  "needs " + std::to_string(wanted));
    }
    std::shared_ptr<Storage> &storage = known_[key];
    if (!storage) {
      CheckSum(records_, name);
      storage = std::make_shared<Storage>(Storage{file_, record});
    }
    return storage;
  }

 private:
  const Records &records_;
  const std::string prefix_;
  const FileBytes file_;
  std::unordered_map<std::string, std::shared_ptr<Storage>> known_;
};

}  // namespace

bool LooksLikeZip(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 && LoadAt<uint32_t>(bytes, 0) == kLocalHeader;
}

ValuePtr ParseTorchZip(const FileBytes &file) {
  const Records records = ReadRecords(*file);
  std::string prefix;
  bool found = false;
  for (const auto &[name, data] : records) {
    constexpr std::string_view kPickle = "data.pkl";
    if (name == kPickle || name.ends_with("/data.pkl")) {
      const std::string candidate = name.substr(0, name.size() - kPickle.size());
      if (!found || candidate.size() < prefix.size()) prefix = candidate;
      found = true;
    }
  }
  if (!found) throw Error("the zip archive has no data.pkl: it is not a file written by torch.save");
  if (records.contains(prefix + "constants.pkl")) {
    throw Error("this is a TorchScript archive (torch.jit.save), which contains code. Save the state_dict instead: " +
                std::string("torch.save(model.state_dict(), FILE)"));
  }
  if (records.contains(prefix + "byteorder")) {
    const std::span<const std::byte> record = Open(records, prefix + "byteorder");
    const std::string_view order(reinterpret_cast<const char *>(record.data()), record.size());
    if (order != "little") {
      throw Error("the file was written on a machine of byte order '" + std::string(order) +
                  "'; only little endian files are read. Load and save it again with PyTorch on this machine");
    }
  }
  ZipStorages storages(records, prefix, file);
  const std::span<const std::byte> pickle = Open(records, prefix + "data.pkl");
  CheckSum(records, prefix + "data.pkl");
  return ReadPickle(pickle, storages).value;
}

}  // namespace action
