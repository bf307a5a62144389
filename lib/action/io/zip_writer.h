// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
#ifndef ACTION_IO_ZIP_WRITER_H_
#define ACTION_IO_ZIP_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "action/export.h"
#include "action/io/atomic_file.h"

namespace action {

// A zip file whose entries are stored as they are, each beginning at a multiple of 64 bytes, as torch.save does it; of
// less than 4 GiB. It appears when it is finished. Every failure is an Error that names the file.
class ACTION_API ZipWriter {
 public:
  explicit ZipWriter(const std::string &path) : out_(path), path_(path) {}

  // name: with / between folders.
  void Add(const std::string &name, std::span<const std::byte> data);
  void Add(const std::string &name, std::string_view text) { Add(name, std::as_bytes(std::span(text))); }
  void Finish();

 private:
  AtomicFile out_;
  const std::string path_;
  std::string directory_;
  uint32_t entries_ = 0;
};

}  // namespace action

#endif  // ACTION_IO_ZIP_WRITER_H_
