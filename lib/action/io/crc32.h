// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#ifndef ACTION_IO_CRC32_H_
#define ACTION_IO_CRC32_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "action/export.h"

namespace action {

// The checksum of zip archives (CRC-32 of ISO 3309), as zlib computes it.
ACTION_API uint32_t Crc32(std::span<const std::byte> bytes);

}  // namespace action

#endif  // ACTION_IO_CRC32_H_
