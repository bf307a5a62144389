// SPDX-FileCopyrightText: 2026 The gst-action developers
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files that grow by lines.
#ifndef ACTION_IO_LINE_FILE_H_
#define ACTION_IO_LINE_FILE_H_

#include <optional>
#include <string>
#include <string_view>

#include "action/error.h"
#include "action/export.h"

namespace action {

// Appends lines to a file so that each is there, whole, when Append has returned true. One that could not be written
// (a full disk) is tried again before the next. A file that was moved away meanwhile (log rotation) is left, and one of
// the old name begun.
class ACTION_API LineFile {
 public:
  enum class Writers { kMany, kOne };

  // Throws Error when the file cannot be opened or made. A last line that was cut off is ended first. kOne: the file is
  // locked for this LineFile, and it is an error when another one, of this process or another, has it.
  explicit LineFile(const std::string &path, Writers writers = Writers::kMany);
  ~LineFile();
  LineFile(const LineFile &) = delete;
  LineFile &operator=(const LineFile &) = delete;

  // False: the line is still waiting, and failure() says why.
  bool Append(std::string_view line);
  // Another try for what is waiting.
  bool Retry();
  const std::optional<Error> &failure() const { return failure_; }

 private:
  void Open();
  void Close();
  bool IsMoved() const;

  const std::string path_;
  const Writers writers_;
  int fd_ = -1;
  std::string waiting_;
  std::optional<Error> failure_;
};

}  // namespace action

#endif  // ACTION_IO_LINE_FILE_H_
