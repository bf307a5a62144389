// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/line_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "action/error.h"

namespace action {

LineFile::LineFile(const std::string &path) : path_(path) {
  fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd_ < 0) throw WriteError(path, errno, "cannot write " + path + ": " + std::strerror(errno));
  char last = '\n';
  const off_t size = lseek(fd_, 0, SEEK_END);
  if (size > 0 && pread(fd_, &last, 1, size - 1) == 1 && last != '\n') waiting_.assign(1, '\n');
}

LineFile::~LineFile() {
  if (fd_ >= 0) close(fd_);
}

bool LineFile::Append(std::string_view line) {
  waiting_ += line;
  waiting_ += '\n';
  return Retry();
}

bool LineFile::Retry() {
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
