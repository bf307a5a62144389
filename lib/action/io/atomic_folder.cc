// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "action/io/atomic_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <utility>

#include "action/error.h"
#include "action/io/atomic_file.h"

namespace action {
namespace {

namespace fs = std::filesystem;

std::string Plain(std::string path) {
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  return path;
}

constexpr const char *kLockName = ".lock";
// What the lock file holds: whoever looks into the folder sees whose it is, and so does the next run.
constexpr std::string_view kMark = "gst-action is making this folder. When no such program runs, it may be deleted.\n";

std::string TextOf(int fd) {
  std::string text(kMark.size() + 1, '\0');
  const ssize_t got = pread(fd, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return text;
}

}  // namespace

AtomicFolder::AtomicFolder(std::string target, const std::function<bool(const std::string &)> &may_replace)
    : target_(Plain(std::move(target))), partial_(target_ + ".partial"), may_replace_(may_replace) {
  std::error_code failed;
  if (fs::exists(fs::symlink_status(target_, failed))) {
    if (!may_replace(target_)) throw Error("the folder " + target_ + " exists already");
    replace_ = true;
  }
  Lock();
  for (const auto &entry : fs::directory_iterator(partial_)) {
    if (entry.path().filename() != kLockName) fs::remove_all(entry.path());
  }
}

// Makes the folder, or takes the one that a killed program has left, and locks it.
void AtomicFolder::Lock() {
  const auto fail = [this](const std::string &doing) {
    throw WriteError(partial_, errno, "cannot " + doing + " the folder " + partial_ + ": " + std::strerror(errno));
  };
  const auto refuse = [this](const char *why) {
    throw Error(ErrorKind::kOpenWrite, partial_,
                "cannot make " + partial_ + ", the folder that " + target_ + " is made in: " + why +
                    ". Move it away, or choose another name");
  };
  std::error_code failed;
  if (const fs::path parent = fs::path(partial_).parent_path(); !parent.empty()) {
    fs::create_directories(parent, failed);
    if (failed) throw Error("cannot make the folder " + parent.string() + ": " + failed.message());
  }
  const bool made = mkdir(partial_.c_str(), 0777) == 0;
  if (!made && errno != EEXIST) fail("make");
  const int folder = open(partial_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) refuse("something that is no folder has this name already");
  const bool empty = made || fs::is_empty(partial_, failed);
  const std::string lock = partial_ + "/" + kLockName;
  // In a folder with something in it, the mark must be there already.
  lock_ = openat(folder, kLockName, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (empty ? O_CREAT : 0), 0666);
  const int error = errno;
  close(folder);
  errno = error;
  if (lock_ < 0 && empty) fail("write to");
  if (lock_ < 0) refuse("a folder with something in it that gst-action has not made is there already");
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    close(std::exchange(lock_, -1));
    throw Error("another program is making " + target_ + " right now (" + lock + " is locked)");
  }
  const std::string mark = TextOf(lock_);
  if (mark == kMark) return;
  // Killed between the making of the lock file and the writing of its mark, there is nothing else.
  const bool alone = std::distance(fs::directory_iterator(partial_), fs::directory_iterator()) == 1;
  if (!mark.empty() || !alone) {
    close(std::exchange(lock_, -1));
    refuse("a folder with something in it that gst-action has not made is there already");
  }
  if (pwrite(lock_, kMark.data(), kMark.size(), 0) != static_cast<ssize_t>(kMark.size())) fail("write to");
}

bool AtomicFolder::MayReplace(const std::string &existing) const {
  try {
    return may_replace_(existing);
  } catch (const Error &) {
    return false;
  }
}

// What was exchanged for the new folder lies at `old`.
std::string AtomicFolder::Discard(const std::string &old) const {
  std::error_code ignored;
  if (MayReplace(old)) {
    fs::remove_all(old, ignored);
    return {};
  }
  const std::string kept = AsideName(target_);
  return rename(old.c_str(), kept.c_str()) == 0 ? kept : old;
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!committed_ && lock_ >= 0) fs::remove_all(partial_, ignored);
  if (lock_ >= 0) close(lock_);
}

std::string AtomicFolder::Commit() {
  const auto fail = [this](const char *doing, int error) {
    throw Error("cannot finish the folder " + target_ + ": " + doing + " failed: " + std::strerror(error));
  };
  std::error_code ignored;
  std::string kept;
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
    if (exists) kept = Discard(old);
  } else if (error != 0) {
    fail("renaming", error);
  } else if (exists) {
    kept = Discard(partial_);
  }
  fs::remove(target_ + "/" + kLockName, ignored);
  committed_ = true;
  SyncToDisk(fs::path(target_).parent_path().string());
  return kept;
}

}  // namespace action
