// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which recordings make room for new ones.
#ifndef GST_ACTION_RECORD_RETENTION_H_
#define GST_ACTION_RECORD_RETENTION_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "common/quantities.h"
#include "record/folders.h"

namespace action {

struct RetentionRules {
  int64_t keep = 0;           // ns; 0: for ever
  int64_t keep_timeline = 0;  // ns; 0: for ever
  uint64_t max_size = 0;      // bytes of all recordings; 0: any
  FreeSpace min_free;

  // The free space that is made on a disk of this size: min_free, and at least as much as a new file wants. 0: none is.
  uint64_t FreeWanted(uint64_t disk_size) const;
};

// With less, no file is begun.
inline constexpr uint64_t kLeastFree = 16'000'000;  // bytes

struct DiskSpace {
  uint64_t size = 0;  // bytes
  uint64_t free = 0;  // for this user
};
// Of the disk that a folder is on. Throws Error.
DiskSpace DiskSpaceOf(const std::filesystem::path &folder);

// A recording with what retention looks at.
struct KeptFile {
  std::filesystem::path path;
  int64_t end = 0;  // ns since 1970
  uint64_t bytes = 0;
  bool old = false;  // older than the rules want it; else it makes room
};

// Those to delete, oldest first: what is too old, then as many as the sizes ask for.
std::vector<KeptFile> ToDelete(std::vector<KeptFile> files, const RetentionRules &rules, int64_t now,
                               const DiskSpace &disk);

// Deletes recordings in OUTPUT/STATION/DAY/ that are in the lists there, but for those in `open`, and timelines that
// are too old; folders of days that are empty then go too. Returns what was deleted; `told` hears what could not be,
// every time.
std::vector<KeptFile> ApplyRetention(const std::filesystem::path &output, const RetentionRules &rules, int64_t now,
                                     const std::set<std::filesystem::path> &open,
                                     const std::function<void(const std::string &)> &told);

}  // namespace action

#endif  // GST_ACTION_RECORD_RETENTION_H_
