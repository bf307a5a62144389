// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/io/zip_writer.h"

#include "action/error.h"
#include "action/io/crc32.h"

namespace action {
namespace {

constexpr uint64_t kAlignment = 64;

template <typename T>
void Append(std::string &out, T value) {
  out.append(reinterpret_cast<const char *>(&value), sizeof(value));
}

}  // namespace

void ZipWriter::Add(const std::string &name, std::span<const std::byte> data) {
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

void ZipWriter::Finish() {
  if (entries_ >= UINT16_MAX) throw Error("cannot write " + path_ + ": more than 65,534 files");
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

}  // namespace action
