// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/io/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "action/error.h"

namespace action {

void SyncToDisk(const std::string &path) {
  const int fd = open(path.empty() ? "." : path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

namespace {

constexpr int kMostAside = 100000;

std::string Aside(const std::string &path, int number) {
  return path + "~" + (number == 1 ? "" : std::to_string(number));
}

bool IsThere(const std::string &path) {
  std::error_code failed;
  return std::filesystem::exists(std::filesystem::symlink_status(path, failed));
}

}  // namespace

std::string AsideName(const std::string &path) {
  if (!IsThere(path)) return {};
  int number = 1;
  while (number < kMostAside && IsThere(Aside(path, number)))
    ++number;
  return Aside(path, number);
}

std::string KeepAside(const std::string &path) {
  for (int number = 1; number < kMostAside; ++number) {
    const std::string kept = Aside(path, number);
    if (link(path.c_str(), kept.c_str()) == 0) return kept;
    if (errno == ENOENT) return {};
    if (errno == EEXIST) continue;
    // A file system without second names.
    if (IsThere(kept)) continue;
    if (rename(path.c_str(), kept.c_str()) == 0) return kept;
    break;
  }
  throw WriteError(path, errno, "cannot keep " + path + " aside: " + std::strerror(errno) + ". It is not overwritten");
}

void CheckReplaceable(const std::string &path) {
  struct stat there {};
  if (stat(path.c_str(), &there) != 0) {
    if (errno != ENAMETOOLONG) return;
    throw WriteError(path, errno, "cannot write " + path + ": looking for it failed: " + std::strerror(errno));
  }
  if (S_ISREG(there.st_mode)) return;
  if (S_ISDIR(there.st_mode)) throw WriteError(path, EISDIR, "cannot write " + path + ": it is a folder");
  throw WriteError(path, EEXIST,
                   "cannot write " + path +
                       ": it is a device, a pipe or a socket, which a file would take the place of. Name a file");
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  CheckReplaceable(path_);
  // Not mkstemp: its files can be read by their owner alone, and the umask cannot be asked without setting it.
  constexpr mode_t kMode = 0666;
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  fd_ = open(folder.empty() ? "." : folder.c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, kMode);
  if (fd_ >= 0) return;
  const auto make = [this](const std::string &name) {
    fd_ = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
    return fd_ >= 0;
  };
  if (!TakeName(make)) Fail("creating a file in its folder");
}

template <typename Make>
bool AtomicFile::TakeName(Make &&make) {
  static std::atomic<unsigned> counter{0};
  do {
    temporary_ = (std::filesystem::path(path_).parent_path() /
                  (".gst-action-" + std::to_string(getpid()) + "-" + std::to_string(counter++) + ".tmp"))
                     .string();
    if (make(temporary_)) return true;
  } while (errno == EEXIST);
  temporary_.clear();
  return false;
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) close(fd_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFile::Fail(const std::string &doing) const {
  throw WriteError(path_, errno, "cannot write " + path_ + ": " + doing + " failed: " + std::strerror(errno));
}

void AtomicFile::Write(std::span<const std::byte> bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) Fail("writing");
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

void AtomicFile::Commit() {
  if (fsync(fd_) != 0) Fail("syncing to disk");
  const std::string nameless = "/proc/self/fd/" + std::to_string(fd_);
  const auto link = [&nameless](const std::string &name) {
    return linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
  };
  if (temporary_.empty() && !TakeName(link)) Fail("naming the file in its folder");
  if (close(std::exchange(fd_, -1)) != 0) Fail("closing");
  if (rename(temporary_.c_str(), path_.c_str()) != 0) Fail("renaming " + temporary_);
  temporary_.clear();
  SyncToDisk(std::filesystem::path(path_).parent_path().string());
}

}  // namespace action
