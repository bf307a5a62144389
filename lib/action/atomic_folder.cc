// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/atomic_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "action/atomic_file.h"
#include "action/error.h"

namespace action {
namespace {

namespace fs = std::filesystem;

std::string Plain(std::string path) {
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  return path;
}

constexpr const char *kLockName = ".lock";

}  // namespace

AtomicFolder::AtomicFolder(std::string target, const std::function<bool(const std::string &)> &may_replace)
    : target_(Plain(std::move(target))), partial_(target_ + ".partial") {
  std::error_code failed;
  if (fs::exists(fs::symlink_status(target_, failed))) {
    if (!may_replace(target_)) throw Error("the folder " + target_ + " exists already");
    replace_ = true;
  }
  fs::create_directories(partial_, failed);
  if (failed) throw Error("cannot make the folder " + partial_ + ": " + failed.message());
  const std::string lock = partial_ + "/" + kLockName;
  lock_ = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) throw Error("cannot write to the folder " + partial_ + ": " + std::strerror(errno));
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    close(std::exchange(lock_, -1));
    throw Error("another program is making " + target_ + " right now (" + lock + " is locked)");
  }
  for (const auto &entry : fs::directory_iterator(partial_)) {
    if (entry.path().filename() != kLockName) fs::remove_all(entry.path());
  }
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!committed_ && lock_ >= 0) fs::remove_all(partial_, ignored);
  if (lock_ >= 0) close(lock_);
}

void AtomicFolder::Commit() {
  const auto fail = [this](const char *doing, int error) {
    throw Error("cannot finish the folder " + target_ + ": " + doing + " failed: " + std::strerror(error));
  };
  std::error_code ignored;
  // The lock file goes along and is removed last: until then nobody else takes this folder for an abandoned one.
  const bool exists = fs::exists(fs::symlink_status(target_, ignored));
  const unsigned how = exists ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  int error = exists && !replace_ ? EEXIST : 0;
  if (error == 0 && renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, target_.c_str(), how) != 0) error = errno;
  if (error == EEXIST) {
    throw Error("the folder " + target_ + " has been made by somebody else meanwhile; it is left as it is");
  }
  if (error == EINVAL || error == ENOSYS) {
    // A file system that knows plain renames only: for a moment there is no folder of this name, but nothing is ever
    // lost.
    const std::string old = target_ + ".old";
    if (exists && rename(target_.c_str(), old.c_str()) != 0) fail("moving the old one away", errno);
    if (rename(partial_.c_str(), target_.c_str()) != 0) fail("renaming", errno);
    if (exists) fs::remove_all(old, ignored);
  } else if (error != 0) {
    fail("renaming", error);
  } else if (exists) {
    fs::remove_all(partial_, ignored);
  }
  fs::remove(target_ + "/" + kLockName, ignored);
  committed_ = true;
  SyncToDisk(fs::path(target_).parent_path().string());
}

}  // namespace action
