// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The one way in for files that come from outside.
#ifndef ACTION_IO_INPUT_FILE_H_
#define ACTION_IO_INPUT_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "action/export.h"

namespace action {

// The most bytes that are read of a file, by what it is.
inline constexpr uint64_t kMostOfCheckpoint = uint64_t{8} << 30;
inline constexpr uint64_t kMostOfTable = uint64_t{256} << 20;     // annotations, elements, timelines
inline constexpr uint64_t kMostOfModelFile = uint64_t{64} << 20;  // label maps, the registry, model.json
inline constexpr uint64_t kMostOfSettings = uint64_t{1} << 20;    // a site file, the twin of a cache entry

// Reads a file whole. what: the file in errors, "the timeline FILE". Throws Error (ReadError, kFormat) when it cannot
// be read, has more than `most` bytes, or is no regular file: nobody waits for a pipe or a device. A pipe that the
// caller has open already ("/dev/stdin", "/dev/fd/63") is read to its end.
ACTION_API std::vector<std::byte> ReadBytes(const std::string &path, const std::string &what, uint64_t most);
// The same; "-" is the standard input.
ACTION_API std::string ReadText(const std::string &path, const std::string &what, uint64_t most);

// Throws Error that names the line, from first_line on, when the text is not UTF-8 or holds a NUL. advice: what to do.
ACTION_API void CheckText(std::string_view text, const std::string &what, size_t first_line = 1,
                          const std::string &advice = "Save the file as UTF-8");

}  // namespace action

#endif  // ACTION_IO_INPUT_FILE_H_
