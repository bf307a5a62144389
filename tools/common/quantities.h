// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Lengths of time and sizes as people write them.
#ifndef GST_ACTION_QUANTITIES_H_
#define GST_ACTION_QUANTITIES_H_

#include <cstdint>
#include <string>

namespace action {

// "5s", "10m", "1h", "30d", "500ms" as nanoseconds. Throws Error.
int64_t ParseDuration(const std::string &text);
// The other way, in the largest unit without a remainder.
std::string DurationText(int64_t ns);

// "500G", "20M", "1T", "4096" as bytes; units of 1000. Throws Error.
uint64_t ParseBytes(const std::string &text);
// "1.2 GB"
std::string BytesText(uint64_t bytes);

// Free space that is to remain: "5%" of the disk, or bytes.
struct FreeSpace {
  double share = 0;
  uint64_t bytes = 0;
  // Of a disk of this size.
  uint64_t Of(uint64_t disk) const { return bytes + static_cast<uint64_t>(share * static_cast<double>(disk)); }
};
FreeSpace ParseFreeSpace(const std::string &text);

// A number >= 0. Throws Error.
double ParseNumber(const std::string &text);

}  // namespace action

#endif  // GST_ACTION_QUANTITIES_H_
