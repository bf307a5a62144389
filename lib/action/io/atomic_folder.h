// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Folders that appear complete or not at all.
#ifndef ACTION_IO_ATOMIC_FOLDER_H_
#define ACTION_IO_ATOMIC_FOLDER_H_

#include <functional>
#include <string>

#include "action/export.h"

namespace action {

// Makes TARGET.partial beside the target; Commit renames it. Not committed, it is removed. What a killed program left
// there is cleared away, when the mark in it says that it is such; a program that is at work there is not disturbed.
// Links are not followed.
class ACTION_API AtomicFolder {
 public:
  // Throws Error when the target exists and `may_replace` does not say yes to it, when another program is making it,
  // when somebody else's TARGET.partial is there, or when it cannot be made. may_replace may throw an Error of its own.
  AtomicFolder(std::string target, const std::function<bool(const std::string &existing)> &may_replace);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder &) = delete;
  AtomicFolder &operator=(const AtomicFolder &) = delete;

  // Where to put things until Commit.
  const std::string &path() const { return partial_; }

  // The folder takes its name. The one that was allowed to be replaced is exchanged for it, then removed; when by now
  // it may not be (somebody has put something into it), it is kept as "TARGET~", and its name is returned; otherwise an
  // empty one. Throws Error, also when one has appeared since.
  std::string Commit();

 private:
  void Lock();
  bool MayReplace(const std::string &existing) const;
  std::string Discard(const std::string &old) const;

  std::string target_;
  std::string partial_;
  std::function<bool(const std::string &)> may_replace_;
  bool replace_ = false;  // the target was there, and may go
  int lock_ = -1;
  bool committed_ = false;
};

}  // namespace action

#endif  // ACTION_IO_ATOMIC_FOLDER_H_
