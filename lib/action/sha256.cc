// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/sha256.h"

#include <glib.h>

#include <cstdio>
#include <vector>

#include "action/error.h"

namespace action {

Sha256::Sha256() : checksum_(g_checksum_new(G_CHECKSUM_SHA256), &g_checksum_free) {}

void Sha256::Update(std::span<const std::byte> bytes) {
  // GChecksum counts in gssize; files are at most 8 GiB, which fits.
  g_checksum_update(checksum_.get(), reinterpret_cast<const guchar *>(bytes.data()), static_cast<gssize>(bytes.size()));
}

std::string Sha256::Hex() {
  return g_checksum_get_string(checksum_.get());
}

std::string Sha256Of(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Hex();
}

std::string Sha256OfFile(const std::string &path) {
  const std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) throw Error("cannot read " + path);
  Sha256 hash;
  std::vector<std::byte> buffer(1 << 20);
  for (size_t got; (got = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0;)
    hash.Update(std::span(buffer).first(got));
  return hash.Hex();
}

}  // namespace action
