// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// SHA-256, as GLib computes it; without GLib's headers.
#ifndef ACTION_SHA256_H_
#define ACTION_SHA256_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "action/export.h"

struct _GChecksum;

namespace action {

class ACTION_API Sha256 {
 public:
  Sha256();
  void Update(std::span<const std::byte> bytes);
  void Update(std::string_view text) { Update(std::as_bytes(std::span(text))); }
  // Lower-case hexadecimal, as sha256sum prints it. Nothing can be added after it.
  std::string Hex();

 private:
  std::unique_ptr<_GChecksum, void (*)(_GChecksum *)> checksum_;
};

ACTION_API std::string Sha256Of(std::span<const std::byte> bytes);

// Of a file of any size, read piece by piece. Throws Error naming it when it cannot be read.
ACTION_API std::string Sha256OfFile(const std::string &path);

}  // namespace action

#endif  // ACTION_SHA256_H_
