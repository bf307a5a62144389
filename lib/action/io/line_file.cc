// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/io/line_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "action/error.h"

namespace action {

LineFile::LineFile(const std::string &path, Writers writers) : path_(path), writers_(writers) {
  Open();
}

LineFile::~LineFile() {
  Close();
}

void LineFile::Open() {
  fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd_ < 0) throw WriteError(path_, errno, "cannot write " + path_ + ": " + std::strerror(errno));
  // Where the file system has no locks, nobody can be kept out.
  if (writers_ == Writers::kOne && flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    Close();
    throw Error(ErrorKind::kOpenWrite, path_,
                "cannot write " + path_ + ": another pipeline is writing to it. Name a file for each");
  }
  char last = '\n';
  const off_t size = lseek(fd_, 0, SEEK_END);
  if (size > 0 && pread(fd_, &last, 1, size - 1) == 1 && last != '\n') waiting_.insert(0, 1, '\n');
}

void LineFile::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

bool LineFile::IsMoved() const {
  struct stat ours {
  }, there{};
  if (fstat(fd_, &ours) != 0) return false;
  return stat(path_.c_str(), &there) != 0 ? errno == ENOENT
                                          : ours.st_ino != there.st_ino || ours.st_dev != there.st_dev;
}

bool LineFile::Append(std::string_view line) {
  waiting_ += line;
  waiting_ += '\n';
  return Retry();
}

bool LineFile::Retry() {
  try {
    if (fd_ >= 0 && IsMoved()) Close();
    if (fd_ < 0) Open();
  } catch (const Error &e) {
    failure_.emplace(e);
    return false;
  }
  while (!waiting_.empty()) {
    const ssize_t written = write(fd_, waiting_.data(), waiting_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      failure_.emplace(WriteError(path_, errno, "cannot write " + path_ + ": " + std::strerror(errno)));
      return false;
    }
    waiting_.erase(0, static_cast<size_t>(written));
  }
  fdatasync(fd_);
  failure_.reset();
  return true;
}

}  // namespace action
