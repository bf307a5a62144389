// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// PyTorch's legacy format (before 1.6, or _use_new_zipfile_serialization=False): five pickles, then the storages.
#include <array>
#include <cstring>
#include <string>
#include <unordered_map>

#include "action/checkpoint/formats.h"
#include "action/checkpoint/pickle.h"
#include "action/error.h"

namespace action {
namespace {

// The pickle of 0x1950a86a20f9469cfc6c, behind its protocol header: an int of ten bytes, and STOP.
constexpr std::array<uint8_t, 13> kMagic = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9,
                                            0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};

// Where the magic number's pickle ends; 0 when the file does not begin with it.
size_t EndOfMagic(std::span<const std::byte> bytes) {
  constexpr size_t kHeader = 2;       // PROTO and its version, 2 to 5
  constexpr size_t kFrameHeader = 9;  // from protocol 4 on: FRAME and its length
  if (bytes.size() < kHeader || bytes[0] != std::byte{0x80}) return 0;
  for (const size_t start : {kHeader, kHeader + kFrameHeader}) {
    if (bytes.size() >= start + kMagic.size() && std::memcmp(bytes.data() + start, kMagic.data(), kMagic.size()) == 0) {
      return start + kMagic.size();
    }
  }
  return 0;
}

class NoStorages : public StorageSource {
 public:
  std::shared_ptr<Storage> Find(const std::string &, int64_t, size_t) override {
    throw Error("a header of the file refers to a tensor");
  }
};

// Storages are named in the pickle and follow it: remembered first, filled later.
class LaterStorages : public StorageSource {
 public:
  struct Entry {
    std::shared_ptr<Storage> storage;
    int64_t elements;
    size_t element_size;
  };

  std::shared_ptr<Storage> Find(const std::string &key, int64_t elements, size_t element_size) override {
    const auto [found, inserted] = entries_.try_emplace(key, Entry{nullptr, elements, element_size});
    Entry &entry = found->second;
    if (inserted) entry.storage = std::make_shared<Storage>();
    if (entry.elements != elements || entry.element_size != element_size) {
      throw Error("the storage " + key + " is described in two different ways");
    }
    return entry.storage;
  }

  std::unordered_map<std::string, Entry> &entries() { return entries_; }

 private:
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace

bool LooksLikeLegacy(std::span<const std::byte> bytes) {
  return EndOfMagic(bytes) > 0;
}

ValuePtr ParseTorchLegacy(const FileBytes &file) {
  std::span<const std::byte> rest = *file;
  NoStorages none;
  const auto next = [&rest](StorageSource &storages) {
    PickleResult result = ReadPickle(rest, storages);
    rest = rest.subspan(result.consumed);
    return result.value;
  };
  rest = rest.subspan(EndOfMagic(rest));
  const ValuePtr protocol = next(none);
  const auto *version = protocol->As<int64_t>();
  if (version == nullptr || *version != 1001) throw Error("the legacy file has an unknown protocol version");
  const ValuePtr system = next(none);
  if (const auto *facts = system->As<Dict>()) {
    const ValuePtr little = facts->Find("little_endian");
    const bool *is_little = little ? little->As<bool>() : nullptr;
    if (is_little != nullptr && !*is_little) {
      throw Error("the file was written on a big endian machine; only little endian files are read. Load and save it " +
                  std::string("again with PyTorch on this machine"));
    }
  }
  LaterStorages storages;
  const ValuePtr root = next(storages);
  const ValuePtr keys = next(none);
  const auto *order = keys->As<List>();
  if (order == nullptr) throw Error("the legacy file does not list its storages");

  for (const ValuePtr &item : order->items) {
    const auto *key = item->As<std::string>();
    const auto entry = key != nullptr ? storages.entries().find(*key) : storages.entries().end();
    if (entry == storages.entries().end()) {
      throw Error("the legacy file holds a storage " + (key != nullptr ? *key : std::string("without a name")) +
                  " of a type that is not read");
    }
    int64_t elements = 0;
    if (rest.size() < sizeof(elements)) throw Error("the file is cut off. Copy or download it again");
    std::memcpy(&elements, rest.data(), sizeof(elements));
    rest = rest.subspan(sizeof(elements));
    const uint64_t size = static_cast<uint64_t>(entry->second.elements) * entry->second.element_size;
    if (elements != entry->second.elements) {
      throw Error("the storage " + *key + " has " + std::to_string(elements) + " elements where " +
                  std::to_string(entry->second.elements) + " were announced");
    }
    if (size > rest.size()) {
      throw Error("the file is cut off: the storage " + *key + " needs " + std::to_string(size) + " bytes and " +
                  std::to_string(rest.size()) + " are left. Copy or download it again");
    }
    entry->second.storage->owner = file;
    entry->second.storage->bytes = rest.first(size);
    rest = rest.subspan(size);
  }
  for (const auto &[key, entry] : storages.entries()) {
    if (!entry.storage->owner && entry.elements > 0) throw Error("the storage " + key + " is missing from the file");
  }
  return root;
}

}  // namespace action
