// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "record/retention.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "action/error.h"
#include "action/timeline/timeline_file.h"

namespace action {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaybeOpen = 300'000'000'000;  // ns

// Bytes on the disk.
uint64_t SizeOf(const fs::path &path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0 ? static_cast<uint64_t>(facts.st_blocks) * 512 : 0;
}

// ns since 1970 when a file was last written to.
int64_t ModifiedAt(const fs::path &path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0 ? facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec : 0;
}

// Whether a timeline was written by a recorder: its lines name the station.
bool IsOurs(const fs::path &timeline) {
  std::ifstream file(timeline);
  std::string line;
  return std::getline(file, line) && line.find("\"station\":") != std::string::npos;
}

bool Delete(const fs::path &path, const std::function<void(const std::string &)> &told) {
  std::error_code failed;
  if (fs::remove(path, failed)) return true;
  if (failed) told("cannot delete " + path.string() + ": " + failed.message());
  return false;
}

// Timelines that are too old; then, of a folder in which nothing of the recorder's is left, its list and the folder
// itself, unless somebody else has put something there.
void CleanDay(const fs::path &day, const RetentionRules &rules, int64_t now, std::vector<KeptFile> &deleted,
              const std::function<void(const std::string &)> &told) {
  const fs::path timeline = day / kTimelineFile;
  std::error_code failed;
  if (rules.keep_timeline > 0 && IsOurs(timeline) && now - ModifiedAt(timeline) > rules.keep_timeline &&
      Delete(timeline, told)) {
    deleted.push_back({timeline, 0, 0, true});
    fs::remove(OpenSegmentsName(timeline.string()), failed);
  }
  const fs::path list = day / kRecordingsFile;
  const bool old = rules.keep > 0 && now - ModifiedAt(list) > rules.keep;
  if (!old || fs::exists(timeline, failed) || !ReadRecordings(day).empty()) return;
  Delete(list, told);
  fs::remove(day, failed);  // which leaves a folder that is not empty
}

}  // namespace

DiskSpace DiskSpaceOf(const fs::path &folder) {
  struct statvfs facts {};
  if (statvfs(folder.c_str(), &facts) != 0)
    throw ReadError(folder.string(), errno,
                    "cannot ask for the free space of " + folder.string() + ": " + std::strerror(errno));
  return {static_cast<uint64_t>(facts.f_blocks) * facts.f_frsize,
          static_cast<uint64_t>(facts.f_bavail) * facts.f_frsize};
}

uint64_t RetentionRules::FreeWanted(uint64_t disk_size) const {
  const uint64_t wanted = min_free.Of(disk_size);
  return wanted > 0 ? std::max(wanted, 2 * kLeastFree) : 0;
}

std::vector<KeptFile> ToDelete(std::vector<KeptFile> files, const RetentionRules &rules, int64_t now,
                               const DiskSpace &disk) {
  std::ranges::stable_sort(files, {}, &KeptFile::end);
  uint64_t all = 0;
  for (const KeptFile &file : files)
    all += file.bytes;
  uint64_t free = disk.free;
  // Where somebody else fills the disk, all recordings together would not help.
  const uint64_t asked = rules.FreeWanted(disk.size);
  const uint64_t wanted = disk.free + all >= asked ? asked : 0;
  std::vector<KeptFile> chosen;
  for (KeptFile &file : files) {
    const bool old = rules.keep > 0 && now - file.end > rules.keep;
    const bool large = rules.max_size > 0 && all > rules.max_size;
    if (!old && !large && free >= wanted) break;
    all -= file.bytes;
    free += file.bytes;
    file.old = old;
    chosen.push_back(std::move(file));
  }
  return chosen;
}

std::vector<KeptFile> ApplyRetention(const fs::path &output, const RetentionRules &rules, int64_t now,
                                     const std::set<fs::path> &open,
                                     const std::function<void(const std::string &)> &told) {
  std::vector<KeptFile> files;
  uint64_t others = 0;  // bytes of recordings that stay in any case
  std::vector<fs::path> days;
  std::error_code failed;
  for (const fs::path &station : FoldersIn(output)) {
    for (const fs::path &day : DayFolders(station)) {
      if (!fs::exists(day / kRecordingsFile, failed) && !IsOurs(day / kTimelineFile)) continue;  // not the recorder's
      days.push_back(day);
      for (const Recording &recording : ReadRecordings(day)) {
        // What nobody could read is for a person to look at.
        const int64_t modified = ModifiedAt(recording.path);
        const bool begun = recording.end == 0 && now - modified < kMaybeOpen;  // since `open` was asked for
        if (recording.aside || begun || open.contains(recording.path)) {
          others += SizeOf(recording.path);
          continue;
        }
        // A machine without a clock of its own begins its days in the past; the file system knows better afterwards.
        files.push_back({recording.path, std::max(recording.end, modified), SizeOf(recording.path)});
      }
    }
  }
  std::vector<KeptFile> deleted;
  const DiskSpace disk = DiskSpaceOf(output);
  uint64_t all = 0;
  for (const KeptFile &file : files)
    all += file.bytes;
  if (disk.free + all < rules.FreeWanted(disk.size)) {
    told("less than min-free is free on the disk of " + output.string() +
         ", and all recordings together would not make it: none is deleted for it. Delete something else there, or set "
         "min-free lower");
  }
  RetentionRules rest = rules;
  if (rules.max_size > 0) rest.max_size = rules.max_size > others ? rules.max_size - others : 1;
  for (const KeptFile &file : ToDelete(std::move(files), rest, now, disk)) {
    if (Delete(file.path, told)) deleted.push_back(file);
  }
  for (const fs::path &day : days)
    CleanDay(day, rules, now, deleted, told);
  return deleted;
}

}  // namespace action
