// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files that are complete or absent.
#ifndef ACTION_IO_ATOMIC_FILE_H_
#define ACTION_IO_ATOMIC_FILE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "action/export.h"

namespace action {

// Brings a file, or the names in a folder ("": the current one), to the disk. What cannot be opened is left as it is.
ACTION_API void SyncToDisk(const std::string &path);

// Gives what lies at `path` a second name, "path~", or "path~2" and so on where that exists, and returns it; empty when
// nothing lies there. What is written to `path` next with AtomicFile leaves it alone. Throws Error.
ACTION_API std::string KeepAside(const std::string &path);
// The name that KeepAside would give now; empty when nothing lies there.
ACTION_API std::string AsideName(const std::string &path);

// Throws Error when a file may not be put in the place of what lies at `path` (a folder, a device, a pipe), or the name
// is too long.
ACTION_API void CheckReplaceable(const std::string &path);

// Writes beside the target: into a file in its folder that has no name until Commit, so that a program that is killed
// leaves nothing (where the file system has no such files, one with a name of its own). Commit syncs and renames. Not
// committed, the target stays as it was. What is no file is never replaced. Every failure is an Error that names the
// file and the reason.
class ACTION_API AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;

  void Write(std::span<const std::byte> bytes);
  void Write(std::string_view text) { Write(std::as_bytes(std::span(text))); }
  uint64_t size() const { return size_; }
  void Commit();

 private:
  [[noreturn]] void Fail(const std::string &doing) const;
  // Calls `make` with names beside the target until one is new. False: it failed, and errno says why.
  template <typename Make>
  bool TakeName(Make &&make);

  std::string path_;
  std::string temporary_;  // empty: it has no name yet
  int fd_ = -1;
  uint64_t size_ = 0;
};

}  // namespace action

#endif  // ACTION_IO_ATOMIC_FILE_H_
